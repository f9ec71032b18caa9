/* The options that are no commands: the table. */
#ifndef OBPUB_COMMAND_OPTION_TABLE_H
#define OBPUB_COMMAND_OPTION_TABLE_H

#include <stdint.h>

#include "base/error.h"
#include "command/options.h"

/* In the order in which --help has them. */
enum option_number {
    OPTION_CONFIG,
    OPTION_SOCKET,
    OPTION_IP,
    OPTION_PORT,
    OPTION_VERBOSITY,
    OPTION_TIMEOUT,
    OPTION_JSON,
    OPTION_VERIFY,
    OPTION_SOCKET_PATH,
    OPTION_FRONTEND,
    OPTION_FOLDER,
    OPTION_WATCH,
    OPTION_DAYS,
    OPTION_OUTPUT,
    OPTION_FORCE,
    OPTION_PERIOD_MINUTES,
    OPTION_VOTING_INTERVAL,
    OPTION_CONTROL,
    OPTION_CONTROL_PASSWORD_FILE,
    OPTION_CONTROL_COOKIE_FILE,
    OPTION_LISTEN,
    OPTION_PASSWORD_FILE,
    OPTION_ADDRESS,
    OPTION_CLIENT_KEY,
    OPTION_MODE,
    OPTION_INSTANCES,
    OPTION_SERVICES,
    OPTION_KEY,
    OPTION_SERVICE_VIRTUAL_PORT,
    OPTION_SERVICE_TARGET,
    OPTION_BACKEND_CONTROL,
    OPTION_TAG,
    OPTION_TOR_FOLDER,
    OPTION_NO_INTERACTIVE,
    OPTION_PASSWORD,
    OPTION_IS_TESTNET,
    OPTION_HS_VERSION,
    OPTIONS
};
_Static_assert(OPTIONS <= 64, "there is a bit for each option");
#define OPTION_BIT(name) (UINT64_C(1) << OPTION_##name)

/* An option. Which commands it goes with is said in their table. */
struct option_row {
    const char *name;
    char letter;          /* 0 when there is none */
    const char *argument; /* what --help calls the argument, NULL for an option that has none */
    const char *help;     /* one line */
    /* Takes the argument, which is NULL for an option that has none. Returns 0, or -1 with a sentence. */
    int (*set)(struct options *options, const char *argument, struct error *error);
};

extern const struct option_row option_rows[OPTIONS];

#define COMMAND_TAKERS_SIZE 128

/* Names the commands that an option goes with, as in "--once, --check and status"; "" when that is also the
 * one that is run when no other is asked for, as most options are its. */
void command_name_takers(const struct option_row *option, char takers[COMMAND_TAKERS_SIZE]);

#endif
