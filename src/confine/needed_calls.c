/* The system calls without which obpub can't work: the table, and how each is tried. */
#include "confine/needed_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine/trial.h"

/* Descriptor and address that nothing has. */
#define NONE (-1)

/* -- trying --------------------------------------------------------------------------------------- */

/* Most calls are made so that they can't succeed: what the kernel says then is no refusal. A filter mostly
 * says one of these. */
static bool is_refusal(int number)
{
    return number == EPERM || number == ENOSYS || number == EACCES;
}

/* Remembers the first refusal. */
static void note(int *refusal, long result)
{
    if (result < 0 && *refusal == 0 && is_refusal(errno))
        *refusal = errno;
}

/* Above all what closes the process: nothing is to be dumped of a child that is killed. */
static int try_process_control(const void *context)
{
    int refusal = 0;
    (void)context;
    note(&refusal, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
    note(&refusal, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    return refusal;
}

static int try_mask(const void *context)
{
    (void)context;
    umask(077);
    return 0;
}

static int try_limits(const void *context)
{
    const struct rlimit none = {0, 0};
    int refusal = 0;
    (void)context;
    note(&refusal, setrlimit(RLIMIT_CORE, &none));
    return refusal;
}

static int try_memory(const void *context)
{
    int refusal = 0;
    struct sysinfo information;
    uint32_t word = 0;
    char byte;
    (void)context;
    note(&refusal, syscall(SYS_mremap, NULL, (size_t)0, (size_t)0, 0));
    note(&refusal, sysinfo(&information));
    note(&refusal, getrandom(&byte, sizeof(byte), GRND_NONBLOCK));
    note(&refusal, syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0));
    return refusal;
}

static int try_locking(const void *context)
{
    const size_t size = (size_t)sysconf(_SC_PAGESIZE);
    int refusal = 0;
    (void)context;
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 0;
    note(&refusal, mlock(memory, size));
    note(&refusal, madvise(memory, size, MADV_DONTDUMP));
    note(&refusal, munlock(memory, size));
    note(&refusal, madvise(memory, size, MADV_DODUMP));
    return refusal;
}

static int try_descriptors(const void *context)
{
    int refusal = 0;
    char byte;
    struct iovec piece = {&byte, 1};
    (void)context;
    note(&refusal, fcntl(NONE, F_GETFD));
    note(&refusal, ioctl(NONE, FIONREAD, &byte));
    note(&refusal, lseek(NONE, 0, SEEK_SET));
    note(&refusal, dup2(NONE, NONE));
    note(&refusal, readv(NONE, &piece, 1));
    note(&refusal, writev(NONE, &piece, 1));
    return refusal;
}

/* Where it is refused descriptors are closed one by one. */
static int try_closing(const void *context)
{
    int refusal = 0;
    (void)context;
    note(&refusal, close_range(~0U, ~0U, 0));
    return refusal;
}

static int try_looking(const void *context)
{
    int refusal = 0;
    char room[16];
    struct stat status;
    (void)context;
    note(&refusal, stat("", &status));
    note(&refusal, fstat(NONE, &status));
    note(&refusal, readlink("", room, sizeof(room)));
    note(&refusal, syscall(SYS_getdents64, NONE, room, sizeof(room)));
    note(&refusal, unlink(""));
    return refusal;
}

static int try_writing(const void *context)
{
    int refusal = 0;
    (void)context;
    note(&refusal, fsync(NONE));
    note(&refusal, rename("", ""));
    note(&refusal, mkdir("", 0700));
    note(&refusal, unlink(""));
    return refusal;
}

static int try_giving(const void *context)
{
    int refusal = 0;
    (void)context;
    note(&refusal, fchown(NONE, (uid_t)-1, (gid_t)-1));
    return refusal;
}

static int try_new_names(const void *context)
{
    int refusal = 0;
    (void)context;
    note(&refusal, renameat2(NONE, "", NONE, "", RENAME_NOREPLACE));
    return refusal;
}

static int try_signals(const void *context)
{
    int refusal = 0;
    sigset_t none;
    struct sigaction action;
    (void)context;
    sigemptyset(&none);
    note(&refusal, sigprocmask(SIG_BLOCK, &none, NULL));
    note(&refusal, sigaction(SIGHUP, NULL, &action));
    return refusal;
}

static void ignore(int number)
{
    (void)number;
}

static int try_children(const void *context)
{
    const struct timespec nothing = {0, 0};
    const struct sigaction action = {.sa_handler = ignore};
    int refusal = 0;
    (void)context;
    note(&refusal, waitpid(-1, NULL, WNOHANG));
    note(&refusal, syscall(SYS_getpid));
    note(&refusal, syscall(SYS_getppid));
    (void)!getuid();
    (void)!geteuid();
    (void)!getgid();
    (void)!getegid();
    note(&refusal, nanosleep(&nothing, NULL));
    /* also what comes back from a signal */
    note(&refusal, sigaction(SIGUSR1, &action, NULL));
    /* A filter may have the kernel refuse getpid() with an error number, which glibc takes for the answer;
     * and a signal to process -1 is one to all that there are. */
    const pid_t self = getpid();
    if (self > 0)
        note(&refusal, kill(self, SIGUSR1));
    return refusal;
}

static int try_pairs(const void *context)
{
    int refusal = 0, ends[2] = {NONE, NONE};
    (void)context;
    int result = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
    note(&refusal, result);
    struct msghdr header = {0};
    note(&refusal, sendmsg(NONE, &header, MSG_NOSIGNAL));
    note(&refusal, recvmsg(NONE, &header, MSG_DONTWAIT));
    if (result != 0)
        return refusal;
    close(ends[0]);
    close(ends[1]);
    return refusal;
}

static int try_pipe(const void *context)
{
    int refusal = 0, ends[2] = {NONE, NONE};
    (void)context;
    int result = pipe2(ends, O_CLOEXEC);
    note(&refusal, result);
    if (result != 0)
        return refusal;
    close(ends[0]);
    close(ends[1]);
    return refusal;
}

static int try_connecting(const void *context)
{
    const struct sockaddr address = {.sa_family = AF_UNIX};
    int refusal = 0, on = 1;
    char byte = 0;
    struct pollfd nothing = {.fd = NONE};
    (void)context;
    int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    note(&refusal, end);
    if (end >= 0)
        close(end);
    note(&refusal, connect(NONE, &address, sizeof(address)));
    note(&refusal, setsockopt(NONE, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on)));
    note(&refusal, send(NONE, &byte, sizeof(byte), MSG_NOSIGNAL));
    note(&refusal, recv(NONE, &byte, sizeof(byte), MSG_DONTWAIT));
    note(&refusal, poll(&nothing, 1, 0));
    return refusal;
}

static int try_listening(const void *context)
{
    struct sockaddr address = {.sa_family = AF_UNIX};
    socklen_t length = sizeof(address);
    int refusal = 0;
    (void)context;
    note(&refusal, bind(NONE, &address, length));
    note(&refusal, listen(NONE, 1));
    note(&refusal, accept4(NONE, &address, &length, SOCK_CLOEXEC));
    return refusal;
}

static int try_sockets(const void *context)
{
    struct sockaddr address;
    socklen_t length = sizeof(address);
    int refusal = 0, value = 0;
    (void)context;
    note(&refusal, getsockname(NONE, &address, &length));
    note(&refusal, getpeername(NONE, &address, &length));
    length = sizeof(value);
    note(&refusal, getsockopt(NONE, SOL_SOCKET, SO_ERROR, &value, &length));
    note(&refusal, shutdown(NONE, SHUT_WR));
    return refusal;
}

static int try_events(const void *context)
{
    int refusal = 0;
    struct epoll_event event = {0};
    (void)context;
    int queue = epoll_create1(EPOLL_CLOEXEC);
    note(&refusal, queue);
    note(&refusal, epoll_ctl(NONE, EPOLL_CTL_DEL, NONE, &event));
    note(&refusal, epoll_wait(NONE, &event, 1, 0));
    if (queue >= 0)
        close(queue);
    return refusal;
}

/* -- the table ------------------------------------------------------------------------------------ */

/* What it means that calls are refused; that who makes them is killed is never borne, but of BORNE_WHOLLY. */
enum loss {
    NOT_BORNE,
    BORNE,        /* there is another way, or a warning of it elsewhere */
    BORNE_WHOLLY, /* obpub can leave it */
};

static const struct row {
    const char *calls; /* what is tried, as the C library has it on most machines */
    const char *group; /* systemd's name for those, or "" where there is none */
    unsigned purposes;
    enum loss loss;
    trial_attempt attempt;
} rows[] = {
    /* the first is made in each child */
    {"prctl", "@process", CALLS_FOR_ANYTHING, NOT_BORNE, try_process_control},
    {"umask", "", CALLS_FOR_ANYTHING, NOT_BORNE, try_mask},
    {"prlimit64 and setrlimit", "", CALLS_FOR_ANYTHING, BORNE, try_limits},
    {"mremap, sysinfo, getrandom and futex", "", CALLS_FOR_ANYTHING, NOT_BORNE, try_memory},
    {"fcntl, ioctl, lseek, dup2, readv and writev", "@basic-io and @file-system, and ioctl",
     CALLS_FOR_ANYTHING, NOT_BORNE, try_descriptors},
    {"newfstatat, readlink, getdents64 and unlink", "@file-system", CALLS_FOR_ANYTHING, NOT_BORNE,
     try_looking},
    {"mlock, munlock and madvise", "@memlock, and madvise", CALLS_FOR_ANYTHING, BORNE_WHOLLY, try_locking},
    {"fsync, rename, mkdir and unlink", "@sync and @file-system", CALLS_FOR_FILES, NOT_BORNE, try_writing},
    {"fchown", "@chown", CALLS_FOR_FILES, BORNE, try_giving},
    {"renameat2", "@file-system", CALLS_FOR_FILES, BORNE, try_new_names},
    {"rt_sigprocmask and rt_sigaction", "@signal", CALLS_FOR_PROCESSES | CALLS_FOR_TORS, NOT_BORNE,
     try_signals},
    {"wait4, kill, getpid and its like, clock_nanosleep and rt_sigreturn", "@process", CALLS_FOR_PROCESSES,
     NOT_BORNE, try_children},
    {"close_range", "@basic-io", CALLS_FOR_PROCESSES, BORNE, try_closing},
    {"socketpair, sendmsg and recvmsg", "@network-io", CALLS_FOR_PROCESSES, NOT_BORNE, try_pairs},
    {"pipe2", "@ipc", CALLS_FOR_PROCESSES | CALLS_FOR_TORS, NOT_BORNE, try_pipe},
    {"socket, connect, setsockopt, sendto, recvfrom and poll", "@network-io and @io-event",
     CALLS_FOR_PROCESSES | CALLS_FOR_TORS | CALLS_FOR_A_SOCKET, NOT_BORNE, try_connecting},
    {"bind, listen and accept4", "@network-io", CALLS_FOR_PROCESSES, NOT_BORNE, try_listening},
    {"getsockname, getpeername, getsockopt and shutdown", "@network-io", CALLS_FOR_PROCESSES | CALLS_FOR_TORS,
     NOT_BORNE, try_sockets},
    {"epoll_create1, epoll_ctl and epoll_wait", "@io-event", CALLS_FOR_PROCESSES | CALLS_FOR_TORS, NOT_BORNE,
     try_events},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))
/* Of which the trial itself has need. */
static const struct row processes = {"clone", "@process", CALLS_FOR_PROCESSES, NOT_BORNE, NULL};

_Static_assert(ROWS + 1 <= NEEDED_CALLS_MAX && ROWS <= TRIAL_ATTEMPTS_MAX, "there is room for each row");

/* -- what comes of it ----------------------------------------------------------------------------- */

static void describe(struct error *error, const struct row *row, const struct trial_outcome *outcome)
{
    const char *group = row->group[0] != '\0' ? " (" : "", *end = row->group[0] != '\0' ? ")" : "";
    const bool are_several = strstr(row->calls, " and ") != NULL;
    const char *const any = are_several ? "one of " : "", *const them = are_several ? "these" : "it";
    if (outcome->result == TRIAL_KILLED)
        error_set(error,
                  "a filter of system calls kills who calls %s%s, without which obpub can't work: allow "
                  "%s%s%s%s in SystemCallFilter= of the unit, or the filter of the container",
                  any, row->calls, them, group, row->group, end);
    else
        error_set(error,
                  "%s%s is refused here (%s), without which obpub can't work: allow %s%s%s%s in "
                  "SystemCallFilter= of the unit, or the filter of the container",
                  any, row->calls, strerror(outcome->number), them, group, row->group, end);
}

static void judge(struct needed_calls *calls, const struct row *row, const struct trial_outcome *outcome)
{
    if (outcome->result == TRIAL_DONE)
        return;
    if (row->loss == BORNE_WHOLLY)
        calls->kills_locking |= outcome->result == TRIAL_KILLED;
    else if (row->loss == NOT_BORNE || outcome->result == TRIAL_KILLED)
        describe(&calls->missing[calls->missing_count++], row, outcome);
}

void needed_calls_try(struct needed_calls *calls, unsigned purposes)
{
    trial_attempt attempts[ROWS];
    const struct row *tried[ROWS];
    struct trial_outcome outcomes[ROWS];
    size_t count = 0;
    calls->missing_count = 0;
    calls->kills_locking = false;
    for (size_t i = 0; i < ROWS; i++) {
        if ((rows[i].purposes & (purposes | CALLS_FOR_ANYTHING)) == 0)
            continue;
        tried[count] = &rows[i];
        attempts[count++] = rows[i].attempt;
    }
    const int refusal = trial_run(attempts, count, NULL, outcomes);
    if (is_refusal(refusal) && (purposes & CALLS_FOR_PROCESSES) != 0)
        describe(&calls->missing[calls->missing_count++], &processes,
                 &(struct trial_outcome){TRIAL_REFUSED, refusal});
    for (size_t i = 0; i < count; i++)
        judge(calls, tried[i], &outcomes[i]);
}
