/* obpub agent: beside a backend's tor, has a publisher on another machine ask that tor for a few things, over
 * an onion service of its own. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/util.h>

#include "agent/agent.h"
#include "base/timeval.h"
#include "command/agent_processes.h"
#include "command/agent_setup.h"
#include "command/apparmor.h"
#include "command/commands.h"
#include "command/confinement.h"
#include "command/options.h"
#include "report/service_manager.h"

/* As Debian's tor has it, and as the unit that comes with obpub. */
#define CONTROL_DEFAULT "unix:/run/tor/control"
#define LISTEN_DEFAULT "unix:/run/obpub-agent/control.sock"

enum { SIGNALS = 2 };

/* All that there is of a running agent. */
struct post {
    struct log log;
    struct agent_setup setup;
    struct confine_plan plan;
    struct agent_processes processes;
    struct service_manager manager;
    struct event_base *base;
    struct event *signals[SIGNALS], *watchdog;
    struct agent *agent;
    int exit_code;
};

int agent_complete_options(struct options *options, struct error *error)
{
    if (options->password_file == NULL)
        return error_set(error, "\"obpub agent\" needs --password-file: the file with the secret that the "
                                "publisher has, too");
    if (options->address_count == 0)
        return error_set(error, "\"obpub agent\" needs --address: of each service that may be asked about");
    options->control = options->control != NULL ? options->control : CONTROL_DEFAULT;
    options->listen = options->listen != NULL ? options->listen : LISTEN_DEFAULT;
    return 0;
}

/* -- events --------------------------------------------------------------------------------------- */

static void signal_came(evutil_socket_t number, short events, void *context)
{
    (void)events;
    struct post *post = context;
    log_write(&post->log, LOG_LEVEL_INFO, "ending: %s", strsignal((int)number));
    service_manager_stopping(&post->manager);
    agent_leave(post->agent);
}

static void watchdog_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct post *post = context;
    service_manager_watchdog(&post->manager);
}

static void process_is_lost(const struct error *error, void *context)
{
    struct post *post = context;
    log_write(&post->log, LOG_LEVEL_CRITICAL, "ending: %s", error->text);
    post->exit_code = command_exit_code(error, EXIT_CODE_PROCESS_LOST);
    event_base_loopbreak(post->base);
}

static void gate_spoke(void *context)
{
    const struct post *post = context;
    agent_take_gate(post->agent);
}

static void add_events(struct post *post)
{
    static const int signals[SIGNALS] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < SIGNALS; i++) {
        post->signals[i] = evsignal_new(post->base, signals[i], signal_came, post);
        event_add(post->signals[i], NULL);
    }
    if (post->manager.watchdog_interval <= 0)
        return;
    const struct timeval interval = timeval_from_milliseconds(post->manager.watchdog_interval);
    post->watchdog = event_new(post->base, -1, EV_PERSIST, watchdog_fired, post);
    event_add(post->watchdog, &interval);
}

static void free_events(struct post *post)
{
    for (size_t i = 0; i < SIGNALS; i++)
        event_free(post->signals[i]);
    if (post->watchdog != NULL)
        event_free(post->watchdog);
}

/* -- running -------------------------------------------------------------------------------------- */

/* Says so where the tor will not be able to connect to the agent's socket; tor itself says no more than that
 * permission is denied. */
static void advise(const struct post *post)
{
    const char *path = listen_address_path(&post->setup.listen);
    struct error advice;
    if (path != NULL && apparmor_keeps_tor_from(path, APPARMOR_ROOT, &advice))
        log_write(&post->log, LOG_LEVEL_WARNING, "%s", advice.text);
}

/* Confines this process. Returns 0, or -1 when it must end. */
static int confine(struct post *post)
{
    struct error error;
    gid_t groups[USER_GROUPS_MAX];
    size_t group_count = 0;
    const char *manager = getenv("NOTIFY_SOCKET");
    confinement_add_group(&post->setup.control, groups, &group_count);
    const struct confine_needs needs = {
        .has_abstract_sockets = manager != NULL && manager[0] == '@',
        .groups = groups,
        .group_count = group_count,
    };
    for (size_t i = 0; i < post->plan.lack_count; i++)
        log_write(&post->log, LOG_LEVEL_WARNING, "%s", post->plan.lacks[i].text);
    evutil_secure_rng_init(); /* may open a file */
    enum confine_result result = confine_process(&post->plan, CONFINE_AGENT, &needs, &error);
    if (result != CONFINE_DONE)
        log_write(&post->log, result == CONFINE_FAILED ? LOG_LEVEL_CRITICAL : LOG_LEVEL_WARNING, "%s",
                  error.text);
    return result == CONFINE_FAILED ? -1 : 0;
}

static void start_agent(struct post *post)
{
    const struct credential_reader *reader = reader_client_credential_reader(post->processes.reader);
    const struct agent_settings settings = {
        .base = post->base,
        .log = &post->log,
        .control = &post->setup.control,
        .credentials =
            {
                .password_file = post->setup.control_password_file,
                .cookie_file = post->setup.control_cookie_file,
                .reader = reader,
            },
        .served = post->setup.served,
        .gate = post->processes.ends[AGENT_GATE],
    };
    reader->note_local_tors(reader->context); /* there is one tor, which may name its cookie at once */
    post->agent = agent_new(&settings);
}

/* Serves until a signal ends it, or one of its processes has ended. Returns what to exit with. */
static int serve(struct post *post, const struct options *options)
{
    if (confine(post) != 0)
        return EXIT_CODE_BAD_INPUT;
    start_agent(post);
    add_events(post);
    agent_processes_watch(&post->processes, post->base, process_is_lost, gate_spoke, post);
    log_write(&post->log, LOG_LEVEL_INFO,
              "obpub %s agent: publishers may ask the tor at %s for %zu service%s, on %s", OBPUB_VERSION,
              options->control, post->setup.served.count, post->setup.served.count == 1 ? "" : "s",
              options->listen);
    service_manager_ready(&post->manager);
    event_base_dispatch(post->base);
    free_events(post);
    agent_free(post->agent);
    return post->exit_code;
}

/* With its processes running. */
static int begin(struct post *post, const struct options *options)
{
    struct error error;
    advise(post);
    if (service_manager_open(&post->manager, &error) != 0)
        log_write(&post->log, LOG_LEVEL_WARNING, "%s", error.text);
    post->base = event_base_new();
    if (post->base == NULL) {
        log_write(&post->log, LOG_LEVEL_CRITICAL, "libevent can't be initialised");
        return EXIT_CODE_NOTHING_PUBLISHED;
    }
    return serve(post, options);
}

int agent_command(const struct options *options)
{
    struct post post = {.manager = {.socket = -1}};
    struct error error;
    log_open(&post.log, STDERR_FILENO, options->verbosity);
    if (agent_setup_make(&post.setup, options, &error) != 0) {
        fprintf(stderr, "obpub: %s\n", error.text);
        return EXIT_CODE_BAD_INPUT;
    }
    int result = EXIT_CODE_BAD_INPUT;
    if (confine_plan_make(&post.plan, NULL, false, &error) != 0) {
        log_write(&post.log, LOG_LEVEL_CRITICAL, "%s", error.text);
    } else {
        result = agent_processes_start(&post.processes, &post.setup, &post.plan, &post.log);
        if (result == 0)
            result = begin(&post, options);
        agent_processes_end(&post.processes, &post.setup);
    }
    if (post.base != NULL)
        event_base_free(post.base);
    service_manager_close(&post.manager);
    agent_setup_clear(&post.setup);
    return result;
}
