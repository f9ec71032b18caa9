/* The commands of the program: each is one row of main.c's table and one file. */
#ifndef OBPUB_COMMAND_COMMANDS_H
#define OBPUB_COMMAND_COMMANDS_H

#include "config/options.h"

/* What the process exits with. */
enum exit_code {
    EXIT_CODE_COMPLETE = 0,   /* every HSDir has every descriptor; or there was nothing to complain of */
    EXIT_CODE_INCOMPLETE = 1, /* something was published or made, but not everything */
    EXIT_CODE_BAD_INPUT = 2,  /* bad usage, config or keys: nothing was sent or made */
    EXIT_CODE_NOTHING_PUBLISHED = 3, /* no tor, no consensus or no backend in time */
    EXIT_CODE_PROCESS_LOST = 4,      /* one of its own processes has ended, and with it the others */
};

/* Each returns an exit_code, having said on standard error what went wrong. */
int cmd_once(const struct options *options);
int cmd_check(const struct options *options);
int cmd_run(const struct options *options);
int cmd_status(const struct options *options);
int cmd_presign(const struct options *options);

#endif
