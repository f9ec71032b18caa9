/* The three processes of one that publishes: the engine, which is the caller; the signer, which has the keys;
 * and the reader, which opens files. */
#include "command/processes.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/algorithms.h"
#include "process/channel.h"
#include "reader/reader_process.h"
#include "signer/signer_process.h"

/* As ps shows them. */
static const char *const names[PROCESSES] = {"obpub-signer", "obpub-reader"};

/* Ends a child, saying why where it is not that another process has ended. */
static void end_child(const struct log *log, int process, int result, const struct error *error)
    __attribute__((noreturn));

static void end_child(const struct log *log, int process, int result, const struct error *error)
{
    if (result != 0)
        log_write(log, LOG_LEVEL_CRITICAL, "%s refuses to go on: %s", names[process], error->text);
    exit(result == 0 ? EXIT_SUCCESS : error->lasts ? CHILD_STATUS_LASTING : EXIT_FAILURE);
}

/* What a child is confined as, for all that its profile does not know. */
struct confinement {
    const struct confine_plan *plan;
    const struct socket_folders *folders;
};

/* Confines a fresh child; ends it where it has to. */
static void confine_child(const struct confinement *confinement, const struct log *log, int process)
{
    static const enum confine_role roles[PROCESSES] = {CONFINE_SIGNER, CONFINE_READER};
    const struct socket_folders *folders = process == PROCESS_READER ? confinement->folders : NULL;
    struct confine_needs needs = {0};
    struct error error;
    if (folders != NULL) {
        needs.socket_folders = (const char *const *)folders->folders;
        needs.socket_folder_count = folders->count;
    }
    enum confine_result result = confine_process(confinement->plan, roles[process], &needs, &error);
    error.lasts = true;
    if (result == CONFINE_FAILED)
        end_child(log, process, -1, &error);
    if (result == CONFINE_INCOMPLETE)
        log_write(log, LOG_LEVEL_WARNING, "%s", error.text);
}

/* Forks one of them. ends are those of its channels, the engine's first. Returns in the engine. */
static int start_one(struct processes *processes, const struct options *options,
                     const struct confinement *confinement, int process, const int ends[2],
                     struct error *error)
{
    int started = child_start(&processes->children[process], names[process], ends, 2, error);
    if (started < 0 || started == CHILD_STARTED)
        return started < 0 ? -1 : 0;
    struct error reason = {.text = ""};
    struct log log;
    log_open(&log, STDERR_FILENO, options->verbosity);
    if (started == CHILD_IS_ME_IN_DISORDER)
        end_child(&log, process, -1, error);
    confine_child(confinement, &log, process);
    int result = process == PROCESS_SIGNER
                     ? signer_process_run(ends[0], ends[1], &reason)
                     : reader_process_run(ends[0], ends[1], options->config_path,
                                          options->environment_status_socket, &log, &reason);
    end_child(&log, process, result, &reason);
}

/* Closes an end that is open. */
static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* Makes the channels: of the signer, of the reader, and the one that the engine has no end of. */
static int open_channels(int channels[3][2], struct error *error)
{
    for (int i = 0; i < 3; i++) {
        if (channel_open(channels[i], error) != 0)
            return -1;
    }
    return 0;
}

int processes_start(struct processes *processes, const struct options *options,
                    const struct confine_plan *plan, const struct socket_folders *folders,
                    struct error *error)
{
    const struct confinement confinement = {plan, folders};
    int channels[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    *processes = (struct processes){.ends = {-1, -1}};
    signal(SIGPIPE, SIG_IGN);
    algorithms_get(); /* OpenSSL reads a file for that */
    int result = open_channels(channels, error);
    if (result == 0)
        result = start_one(processes, options, &confinement, PROCESS_SIGNER,
                           (int[]){channels[0][1], channels[2][0]}, error);
    if (result == 0)
        result = start_one(processes, options, &confinement, PROCESS_READER,
                           (int[]){channels[1][1], channels[2][1]}, error);
    for (int process = 0; process < PROCESSES; process++) {
        processes->ends[process] = channels[process][0];
        close_end(&channels[process][1]);
        close_end(&channels[2][process]);
    }
    processes->signer = signer_client_new(processes->ends[PROCESS_SIGNER]);
    processes->reader = reader_client_new(processes->ends[PROCESS_READER], options->config_path);
    return result;
}

int processes_check(struct processes *processes, struct error *error)
{
    bool is_one_lost = false;
    for (int process = 0; process < PROCESSES; process++)
        is_one_lost = is_one_lost || channel_is_closed(processes->ends[process]);
    if (!is_one_lost)
        return 0;
    /* Then all of them end: the one to name is the first that did not end because another one had. */
    for (int process = 0; process < PROCESSES; process++) {
        if (!child_describe_end(&processes->children[process], error))
            break;
    }
    return -1;
}

/* There is something to read from a child that was not waited for: its end, or an answer that comes too late.
 */
static void end_is_readable(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct processes *processes = context;
    struct error error;
    if (processes_check(processes, &error) != 0) {
        for (int process = 0; process < PROCESSES; process++)
            event_del(processes->events[process]);
        processes->lost(&error, processes->context);
        return;
    }
    signer_client_take_late(processes->signer);
    reader_client_take(processes->reader);
}

void processes_watch(struct processes *processes, struct event_base *base,
                     void (*lost)(const struct error *error, void *context), void *context)
{
    processes->lost = lost;
    processes->context = context;
    for (int process = 0; process < PROCESSES; process++) {
        processes->events[process] =
            event_new(base, processes->ends[process], EV_READ | EV_PERSIST, end_is_readable, processes);
        event_add(processes->events[process], NULL);
    }
}

void processes_end(struct processes *processes)
{
    for (int process = 0; process < PROCESSES; process++) {
        if (processes->events[process] != NULL)
            event_free(processes->events[process]);
        close_end(&processes->ends[process]);
    }
    for (int process = 0; process < PROCESSES; process++)
        child_end(&processes->children[process]);
    signer_client_free(processes->signer);
    reader_client_free(processes->reader);
    *processes = (struct processes){.ends = {-1, -1}};
}
