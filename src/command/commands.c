/* The commands of the program: the table. */
#include "command/commands.h"

#include <stdio.h>
#include <string.h>

#include "command/option_table.h"
#include "confine/needed_calls.h"

/* What Onionbalance has, too. */
#define ONIONBALANCE_OPTIONS                                                                                 \
    (OPTION_BIT(CONFIG) | OPTION_BIT(SOCKET) | OPTION_BIT(IP) | OPTION_BIT(PORT) | OPTION_BIT(VERBOSITY) |   \
     OPTION_BIT(IS_TESTNET) | OPTION_BIT(HS_VERSION))

/* So that a command line can be checked, tried once, and then used for good, --timeout goes with all three.
 */
const struct command commands[COMMANDS] = {
    {
        .kind = COMMAND_DEFAULT,
        .name = "",
        .calls = CALLS_FOR_PROCESSES,
        .options = ONIONBALANCE_OPTIONS | OPTION_BIT(TIMEOUT),
        .usage = "[-c FILE] [options]",
        .help = "Publishes the descriptors of onion services that several tors serve together:\n"
                "without --once, for as long as it runs.",
        .complete = run_complete_options,
        .run = run_command,
    },
    {
        .kind = COMMAND_OPTION,
        .name = "once",
        .calls = CALLS_FOR_PROCESSES,
        .options = ONIONBALANCE_OPTIONS | OPTION_BIT(TIMEOUT) | OPTION_BIT(JSON) | OPTION_BIT(VERIFY),
        .usage = "[-c FILE] [options]",
        .help = "publish the descriptors of every frontend once, then exit",
        .complete = run_complete_options,
        .run = once_command,
    },
    {
        .kind = COMMAND_OPTION,
        .name = "check",
        .calls = CALLS_FOR_PROCESSES,
        .options = ONIONBALANCE_OPTIONS | OPTION_BIT(TIMEOUT) | OPTION_BIT(JSON),
        .usage = "[-c FILE] [--json]",
        .help = "read the config and the keys, say what would be served, then exit",
        .run = check_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "status",
        .calls = CALLS_FOR_A_SOCKET,
        .options = OPTION_BIT(CONFIG) | OPTION_BIT(SOCKET_PATH) | OPTION_BIT(JSON) | OPTION_BIT(WATCH),
        .usage = "[-c FILE] [--socket-path PATH] [--json] [--watch]",
        .help = "ask the obpub that runs how things are, then exit",
        .run = status_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "drain",
        .calls = CALLS_FOR_A_SOCKET,
        .operand = "NAME",
        .options = OPTION_BIT(CONFIG) | OPTION_BIT(SOCKET_PATH) | OPTION_BIT(FRONTEND),
        .usage = "NAME [-c FILE] [--frontend ADDRESS] [--socket-path PATH]",
        .help = "have the obpub that runs send no new visitors to an instance",
        .run = drain_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "undrain",
        .calls = CALLS_FOR_A_SOCKET,
        .operand = "NAME",
        .options = OPTION_BIT(CONFIG) | OPTION_BIT(SOCKET_PATH) | OPTION_BIT(FRONTEND),
        .usage = "NAME [-c FILE] [--frontend ADDRESS] [--socket-path PATH]",
        .help = "have it send visitors there again",
        .run = undrain_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "presign",
        .calls = CALLS_FOR_FILES,
        .options = OPTION_BIT(CONFIG) | OPTION_BIT(DAYS) | OPTION_BIT(OUTPUT) | OPTION_BIT(FORCE) |
                   OPTION_BIT(PERIOD_MINUTES) | OPTION_BIT(VOTING_INTERVAL),
        .usage = "[-c FILE] --days N -o BUNDLE [--force]",
        .help = "sign beforehand what publishing needs for some days, so that the\n"
                "keys can stay on a machine without a network, then exit",
        .complete = presign_complete_options,
        .run = presign_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "client new",
        .calls = CALLS_FOR_FILES,
        .operand = "NAME",
        .options = OPTION_BIT(FOLDER) | OPTION_BIT(FRONTEND) | OPTION_BIT(OUTPUT),
        .usage = "NAME --folder FOLDER [--frontend ADDRESS] [-o FILE]",
        .help = "make the key of a client that may read a service's descriptors, and\n"
                "print the line that the client's tor needs",
        .complete = client_complete_options,
        .run = client_new_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "client list",
        .calls = CALLS_FOR_FILES,
        .options = OPTION_BIT(FOLDER),
        .usage = "--folder FOLDER",
        .help = "print the clients that may read a service's descriptors",
        .complete = client_complete_options,
        .run = client_list_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "client remove",
        .calls = CALLS_FOR_FILES,
        .operand = "NAME",
        .options = OPTION_BIT(FOLDER) | OPTION_BIT(FORCE),
        .usage = "NAME --folder FOLDER [--force]",
        .help = "shut one of them out",
        .complete = client_complete_options,
        .run = client_remove_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "init",
        .calls = CALLS_FOR_FILES,
        .options = OPTION_BIT(OUTPUT) | OPTION_BIT(ADDRESS) | OPTION_BIT(MODE) | OPTION_BIT(INSTANCES) |
                   OPTION_BIT(SERVICES) | OPTION_BIT(KEY) | OPTION_BIT(SERVICE_VIRTUAL_PORT) |
                   OPTION_BIT(SERVICE_TARGET) | OPTION_BIT(BACKEND_CONTROL) | OPTION_BIT(TAG) |
                   OPTION_BIT(TOR_FOLDER) | OPTION_BIT(NO_INTERACTIVE) | OPTION_BIT(PASSWORD) |
                   OPTION_BIT(VERBOSITY) | OPTION_BIT(HS_VERSION),
        .usage = "[-o FOLDER] [--no-interactive] [options]",
        .help = "ask what there is to be, and make keys, a config and what each tor needs\n"
                "in a new folder; as onionbalance-config does",
        .run = init_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "agent",
        .calls = CALLS_FOR_PROCESSES,
        .options = OPTION_BIT(CONTROL) | OPTION_BIT(CONTROL_PASSWORD_FILE) | OPTION_BIT(CONTROL_COOKIE_FILE) |
                   OPTION_BIT(LISTEN) | OPTION_BIT(PASSWORD_FILE) | OPTION_BIT(ADDRESS) |
                   OPTION_BIT(VERBOSITY),
        .usage = "--address ADDRESS... --password-file FILE [--control PLACE] [--listen PLACE]",
        .help = "beside a backend's tor: have a publisher elsewhere ask that tor for\n"
                "these services' descriptors, and for nothing else",
        .complete = agent_complete_options,
        .run = agent_command,
    },
    {
        .kind = COMMAND_WORD,
        .name = "inspect",
        .calls = CALLS_FOR_TORS,
        .operand = "FILE or ADDRESS",
        .options = OPTION_BIT(CONFIG) | OPTION_BIT(SOCKET) | OPTION_BIT(IP) | OPTION_BIT(PORT) |
                   OPTION_BIT(VERBOSITY) | OPTION_BIT(TIMEOUT) | OPTION_BIT(JSON) | OPTION_BIT(ADDRESS) |
                   OPTION_BIT(CLIENT_KEY) | OPTION_BIT(PERIOD_MINUTES),
        .usage = "FILE|ADDRESS [--address ADDRESS] [--client-key FILE] [--json]",
        .help = "take a descriptor apart and check all of it: one in a file, or what\n"
                "each HSDir of any onion service hands out",
        .complete = inspect_complete_options,
        .run = inspect_command,
    },
    {
        .kind = COMMAND_HELP,
        .name = "help",
        .letter = 'h',
        .help = "print this, then exit",
        .run = help_command,
    },
    {
        .kind = COMMAND_HELP,
        .name = "version",
        .help = "print the version, then exit",
        .run = version_command,
    },
};

/* Whether somebody who sees the option wants to be told which commands it goes with: the default one takes
 * what is common to most. */
static size_t count_takers(uint64_t bit)
{
    size_t count = 0;
    for (size_t i = 0; i < COMMANDS; i++) {
        if ((commands[i].options & bit) != 0 && commands[i].kind == COMMAND_DEFAULT)
            return 0;
        count += (commands[i].options & bit) != 0;
    }
    return count;
}

void command_name_takers(const struct option_row *option, char takers[COMMAND_TAKERS_SIZE])
{
    uint64_t bit = UINT64_C(1) << (option - option_rows);
    size_t left = count_takers(bit);
    takers[0] = '\0';
    for (size_t i = 0; left > 0; i++) {
        if ((commands[i].options & bit) == 0)
            continue;
        left--;
        size_t length = strlen(takers);
        snprintf(takers + length, COMMAND_TAKERS_SIZE - length, "%s%s%s",
                 commands[i].kind == COMMAND_OPTION ? "--" : "", commands[i].name,
                 left > 1    ? ", "
                 : left == 1 ? " and "
                             : "");
    }
}
