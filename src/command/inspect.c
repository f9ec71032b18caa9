/* obpub inspect: takes a descriptor apart, one in a file or those that the HSDirs of a service hand out, and
 * says of each check whether it is passed.
 *
 * What is inspected is as hostile as anything from the network. This process has no master key, and before it
 * parses the first byte of a descriptor it gives up what the engine gives up and more: it opens no file and
 * makes no connection. What stays is the connection to the local tor, as in the engine. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "command/commands.h"
#include "command/inspect_session.h"
#include "command/options.h"
#include "command/output.h"
#include "command/tor_endpoint.h"
#include "confine/memory_lock.h"
#include "onion/descriptor_wrapping.h"
#include "onion/onion_address.h"
#include "report/survey_report.h"

/* Longest file that is read: no network allows so long a descriptor. */
#define FILE_SIZE_MAX (1 << 20)
/* By so many characters an address may be too long or too short and still be meant as one. */
#define ADDRESS_SLIPS 6
/* For how long a local tor is waited for that is only good for names (milliseconds). */
#define NAMES_TOR_PATIENCE 10000

struct inspect {
    const struct options *options;
    struct confine_plan plan;
    bool has_address;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t *client_key; /* secret memory, or NULL */
    char *text;          /* of the file, NULL when HSDirs are asked */
    size_t length;
    struct config config; /* of which only the local tors are read */
    struct inspect_session *session;
    bool is_confined;
    int64_t wall_now; /* seconds since the epoch */
};

static int refuse(const struct error *error)
{
    fprintf(stderr, "obpub: %s\n", error->text);
    return EXIT_CODE_BAD_INPUT;
}

/* -- what is given ----------------------------------------------------------------------------------- */

/* Whether a text is meant as an address, though it may be none: it is then for who reads addresses to say
 * what is wrong with it. */
static bool is_meant_as_address(const char *text)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const size_t length = strlen(text);
    return strcasestr(text, ".onion") != NULL || strstr(text, "://") != NULL ||
           (length + ADDRESS_SLIPS >= ONION_ADDRESS_LENGTH &&
            length <= ONION_ADDRESS_LENGTH + ADDRESS_SLIPS && strspn(text, characters) == length);
}

/* Whether the operand is an address, and not a file's name. */
static bool is_address(const char *operand)
{
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    if (onion_address_decode(key, operand, NULL) == 0)
        return true;
    return access(operand, F_OK) != 0 && is_meant_as_address(operand);
}

int inspect_complete_options(struct options *options, struct error *error)
{
    if (options->operand == NULL)
        return 0; /* its absence is told by who parses the command line */
    if (options->address_count > 1)
        return error_set(error, "--address is given %zu times: a descriptor is of one service",
                         options->address_count);
    if (is_address(options->operand) && options->address_count > 0)
        return error_set(error, "--address goes with a FILE: the ADDRESS is there already");
    const struct time_schedule schedule = {options->period_minutes * 60 / SHARED_RANDOM_RUN_ROUNDS,
                                           options->period_minutes};
    if (!time_schedule_is_possible(&schedule))
        return error_set(error, "no network has time periods of %u minutes", options->period_minutes);
    return 0;
}

/* Reads the file, whatever it is: also what comes through a pipe. */
static int read_text(struct inspect *inspect, const char *path, struct error *error)
{
    const bool is_standard_input = strcmp(path, "-") == 0;
    FILE *file = is_standard_input ? stdin : fopen(path, "rb");
    if (is_standard_input)
        path = "standard input";
    if (file == NULL)
        return error_set(error, "\"%s\" can't be opened (%s), and is no onion address", path,
                         strerror(errno));
    inspect->text = memory_allocate(FILE_SIZE_MAX, 1);
    inspect->length = fread(inspect->text, 1, FILE_SIZE_MAX, file);
    const bool has_failed = ferror(file) != 0;
    const int reason = errno;
    if (!is_standard_input)
        fclose(file);
    if (has_failed)
        return error_set(error, "%s can't be read (%s)", path, strerror(reason));
    if (inspect->length == FILE_SIZE_MAX)
        return error_set(error, "%s is far too long for a descriptor", path);
    return 0;
}

static int read_client_key(struct inspect *inspect, const char *path, struct error *error)
{
    char address[ONION_ADDRESS_SIZE];
    struct error warning;
    if (!inspect->has_address)
        return error_set(error, "--client-key opens nothing without the address: give --address, too");
    if (memory_lock_check(&warning) != 0)
        fprintf(stderr, "obpub: warning: %s\n", warning.text);
    onion_address_encode(address, inspect->identity_key);
    inspect->client_key = secret_allocate(X25519_SECRET_KEY_SIZE);
    if (config_files_here.find_client_key(path, address, inspect->client_key, NULL, error) != 0)
        return error_add_context(error, "%s", path);
    return 0;
}

/* Takes what the command line says. Returns 0; or -1 with a sentence. */
static int read_given(struct inspect *inspect, struct error *error)
{
    const struct options *options = inspect->options;
    const bool asks_hsdirs = is_address(options->operand);
    const char *address = asks_hsdirs                  ? options->operand
                          : options->address_count > 0 ? options->addresses[0]
                                                       : NULL;
    inspect->has_address = address != NULL;
    if (address != NULL && onion_address_decode(inspect->identity_key, address, error) != 0)
        return -1;
    if (options->client_key != NULL && read_client_key(inspect, options->client_key, error) != 0)
        return -1;
    return asks_hsdirs ? 0 : read_text(inspect, options->operand, error);
}

/* -- the local tor ------------------------------------------------------------------------------------ */

/* Whether the command line says where it is. */
static bool names_tor(const struct options *options)
{
    return options->socket != NULL || options->ip != NULL || options->port != 0;
}

/* Reads where the config has the local tors. One that nobody has named need not be there. */
static int read_config(struct inspect *inspect)
{
    const struct options *options = inspect->options;
    struct config_report report = {0};
    int result = 0;
    const bool is_needed = strcmp(options->config_path, OPTIONS_CONFIG_PATH) != 0;
    if (!names_tor(options) && (is_needed || access(options->config_path, F_OK) == 0)) {
        result = config_find_local_tors(&inspect->config, options->config_path, &report);
        for (size_t i = 0; i < report.error_count; i++)
            fprintf(stderr, "obpub: %s\n", report.errors[i]);
    }
    config_report_clear(&report);
    return result;
}

/* Connects to the first of the local tors that is there. Returns 0; or -1 with a sentence. */
static int open_session(struct inspect *inspect, int64_t patience, struct error *error)
{
    struct tor_endpoints tors;
    const int64_t deadline = clock_milliseconds() + patience;
    tor_endpoints_find(&inspect->config, inspect->options, &tors);
    for (size_t i = 0; i < tors.count && inspect->session == NULL && !inspect->is_confined; i++) {
        const struct inspect_settings settings = {
            .endpoint = &tors.endpoints[i],
            .credentials = {.password_file = inspect->config.tor_control_password_file,
                            .cookie_file = inspect->config.tor_control_cookie_file},
            .plan = &inspect->plan,
            .is_confined = &inspect->is_confined,
            .shows_progress = inspect->options->verbosity <= LOG_LEVEL_INFO && inspect->text == NULL,
            .deadline = deadline,
        };
        inspect->session = inspect_session_open(&settings, error);
    }
    tor_endpoints_clear(&tors);
    return inspect->session != NULL ? 0 : -1;
}

/* -- examining ------------------------------------------------------------------------------------------ */

/* What goes for each of the descriptors. */
static struct inspection describe(const struct inspect *inspect)
{
    const struct network *network =
        inspect->session != NULL ? inspect_session_network(inspect->session) : NULL;
    const unsigned minutes = inspect->options->period_minutes;
    struct inspection inspection = {
        .identity_key = inspect->has_address ? inspect->identity_key : NULL,
        .network = network,
        .schedule = {minutes * 60 / SHARED_RANDOM_RUN_ROUNDS, minutes},
        .wall_now = inspect->wall_now,
    };
    if (network != NULL)
        inspection.schedule = network->schedule;
    return inspection;
}

/* Examines one, and asks for the names of its relays. */
static struct descriptor_examination *examine(const struct inspect *inspect, const char *text, size_t length)
{
    const struct inspection inspection = describe(inspect);
    const struct network *network = inspection.network;
    const int64_t moment = network != NULL ? network->valid_after : inspect->wall_now;
    const struct descriptor_expectation expectation = {
        .identity_key = inspection.identity_key,
        .schedule = inspection.schedule,
        .period_number = time_period_number(&inspection.schedule, moment),
        .client_key = inspect->client_key,
        .size_max = network != NULL ? network->descriptor_size_max : DESCRIPTOR_SIZE_MAX_DEFAULT,
        .wall_now = inspect->wall_now,
    };
    struct descriptor_examination *examination = descriptor_examine(text, length, &expectation);
    if (network != NULL)
        descriptor_examination_match(examination, network);
    for (size_t i = 0; inspect->session != NULL && i < examination->point_count; i++) {
        if (examination->points[i].has_links)
            inspect_session_name(inspect->session, examination->points[i].links.fingerprint);
    }
    return examination;
}

static void add_names(const struct inspect *inspect, struct inspection *inspection)
{
    if (inspect->session == NULL)
        return;
    inspection->context = inspect_session_wait_for_names(inspect->session);
    inspection->find_name = relay_names_find;
}

static struct printer printer_of(const struct inspect *inspect)
{
    return (struct printer){
        .file = stdout,
        .has_colours = output_wants_colours(),
        .wall_now = inspect->wall_now,
    };
}

static void print_json(json_t *object)
{
    output_print_json(object, false, stdout);
    json_decref(object);
}

/* -- a file ---------------------------------------------------------------------------------------------- */

static int inspect_file(struct inspect *inspect)
{
    struct error error;
    /* A tor that is there tells of the network and of relays' names; without one there is less to say. */
    if (open_session(inspect, NAMES_TOR_PATIENCE, &error) != 0) {
        if (names_tor(inspect->options) || inspect->config.tor_control_count > 0)
            fprintf(stderr,
                    "obpub: warning: relays have no names, and the network is taken for the public one: %s\n",
                    error.text);
        if (!inspect->is_confined && inspect_session_confine(&inspect->plan, &error) != 0)
            return refuse(&error);
    }
    inspect->length = descriptor_unwrap(inspect->text, inspect->length);
    struct descriptor_examination *examination = examine(inspect, inspect->text, inspect->length);
    struct inspection inspection = describe(inspect);
    inspection.examination = examination;
    add_names(inspect, &inspection);
    const struct printer printer = printer_of(inspect);
    if (inspect->options->json)
        print_json(inspection_make_json(&inspection));
    else
        inspection_print(&inspection, &printer);
    const size_t failures = descriptor_examination_count_failures(examination);
    descriptor_examination_free(examination);
    return failures == 0 ? EXIT_CODE_COMPLETE : EXIT_CODE_INCOMPLETE;
}

/* -- what HSDirs have --------------------------------------------------------------------------------------
 */

static int report_survey(const struct inspect *inspect, const struct survey_report *report)
{
    static const int codes[] = {
        [SURVEY_ALL_WELL] = EXIT_CODE_COMPLETE,
        [SURVEY_FAULTY] = EXIT_CODE_INCOMPLETE,
        [SURVEY_NOT_FOUND] = EXIT_CODE_NOTHING_PUBLISHED,
        [SURVEY_UNANSWERED] = EXIT_CODE_BAD_INPUT,
    };
    const struct printer printer = printer_of(inspect);
    const enum survey_verdict verdict = survey_report_judge(report);
    if (inspect->options->json)
        print_json(survey_report_make_json(report));
    else
        survey_report_print(report, &printer);
    if (verdict == SURVEY_NOT_FOUND)
        fprintf(stderr, "obpub: no HSDir has a descriptor of this service\n");
    if (verdict == SURVEY_UNANSWERED)
        fprintf(stderr, "obpub: no HSDir has answered: does the local tor reach the network?\n");
    return codes[verdict];
}

static int inspect_hsdirs(struct inspect *inspect)
{
    struct error error;
    size_t count;
    if (open_session(inspect, (int64_t)inspect->options->timeout * 1000, &error) != 0)
        return refuse(&error);
    struct surveyed_hsdir *hsdirs =
        survey_hsdirs(inspect_session_survey(inspect->session, inspect->identity_key), &count);
    inspect->wall_now = clock_wall_seconds();
    for (size_t i = 0; i < count; i++) {
        inspect_session_name(inspect->session, hsdirs[i].fingerprint);
        if (hsdirs[i].finding == SURVEY_FOUND)
            hsdirs[i].examination = examine(inspect, hsdirs[i].text, hsdirs[i].length);
    }
    struct survey_report report = {.inspection = describe(inspect), .hsdirs = hsdirs, .count = count};
    add_names(inspect, &report.inspection);
    return report_survey(inspect, &report);
}

static void inspect_clear(struct inspect *inspect)
{
    inspect_session_free(inspect->session);
    config_clear(&inspect->config);
    secret_free(inspect->client_key);
    free(inspect->text);
}

int inspect_command(const struct options *options)
{
    struct inspect inspect = {.options = options, .wall_now = clock_wall_seconds()};
    struct error error;
    int result = EXIT_CODE_BAD_INPUT;
    signal(SIGPIPE, SIG_IGN);
    if (confine_plan_make(&inspect.plan, NULL, false, &error) != 0 || read_given(&inspect, &error) != 0)
        refuse(&error);
    else if (read_config(&inspect) == 0)
        result = inspect.text != NULL ? inspect_file(&inspect) : inspect_hsdirs(&inspect);
    inspect_clear(&inspect);
    return output_finish(result);
}
