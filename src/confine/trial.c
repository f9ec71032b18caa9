/* Tries what may end the process that does it, in a child that is made for that. */
#include "confine/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* More than all of /proc/self/status. */
#define STATUS_SIZE 8192

/* What the child has come to, in memory that both share. A pipe, and waiting for the child, would be calls
 * that may be forbidden, too. */
struct board {
    bool waits, may_wait; /* it has tried wait4(); and it was not killed by that */
    size_t begun;         /* attempts */
    struct trial_outcome outcomes[TRIAL_ATTEMPTS_MAX];
};

bool trial_is_filtered(void)
{
    char text[STATUS_SIZE];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return true;
    ssize_t length = read(file, text, sizeof(text) - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *line = strstr(text, "\nSeccomp:");
    return line == NULL || atoi(line + strlen("\nSeccomp:")) != 0;
}

/* Like fork(), of which the C library makes more calls; and this process goes on only when the child has
 * ended. */
static pid_t make_child(void)
{
    const unsigned long flags = CLONE_VFORK | SIGCHLD;
#ifdef __s390__
    return (pid_t)syscall(SYS_clone, 0UL, flags, 0UL, 0UL, 0UL);
#else
    return (pid_t)syscall(SYS_clone, flags, 0UL, 0UL, 0UL, 0UL);
#endif
}

static void make_attempts(struct board *board, const trial_attempt attempts[], size_t count,
                          const void *context)
{
    if (!board->waits) {
        board->waits = true;
        (void)!waitpid(-1, NULL, WNOHANG);
        board->may_wait = true;
    }
    if (board->begun > 0 && board->outcomes[0].result == TRIAL_DONE)
        attempts[0](context);
    while (board->begun < count) {
        struct trial_outcome *outcome = &board->outcomes[board->begun++];
        outcome->result = TRIAL_KILLED;
        outcome->number = attempts[board->begun - 1](context);
        outcome->result = outcome->number == 0 ? TRIAL_DONE : TRIAL_REFUSED;
    }
}

/* Has one child go on where the last one has ended. Returns 0, or the errno with which a child was refused.
 */
static int go_on(struct board *board, const trial_attempt attempts[], size_t count, const void *context,
                 bool is_filtered)
{
    pid_t child = make_child();
    if (child == 0) {
        make_attempts(board, attempts, count, context);
        _exit(0);
    }
    if (child < 0)
        return errno;
    /* An emulated machine may not have waited; without a filter this does. */
    if (board->may_wait || !is_filtered) {
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    return 0;
}

int trial_run(const trial_attempt attempts[], size_t count, const void *context,
              struct trial_outcome outcomes[])
{
    memset(outcomes, 0, count * sizeof(*outcomes));
    struct board *board =
        mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        return errno;
    const bool is_filtered = trial_is_filtered();
    bool had_waited;
    size_t had_begun;
    int refusal;
    do {
        had_waited = board->waits;
        had_begun = board->begun;
        refusal = go_on(board, attempts, count, context, is_filtered);
    } while (refusal == 0 && board->begun < count &&
             (board->begun > had_begun || board->waits != had_waited));
    memcpy(outcomes, board->outcomes, count * sizeof(*outcomes));
    munmap(board, sizeof(*board));
    return refusal;
}

struct trial_outcome trial_run_one(trial_attempt attempt, const void *context)
{
    struct trial_outcome outcome;
    trial_run(&attempt, 1, context, &outcome);
    return outcome;
}

const char *trial_describe(const struct trial_outcome *outcome)
{
    return outcome->result == TRIAL_KILLED ? "a filter of system calls kills who tries"
                                           : strerror(outcome->number);
}
