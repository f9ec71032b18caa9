/* The commands of the program: each is one row of a table, and one file. */
#ifndef OBPUB_COMMAND_COMMANDS_H
#define OBPUB_COMMAND_COMMANDS_H

#include <stdint.h>

#include "base/error.h"

struct options;

/* What the process exits with. */
enum exit_code {
    EXIT_CODE_COMPLETE = 0,   /* every HSDir has every descriptor; or there was nothing to complain of */
    EXIT_CODE_INCOMPLETE = 1, /* something was published or made, but not everything */
    EXIT_CODE_BAD_INPUT = 2, /* bad usage, config or keys, or a place where obpub can't work: nothing was sent
                                or made, and no new start mends it */
    EXIT_CODE_NOTHING_PUBLISHED = 3, /* no tor, no consensus or no backend in time */
    EXIT_CODE_PROCESS_LOST = 4,      /* one of its own processes has ended, and with it the others */
};

/* What to exit with for an error: EXIT_CODE_BAD_INPUT where no new start mends it, otherwise as is said. */
static inline int command_exit_code(const struct error *error, int otherwise)
{
    return error->lasts ? EXIT_CODE_BAD_INPUT : otherwise;
}

/* How a command is asked for. */
enum command_kind {
    COMMAND_DEFAULT, /* by nothing: what is done when no other command is asked for */
    COMMAND_OPTION,  /* by an option */
    COMMAND_HELP,    /* by an option that goes with every command line, and comes before all else */
    COMMAND_WORD,    /* by the first word of the command line, or the first two, which has options of its own
                        then */
};

struct command {
    enum command_kind kind;
    const char *name; /* the word, or both with a space between, or the option without its dashes; "" for the
                         default */
    char letter;      /* the short form of the option, 0 when there is none */
    const char
        *operand;     /* what --help calls the one word that it needs beside options; NULL: it takes none */
    unsigned calls;   /* which system calls it needs: CALLS_FOR_... (needed_calls.h); 0: they are not tried */
    uint64_t options; /* those that may be given with it: OPTION_BIT() of each */
    const char *usage; /* these, as --help begins with them; NULL: it does not */
    const char *help;  /* what it does: one line, or several with line ends between */
    /* Looks at what was given together and fills in what follows from it, or NULL. Returns 0, or -1 with a
     * sentence. */
    int (*complete)(struct options *options, struct error *error);
    /* Returns an exit_code, having said on standard error what went wrong. */
    int (*run)(const struct options *options);
};

/* The default one first, then in the order in which --help has them. */
#define COMMANDS 15
extern const struct command commands[COMMANDS];

/* Each in a file of its name; --help and --version in help.c, undrain in drain.c, all of client in client.c.
 */
int run_command(const struct options *options);
int run_complete_options(struct options *options, struct error *error);
int once_command(const struct options *options);
int check_command(const struct options *options);
int status_command(const struct options *options);
int drain_command(const struct options *options);
int undrain_command(const struct options *options);
int presign_command(const struct options *options);
int presign_complete_options(struct options *options, struct error *error);
int client_new_command(const struct options *options);
int client_list_command(const struct options *options);
int client_remove_command(const struct options *options);
int client_complete_options(struct options *options, struct error *error);
int agent_command(const struct options *options);
int agent_complete_options(struct options *options, struct error *error);
int init_command(const struct options *options);
int inspect_command(const struct options *options);
int inspect_complete_options(struct options *options, struct error *error);
int help_command(const struct options *options);
int version_command(const struct options *options);

#endif
