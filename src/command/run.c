/* obpub -c FILE: publishes for as long as it runs. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/timeval.h"
#include "command/check_agents.h"
#include "command/commands.h"
#include "command/confinement.h"
#include "command/given_config.h"
#include "command/listeners.h"
#include "command/live_view.h"
#include "command/options.h"
#include "command/processes.h"
#include "command/reload.h"
#include "command/tor_endpoint.h"
#include "command/weak_passwords.h"
#include "config/config_difference.h"
#include "crypto/curve.h"
#include "engine/draining.h"
#include "engine/engine.h"
#include "engine/open_files.h"
#include "report/journal.h"
#include "report/publication.h"
#include "report/service_manager.h"

/* Milliseconds that this machine's clock may run apart from the one that only goes forward, between two
 * looks, before it counts as a jump; and seconds between two looks. */
#define CLOCK_JUMP 30000
#define LOOK_SECONDS 10

#define SIGNALS 4

struct daemon {
    const struct options *options;
    struct event_base *base;
    struct log log;
    struct confine_plan plan;
    struct processes processes;
    struct service_manager manager;
    struct config *config;
    struct engine *engine;
    struct journal *journal;
    struct live_view live;
    struct listeners listeners;
    struct event *signals[SIGNALS], *watchdog, *look, *again; /* the last one while the journal waits */
    size_t open_files_max;
    int64_t clock_difference; /* milliseconds of the wall clock ahead of the other one */
    char reload_error[ERROR_TEXT_SIZE];
    struct reload *reload;
    int exit_code;
    bool is_confined;
    bool is_clock_ahead; /* too far for the signer */
};

/* -- reports -------------------------------------------------------------------------------------- */

/* One line for "systemctl status". */
static void tell_manager(struct daemon *daemon, const struct report_view *view)
{
    size_t published = 0, restricted = 0, live = 0, backends = 0;
    const char *problem = "";
    char restriction[48] = "";
    char text[PUBLICATION_TEXT_SIZE];
    for (size_t i = 0; i < view->frontend_count; i++) {
        const struct report_frontend *frontend = &view->frontends[i];
        const bool is_published = report_view_is_published(view, frontend);
        published += is_published;
        restricted += is_published && view->publisher->frontends[frontend->number].clients != NULL;
    }
    if (restricted > 0)
        snprintf(restriction, sizeof(restriction), " (%zu restricted)", restricted);
    enum publication worst = publication_find_worst(view, text);
    if (worst >= PUBLICATION_EXPIRES)
        problem = text;
    for (size_t i = 0; i < view->publisher->source_count; i++) {
        const struct source *backend = &view->publisher->sources[i];
        backends += backend->is_used;
        live += backend->is_used && source_is_in(backend);
    }
    service_manager_status(
        &daemon->manager, "%zu of %zu frontends published%s, %zu of %zu backends in%s%s%s%s%s%s", published,
        view->frontend_count, restriction, live, backends, problem[0] != '\0' ? "; " : "", problem,
        view->tor_status[0] != '\0' ? "; " : "", view->tor_status,
        view->reload_error[0] != '\0' ? "; the config was not read again: " : "", view->reload_error);
}

static void engine_changed(void *context)
{
    struct daemon *daemon = context;
    if (daemon->engine == NULL)
        return;
    struct report_view view;
    live_view_fill(&view, &daemon->live);
    journal_update(daemon->journal, &view);
    tell_manager(daemon, &view);
    const struct timeval patience = timeval_from_milliseconds(JOURNAL_PATIENCE);
    if (daemon->again != NULL && journal_is_waiting(daemon->journal) && !evtimer_pending(daemon->again, NULL))
        evtimer_add(daemon->again, &patience);
}

static void again_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    engine_changed(context);
}

/* For "-v debug": what is done with a source, step by step. What its peer said the log makes fit to be shown.
 */
static void log_source_change(const char *name, const struct source_change *change, void *context)
{
    const struct daemon *daemon = context;
    log_write(&daemon->log, LOG_LEVEL_DEBUG, "backend %s: %s from %s to %s: %s", name, change->machine,
              change->from, change->to, change->why);
}

/* -- the config ----------------------------------------------------------------------------------- */

static void log_config_report(const struct log *log, const struct config_report *report)
{
    for (size_t i = 0; i < report->warning_count; i++)
        log_write(log, LOG_LEVEL_WARNING, "%s", report->warnings[i]);
    for (size_t i = 0; i < report->error_count; i++)
        log_write(log, LOG_LEVEL_ERROR, "%s", report->errors[i]);
}

/* Says what there is to say of a config that has been read. */
static void log_config(const struct daemon *daemon, const struct config *config,
                       const struct config_report *report)
{
    struct error shortage;
    log_config_report(&daemon->log, report);
    if (config != NULL && open_files_check(config, daemon->open_files_max, &shortage) != 0)
        log_write(&daemon->log, LOG_LEVEL_WARNING, "%s", shortage.text);
}

/* Reads the first config into a new object. Returns NULL when it can't be used. */
static struct config *load_config(struct daemon *daemon)
{
    struct config *config = memory_allocate(1, sizeof(*config));
    struct config_report report;
    if (given_config_receive(config, daemon->processes.reader, daemon->options, &report) != 0) {
        free(config);
        config = NULL;
    }
    log_config(daemon, config, &report);
    config_report_clear(&report);
    return config;
}

static void config_release(struct config *config)
{
    if (config == NULL)
        return;
    config_clear(config);
    free(config);
}

/* Removes the file of a socket that is or was listened on. Once the engine is confined only the reader can.
 */
static int remove_socket(const char *path, void *context, struct error *error)
{
    struct daemon *daemon = context;
    if (daemon->is_confined)
        return reader_client_remove_socket(daemon->processes.reader, path, error);
    if (unlink(path) != 0 && errno != ENOENT)
        return error_set(error, "the old socket %s can't be removed: %s", path, strerror(errno));
    return 0;
}

/* Does what somebody asks for on the command socket. */
static void take_command(const struct drain_request *request, struct drain_answer *answer, void *context)
{
    const struct daemon *daemon = context;
    engine_drain(daemon->engine, request, answer);
    log_write(&daemon->log, LOG_LEVEL_INFO, "obpub %s: %s", request->is_drained ? "drain" : "undrain",
              answer->sentence);
}

/* Works out where the local tors are; endpoints is to be released when the places are needed no more. */
static void find_tor_places(const struct daemon *daemon, const struct config *config,
                            struct tor_endpoints *endpoints, struct engine_tor_places *places)
{
    tor_endpoints_find(config, daemon->options, endpoints);
    places->endpoints = endpoints->endpoints;
    places->count = endpoints->count;
    places->credentials.password_file = config->tor_control_password_file;
    places->credentials.cookie_file = config->tor_control_cookie_file;
    places->credentials.reader = reader_client_credential_reader(daemon->processes.reader);
}

static void set_tor_places(struct daemon *daemon, const struct config *config)
{
    struct tor_endpoints endpoints;
    struct engine_tor_places places;
    find_tor_places(daemon, config, &endpoints, &places);
    engine_set_tor_places(daemon->engine, &places);
    tor_endpoints_clear(&endpoints);
}

/* Puts a new config in the place of the old one. */
static void apply_config(struct daemon *daemon, struct config *config)
{
    char changes[CONFIG_DIFFERENCE_TEXT_SIZE];
    struct error error;
    set_tor_places(daemon, config);
    listeners_close_changed(&daemon->listeners, daemon->config, config);
    if (listeners_open(&daemon->listeners, config, &error) != 0)
        log_write(
            &daemon->log, LOG_LEVEL_ERROR,
            "%s (since it is confined it can make sockets only in the folders that it started with: a new "
            "start is needed for another one)",
            error.text);
    if (confinement_differs(daemon->config, config))
        log_write(
            &daemon->log, LOG_LEVEL_WARNING,
            "\"user\" or \"require-sandbox\" has changed in the config: that takes effect when obpub is "
            "started anew");
    if (!daemon->options->has_verbosity && (daemon->config->has_log_level != config->has_log_level ||
                                            daemon->config->log_level != config->log_level))
        log_write(&daemon->log, LOG_LEVEL_WARNING,
                  "\"log-level\" has changed in the config: that takes effect when obpub is started anew");
    bool has_changed = config_difference_describe(changes, daemon->config, config) > 0;
    engine_set_config(daemon->engine, config);
    config_release(daemon->config);
    daemon->config = config;
    daemon->live.loaded_at = clock_milliseconds();
    log_write(&daemon->log, LOG_LEVEL_INFO, "config read again: %s",
              has_changed ? changes : "it says what it said before");
}

static void config_not_kept(const struct error *error, void *context)
{
    const struct daemon *daemon = context;
    log_write(&daemon->log, LOG_LEVEL_ERROR, "%s", error->text);
}

/* As given_config_receive() does for the first config. */
static void log_warnings(const struct daemon *daemon, const struct config *config)
{
    struct config_report report = {0};
    weak_passwords_warn(config, daemon->options, &report);
    check_agents_warn(config, &report);
    log_config_report(&daemon->log, &report);
    config_report_clear(&report);
}

static void config_loaded(struct config *config, const struct config_report *report,
                          const struct error *error, void *context)
{
    struct daemon *daemon = context;
    struct report_view view;
    engine_counters(daemon->engine)->reloads++;
    log_config(daemon, config, report);
    if (config != NULL) {
        daemon->reload_error[0] = '\0';
        given_config_override(config, daemon->options);
        log_warnings(daemon, config);
        apply_config(daemon, config);
    } else {
        engine_counters(daemon->engine)->reload_failures++;
        memcpy(daemon->reload_error, error->text, sizeof(daemon->reload_error));
        log_write(&daemon->log, LOG_LEVEL_ERROR,
                  "the config was not read again: the one before stays in use%s%s",
                  report->error_count == 0 ? ": " : "", report->error_count == 0 ? error->text : "");
    }
    live_view_fill(&view, &daemon->live);
    tell_manager(daemon, &view);
    /* Who has asked again meanwhile waits for what there is now, which has not been read yet. */
    if (!reload_is_wanted(daemon->reload))
        service_manager_ready(&daemon->manager);
}

static void reload(struct daemon *daemon)
{
    service_manager_reloading(&daemon->manager);
    reload_begin(daemon->reload);
}

/* -- events --------------------------------------------------------------------------------------- */

static void signal_came(evutil_socket_t number, short events, void *context)
{
    (void)events;
    struct daemon *daemon = context;
    struct report_view view;
    switch ((int)number) {
    case SIGHUP:
        reload(daemon);
        break;
    case SIGUSR1:
        live_view_fill(&view, &daemon->live);
        journal_dump(&daemon->log, &view);
        break;
    default:
        log_write(&daemon->log, LOG_LEVEL_INFO, "ending: %s", strsignal((int)number));
        event_base_loopbreak(daemon->base);
    }
}

static void watchdog_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct daemon *daemon = context;
    service_manager_watchdog(&daemon->manager);
}

static int64_t read_clock_difference(void)
{
    return clock_wall_seconds() * 1000 - clock_milliseconds();
}

/* Where no place is configured, tor's usual socket is taken if it is there: it may come later than obpub. */
static void look_for_tor(struct daemon *daemon)
{
    bool is_trouble = false;
    engine_tor_status(daemon->engine, &is_trouble);
    if (is_trouble)
        set_tor_places(daemon, daemon->config);
}

/* A clock that was set forward by hours: the signer answers no more, and what is published runs out. Only a
 * new start makes that good, which a service manager can have. */
static void look_at_clock(struct daemon *daemon)
{
    struct error error;
    bool was_ahead = daemon->is_clock_ahead;
    daemon->is_clock_ahead = signer_client_check_clock(daemon->processes.signer, &error) != 0;
    if (!daemon->is_clock_ahead || was_ahead)
        return;
    bool has_manager = daemon->manager.socket >= 0;
    log_write(&daemon->log, has_manager ? LOG_LEVEL_CRITICAL : LOG_LEVEL_ERROR, "%s%s",
              has_manager ? "ending, to be started anew: " : "", error.text);
    if (!has_manager)
        return;
    daemon->exit_code = EXIT_CODE_PROCESS_LOST;
    event_base_loopbreak(daemon->base);
}

static void look_around(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct daemon *daemon = context;
    look_for_tor(daemon);
    engine_changed(daemon); /* what HSDirs took expires though nothing happens */
    int64_t difference = read_clock_difference();
    int64_t jump = difference - daemon->clock_difference;
    daemon->clock_difference = difference;
    /* Suspended, or set forward: nobody can tell, and to refresh descriptors too early does no harm. */
    if (jump > CLOCK_JUMP)
        engine_note_pause(daemon->engine, jump);
    if (llabs(jump) > CLOCK_JUMP)
        log_write(&daemon->log, LOG_LEVEL_WARNING, "this machine's clock %s by %lld seconds",
                  jump > 0 ? "was set forward, or the machine was suspended," : "was set back",
                  llabs(jump) / 1000);
    look_at_clock(daemon);
}

static struct event *add_timer(struct daemon *daemon, event_callback_fn callback, int64_t interval)
{
    const struct timeval time = timeval_from_milliseconds(interval);
    struct event *timer = event_new(daemon->base, -1, EV_PERSIST, callback, daemon);
    event_add(timer, &time);
    return timer;
}

static void add_events(struct daemon *daemon)
{
    static const int signals[SIGNALS] = {SIGHUP, SIGUSR1, SIGTERM, SIGINT};
    for (size_t i = 0; i < SIGNALS; i++) {
        daemon->signals[i] = evsignal_new(daemon->base, signals[i], signal_came, daemon);
        event_add(daemon->signals[i], NULL);
    }
    if (daemon->manager.watchdog_interval > 0)
        daemon->watchdog = add_timer(daemon, watchdog_fired, daemon->manager.watchdog_interval);
    daemon->clock_difference = read_clock_difference();
    daemon->look = add_timer(daemon, look_around, LOOK_SECONDS * 1000);
    daemon->again = evtimer_new(daemon->base, again_fired, daemon);
}

static void free_events(struct daemon *daemon)
{
    for (size_t i = 0; i < SIGNALS; i++)
        event_free(daemon->signals[i]);
    if (daemon->watchdog != NULL)
        event_free(daemon->watchdog);
    event_free(daemon->look);
    event_free(daemon->again);
    daemon->again = NULL;
}

/* -- running -------------------------------------------------------------------------------------- */

static void start_engine(struct daemon *daemon)
{
    struct engine_settings settings = {
        .base = daemon->base,
        .rules = publisher_rules_default,
        .credential_reader = reader_client_credential_reader(daemon->processes.reader),
        .signer = daemon->processes.signer,
        .changed = engine_changed,
        .source_changed = log_has_level(&daemon->log, LOG_LEVEL_DEBUG) ? log_source_change : NULL,
        .context = daemon,
    };
    struct tor_endpoints endpoints;
    find_tor_places(daemon, daemon->config, &endpoints, &settings.tors);
    daemon->engine = daemon->live.engine = engine_new(&settings);
    tor_endpoints_clear(&endpoints);
    engine_set_config(daemon->engine, daemon->config);
}

/* Without its signer it can't publish, without its reader it can't be given new keys: the service manager is
 * to start all anew. */
static void process_is_lost(const struct error *error, void *context)
{
    struct daemon *daemon = context;
    log_write(&daemon->log, LOG_LEVEL_CRITICAL, "ending: %s", error->text);
    daemon->exit_code = command_exit_code(error, EXIT_CODE_PROCESS_LOST);
    event_base_loopbreak(daemon->base);
}

/* Confines this process, the engine. Returns 0, or -1 when it must end. */
static int confine(struct daemon *daemon)
{
    struct error error;
    daemon->is_confined = true;
    for (size_t i = 0; i < daemon->plan.lack_count; i++)
        log_write(&daemon->log, LOG_LEVEL_WARNING, "%s", daemon->plan.lacks[i].text);
    enum confine_result result =
        confinement_confine_engine(&daemon->plan, daemon->options, daemon->config, true, &error);
    if (result == CONFINE_FAILED)
        log_write(&daemon->log, LOG_LEVEL_CRITICAL, "%s", error.text);
    if (result == CONFINE_INCOMPLETE) {
        log_write(&daemon->log, LOG_LEVEL_WARNING, "%s", error.text);
        confine_plan_add_lack(&daemon->plan, &error);
    }
    return result == CONFINE_FAILED ? -1 : 0;
}

/* Publishes until a signal ends it. The listeners are opened first: without them it must not begin. */
static int publish(struct daemon *daemon)
{
    static const struct reload_callbacks reload_callbacks = {.loaded = config_loaded,
                                                             .not_kept = config_not_kept};
    struct error error;
    daemon->listeners = (struct listeners){.base = daemon->base,
                                           .live = &daemon->live,
                                           .remover = {remove_socket, daemon},
                                           .perform = take_command,
                                           .context = daemon};
    if (listeners_open(&daemon->listeners, daemon->config, &error) != 0) {
        log_write(&daemon->log, LOG_LEVEL_CRITICAL, "%s", error.text);
        /* It may be possible in a moment: the service manager tries again. */
        return command_exit_code(&error, EXIT_CODE_NOTHING_PUBLISHED);
    }
    if (confine(daemon) != 0)
        return EXIT_CODE_BAD_INPUT;
    daemon->journal = journal_new(&daemon->log);
    start_engine(daemon);
    daemon->reload = reload_new(daemon->base, daemon->processes.reader, &reload_callbacks, daemon);
    processes_watch(&daemon->processes, daemon->base, process_is_lost, daemon);
    size_t frontends = daemon->config->frontend_count;
    char curve[CURVE_NAME_SIZE];
    log_write(&daemon->log, LOG_LEVEL_INFO, "obpub %s publishes %zu frontend%s of %s, Curve25519 by %s",
              OBPUB_VERSION, frontends, frontends == 1 ? "" : "s", daemon->options->config_path,
              curve_write_name(curve));
    service_manager_ready(&daemon->manager);
    event_base_dispatch(daemon->base);
    service_manager_stopping(&daemon->manager);
    return daemon->exit_code;
}

/* Signals that come while it begins are acted on as soon as it has begun. */
static int run(struct daemon *daemon)
{
    add_events(daemon);
    int result = publish(daemon);
    free_events(daemon);
    return result;
}

/* Loads the config and runs. Returns what to exit with. */
static int load_and_run(struct daemon *daemon)
{
    struct error error;
    daemon->config = load_config(daemon);
    if (processes_check(&daemon->processes, &error) != 0) {
        log_write(&daemon->log, LOG_LEVEL_CRITICAL, "%s", error.text);
        return command_exit_code(&error, EXIT_CODE_PROCESS_LOST);
    }
    if (daemon->config == NULL) /* a disk that does not answer now may do so later */
        return reader_client_is_late(daemon->processes.reader) ? EXIT_CODE_NOTHING_PUBLISHED
                                                               : EXIT_CODE_BAD_INPUT;
    daemon->base = event_base_new();
    if (daemon->base == NULL) {
        log_write(&daemon->log, LOG_LEVEL_CRITICAL, "libevent can't be initialised");
        return EXIT_CODE_NOTHING_PUBLISHED;
    }
    return run(daemon);
}

/* For this and for --once. */
int run_complete_options(struct options *options, struct error *error)
{
    (void)error;
    given_config_find_level(options);
    return 0;
}

int run_command(const struct options *options)
{
    struct daemon daemon = {
        .options = options,
        .manager = {.socket = -1},
        .live = {.started_at = clock_milliseconds()},
    };
    struct error error;
    int result;
    daemon.open_files_max = open_files_raise();
    log_open(&daemon.log, STDERR_FILENO, options->verbosity);
    daemon.live.plan = &daemon.plan;
    daemon.live.loaded_at = daemon.live.started_at;
    daemon.live.reload_error = daemon.reload_error;
    if (confinement_make_plan(&daemon.plan, options, &error) != 0) {
        log_write(&daemon.log, LOG_LEVEL_CRITICAL, "%s", error.text);
        return EXIT_CODE_BAD_INPUT;
    }
    struct socket_folders folders;
    socket_folders_find(&folders, options);
    int started = processes_start(&daemon.processes, options, &daemon.plan, &folders, &error);
    socket_folders_clear(&folders);
    if (started != 0) {
        log_write(&daemon.log, LOG_LEVEL_CRITICAL, "%s", error.text);
        result = command_exit_code(&error, EXIT_CODE_PROCESS_LOST);
    } else {
        if (service_manager_open(&daemon.manager, &error) != 0)
            log_write(&daemon.log, LOG_LEVEL_WARNING, "%s", error.text);
        result = load_and_run(&daemon);
    }
    listeners_free(&daemon.listeners);
    reload_free(daemon.reload);
    engine_free(daemon.engine);
    journal_free(daemon.journal);
    live_view_clear(&daemon.live);
    config_release(daemon.config);
    processes_end(&daemon.processes);
    if (daemon.base != NULL)
        event_base_free(daemon.base);
    service_manager_close(&daemon.manager);
    return result;
}
