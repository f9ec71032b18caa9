/* The four processes of "obpub agent". */
#include "command/agent_processes.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/gate.h"
#include "agent/keeper.h"
#include "agent/socket_file.h"
#include "base/memory.h"
#include "command/commands.h"
#include "control/credential_file.h"
#include "crypto/algorithms.h"
#include "files/path.h"
#include "process/channel.h"
#include "reader/reader_process.h"

/* As ps shows them. */
static const char *const names[AGENT_PROCESSES] = {"obpub-keeper", "obpub-reader", "obpub-gate"};

/* What a child has to know. */
struct task {
    const struct agent_setup *setup;
    const struct confine_plan *plan;
    const struct log *log;
    int agent; /* the end of its channel to the agent */
    int other; /* of the keeper and the gate: to each other */
};

/* Ends a child, saying why where it is not that another process has ended. */
static void end_child(const struct task *task, int process, int status, const struct error *error)
    __attribute__((noreturn));

static void end_child(const struct task *task, int process, int status, const struct error *error)
{
    if (status != 0)
        log_write(task->log, LOG_LEVEL_CRITICAL, "%s refuses to go on: %s", names[process], error->text);
    exit(status);
}

/* Confines a fresh child; ends it where it has to. */
static void confine_child(const struct task *task, int process, const struct confine_needs *needs)
{
    static const enum confine_role roles[AGENT_PROCESSES] = {CONFINE_KEEPER, CONFINE_READER, CONFINE_GATE};
    struct error error;
    enum confine_result result = confine_process(task->plan, roles[process], needs, &error);
    if (result == CONFINE_FAILED)
        end_child(task, process, CHILD_STATUS_LASTING, &error);
    if (result == CONFINE_INCOMPLETE)
        log_write(task->log, LOG_LEVEL_WARNING, "%s", error.text);
}

/* -- what each of them does ----------------------------------------------------------------------- */

/* Reads the secret, and says that it has. */
static void be_keeper(const struct task *task)
{
    struct error error = {.text = ""};
    uint8_t *key = secret_allocate(SECRET_KEY_SIZE);
    const uint8_t is_ready = 1;
    if (credential_read_secret(task->setup->secret_file, key, &error) != CREDENTIAL_OK)
        end_child(task, AGENT_KEEPER, EXIT_CODE_BAD_INPUT, &error);
    confine_child(task, AGENT_KEEPER, NULL);
    int result = channel_send(task->agent, &is_ready, sizeof(is_ready));
    if (result == 0)
        result = keeper_run(task->other, key, &error);
    secret_free(key);
    end_child(task, AGENT_KEEPER, result == 0 || error.text[0] == '\0' ? 0 : EXIT_FAILURE, &error);
}

static void be_reader(const struct task *task)
{
    struct error error = {.text = ""};
    const char *path = listen_address_path(&task->setup->listen);
    const struct reader_agent_files files = {
        .password_file = task->setup->control_password_file,
        .cookie_file = task->setup->control_cookie_file,
        .listening_socket = path,
    };
    char *folder = path != NULL ? path_copy_folder(path) : NULL;
    const struct confine_needs needs = {
        .socket_folders = (const char *const *)&folder,
        .socket_folder_count = folder != NULL,
    };
    confine_child(task, AGENT_READER, &needs);
    int result = reader_process_run_for_agent(task->agent, &files, task->log, &error);
    free(folder);
    end_child(task, AGENT_READER, result == 0 ? 0 : EXIT_FAILURE, &error);
}

/* Makes the socket, which it could not when it is confined. */
static void be_gate(const struct task *task)
{
    struct error error = {.text = ""};
    const struct agent_setup *setup = task->setup;
    const char *path = listen_address_path(&setup->listen);
    struct event_base *base = event_base_new();
    if (base == NULL) {
        error_set(&error, "libevent can't be initialised");
        end_child(task, AGENT_GATE, EXIT_CODE_NOTHING_PUBLISHED, &error);
    }
    struct gate *gate = gate_new(base, &setup->listen, task->agent, task->other, &error);
    if (gate == NULL)
        end_child(task, AGENT_GATE, command_exit_code(&error, EXIT_CODE_NOTHING_PUBLISHED), &error);
    if (path != NULL)
        socket_file_give(path, setup->control.socket_path, task->plan, task->log);
    confine_child(task, AGENT_GATE, NULL);
    int result = gate_run(gate, &error);
    event_base_free(base);
    end_child(task, AGENT_GATE, result == 0 ? 0 : EXIT_FAILURE, &error);
}

/* -- starting ------------------------------------------------------------------------------------- */

/* Closes an end that is open. */
static void close_end(int *end)
{
    if (*end >= 0)
        close(*end);
    *end = -1;
}

/* Forks one. other is an end that goes with it, or -1. Returns in the agent alone: 0 or -1. */
static int start_one(struct agent_processes *processes, struct task *task, int process, int other,
                     struct error *error)
{
    static void (*const lives[AGENT_PROCESSES])(const struct task *task) = {be_keeper, be_reader, be_gate};
    int channel[2];
    if (channel_open(channel, error) != 0)
        return -1;
    int started = child_start(&processes->children[process], names[process], (int[]){channel[1], other},
                              other >= 0 ? 2 : 1, error);
    if (started == CHILD_IS_ME_IN_DISORDER)
        end_child(task, process, error->lasts ? CHILD_STATUS_LASTING : EXIT_FAILURE, error);
    if (started == CHILD_IS_ME) {
        task->agent = channel[1];
        task->other = other;
        lives[process](task);
    }
    processes->ends[process] = channel[0];
    close(channel[1]);
    return started == CHILD_STARTED ? 0 : -1;
}

/* Why a child has not begun: it has said that itself, where it exited with a status. Returns what to exit
 * with. */
static int find_status(struct child *child, struct error *error)
{
    struct error end;
    child_describe_end(child, &end);
    if (child->status > EXIT_FAILURE)
        return child->status;
    *error = end;
    return EXIT_CODE_PROCESS_LOST;
}

/* Waits until a child says that it has begun. Returns 0, or what the child has exited with. */
static int wait_for_child(struct agent_processes *processes, int process, struct error *error)
{
    uint8_t message[GATE_MESSAGE_SIZE_MAX];
    ssize_t size = channel_receive(processes->ends[process], message, sizeof(message));
    if (size <= 0)
        return find_status(&processes->children[process], error);
    if (process == AGENT_GATE && size == 1 + sizeof(processes->file))
        memcpy(&processes->file, message + 1, sizeof(processes->file));
    return 0;
}

/* Starts one after the other: without a secret there is no gate. */
static int start_all(struct agent_processes *processes, struct task *task, const int between[2],
                     struct error *error)
{
    if (start_one(processes, task, AGENT_KEEPER, between[0], error) != 0)
        return command_exit_code(error, EXIT_CODE_PROCESS_LOST);
    int status = wait_for_child(processes, AGENT_KEEPER, error);
    if (status != 0)
        return status;
    if (start_one(processes, task, AGENT_READER, -1, error) != 0 ||
        start_one(processes, task, AGENT_GATE, between[1], error) != 0)
        return command_exit_code(error, EXIT_CODE_PROCESS_LOST);
    processes->reader = reader_client_new(processes->ends[AGENT_READER], NULL);
    return wait_for_child(processes, AGENT_GATE, error);
}

int agent_processes_start(struct agent_processes *processes, const struct agent_setup *setup,
                          const struct confine_plan *plan, const struct log *log)
{
    struct task task = {.setup = setup, .plan = plan, .log = log};
    struct error error = {.text = ""};
    int between[2] = {-1, -1};
    *processes = (struct agent_processes){.ends = {-1, -1, -1}};
    signal(SIGPIPE, SIG_IGN);
    algorithms_get(); /* OpenSSL reads a file for that */
    int status = channel_open(between, &error) != 0 ? command_exit_code(&error, EXIT_CODE_PROCESS_LOST)
                                                    : start_all(processes, &task, between, &error);
    close_end(&between[0]);
    close_end(&between[1]);
    if (error.text[0] != '\0')
        log_write(log, LOG_LEVEL_CRITICAL, "%s", error.text);
    return status;
}

/* -- while it runs -------------------------------------------------------------------------------- */

/* One has ended: the one to name is the first of those that have which did not end because another one had:
 * the keeper ends with the gate. */
static void end_watch(struct agent_processes *processes)
{
    struct error error;
    for (int process = 0; process < AGENT_PROCESSES; process++)
        event_del(processes->events[process]);
    for (int process = 0; process < AGENT_PROCESSES; process++) {
        if (channel_is_closed(processes->ends[process]) &&
            !child_describe_end(&processes->children[process], &error))
            break;
    }
    processes->lost(&error, processes->context);
}

static void end_is_readable(evutil_socket_t socket, short events, void *context)
{
    (void)events;
    struct agent_processes *processes = context;
    if (channel_is_closed((int)socket))
        end_watch(processes);
    else if (socket == processes->ends[AGENT_GATE])
        processes->gate_spoke(processes->context);
    else
        reader_client_take(processes->reader);
}

void agent_processes_watch(struct agent_processes *processes, struct event_base *base,
                           void (*lost)(const struct error *error, void *context),
                           void (*gate_spoke)(void *context), void *context)
{
    processes->lost = lost;
    processes->gate_spoke = gate_spoke;
    processes->context = context;
    for (int process = 0; process < AGENT_PROCESSES; process++) {
        processes->events[process] =
            event_new(base, processes->ends[process], EV_READ | EV_PERSIST, end_is_readable, processes);
        event_add(processes->events[process], NULL);
    }
}

/* The agent can't do it, since it is confined. */
static void remove_socket(struct agent_processes *processes, const char *path)
{
    struct stat status;
    struct error error; /* there is nobody left to tell */
    bool is_ours = path != NULL && lstat(path, &status) == 0 && processes->file.inode != 0 &&
                   status.st_dev == processes->file.device && status.st_ino == processes->file.inode;
    if (is_ours)
        reader_client_remove_socket(processes->reader, path, &error);
}

void agent_processes_end(struct agent_processes *processes, const struct agent_setup *setup)
{
    if (processes->reader != NULL)
        remove_socket(processes, listen_address_path(&setup->listen));
    for (int process = 0; process < AGENT_PROCESSES; process++) {
        if (processes->events[process] != NULL)
            event_free(processes->events[process]);
        close_end(&processes->ends[process]);
    }
    for (int process = 0; process < AGENT_PROCESSES; process++)
        child_end(&processes->children[process]);
    reader_client_free(processes->reader);
    *processes = (struct agent_processes){.ends = {-1, -1, -1}};
}
