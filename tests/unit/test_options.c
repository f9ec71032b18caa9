/* Tests of the command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "command/command_line.h"
#include "command/commands.h"
#include "command/option_table.h"

#define WORDS_MAX 16

/* Parses a command line given as words with single spaces between. The words live until the next call. */
static int parse(struct options *options, const char *line, struct error *error)
{
    static char text[512];
    static char *words[WORDS_MAX + 1];
    int count = 0;
    assert_true(strlen(line) < sizeof(text));
    strcpy(text, line);
    words[count++] = "obpub";
    char *rest = text;
    for (char *word = strtok_r(rest, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        assert_true(count < WORDS_MAX);
        words[count++] = word;
    }
    words[count] = NULL;
    return command_line_parse(options, count, words, error);
}

static bool is_command(const struct options *options, const char *name)
{
    return strcmp(options->command->name, name) == 0;
}

/* Parses a command line that has to be refused with a sentence that has all of the text in it. */
static void check_refused(const char *line, const char *text)
{
    struct options options;
    struct error error = {.text = ""};
    assert_int_equal(parse(&options, line, &error), -1);
    if (strstr(error.text, text) == NULL)
        fail_msg("\"%s\": \"%s\" does not say \"%s\"", line, error.text, text);
}

static int clear_environment(void **state)
{
    (void)state;
    unsetenv("ONIONBALANCE_CONFIG");
    unsetenv("ONIONBALANCE_LOG_LEVEL");
    unsetenv("ONIONBALANCE_LOG_LOCATION");
    unsetenv("ONIONBALANCE_TOR_CONTROL_SOCKET");
    unsetenv("ONIONBALANCE_STATUS_SOCKET_LOCATION");
    return 0;
}

static void test_defaults(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, "", NULL), 0);
    assert_string_equal(options.config_path, "config.yaml");
    assert_null(options.ip);
    assert_null(options.socket);
    assert_int_equal(options.port, 0);
    assert_int_equal(options.verbosity, LOG_LEVEL_INFO);
    assert_int_equal(options.timeout, 120);
    assert_true(is_command(&options, "") && options.command->run == run_command);
    assert_false(options.json);
    assert_null(options.environment_socket);
    assert_null(options.environment_status_socket);
}

static void test_every_way_to_give_an_argument(void **state)
{
    (void)state;
    const char *const lines[] = {
        "-c x.yaml",       "-cx.yaml",        "-c -- -c x.yaml", "--config -- -cx.yaml",
        "--config x.yaml", "--config=x.yaml", "--conf x.yaml"};
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        struct options options;
        assert_int_equal(parse(&options, lines[i], NULL), 0);
        assert_string_equal(options.config_path, "x.yaml");
    }
}

static void test_all_options(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options,
                           "-i ::1 -p 9999 -s /run/x -v DEBUG --is-testnet --hs-version v3 --once --json "
                           "--timeout 86400",
                           NULL),
                     0);
    assert_string_equal(options.ip, "::1");
    assert_int_equal(options.port, 9999);
    assert_string_equal(options.socket, "/run/x");
    assert_int_equal(options.verbosity, LOG_LEVEL_DEBUG);
    assert_true(is_command(&options, "once") && options.json);
    assert_int_equal(options.timeout, 86400);
    assert_int_equal(parse(&options, "--check", NULL), 0);
    assert_true(is_command(&options, "check"));
    assert_int_equal(parse(&options, "--check --version", NULL), 0);
    assert_true(is_command(&options, "version"));
    assert_int_equal(parse(&options, "--check --version -h", NULL), 0);
    assert_true(is_command(&options, "help"));
    assert_int_equal(parse(&options, "--help --version --once", NULL), 0);
    assert_true(is_command(&options, "help"));
    assert_int_equal(parse(&options, "-hv debug --check", NULL), 0); /* several letters, as in Onionbalance */
    assert_true(is_command(&options, "help") && options.verbosity == LOG_LEVEL_DEBUG);
}

static void test_levels(void **state)
{
    (void)state;
    const char *const levels[] = {"debug", "info", "warning", "error", "critical"};
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        char line[32] = "--verbosity=";
        struct options options;
        strcat(line, levels[i]);
        assert_int_equal(parse(&options, line, NULL), 0);
        assert_int_equal(options.verbosity, i);
    }
    struct options options;
    assert_int_equal(parse(&options, "-v WARN", NULL), 0);
    assert_int_equal(options.verbosity, LOG_LEVEL_WARNING);
    assert_true(options.has_verbosity);
    assert_int_equal(parse(&options, "", NULL), 0);
    assert_false(options.has_verbosity);
    check_refused("-v loud", "\"loud\" is no level: give debug, info, warning, error or critical");
}

/* The last one counts, as in Onionbalance. */
static void test_repeated(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, "-p 1 -p 65535 --timeout 5 --timeout 1", NULL), 0);
    assert_int_equal(options.port, 65535);
    assert_int_equal(options.timeout, 1);
}

static void test_bad_numbers(void **state)
{
    (void)state;
    const char *const ports[] = {"0", "65536", "-1", "+1", "1x", "0x50", "99999999999999999999", "1.0"};
    for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++) {
        char line[64] = "--port ";
        strcat(line, ports[i]);
        check_refused(line, "from 1 to 65535");
    }
    check_refused("--port=", "from 1 to 65535");
    check_refused("--timeout 0", "from 1 to 86400");
    check_refused("--timeout 86401", "from 1 to 86400");
    check_refused("--timeout 1s", "from 1 to 86400");
}

static void test_refused(void **state)
{
    (void)state;
    check_refused("--conifg x", "there is no option --conifg: is --config meant?");
    check_refused("--zzzzzzzz", "there is no option --zzzzzzzz");
    check_refused("--", "\"--\" is not an option");
    check_refused("-", "\"-\" is not an option");
    check_refused("--=x", "there is no option --");
    check_refused("-x", "there is no option -x");
    check_refused("statsu", "\"statsu\" is not an option");
    check_refused("-c", "--config needs an argument");
    check_refused("-hc", "--config needs an argument");
    check_refused("--config", "--config needs an argument");
    check_refused("--config=", "--config");
    check_refused("--once=yes", "--once takes no argument");
    check_refused("--ver", "--ver can be more than one option");
    check_refused("--hs-version v2", "only v3 is supported");
    check_refused("--hs-version v4", "only v3 is supported");
    check_refused("--once --check", "--once and --check can't be used together");
    check_refused("--json", "--json goes only with --once, --check, status and inspect");
    check_refused("-hx", "there is no option -x");
    check_refused("-\xff", "there is no option -");
    check_refused("-c x --", "\"--\" is not an option");
    check_refused("-- -c x", "\"--\" is not an option");
}

/* What is quoted in the sentence may be longer than the sentence. */
static void test_long_words(void **state)
{
    (void)state;
    char word[400];
    memset(word, 'a', sizeof(word) - 1);
    word[sizeof(word) - 1] = '\0';
    check_refused(word, "aaaa");
    word[0] = word[1] = '-';
    check_refused(word, "there is no option --aaaa");
}

static void test_environment(void **state)
{
    (void)state;
    struct options options;
    setenv("ONIONBALANCE_CONFIG", "/etc/x.yaml", 1);
    setenv("ONIONBALANCE_LOG_LEVEL", "error", 1);
    setenv("ONIONBALANCE_TOR_CONTROL_SOCKET", "/run/y", 1);
    setenv("ONIONBALANCE_STATUS_SOCKET_LOCATION", "/run/z", 1);
    assert_int_equal(parse(&options, "", NULL), 0);
    assert_string_equal(options.config_path, "/etc/x.yaml");
    assert_int_equal(options.verbosity, LOG_LEVEL_ERROR);
    assert_string_equal(options.environment_socket, "/run/y");
    assert_null(options.socket);
    assert_string_equal(options.environment_status_socket, "/run/z");

    assert_int_equal(parse(&options, "-c x.yaml -v info", NULL), 0);
    assert_string_equal(options.config_path, "x.yaml");
    assert_int_equal(options.verbosity, LOG_LEVEL_INFO);

    assert_false(options.has_log_location);
    setenv("ONIONBALANCE_LOG_LOCATION", "/var/log/x", 1);
    assert_int_equal(parse(&options, "", NULL), 0);
    assert_true(options.has_log_location && options.has_verbosity);
    setenv("ONIONBALANCE_LOG_LEVEL", "loud", 1);
    check_refused("", "ONIONBALANCE_LOG_LEVEL");

    setenv("ONIONBALANCE_CONFIG", "", 1);
    setenv("ONIONBALANCE_LOG_LEVEL", "", 1);
    assert_int_equal(parse(&options, "", NULL), 0);
    assert_string_equal(options.config_path, "config.yaml");
}

static void test_status(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, "", NULL), 0);
    assert_false(is_command(&options, "status"));
    assert_int_equal(parse(&options, "status", NULL), 0);
    assert_true(is_command(&options, "status"));
    assert_false(options.watch);
    assert_null(options.socket_path);
    assert_int_equal(parse(&options, "status -c x.yaml --socket-path /s --json --watch", NULL), 0);
    assert_string_equal(options.config_path, "x.yaml");
    assert_string_equal(options.socket_path, "/s");
    assert_true(options.json && options.watch && is_command(&options, "status"));
    assert_int_equal(parse(&options, "status --sock /s --w", NULL), 0);
    assert_string_equal(options.socket_path, "/s");
    assert_true(options.watch);

    /* Each has its own options, also where a beginning would do. */
    check_refused("status --once", "there is no option --once of \"obpub status\"");
    check_refused("status -s /s", "there is no option -s of \"obpub status\"");
    check_refused("status --watc=x", "--watch takes no argument");
    check_refused("status --wacth", "is --watch meant?");
    check_refused("status --socket-path=", "the path of the socket is empty");
    check_refused("status status", "\"status\" is not an option");
    check_refused("--json status", "\"status\" is not an option");
    check_refused("--watch", "there is no option --watch: it goes with status");
    check_refused("--socket-path /s", "there is no option --socket-path: it goes with status");
    assert_int_equal(parse(&options, "--sock /s", NULL), 0);
    assert_string_equal(options.socket, "/s");
}

/* A command that is about something takes one word for it, wherever it stands. */
static void test_drain(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, "drain node1", NULL), 0);
    assert_true(is_command(&options, "drain"));
    assert_string_equal(options.operand, "node1");
    assert_null(options.frontend);
    assert_int_equal(parse(&options, "undrain -c x.yaml node1 --frontend f --socket-path /s", NULL), 0);
    assert_true(is_command(&options, "undrain"));
    assert_string_equal(options.operand, "node1");
    assert_string_equal(options.config_path, "x.yaml");
    assert_string_equal(options.frontend, "f");
    assert_string_equal(options.socket_path, "/s");
    assert_int_equal(parse(&options, "drain --frontend f drain", NULL), 0);
    assert_string_equal(options.operand, "drain");
    assert_int_equal(parse(&options, "drain --help", NULL), 0);

    check_refused("drain", "\"obpub drain\" needs NAME: obpub drain NAME [-c FILE]");
    check_refused("undrain -c x.yaml", "\"obpub undrain\" needs NAME");
    check_refused("drain a b", "\"b\" is not an option, and nothing else is expected");
    check_refused("drain -- a", "\"--\" is not an option");
    check_refused("drain a --frontend=", "the address is empty");
    check_refused("drain a --watch", "there is no option --watch of \"obpub drain\"");
    check_refused("--frontend f",
                  "there is no option --frontend: it goes with drain, undrain and client new");
}

/* A command of two words. */
static void test_client(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, "client new alice --folder f --frontend x -o g", NULL), 0);
    assert_true(is_command(&options, "client new"));
    assert_string_equal(options.operand, "alice");
    assert_string_equal(options.folder, "f");
    assert_string_equal(options.frontend, "x");
    assert_string_equal(options.output, "g");
    assert_int_equal(parse(&options, "client list --folder f", NULL), 0);
    assert_true(is_command(&options, "client list") && options.operand == NULL);
    assert_int_equal(parse(&options, "client remove --force --folder f new", NULL), 0);
    assert_true(is_command(&options, "client remove") && options.force);
    assert_string_equal(options.operand, "new");
    assert_int_equal(parse(&options, "client remove a --help", NULL), 0);
    assert_true(is_command(&options, "help"));
    check_refused("client", "\"client\" needs a second word: \"obpub client new\", \"obpub client list\"");
    check_refused("client --folder f", "\"client\" needs a second word");
    check_refused("new alice --folder f", "\"new\" is not an option");
    check_refused("--folder f client list",
                  "there is no option --folder: it goes with client new, client list");
    check_refused("client new --folder f", "\"obpub client new\" needs NAME: obpub client new NAME --folder");
    check_refused("client new a", "whose clients? Give --folder FOLDER");
    check_refused("client new a --folder=", "the path of the folder is empty");
    check_refused("client list a --folder f", "\"a\" is not an option");
    check_refused("client list --folder f --force", "there is no option --force of \"obpub client list\"");
}

static void test_presign(void **state)
{
    (void)state;
    struct options options;
    assert_int_equal(parse(&options, "presign -c x.yaml --days 30 -o b", NULL), 0);
    assert_true(is_command(&options, "presign") && !options.force);
    assert_string_equal(options.output, "b");
    assert_int_equal(options.days, 30);
    assert_int_equal(options.period_minutes, 1440);
    assert_int_equal(options.voting_interval, 3600);
    assert_int_equal(parse(&options, "presign --days 366 --output b --force --period-minutes 4", NULL), 0);
    assert_true(options.force);
    assert_int_equal(options.voting_interval, 10);
    assert_int_equal(parse(&options, "presign --days 1 -ob --period 601 --voting 3600", NULL), 0);
    assert_int_equal(options.period_minutes, 601);
    assert_int_equal(options.voting_interval, 3600);
    assert_int_equal(parse(&options, "presign --help", NULL), 0);

    check_refused("presign -o b", "--days");
    check_refused("presign --days 1", "-o FILE");
    check_refused("presign --days 0 -o b", "1 to 366");
    check_refused("presign --days 367 -o b", "1 to 366");
    check_refused("presign --days 1 --output=", "empty");
    check_refused("presign --days 1 -o b --period-minutes 0", "1 to 14400");
    check_refused("presign --days 1 -o b --period-minutes 14401", "1 to 14400");
    check_refused("presign --days 1 -o b --voting-interval 86401", "1 to 86400");
    check_refused("presign --days 1 -o b --period-minutes 5", "--voting-interval");
    check_refused("presign --days 1 -o b --period-minutes 2", "no network");
    check_refused("presign --days 1 -o b --voting-interval 9", "no network");
    check_refused(
        "presign --json",
        "there is no option --json of \"obpub presign\": it goes with --once, --check, status and inspect");
    check_refused("presign --fource", "of \"obpub presign\": is --force meant?");
    check_refused("--days 1", "there is no option --days: it goes with presign");
    check_refused("status -o b", "there is no option -o of \"obpub status\": it goes with presign");
    check_refused("presign status", "\"status\" is not an option");
}

/* Whether some command line may have both options: one that begins with a word has that command's alone, any
 * other one all of the rest. */
static bool share_command_line(size_t one, size_t other)
{
    const uint64_t both = UINT64_C(1) << one | UINT64_C(1) << other;
    uint64_t without_word = 0;
    for (size_t i = 0; i < COMMANDS; i++) {
        if (commands[i].kind != COMMAND_WORD)
            without_word |= commands[i].options;
        else if ((commands[i].options & both) == both)
            return true;
    }
    return (without_word & both) == both;
}

/* Each row of the tables says what it has to, and leads to nothing twice. */
static void test_tables(void **state)
{
    (void)state;
    uint64_t taken = 0;
    assert_int_equal(commands[0].kind, COMMAND_DEFAULT);
    assert_string_equal(commands[0].name, "");
    for (size_t i = 0; i < COMMANDS; i++) {
        assert_non_null(commands[i].help);
        assert_non_null(commands[i].run);
        assert_int_equal(i == 0, commands[i].kind == COMMAND_DEFAULT);
        for (size_t j = 0; j < OPTIONS; j++)
            assert_string_not_equal(commands[i].name, option_rows[j].name);
        taken |= commands[i].options;
    }
    assert_int_equal(taken, (UINT64_C(1) << OPTIONS) - 1);
    for (size_t i = 0; i < OPTIONS; i++) {
        assert_non_null(option_rows[i].help);
        assert_non_null(option_rows[i].set);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(option_rows[i].name, option_rows[j].name);
            assert_true(option_rows[i].letter == 0 || option_rows[i].letter != option_rows[j].letter ||
                        !share_command_line(i, j));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults, clear_environment),
        cmocka_unit_test_setup(test_every_way_to_give_an_argument, clear_environment),
        cmocka_unit_test_setup(test_all_options, clear_environment),
        cmocka_unit_test_setup(test_levels, clear_environment),
        cmocka_unit_test_setup(test_repeated, clear_environment),
        cmocka_unit_test_setup(test_bad_numbers, clear_environment),
        cmocka_unit_test_setup(test_refused, clear_environment),
        cmocka_unit_test_setup(test_long_words, clear_environment),
        cmocka_unit_test_setup(test_status, clear_environment),
        cmocka_unit_test_setup(test_drain, clear_environment),
        cmocka_unit_test_setup(test_client, clear_environment),
        cmocka_unit_test_setup(test_presign, clear_environment),
        cmocka_unit_test(test_tables),
        cmocka_unit_test_setup_teardown(test_environment, clear_environment, clear_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
