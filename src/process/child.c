/* A process that this one forks to do a part of the work, and that ends with it. */
#include "process/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* How long a child may take to end by itself: so many looks, one every so many nanoseconds. */
#define LOOKS 50
#define LOOK_INTERVAL 5000000

/* The lowest of the kept descriptors from a number on, or UINT_MAX. */
static unsigned int find_kept(unsigned int from, const int *kept, size_t kept_count)
{
    unsigned int lowest = UINT_MAX;
    for (size_t i = 0; i < kept_count; i++) {
        if ((unsigned int)kept[i] >= from && (unsigned int)kept[i] < lowest)
            lowest = (unsigned int)kept[i];
    }
    return lowest;
}

/* Closes a range of descriptors: one by one on Linux before 5.9, and where close_range() is forbidden. */
static void close_between(unsigned int first, unsigned int last)
{
    if (close_range(first, last, 0) == 0)
        return;
    long limit = sysconf(_SC_OPEN_MAX);
    for (unsigned int descriptor = first; descriptor <= last && (long)descriptor < limit; descriptor++)
        close((int)descriptor);
}

/* Closes what the child has no business with, above all the ends of channels between others. */
static void close_others(const int *kept, size_t kept_count)
{
    unsigned int first = STDERR_FILENO + 1;
    for (;;) {
        unsigned int next = find_kept(first, kept, kept_count);
        if (next > first)
            close_between(first, next - 1);
        if (next == UINT_MAX)
            return;
        first = next + 1;
    }
}

/* Lets go of standard input and output: what reads from obpub must not wait for its children to end. */
static int leave_standard_streams(struct error *error)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return error_set_lasting(error, "/dev/null can't be opened (%s)", strerror(errno));
    int result = 0;
    if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        result = error_set(error, "the standard streams can't be replaced (%s)", strerror(errno));
    if (null > STDERR_FILENO)
        close(null);
    return result;
}

static void ignore_signals(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM};
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        signal(signals[i], SIG_IGN);
}

/* Puts a fresh child in order. Returns 0, or -1. */
static int settle(const char *name, pid_t parent, const int *kept, size_t kept_count, struct error *error)
{
    /* Its sockets tell it too when the parent ends; this is for one that is busy. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return error_set_lasting(error, "it can't have the kernel end it with its parent (%s)",
                                 strerror(errno));
    if (getppid() != parent)
        return error_set(error, "the process that started it has ended");
    prctl(PR_SET_NAME, name, 0, 0, 0);
    if (leave_standard_streams(error) != 0)
        return -1;
    close_others(kept, kept_count);
    return 0;
}

int child_start(struct child *child, const char *name, const int *kept, size_t kept_count,
                struct error *error)
{
    /* No signal may come to the child before it ignores it. */
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t id = fork();
    if (id == 0)
        ignore_signals();
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (id < 0)
        return error_set(error, "%s can't be started (fork: %s)", name, strerror(errno));
    if (id == 0)
        return settle(name, parent, kept, kept_count, error) == 0 ? CHILD_IS_ME : CHILD_IS_ME_IN_DISORDER;
    *child = (struct child){.id = id, .name = name, .status = -1};
    return CHILD_STARTED;
}

/* Waits a moment for its end. Returns whether it has ended, with its status. */
static bool wait_a_moment(struct child *child, int *status)
{
    static const struct timespec interval = {0, LOOK_INTERVAL};
    for (int i = 0; i < LOOKS; i++) {
        pid_t ended = waitpid(child->id, status, WNOHANG);
        if (ended == child->id || (ended < 0 && errno == ECHILD))
            return true;
        nanosleep(&interval, NULL);
    }
    return false;
}

void child_end(struct child *child)
{
    int status;
    if (child->id <= 0)
        return;
    /* A confined process may send no signal; the kernel sends this one when it ends itself. */
    if (!wait_a_moment(child, &status) && kill(child->id, SIGKILL) == 0) {
        while (waitpid(child->id, &status, 0) < 0 && errno == EINTR)
            ;
    }
    child->id = 0;
}

/* What is behind a signal of which people know least. */
static const char bad_call[] =
    ": it has made a system call that a filter forbids, obpub's own or one of the service "
    "manager or container (the kernel's log has its number)";

bool child_describe_end(struct child *child, struct error *error)
{
    int status = 0;
    if (child->id <= 0 || !wait_a_moment(child, &status)) {
        error_set(error, "the process %s does not answer any more", child->name);
        return false;
    }
    child->id = 0;
    child->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (WIFSIGNALED(status))
        error_set(error, "the process %s was ended by signal %d (%s)%s", child->name, WTERMSIG(status),
                  strsignal(WTERMSIG(status)), WTERMSIG(status) == SIGSYS ? bad_call : "");
    else if (child->status == CHILD_STATUS_LASTING)
        error_set_lasting(error, "the process %s can't do its work here, and has said why", child->name);
    else
        error_set(error, "the process %s has ended with status %d", child->name, child->status);
    return child->status == 0;
}
