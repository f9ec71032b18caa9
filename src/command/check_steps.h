/* In which order an operator has tors that share the frontend's key take over from others, and back. */
#ifndef OBPUB_COMMAND_CHECK_STEPS_H
#define OBPUB_COMMAND_CHECK_STEPS_H

#include "config/config.h"

/* Prints the steps for a config that has services with mode hardmap; nothing for another one. */
void check_steps_print(const struct config *config);

#endif
