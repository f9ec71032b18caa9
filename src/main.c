/* The program: finds out which command is meant and runs it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <sodium.h>

#include "base/log.h"
#include "base/memory.h"
#include "command/command_line.h"
#include "command/commands.h"
#include "confine/harden.h"
#include "confine/needed_calls.h"
#include "confine/trial.h"

/* Opens those of the standard descriptors that are closed, so that no socket or file gets their numbers. */
static void open_standard_streams(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF)
            (void)!open("/dev/null", O_RDWR); /* takes the lowest number that is free, which is this one */
    }
}

/* The log for what libevent says, which knows no context. */
static struct log libevent_log;

/* Name servers that do not answer are worth a line only to who looks closely: what that keeps from being done
 * is said elsewhere. */
static void libevent_has_said(int severity, const char *message)
{
    static const enum log_level levels[] = {
        [EVENT_LOG_DEBUG] = LOG_LEVEL_DEBUG,
        [EVENT_LOG_MSG] = LOG_LEVEL_DEBUG,
        [EVENT_LOG_WARN] = LOG_LEVEL_WARNING,
        [EVENT_LOG_ERR] = LOG_LEVEL_CRITICAL,
    };
    bool is_known = severity >= EVENT_LOG_DEBUG && severity <= EVENT_LOG_ERR;
    log_write(&libevent_log, is_known ? levels[severity] : LOG_LEVEL_WARNING, "libevent: %s", message);
}

/* A filter that has the first child killed kills this process with it, which can't say so any more. Under a
 * service manager, where that comes from, it is said beforehand. */
static void announce_trial(unsigned calls)
{
    if ((calls & CALLS_FOR_PROCESSES) != 0 && getenv("INVOCATION_ID") != NULL && trial_is_filtered())
        fprintf(stderr, "obpub: starting under a filter of system calls, which has to allow clone "
                        "(@process in SystemCallFilter=)\n");
}

/* Says which system calls are forbidden here that a command needs. Returns 0, or -1 when there are any. */
static int try_calls(unsigned purposes)
{
    struct needed_calls calls;
    announce_trial(purposes);
    needed_calls_try(&calls, purposes);
    for (size_t i = 0; i < calls.missing_count; i++)
        fprintf(stderr, "obpub: %s\n", calls.missing[i].text);
    if (calls.kills_locking)
        secret_forbid_locking();
    return calls.missing_count == 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    struct options options;
    struct error error;
    const int parsed = command_line_parse(&options, argc, argv, &error);
    if (parsed == 0 && options.command->calls != 0 && try_calls(options.command->calls) != 0)
        return EXIT_CODE_BAD_INPUT;
    open_standard_streams();
    if (parsed != 0) {
        fprintf(stderr, "obpub: %s\nTry \"obpub --help\".\n", error.text);
        return EXIT_CODE_BAD_INPUT;
    }
    log_open(&libevent_log, STDERR_FILENO, options.verbosity);
    event_set_log_callback(libevent_has_said);
    if (sodium_init() < 0) {
        fprintf(stderr, "obpub: libsodium can't be initialised: is there a source of random bytes?\n");
        return EXIT_CODE_BAD_INPUT;
    }
    if (process_harden(&error) != 0)
        fprintf(stderr, "obpub: warning: %s\n", error.text);
    return options.command->run(&options);
}
