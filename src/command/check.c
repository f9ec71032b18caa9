/* obpub --check: reads the config and the keys, and says what would be served and what the backends need. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/printable.h"
#include "command/check_agents.h"
#include "command/check_clients.h"
#include "command/check_confinement.h"
#include "command/check_length.h"
#include "command/check_shares.h"
#include "command/check_socks.h"
#include "command/check_steps.h"
#include "command/commands.h"
#include "command/given_config.h"
#include "command/options.h"
#include "command/output.h"
#include "command/tor_endpoint.h"
#include "command/weak_passwords.h"
#include "config/config_report.h"
#include "onion/introduction_point.h"
#include "onion/presigned.h"
#include "report/status_value.h"

/* What a backend's operator must have: in torrc, under the service's HiddenServiceDir, and in the file
 * ob_config inside that folder, there once for each frontend. */
#define TORRC_LINE "HiddenServiceOnionBalanceInstance 1"
#define OB_CONFIG_KEYWORD "MasterOnionAddress"

/* What a line is for. */
enum twin_case {
    TWIN_OF_SEVERAL, /* several obpubs publish the frontend */
    TWIN_OF_ONE,
    TWIN_WITH_WORK, /* not where the config has proof of work off */
};

/* What the operator of a twin must have besides, each in the case that its title names. */
static const struct twin_line {
    const char *title, *key; /* for people, and in JSON */
    const char *line;        /* of the torrc */
    enum twin_case when;
} twin_lines[] = {
    {"torrc, when several obpubs publish this frontend, without proof of work", "torrcSeveral",
     "PublishHidServDescriptors 0", TWIN_OF_SEVERAL},
    {"torrc, when one obpub alone does, or for proof of work", "torrcAlone", "PublishHidServDescriptors 1",
     TWIN_OF_ONE},
    {"torrc, below its HiddenServiceDir line, for proof of work (at all tors of the frontend, with "
     "publishing on)",
     "torrcProofOfWork", "HiddenServicePoWDefensesEnabled 1", TWIN_WITH_WORK},
};
#define TWIN_LINES (sizeof(twin_lines) / sizeof(twin_lines[0]))

/* Longest endpoint that is shown. */
#define ENDPOINT_TEXT_SIZE 512

/* Longest text of what a health check asks for: an address, a port and a path. */
#define HEALTH_TEXT_SIZE 1200

/* One use of a backend by a frontend. */
struct backend_use {
    const struct config_backend *backend;
    const struct config_frontend *frontend;
    size_t order; /* among all uses in the file */
};

static int compare_by_source(const void *one, const void *other)
{
    const struct backend_use *left = one, *right = other;
    if (left->backend->source != right->backend->source)
        return left->backend->source < right->backend->source ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

/* A backend with all its uses. */
struct backend_uses {
    const struct backend_use *uses;
    size_t count;
};

/* Lists every use of every backend, sorted so that those of one source are together, in the order of the
 * sources: that in which the file names them first. */
static struct backend_use *list_uses(const struct config *config, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < config->frontend_count; i++)
        *count += config->frontends[i].backend_count;
    struct backend_use *uses = memory_allocate(*count, sizeof(*uses));
    size_t filled = 0;
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        for (size_t j = 0; j < frontend->backend_count; j++, filled++)
            uses[filled] = (struct backend_use){&frontend->backends[j], frontend, filled};
    }
    qsort(uses, *count, sizeof(*uses), compare_by_source);
    return uses;
}

/* Groups the uses by source: backends of several frontends that are one source are one tor, with one
 * operator. */
static struct backend_uses *group_uses(const struct backend_use *uses, size_t use_count, size_t *count)
{
    struct backend_uses *groups = memory_allocate(use_count, sizeof(*groups));
    *count = 0;
    for (size_t i = 0; i < use_count; i++) {
        if (i == 0 || uses[i].backend->source != uses[i - 1].backend->source)
            groups[(*count)++] = (struct backend_uses){&uses[i], 0};
        groups[*count - 1].count++;
    }
    return groups;
}

/* Writes an endpoint so that it can be shown. */
static void format_endpoint(const struct control_endpoint *endpoint, char text[ENDPOINT_TEXT_SIZE])
{
    control_endpoint_format(endpoint, text, ENDPOINT_TEXT_SIZE);
    text_make_printable(text);
}

/* Where weights differ: which part of the visitors a backend is to have, and which it has. */
static void print_shares(const struct check_shares *shares, const struct config_backend *backend,
                         size_t position)
{
    if (!shares->differ)
        return;
    printf("        weight %u: %.0f %% of the visitors wanted", backend->weight,
           100 * shares->wanted[position]);
    if (backend->weight > 0)
        printf(", %.0f %% given with %d introduction points each", 100 * shares->given[position],
               SHARES_DEFAULT_POINTS);
    putchar('\n');
}

/* Writes what is asked to see whether a backend is healthy; "" for nothing. */
static void format_health(const struct config_health *health, char text[HEALTH_TEXT_SIZE])
{
    text[0] = '\0';
    if (health->is_on && health->path != NULL)
        snprintf(text, HEALTH_TEXT_SIZE, "http://%s.onion:%u%s", health->address, health->port, health->path);
    else if (health->is_on)
        snprintf(text, HEALTH_TEXT_SIZE, "%s.onion:%u", health->address, health->port);
}

static void print_health(const struct config_health *health)
{
    char text[HEALTH_TEXT_SIZE];
    format_health(health, text);
    if (text[0] != '\0')
        printf("        health: asked for %s every %u second%s, sick after %u failure%s\n", text,
               health->interval, health->interval == 1 ? "" : "s", health->fall,
               health->fall == 1 ? "" : "s");
}

static void print_backend(const struct config_backend *backend)
{
    char endpoint[ENDPOINT_TEXT_SIZE] = "";
    if (backend->has_control)
        format_endpoint(&backend->control, endpoint);
    if (backend->is_twin)
        printf("    %s\n", backend->name);
    else
        printf("    %s  %s.onion\n", backend->name, backend->address);
    if (backend->has_control)
        printf("        control port %s\n", endpoint);
    else if (backend->is_twin)
        printf("        no control port: seen by what it uploads to the HSDirs that no client asks\n");
    else
        printf("        no control port: fetched from the HSDirs\n");
    print_health(&backend->health);
}

static void print_bundle(const struct config_frontend *frontend)
{
    const struct time_schedule *schedule = &frontend->plan.schedule;
    char text[PRESIGNED_TEXT_SIZE];
    presigned_describe(text, &frontend->plan, NULL, clock_wall_seconds());
    printf(
        "        %s\n        for networks with time periods of %u minutes and a consensus every %u seconds\n",
        text, schedule->period_length, schedule->voting_interval);
}

/* Who may read its descriptors; nothing where the config means no clients. */
static void print_clients(const struct config_frontend *frontend)
{
    const struct authorized_clients *clients = frontend->clients;
    if (frontend->clients_folder == NULL)
        return;
    char *folder = memory_copy_text(frontend->clients_folder, strlen(frontend->clients_folder));
    text_make_printable(folder);
    if (clients == NULL)
        printf("    open to everybody: no authorised clients in %s\n", folder);
    else
        printf("    restricted to the %zu authorised client%s in %s; %d at most beside %d introduction "
               "points with the usual 50,000 bytes\n",
               clients->count, clients->count == 1 ? "" : "s", folder, CONFIG_CLIENTS_MAX,
               INTRODUCTION_POINTS_MAX);
    free(folder);
}

static void print_frontend(const struct config_frontend *frontend)
{
    char *key_path = memory_copy_text(frontend->key_path, strlen(frontend->key_path));
    text_make_printable(key_path);
    printf("frontend %s.onion\n", frontend->address);
    printf("    key %s (%s)\n", key_path, key_format_name(frontend->key_format));
    free(key_path);
    if (frontend->key_format == KEY_FORMAT_BUNDLE)
        print_bundle(frontend);
    print_clients(frontend);
    check_length_print(frontend);
    const char *plural = frontend->backend_count == 1 ? "" : "s";
    if (frontend->mode == CONFIG_MODE_HARDMAP)
        printf("    mode hardmap, lead %u minutes, proof of work %s\n    %zu tor%s with the same key:\n",
               frontend->lead / 60, config_proof_of_work_name(frontend), frontend->backend_count, plural);
    else if (frontend->lead > 0)
        printf("    lead %u minutes\n    %zu backend%s:\n", frontend->lead / 60, frontend->backend_count,
               plural);
    else
        printf("    %zu backend%s:\n", frontend->backend_count, plural);
    if (frontend->backend_count == 0)
        printf("        none yet, so that nothing of it is published until the config has some "
               "(wait-for-backends)\n");
    struct check_shares shares;
    check_shares_find(&shares, frontend);
    for (size_t i = 0; i < frontend->backend_count; i++) {
        print_backend(&frontend->backends[i]);
        print_shares(&shares, &frontend->backends[i], i);
    }
    check_shares_clear(&shares);
    putchar('\n');
}

/* Whether a backend of a frontend needs a line of a twin. */
static bool is_needed(const struct twin_line *line, const struct config_backend *backend,
                      const struct config_frontend *frontend)
{
    return backend->is_twin && !(line->when == TWIN_WITH_WORK && frontend->has_proof_of_work_off) &&
           !(line->when == TWIN_OF_SEVERAL && !backend->has_control);
}

/* What a config makes of its tors: whether they are to upload themselves. */
static enum twin_case find_case(const struct config *config)
{
    return config->has_other_publishers ? TWIN_OF_SEVERAL : TWIN_OF_ONE;
}

/* What a line of a twin is for. A twin without a control port has to upload in any case: nothing else of it
 * is seen. */
static const char *describe_line(const struct twin_line *line, const struct config_backend *twin)
{
    return line->when == TWIN_OF_ONE && !twin->has_control ? "torrc, as it is by default" : line->title;
}

/* Whether a backend has to answer under a key that it has made no introduction points for: another one's, or
 * that of the next time period. A twin without a control port does not: whether it would is not known. */
static bool needs_ob_config(const struct config_backend *backend)
{
    return !backend->is_twin || backend->has_control;
}

/* What the operator of a twin needs besides. */
static void print_twin_lines(const struct config *config, const struct config_backend *twin,
                             const struct config_frontend *frontend)
{
    char endpoint[ENDPOINT_TEXT_SIZE];
    if (twin->has_control) {
        format_endpoint(&twin->control, endpoint);
        printf("    torrc, a ControlSocket or ControlPort, which obpub reaches as %s\n", endpoint);
    }
    if (frontend->clients != NULL)
        printf("    authorized_clients, a folder in its HiddenServiceDir, with the files of obpub's own: "
               "what it "
               "uploads\n    itself is open to everybody otherwise; where it uploads nothing, without any\n");
    for (size_t i = 0; i < TWIN_LINES; i++) {
        bool is_so = twin->has_control && twin_lines[i].when == find_case(config);
        if (is_needed(&twin_lines[i], twin, frontend))
            printf("    %s%s:\n        %s\n", describe_line(&twin_lines[i], twin),
                   is_so ? " (so in this config)" : "", twin_lines[i].line);
    }
}

static void print_operator_lines(const struct config *config, const struct backend_uses *group)
{
    const struct config_backend *backend = group->uses[0].backend;
    if (backend->is_twin)
        printf("tor %s of %s.onion\n    the key of that frontend, as hs_ed25519_secret_key in its "
               "HiddenServiceDir\n",
               backend->name, backend->address);
    else
        printf("backend %s.onion (%s)\n", backend->address, backend->name);
    if (needs_ob_config(backend)) {
        printf("    torrc, below its HiddenServiceDir line:\n");
        printf("        %s\n", TORRC_LINE);
        printf("    ob_config, a file in its HiddenServiceDir:\n");
    }
    for (size_t i = 0; needs_ob_config(backend) && i < group->count; i++)
        printf("        %s %s.onion\n", OB_CONFIG_KEYWORD, group->uses[i].frontend->address);
    if (backend->is_twin)
        print_twin_lines(config, backend, group->uses[0].frontend);
    check_clients_print(backend);
    check_agents_print(backend);
}

/* What the lines of twins come with. */
static void print_hardmap_notes(const struct config *config)
{
    bool has_hardmap = false;
    for (size_t i = 0; i < config->frontend_count; i++)
        has_hardmap |= config->frontends[i].mode == CONFIG_MODE_HARDMAP;
    if (!has_hardmap)
        return;
    printf("\nWith mode hardmap every tor has the frontend's key: who takes over one of them has the address "
           "for good.\n"
           "PublishHidServDescriptors 0 switches publishing off for all services of that tor. With it and "
           "one obpub\n"
           "alone, the frontend is gone three hours after that obpub; with 1, which is tor's default, the "
           "tors then\n"
           "publish it themselves.\n");
}

static void print_text(const struct config *config, const struct confine_plan *plan,
                       const struct tor_endpoints *tors, const struct backend_uses *groups,
                       size_t group_count)
{
    for (size_t i = 0; i < config->frontend_count; i++)
        print_frontend(&config->frontends[i]);
    for (size_t i = 0; i < tors->count; i++) {
        char endpoint[ENDPOINT_TEXT_SIZE];
        format_endpoint(&tors->endpoints[i], endpoint);
        printf("local tor: control port expected at %s\n", endpoint);
    }
    check_socks_print(config);
    putchar('\n');
    if (group_count > 0)
        puts("What each backend needs (write ob_config first: tor must find it when it reads its torrc):\n");
    for (size_t i = 0; i < group_count; i++)
        print_operator_lines(config, &groups[i]);
    print_hardmap_notes(config);
    check_steps_print(config);
    check_confinement_print(plan);
}

static json_t *make_list(char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, status_value_text(texts[i]));
    return list;
}

/* Where the local tors are expected to be, and what they need. */
static json_t *make_tor(const struct config *config, const struct tor_endpoints *endpoints)
{
    json_t *tors = json_array();
    for (size_t i = 0; i < endpoints->count; i++) {
        char place[ENDPOINT_TEXT_SIZE];
        format_endpoint(&endpoints->endpoints[i], place);
        json_t *tor = json_object();
        json_object_set_new(tor, "place", status_value_text(place));
        json_array_append_new(tors, tor);
    }
    json_t *object = json_object();
    json_object_set_new(object, "tors", tors);
    json_object_set_new(object, "torrc", check_socks_make_torrc(config));
    return object;
}

static json_t *make_instance(const struct config_backend *backend, const struct check_shares *shares,
                             size_t position)
{
    char endpoint[ENDPOINT_TEXT_SIZE] = "", health[HEALTH_TEXT_SIZE];
    if (backend->has_control)
        format_endpoint(&backend->control, endpoint);
    format_health(&backend->health, health);
    json_t *object = json_object();
    json_object_set_new(object, "onionAddress", status_value_address(backend->identity_key));
    json_object_set_new(object, "name", status_value_text(backend->name));
    json_object_set_new(object, "hasControl", json_boolean(backend->has_control));
    json_object_set_new(object, "control", status_value_text(endpoint));
    json_object_set_new(object, "weight", json_integer(backend->weight));
    json_object_set_new(object, "health", status_value_text(health));
    json_object_set_new(object, "shareWanted", json_real(shares->wanted[position]));
    json_object_set_new(object, "shareGiven", json_real(shares->given[position]));
    return object;
}

static json_t *make_service(const struct config *config, const struct config_frontend *frontend)
{
    static const char *const key_formats[] = {
        [KEY_FORMAT_PEM] = "pem",
        [KEY_FORMAT_TOR] = "tor",
        [KEY_FORMAT_BUNDLE] = "bundle",
    };
    const struct bundle_plan *plan = frontend->key_format == KEY_FORMAT_BUNDLE ? &frontend->plan : NULL;
    json_t *instances = json_array();
    struct check_shares shares;
    check_shares_find(&shares, frontend);
    for (size_t i = 0; i < frontend->backend_count; i++)
        json_array_append_new(instances, make_instance(&frontend->backends[i], &shares, i));
    check_shares_clear(&shares);
    json_t *object = json_object();
    json_object_set_new(object, "onionAddress", status_value_address(frontend->identity_key));
    json_object_set_new(object, "key", status_value_text(frontend->key_path));
    json_object_set_new(object, "keyFormat", json_string(key_formats[frontend->key_format]));
    json_object_set_new(object, "bundle", status_value_bundle(plan, NULL, clock_wall_seconds()));
    bool is_hardmap = frontend->mode == CONFIG_MODE_HARDMAP;
    json_object_set_new(object, "mode", json_string(config_mode_name(frontend->mode)));
    json_object_set_new(object, "lead",
                        is_hardmap || frontend->lead > 0 ? json_integer(frontend->lead) : json_null());
    json_object_set_new(object, "ownUploads",
                        is_hardmap ? json_string(find_case(config) == TWIN_OF_ONE ? "on" : "off")
                                   : json_null());
    json_object_set_new(object, "proofOfWork",
                        is_hardmap ? json_string(config_proof_of_work_name(frontend)) : json_null());
    json_object_set_new(object, "authorizedClients",
                        frontend->clients != NULL ? json_integer((json_int_t)frontend->clients->count)
                                                  : json_null());
    json_object_set_new(object, "maxIntroductionPoints", json_integer(frontend->points_max));
    json_object_set_new(object, "descriptorLength", json_integer((json_int_t)check_length_find(frontend)));
    json_object_set_new(object, "instances", instances);
    return object;
}

/* What the operator of a backend must have. */
static json_t *make_operator_lines(const struct backend_uses *group)
{
    const struct config_backend *backend = group->uses[0].backend;
    json_t *ob_config = json_array(), *torrc = json_array();
    for (size_t i = 0; needs_ob_config(backend) && i < group->count; i++)
        json_array_append_new(
            ob_config, json_sprintf("%s %s.onion", OB_CONFIG_KEYWORD, group->uses[i].frontend->address));
    if (needs_ob_config(backend))
        json_array_append_new(torrc, json_string(TORRC_LINE));
    json_t *object = json_object();
    json_object_set_new(object, "onionAddress", status_value_address(backend->identity_key));
    json_object_set_new(object, "name", status_value_text(backend->name));
    json_object_set_new(object, "torrc", torrc);
    json_object_set_new(object, "obConfig", ob_config);
    for (size_t i = 0; i < TWIN_LINES; i++) {
        json_t *lines = json_array();
        if (is_needed(&twin_lines[i], backend, group->uses[0].frontend))
            json_array_append_new(lines, json_string(twin_lines[i].line));
        json_object_set_new(object, twin_lines[i].key, lines);
    }
    check_agents_add_json(object, backend);
    check_clients_add_json(object, backend);
    return object;
}

/* Prints the outcome as one JSON object, which says what the status says too in the status' words; config is
 * NULL when it could not be loaded. */
static void print_json(const struct options *options, const struct config *config,
                       const struct confine_plan *plan, const struct config_report *report,
                       const struct tor_endpoints *tors, const struct backend_uses *groups,
                       size_t group_count)
{
    json_t *object = json_object();
    json_object_set_new(object, "version", json_string(OBPUB_VERSION));
    json_object_set_new(object, "config", status_value_text(options->config_path));
    json_object_set_new(object, "errors", make_list(report->errors, report->error_count));
    json_object_set_new(object, "warnings", make_list(report->warnings, report->warning_count));
    if (config != NULL) {
        json_t *services = json_array();
        for (size_t i = 0; i < config->frontend_count; i++)
            json_array_append_new(services, make_service(config, &config->frontends[i]));
        json_t *instances = json_array();
        for (size_t i = 0; i < group_count; i++)
            json_array_append_new(instances, make_operator_lines(&groups[i]));
        json_object_set_new(object, "tor", make_tor(config, tors));
        json_object_set_new(object, "services", services);
        json_object_set_new(object, "instances", instances);
        json_object_set_new(object, "sandboxLacks", check_confinement_make_lacks(plan));
    }
    output_print_json(object, false, stdout);
    json_decref(object);
}

/* Prints a config that could be loaded. */
static void print_config(const struct options *options, const struct config *config,
                         const struct confine_plan *plan, const struct config_report *report)
{
    struct tor_endpoints tors;
    tor_endpoints_find(config, options, &tors);
    size_t use_count = 0, group_count = 0;
    struct backend_use *uses = list_uses(config, &use_count);
    struct backend_uses *groups = group_uses(uses, use_count, &group_count);
    if (options->json)
        print_json(options, config, plan, report, &tors, groups, group_count);
    else
        print_text(config, plan, &tors, groups, group_count);
    tor_endpoints_clear(&tors);
    free(groups);
    free(uses);
}

/* Checks the bundle of a frontend as publishing does not take the time for: each certificate, and whether it
 * is good now. What is wrong with it goes into the report. */
static int check_bundle(const struct config *config, const struct config_frontend *frontend,
                        struct config_report *report)
{
    struct error error;
    char text[PRESIGNED_TEXT_SIZE];
    if (bundle_check_certificates(frontend->bundle, &error) != 0) {
        config_report_add_error(report, config->path, frontend->line, "key %s: %s", frontend->key_path,
                                error.text);
        return -1;
    }
    int64_t wall_now = clock_wall_seconds();
    presigned_describe(text, &frontend->plan, NULL, wall_now);
    switch (presigned_judge(&frontend->plan, NULL, wall_now)) {
    case PRESIGNED_GOOD:
        return 0;
    case PRESIGNED_RUNS_OUT:
        config_report_add_warning(report, config->path, frontend->line, "%s.onion: %s", frontend->address,
                                  text);
        return 0;
    default:
        config_report_add_error(report, config->path, frontend->line, "%s.onion: %s", frontend->address,
                                text);
        return -1;
    }
}

/* Loads the config and checks the bundles that it names. */
static int load_config(struct config *config, const struct options *options, struct config_report *report)
{
    int result = config_load(config, options->config_path, report);
    for (size_t i = 0; i < config->frontend_count; i++) {
        if (config->frontends[i].bundle != NULL && check_bundle(config, &config->frontends[i], report) != 0)
            result = -1;
    }
    if (result == 0) {
        given_config_warn_of_environment(options, report);
        weak_passwords_warn(config, options, report);
        check_agents_warn(config, report);
    }
    given_config_print_report(report);
    if (result != 0)
        config_clear(config);
    return result;
}

/* Says why a start would be refused before anything of the config but the user is known. */
static void report_refusal(const struct error *refusal, const struct options *options,
                           struct config_report *report)
{
    *report = (struct config_report){0};
    config_report_add_error(report, options->config_path, 0, "%s", refusal->text);
    given_config_print_report(report);
}

int check_command(const struct options *options)
{
    struct config config;
    struct config_report report;
    struct confine_plan plan;
    struct error refusal;
    int result = EXIT_CODE_BAD_INPUT;
    if (check_confinement_begin(&plan, options, &refusal) != 0)
        report_refusal(&refusal, options, &report);
    else if (load_config(&config, options, &report) == 0)
        result = EXIT_CODE_COMPLETE;
    if (result == EXIT_CODE_COMPLETE) {
        print_config(options, &config, &plan, &report);
        config_clear(&config);
    } else if (options->json) {
        print_json(options, NULL, NULL, &report, NULL, NULL, 0);
    }
    config_report_clear(&report);
    return output_finish(result);
}
