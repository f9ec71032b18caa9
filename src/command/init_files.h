/* Fills the folder that "obpub init" makes: keys, secrets, the config, and a folder for each node. */
#ifndef OBPUB_COMMAND_INIT_FILES_H
#define OBPUB_COMMAND_INIT_FILES_H

#include "command/init_plan.h"

/* Makes the folder of a plan with all that is to be in it, or nothing. Returns 0, or -1 with a sentence. */
int init_files_make(const struct init_plan *plan, struct error *error);

#endif
