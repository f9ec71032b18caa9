/* The command line. */
#include "config/options.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/closest_word.h"
#include "onion/bundle.h"

#define TIMEOUT_DEFAULT 120
#define TIMEOUT_MAX 86400
/* The public network's time periods, and the most that tor takes. */
#define PERIOD_MINUTES_DEFAULT 1440
#define PERIOD_MINUTES_MAX 14400
#define VOTING_INTERVAL_MAX 86400

const char options_help[] =
    "Usage: obpub [-c FILE] [options]\n"
    "       obpub --once [-c FILE] [options]\n"
    "       obpub --check [-c FILE] [--json]\n"
    "       obpub status [-c FILE] [--socket-path PATH] [--json] [--watch]\n"
    "       obpub presign [-c FILE] --days N -o BUNDLE [--force]\n"
    "\n"
    "Publishes the descriptors of onion services that several tors serve together:\n"
    "without --once, for as long as it runs.\n"
    "\n"
    "  status                   ask the obpub that runs how things are, then exit\n"
    "  presign                  sign beforehand what publishing needs for some days, so that the\n"
    "                           keys can stay on a machine without a network, then exit\n"
    "      --once               publish the descriptors of every frontend once, then exit\n"
    "      --check              read the config and the keys, say what would be served, then exit\n"
    "  -c, --config FILE        config file (default: $ONIONBALANCE_CONFIG, or config.yaml)\n"
    "  -s, --socket PATH        control socket of the local tor\n"
    "  -i, --ip ADDRESS         address of the local tor's control port (default: 127.0.0.1)\n"
    "  -p, --port PORT          the local tor's control port (default: 9051)\n"
    "  -v, --verbosity LEVEL    debug, info, warning, error or critical (default: info)\n"
    "      --timeout SECONDS    with --once: give up after so long (default: 120)\n"
    "      --json               with --once, --check and status: the result as one JSON object\n"
    "      --socket-path PATH   with status: the status socket (default: as the config says)\n"
    "      --watch              with status: show it again every two seconds, until interrupted\n"
    "      --days N             with presign: for so many days from now on, 1 to 366\n"
    "  -o, --output BUNDLE      with presign: the file to make; with several frontends, the folder\n"
    "      --force              with presign: replace files that are there\n"
    "      --period-minutes M   with presign: the network's time periods (default: 1440)\n"
    "      --voting-interval S  with presign: seconds between two consensuses (default: M * 5 / 2)\n"
    "      --is-testnet         accepted as by Onionbalance; testing networks are noticed without it\n"
    "      --hs-version v3      accepted as by Onionbalance\n"
    "      --version            print the version, then exit\n"
    "  -h, --help               print this, then exit\n"
    "\n"
    "Exit status: 0 all is published (or the config is good, or the bundles are made); 1 something\n"
    "was, but not everything; 2 bad usage, config or keys; 3 nothing could be published, or there is\n"
    "nobody to ask for the status.\n"
    "The manual is obpub(8).\n";

/* The levels' names, in the order of enum log_level. */
static const char *const level_names[] = {"debug", "info", "warning", "error", "critical"};
#define LEVEL_COUNT (sizeof(level_names) / sizeof(level_names[0]))

static int set_config(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the name of the config file is empty");
    options->config_path = argument;
    return 0;
}

static int set_ip(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the address is empty");
    options->ip = argument;
    return 0;
}

/* Parses a decimal number from 1 to maximum, digits only. */
static int parse_number(const char *text, unsigned long maximum, unsigned long *number)
{
    size_t length = strlen(text);
    if (length == 0 || length > 9 || strspn(text, "0123456789") != length)
        return -1;
    *number = strtoul(text, NULL, 10);
    return *number >= 1 && *number <= maximum ? 0 : -1;
}

static int set_port(struct options *options, const char *argument, struct error *error)
{
    unsigned long port = 0;
    if (parse_number(argument, UINT16_MAX, &port) != 0)
        return error_set(error, "\"%s\" is no port: give a number from 1 to 65535", argument);
    options->port = (uint16_t)port;
    return 0;
}

static int set_socket(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the path of the socket is empty");
    options->socket = argument;
    return 0;
}

static int set_status_socket(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the path of the socket is empty");
    options->status_socket = argument;
    return 0;
}

static int set_verbosity(struct options *options, const char *argument, struct error *error)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strcasecmp(argument, level_names[i]) == 0) {
            options->verbosity = (enum log_level)i;
            return 0;
        }
    }
    return error_set(error, "\"%s\" is no level: give debug, info, warning, error or critical", argument);
}

static int set_timeout(struct options *options, const char *argument, struct error *error)
{
    unsigned long timeout = 0;
    if (parse_number(argument, TIMEOUT_MAX, &timeout) != 0)
        return error_set(error, "\"%s\" is no time: give seconds, from 1 to %d", argument, TIMEOUT_MAX);
    options->timeout = (unsigned)timeout;
    return 0;
}

static int set_output(struct options *options, const char *argument, struct error *error)
{
    if (argument[0] == '\0')
        return error_set(error, "the name of the file is empty");
    options->output = argument;
    return 0;
}

static int set_days(struct options *options, const char *argument, struct error *error)
{
    unsigned long days = 0;
    if (parse_number(argument, BUNDLE_DAYS_MAX, &days) != 0)
        return error_set(error, "\"%s\" is no number of days from 1 to %d", argument, BUNDLE_DAYS_MAX);
    options->days = (unsigned)days;
    return 0;
}

static int set_period_minutes(struct options *options, const char *argument, struct error *error)
{
    unsigned long minutes = 0;
    if (parse_number(argument, PERIOD_MINUTES_MAX, &minutes) != 0)
        return error_set(error, "\"%s\" is no number of minutes from 1 to %d", argument, PERIOD_MINUTES_MAX);
    options->period_minutes = (unsigned)minutes;
    return 0;
}

static int set_voting_interval(struct options *options, const char *argument, struct error *error)
{
    unsigned long seconds = 0;
    if (parse_number(argument, VOTING_INTERVAL_MAX, &seconds) != 0)
        return error_set(error, "\"%s\" is no number of seconds from 1 to %d", argument, VOTING_INTERVAL_MAX);
    options->voting_interval = (unsigned)seconds;
    return 0;
}

static int accept_hs_version(struct options *options, const char *argument, struct error *error)
{
    (void)options;
    if (strcmp(argument, "v3") == 0)
        return 0;
    if (strcmp(argument, "v2") == 0)
        return error_set(error, "v2 onion services are gone from the Tor network: only v3 is supported");
    return error_set(error, "\"%s\" is no version: only v3 is supported", argument);
}

/* The commands that an option goes with: those that are options themselves (and none), or a word. */
enum {
    WITH_PUBLISHING = 1,
    WITH_STATUS = 2,
    WITH_PRESIGN = 4,
    WITH_ALL = WITH_PUBLISHING | WITH_STATUS | WITH_PRESIGN,
};

/* The commands that are words. */
static const struct command_word {
    const char *word;
    unsigned with;
    size_t flag; /* offset in struct options */
} command_words[] = {
    {"status", WITH_STATUS, offsetof(struct options, status)},
    {"presign", WITH_PRESIGN, offsetof(struct options, presign)},
};

/* An option: it either takes an argument, which set() looks at, or raises a flag. */
struct option_rule {
    unsigned with;
    const char *name;
    char letter; /* 0 when there is none */
    int (*set)(struct options *options, const char *argument, struct error *error);
    size_t flag; /* offset in struct options, when set is NULL; NO_FLAG when it changes nothing */
};
#define NO_FLAG ((size_t)-1)

static const struct option_rule rules[] = {
    {WITH_ALL, "config", 'c', set_config, NO_FLAG},
    {WITH_PUBLISHING, "ip", 'i', set_ip, NO_FLAG},
    {WITH_PUBLISHING, "port", 'p', set_port, NO_FLAG},
    {WITH_PUBLISHING, "socket", 's', set_socket, NO_FLAG},
    {WITH_PUBLISHING, "verbosity", 'v', set_verbosity, NO_FLAG},
    {WITH_PUBLISHING, "timeout", 0, set_timeout, NO_FLAG},
    {WITH_STATUS, "socket-path", 0, set_status_socket, NO_FLAG},
    {WITH_PUBLISHING, "hs-version", 0, accept_hs_version, NO_FLAG},
    {WITH_PUBLISHING, "is-testnet", 0, NULL, NO_FLAG},
    {WITH_PUBLISHING, "once", 0, NULL, offsetof(struct options, once)},
    {WITH_PUBLISHING, "check", 0, NULL, offsetof(struct options, check)},
    {WITH_PRESIGN, "output", 'o', set_output, NO_FLAG},
    {WITH_PRESIGN, "days", 0, set_days, NO_FLAG},
    {WITH_PRESIGN, "period-minutes", 0, set_period_minutes, NO_FLAG},
    {WITH_PRESIGN, "voting-interval", 0, set_voting_interval, NO_FLAG},
    {WITH_PRESIGN, "force", 0, NULL, offsetof(struct options, force)},
    {WITH_PUBLISHING | WITH_STATUS, "json", 0, NULL, offsetof(struct options, json)},
    {WITH_STATUS, "watch", 0, NULL, offsetof(struct options, watch)},
    {WITH_ALL, "version", 0, NULL, offsetof(struct options, version)},
    {WITH_ALL, "help", 'h', NULL, offsetof(struct options, help)},
};
#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

/* The command that is a word, or NULL. */
static const struct command_word *find_command_word(const struct options *options)
{
    for (size_t i = 0; i < sizeof(command_words) / sizeof(command_words[0]); i++) {
        if (*(const bool *)((const char *)options + command_words[i].flag))
            return &command_words[i];
    }
    return NULL;
}

static bool rule_applies(const struct options *options, const struct option_rule *rule)
{
    const struct command_word *command = find_command_word(options);
    return (rule->with & (command != NULL ? command->with : (unsigned)WITH_PUBLISHING)) != 0;
}

/* Puts " of "obpub status"", say, behind a sentence that a command does not have an option. */
static int name_command(const struct options *options, struct error *error)
{
    const struct command_word *command = find_command_word(options);
    if (command == NULL || error == NULL)
        return -1;
    const struct error sentence = *error;
    return error_set(error, "%s of \"obpub %s\"", sentence.text, command->word);
}

/* Says that there is no such long option, and which one is probably meant. */
static void report_unknown(const struct options *options, const char *name, size_t length,
                           struct error *error)
{
    char word[64];
    const char *names[RULE_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (rule_applies(options, &rules[i]))
            names[count++] = rules[i].name;
    }
    size_t closest = count;
    if (length < sizeof(word)) {
        memcpy(word, name, length);
        word[length] = '\0';
        closest = closest_word_find(word, names, count);
    }
    error_set(error, "there is no option --%.*s", length < 100 ? (int)length : 100, name);
    name_command(options, error);
    if (closest < count && error != NULL) {
        const struct error sentence = *error;
        error_set(error, "%s: is --%s meant?", sentence.text, names[closest]);
    }
}

/* Finds a long option by its name or, as Onionbalance's parser does, by an unambiguous beginning of it. */
static const struct option_rule *find_long(const struct options *options, const char *name, size_t length,
                                           struct error *error)
{
    const struct option_rule *found = NULL;
    bool is_ambiguous = false;
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (length == 0 || !rule_applies(options, &rules[i]) || strncmp(rules[i].name, name, length) != 0)
            continue;
        if (rules[i].name[length] == '\0')
            return &rules[i];
        is_ambiguous = found != NULL;
        found = &rules[i];
    }
    if (is_ambiguous) {
        error_set(error, "--%.*s can be more than one option: write it out", (int)length, name);
        return NULL;
    }
    if (found == NULL)
        report_unknown(options, name, length, error);
    return found;
}

static const struct option_rule *find_short(const struct options *options, char letter, struct error *error)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (letter != '\0' && rules[i].letter == letter && rule_applies(options, &rules[i]))
            return &rules[i];
    }
    error_set(error, "there is no option -%c", letter);
    name_command(options, error);
    return NULL;
}

/* Applies a rule. attached is the argument that came with the option, or NULL; the next word of the command
 * line is taken where one is needed. */
static int apply_rule(struct options *options, const struct option_rule *rule, const char *attached,
                      char **argv, int *position, struct error *error)
{
    if (rule->set == NULL) {
        if (attached != NULL)
            return error_set(error, "--%s takes no argument", rule->name);
        if (rule->flag != NO_FLAG)
            *(bool *)((char *)options + rule->flag) = true;
        return 0;
    }
    const char *argument = attached;
    if (argument == NULL) {
        if (argv[*position] == NULL)
            return error_set(error, "--%s needs an argument", rule->name);
        argument = argv[(*position)++];
    }
    if (rule->set(options, argument, error) != 0)
        return error_add_context(error, "--%s", rule->name);
    return 0;
}

static int parse_word(struct options *options, char **argv, int *position, struct error *error)
{
    const char *word = argv[(*position)++];
    if (word[0] != '-' || word[1] == '\0' || strcmp(word, "--") == 0)
        return error_set(error, "\"%.100s\" is not an option, and nothing else is expected", word);
    const struct option_rule *rule;
    const char *attached = NULL;
    if (word[1] == '-') {
        const char *equals = strchr(word, '=');
        size_t length = equals != NULL ? (size_t)(equals - word) - 2 : strlen(word + 2);
        rule = find_long(options, word + 2, length, error);
        attached = equals != NULL ? equals + 1 : NULL;
    } else {
        rule = find_short(options, word[1], error);
        attached = word[2] != '\0' ? word + 2 : NULL;
    }
    return rule != NULL ? apply_rule(options, rule, attached, argv, position, error) : -1;
}

/* An environment variable, taking an empty one as not set. */
static const char *read_environment(const char *name)
{
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* Takes what the command line may override from the environment, where Onionbalance looks too. */
static int apply_environment(struct options *options, struct error *error)
{
    const char *config_path = read_environment("ONIONBALANCE_CONFIG");
    options->config_path = config_path != NULL ? config_path : "config.yaml";
    options->environment_socket = read_environment("ONIONBALANCE_TOR_CONTROL_SOCKET");
    options->environment_status_socket = read_environment("ONIONBALANCE_STATUS_SOCKET_LOCATION");
    const char *level = read_environment("ONIONBALANCE_LOG_LEVEL");
    if (level != NULL && set_verbosity(options, level, error) != 0)
        return error_add_context(error, "the environment variable ONIONBALANCE_LOG_LEVEL");
    return 0;
}

/* Takes the command's word, if the command line begins with one. */
static int take_command_word(struct options *options, int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(command_words) / sizeof(command_words[0]); i++) {
        if (strcmp(argv[1], command_words[i].word) != 0)
            continue;
        *(bool *)((char *)options + command_words[i].flag) = true;
        return 2;
    }
    return 1;
}

/* Checks that there is all that "obpub presign" needs. */
static int check_presign(struct options *options, struct error *error)
{
    if (options->days == 0)
        return error_set(error, "for how many days? Give --days N, from 1 to %d", BUNDLE_DAYS_MAX);
    if (options->output == NULL)
        return error_set(error, "where to? Give -o FILE");
    if (options->voting_interval == 0 && options->period_minutes % 2 != 0)
        return error_set(error, "no shared-random run is %u minutes long: give --voting-interval, too",
                         options->period_minutes);
    if (options->voting_interval == 0)
        options->voting_interval = options->period_minutes * 60 / SHARED_RANDOM_RUN_ROUNDS;
    const struct time_schedule schedule = {options->voting_interval, options->period_minutes};
    if (!time_schedule_is_possible(&schedule))
        return error_set(error,
                         "no network has time periods of %u minutes with a consensus every %u seconds: see "
                         "obpub(8), KEYS THAT STAY OFFLINE",
                         options->period_minutes, options->voting_interval);
    return 0;
}

int options_parse(struct options *options, int argc, char **argv, struct error *error)
{
    *options = (struct options){
        .verbosity = LOG_LEVEL_INFO,
        .timeout = TIMEOUT_DEFAULT,
        .period_minutes = PERIOD_MINUTES_DEFAULT,
    };
    if (apply_environment(options, error) != 0)
        return -1;
    int position = take_command_word(options, argc, argv);
    while (position < argc) {
        if (parse_word(options, argv, &position, error) != 0)
            return -1;
    }
    if (options->once && options->check)
        return error_set(error, "--once and --check can't be used together: --check publishes nothing");
    if (options->presign && !options->help && !options->version)
        return check_presign(options, error);
    return 0;
}
