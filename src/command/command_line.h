/* The command line, read. */
#ifndef OBPUB_COMMAND_COMMAND_LINE_H
#define OBPUB_COMMAND_COMMAND_LINE_H

#include "base/error.h"
#include "command/options.h"

/* Parses the command line. The strings belong to argv, which ends in a NULL, or the environment. Returns 0,
 * or -1 with a sentence that names the option. */
int command_line_parse(struct options *options, int argc, char **argv, struct error *error);

#endif
