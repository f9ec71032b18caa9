/* obpub --once: one whole publication, then the end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "base/clock.h"
#include "command/commands.h"
#include "command/confinement.h"
#include "command/given_config.h"
#include "command/live_view.h"
#include "command/options.h"
#include "command/output.h"
#include "command/processes.h"
#include "command/tor_endpoint.h"
#include "engine/engine.h"
#include "report/outcome.h"
#include "report/progress.h"
#include "report/status.h"

/* A backend that has nothing after this share of the whole time is left out, so that there is time to publish
 * the others; and in no case is it waited for longer than so many milliseconds. */
#define BACKEND_SHARE 3
#define BACKEND_PATIENCE_MAX 40000
#define ATTEMPTS_MAX 4

struct once {
    const struct options *options;
    struct event_base *base;
    struct processes *processes;
    struct engine *engine;
    struct progress progress;
    struct live_view live;
    int64_t started;
    bool is_verifying; /* all is published, and HSDirs are asked for it */
    bool has_timed_out;
    int signal; /* the one that ended it, or 0 */
    bool has_lost_process;
    struct error process_error;
};

/* What the publication is waiting for, as a step and a sentence. */
static const char *describe_progress(const struct once *once, char *text, size_t size)
{
    const struct publisher *publisher = engine_publisher(once->engine);
    bool is_trouble = false;
    const char *tor_status = engine_tor_status(once->engine, &is_trouble);
    struct outcome_counts counts;
    outcome_count(publisher, &counts);
    if (tor_status[0] != '\0') {
        snprintf(text, size, "%s", tor_status);
        return tor_status;
    }
    if (once->is_verifying) {
        snprintf(text, size, "%zu of %zu HSDirs that visitors ask hand it out", counts.seen, counts.asked);
        return "looks";
    }
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (!publisher->frontends[i].has_started) {
            snprintf(text, size, "descriptors of %zu of %zu backends are here", counts.live, counts.backends);
            return "backends";
        }
    }
    snprintf(text, size, "%zu of %zu uploads taken by their HSDirs", counts.taken, counts.uploads);
    return "uploads";
}

/* True when there is nothing left to do. With --verify what HSDirs hand out is looked at once all is
 * published. */
static bool has_ended(struct once *once)
{
    const struct publisher *publisher = engine_publisher(once->engine);
    if (engine_tors_need_operator(once->engine))
        return true;
    if (once->is_verifying)
        return !publisher_is_looking(publisher);
    if (!publisher_is_settled(publisher, clock_milliseconds()))
        return false;
    if (!once->options->verify)
        return true;
    once->is_verifying = true;
    engine_look_at_all(once->engine);
    return !publisher_is_looking(publisher);
}

static void engine_changed(void *context)
{
    struct once *once = context;
    char text[PROGRESS_TEXT_SIZE];
    const char *stage = describe_progress(once, text, sizeof(text));
    progress_show(&once->progress, stage, text, clock_milliseconds());
    if (has_ended(once))
        event_base_loopbreak(once->base);
}

static void timeout_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct once *once = context;
    once->has_timed_out = true;
    event_base_loopbreak(once->base);
}

static void signal_came(evutil_socket_t number, short events, void *context)
{
    (void)events;
    struct once *once = context;
    once->signal = (int)number;
    event_base_loopbreak(once->base);
}

static void process_is_lost(const struct error *error, void *context)
{
    struct once *once = context;
    once->has_lost_process = true;
    once->process_error = *error;
    event_base_loopbreak(once->base);
}

/* How many uploads were not taken, and why the one of them was not that was answered last. */
static void describe_uploads(const struct once *once, const struct outcome_counts *counts, char *text,
                             size_t size)
{
    const struct publisher_upload *last = outcome_find_failure(engine_publisher(once->engine));
    const char *reason = last != NULL ? last->reason : engine_last_error(once->engine);
    snprintf(text, size, "%zu of %zu upload%s not taken%s%s", counts->uploads - counts->taken,
             counts->uploads, counts->uploads == 1 ? " was" : "s were", reason[0] != '\0' ? ": " : "",
             reason);
}

/* True when a frontend waits for backends. */
static bool has_no_members(const struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (publisher->frontends[i].member_count == 0)
            return true;
    }
    return false;
}

/* Why nothing, or not everything, was published: the first thing in the chain that is missing. */
static void describe_problem(const struct once *once, char *text, size_t size)
{
    const struct publisher *publisher = engine_publisher(once->engine);
    bool is_trouble = false;
    const char *tor_status = engine_tor_status(once->engine, &is_trouble);
    struct outcome_counts counts;
    outcome_count(publisher, &counts);
    if (once->has_lost_process)
        snprintf(text, size, "%s", once->process_error.text);
    else if (once->signal != 0)
        snprintf(text, size, "interrupted by a signal (%s)", strsignal(once->signal));
    else if (tor_status[0] != '\0')
        snprintf(text, size, "%s", tor_status);
    else if (counts.backends == 0)
        snprintf(text, size, "the config has no backends yet, which it says to wait for (wait-for-backends)");
    else if (counts.live == 0)
        snprintf(text, size, "not one backend's descriptor could be had");
    else if (counts.taken < counts.uploads)
        describe_uploads(once, &counts, text, size);
    else if (once->options->verify && counts.seen < counts.asked)
        snprintf(text, size, "%zu of %zu HSDirs that visitors ask were not seen to hand it out",
                 counts.asked - counts.seen, counts.asked);
    else if (once->options->verify && (!once->is_verifying || publisher_is_looking(publisher)))
        snprintf(text, size, "there was no time left to look at all that visitors get");
    else if (counts.taken == counts.uploads && has_no_members(publisher))
        snprintf(text, size, "not all frontends have backends yet");
    else
        text[0] = '\0';
}

/* What the result alone does not tell: backends that were left out, and frontends that have none left. */
static void warn_of_backends(const struct publisher *publisher, const struct config *config)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        const struct publisher_frontend *frontend = &publisher->frontends[i];
        size_t live = 0;
        for (size_t j = 0; j < frontend->member_count; j++) {
            const struct source *backend = publisher_member_source(publisher, &frontend->members[j]);
            live += source_is_in(backend);
            if (source_is_in(backend))
                continue;
            char title[CONFIG_TITLE_SIZE];
            config_backend_format_title(title, &config->frontends[i].backends[j]);
            fprintf(stderr, "obpub: warning: backend %s was left out: %s\n", title,
                    outcome_explain_backend(publisher, backend));
        }
        if (frontend->member_count == 0)
            fprintf(stderr,
                    "obpub: nothing was published for %s.onion: the config has no backends for it yet\n",
                    config->frontends[i].address);
        else if (live == 0)
            fprintf(stderr, "obpub: nothing was published for %s.onion: none of its backends could be had\n",
                    config->frontends[i].address);
    }
}

/* An HSDir refuses a descriptor whose revision counter is not higher than that of the one it has. */
static void warn_of_refusals(const struct publisher *publisher)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            const struct publisher_descriptor *descriptor = &publisher->frontends[i].descriptors[slot];
            for (size_t j = 0; j < descriptor->upload_count; j++) {
                const struct publisher_upload *upload = &descriptor->uploads[j];
                bool is_refused =
                    upload->state == UPLOAD_REFUSED && upload->failure == UPLOAD_FAILURE_REJECTED;
                if (!is_refused || upload->may_have_arrived) /* what it has may be what it was sent before */
                    continue;
                fprintf(stderr,
                        "obpub: an HSDir that refuses (UPLOAD_REJECTED) may have a newer descriptor of the "
                        "same address: if Onionbalance or another publisher has just been stopped, try again "
                        "in ten minutes\n");
                return;
            }
        }
    }
}

/* Prints the status, with what one publication adds to it. */
static void print_status(struct once *once, const struct outcome *outcome)
{
    struct report_view view;
    live_view_fill(&view, &once->live);
    json_t *status = status_make_json(&view);
    outcome_add_to_status(outcome, status);
    output_print_json(status, false, stdout);
    json_decref(status);
}

static int report_outcome(struct once *once, const struct config *config)
{
    static const int exit_codes[] = {
        [OUTCOME_COMPLETE] = EXIT_CODE_COMPLETE,
        [OUTCOME_INCOMPLETE] = EXIT_CODE_INCOMPLETE,
        [OUTCOME_NOTHING] = EXIT_CODE_NOTHING_PUBLISHED,
    };
    char problem[PROGRESS_TEXT_SIZE];
    const struct publisher *publisher = engine_publisher(once->engine);
    describe_problem(once, problem, sizeof(problem));
    const struct outcome outcome = {
        .config = config,
        .publisher = publisher,
        .started = once->started,
        .ended = clock_milliseconds(),
        .problem = problem,
        .is_verified = once->options->verify,
    };
    enum outcome_result result = outcome_judge(&outcome);
    warn_of_backends(publisher, config);
    if (result != OUTCOME_COMPLETE) {
        warn_of_refusals(publisher);
        fprintf(stderr, "obpub: %s%s%s\n",
                result == OUTCOME_NOTHING ? "nothing was published" : "not everything was published",
                problem[0] != '\0' ? ": " : "", problem);
        if (once->has_timed_out)
            fprintf(stderr, "obpub: gave up after %u second%s (--timeout)\n", once->options->timeout,
                    once->options->timeout == 1 ? "" : "s");
    }
    if (once->options->json)
        print_status(once, &outcome);
    else
        outcome_print_table(&outcome, stdout);
    if (!output_flush() && result == OUTCOME_COMPLETE)
        return EXIT_CODE_INCOMPLETE;
    return exit_codes[result];
}

static void set_settings(struct engine_settings *settings, struct once *once, const struct config *config,
                         const struct tor_endpoints *tors)
{
    int64_t patience = (int64_t)once->options->timeout * 1000 / BACKEND_SHARE;
    settings->base = once->base;
    settings->tors.endpoints = tors->endpoints;
    settings->tors.count = tors->count;
    settings->tors.credentials.password_file = config->tor_control_password_file;
    settings->tors.credentials.cookie_file = config->tor_control_cookie_file;
    settings->tors.credentials.reader = reader_client_credential_reader(once->processes->reader);
    settings->credential_reader = reader_client_credential_reader(once->processes->reader);
    settings->signer = once->processes->signer;
    settings->rules = publisher_rules_default;
    settings->rules.start_patience = patience < BACKEND_PATIENCE_MAX ? patience : BACKEND_PATIENCE_MAX;
    settings->rules.attempts_max = ATTEMPTS_MAX;
    settings->rules.check_permits = 0;
    settings->rules.death_spread = settings->rules.gain_spread = 0; /* somebody waits */
    settings->changed = engine_changed;
    settings->context = once;
}

/* Runs the loop until the publication has settled, the time is up or a signal ends it. */
static void run_loop(struct once *once)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct event *signal_events[sizeof(signals) / sizeof(signals[0])];
    struct event *timeout = evtimer_new(once->base, timeout_fired, once);
    const struct timeval time_left = {(time_t)once->options->timeout, 0};
    evtimer_add(timeout, &time_left);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        signal_events[i] = evsignal_new(once->base, signals[i], signal_came, once);
        event_add(signal_events[i], NULL);
    }
    event_base_dispatch(once->base);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        event_free(signal_events[i]);
    event_free(timeout);
}

static int publish_once(const struct options *options, struct processes *processes,
                        const struct confine_plan *plan, struct config *config)
{
    struct once once = {.options = options, .processes = processes, .started = clock_milliseconds()};
    once.base = event_base_new();
    if (once.base == NULL) {
        fprintf(stderr, "obpub: libevent can't be initialised\n");
        return EXIT_CODE_NOTHING_PUBLISHED;
    }
    progress_begin(&once.progress, options->verbosity <= LOG_LEVEL_INFO, once.started);
    struct engine_settings settings = {0};
    struct tor_endpoints tors;
    tor_endpoints_find(config, options, &tors);
    set_settings(&settings, &once, config, &tors);
    once.engine = engine_new(&settings);
    once.live = (struct live_view){
        .engine = once.engine,
        .plan = plan,
        .started_at = once.started,
        .loaded_at = once.started,
        .reload_error = "",
    };
    tor_endpoints_clear(&tors);
    engine_set_config(once.engine, config);
    processes_watch(processes, once.base, process_is_lost, &once);
    engine_changed(&once);
    run_loop(&once);
    progress_end(&once.progress);
    int result = report_outcome(&once, config);
    if (once.has_lost_process)
        result = command_exit_code(&once.process_error, EXIT_CODE_PROCESS_LOST);
    live_view_clear(&once.live);
    engine_free(once.engine);
    processes_end(processes);
    event_base_free(once.base);
    return result;
}

/* Confines this process, the engine. Returns 0, or -1 when it must end. */
static int confine(struct confine_plan *plan, const struct options *options, const struct config *config)
{
    struct error error;
    for (size_t i = 0; i < plan->lack_count; i++)
        fprintf(stderr, "obpub: warning: %s\n", plan->lacks[i].text);
    enum confine_result result = confinement_confine_engine(plan, options, config, false, &error);
    if (result != CONFINE_DONE)
        fprintf(stderr, "obpub: %s%s\n", result == CONFINE_INCOMPLETE ? "warning: " : "", error.text);
    if (result == CONFINE_INCOMPLETE)
        confine_plan_add_lack(plan, &error);
    return result == CONFINE_FAILED ? -1 : 0;
}

/* Has the config loaded and publishes it. Returns what to exit with. */
static int load_and_publish(const struct options *options, struct processes *processes,
                            struct confine_plan *plan)
{
    struct config config;
    struct config_report report;
    struct error error;
    int result = EXIT_CODE_BAD_INPUT;
    int loaded = given_config_receive(&config, processes->reader, options, &report);
    given_config_print_report(&report);
    if (loaded == 0) {
        if (config_checks_health(&config))
            fprintf(stderr, "obpub: the health of backends is not checked with --once\n");
        if (confine(plan, options, &config) == 0)
            result = publish_once(options, processes, plan, &config);
        config_clear(&config);
    } else if (processes_check(processes, &error) != 0) {
        fprintf(stderr, "obpub: %s\n", error.text);
        result = command_exit_code(&error, EXIT_CODE_PROCESS_LOST);
    } else if (reader_client_is_late(processes->reader)) {
        result = EXIT_CODE_NOTHING_PUBLISHED;
    }
    config_report_clear(&report);
    return result;
}

int once_command(const struct options *options)
{
    struct processes processes;
    struct confine_plan plan;
    struct error error;
    int result;
    if (confinement_make_plan(&plan, options, &error) != 0) {
        fprintf(stderr, "obpub: %s\n", error.text);
        return EXIT_CODE_BAD_INPUT;
    }
    if (processes_start(&processes, options, &plan, NULL, &error) == 0) {
        result = load_and_publish(options, &processes, &plan);
    } else {
        fprintf(stderr, "obpub: %s\n", error.text);
        result = command_exit_code(&error, EXIT_CODE_PROCESS_LOST);
    }
    processes_end(&processes);
    return result;
}
