/* The questions of "obpub init", and where their answers come from. */
#ifndef OBPUB_COMMAND_INIT_QUESTIONS_H
#define OBPUB_COMMAND_INIT_QUESTIONS_H

#include "command/init_plan.h"

/* Takes what the command line says; what it does not say is asked on the terminal, again and again until the
 * answer is good. Where standard input is no terminal, or the command line says so, the answer is what a
 * question would propose. Returns 0; or -1 with a sentence. In both cases init_plan_clear() is to be called.
 */
int init_questions_answer(struct init_plan *plan, const struct options *options, struct error *error);

#endif
