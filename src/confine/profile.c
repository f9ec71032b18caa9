/* What each of the processes may do once it is confined: the tables. */
#include "confine/profile.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

/* The kernel looks at the lower half of an int argument only. */
#define INT_MASK UINT64_C(0xffffffff)
#define WHOLE_MASK UINT64_MAX
/* All that makes open() more than looking at what is there. */
#define WRITING_FLAGS (O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY))

/* -- what every process needs --------------------------------------------------------------------- */

/* To use the descriptors it has, to tell the time, to have memory, and to end. getrandom() is for libsodium;
 * after a stop and a continue the kernel restarts poll() by restart_syscall(). */
static const char *const basic_calls[] = {
    "read",          "write",           "close",        "poll",    "ppoll",        "ppoll_time64",
    "clock_gettime", "clock_gettime64", "gettimeofday", "time",    "getrandom",    "restart_syscall",
    "brk",           "munmap",          "mremap",       "madvise", "mlock",        "munlock",
    "futex",         "futex_time64",    "getpid",       "gettid",  "rt_sigreturn", "rt_sigprocmask",
    "exit",          "exit_group",      NULL,
};

/* Memory, none of it ever executable; and abort(). */
static const struct seccomp_condition basic_conditions[] = {
    {"mmap", 2, PROT_EXEC, 0},
    {"mmap2", 2, PROT_EXEC, 0},
    {"mprotect", 2, PROT_EXEC, 0},
    {"tgkill", 2, INT_MASK, SIGABRT},
    {NULL, 0, 0, 0},
};

/* -- what the engine and the reader need besides -------------------------------------------------- */

static const char *const common_calls[] = {
    "readv",     "writev",     "recvfrom",        "recvmsg",     "sendto",     "sendmsg",
    "recv",      "send",       "shutdown",        "lseek",       "_llseek",    "fstat",
    "fstat64",   "stat",       "stat64",          "lstat",       "lstat64",    "newfstatat",
    "fstatat64", "statx",      "access",          "faccessat",   "faccessat2", "getuid",
    "geteuid",   "getgid",     "getegid",         "getuid32",    "geteuid32",  "getgid32",
    "getegid32", "getppid",    "rt_sigaction",    "sigaltstack", "umask",      "clock_getres",
    "nanosleep", "uname",      "clock_nanosleep", "select",      "_newselect", "pselect6",
    "getrlimit", "ugetrlimit", "getrusage",       "sched_yield", "wait4",      "waitid",
    "sysinfo", /* for qsort() */
    NULL,
};

static const struct seccomp_condition common_conditions[] = {
    {"fcntl", 1, INT_MASK, F_GETFD},
    {"fcntl", 1, INT_MASK, F_SETFD},
    {"fcntl", 1, INT_MASK, F_GETFL},
    {"fcntl", 1, INT_MASK, F_SETFL},
    {"fcntl64", 1, INT_MASK, F_GETFD},
    {"fcntl64", 1, INT_MASK, F_SETFD},
    {"fcntl64", 1, INT_MASK, F_GETFL},
    {"fcntl64", 1, INT_MASK, F_SETFL},
    /* whether it is a terminal, and how wide; not TIOCSTI, which types for its user */
    {"ioctl", 1, INT_MASK, TCGETS},
    {"ioctl", 1, INT_MASK, TIOCGWINSZ},
    {"ioctl", 1, INT_MASK, FIONREAD},
    {"ioctl", 1, INT_MASK, FIONBIO},
    /* reads a limit, sets none */
    {"prlimit64", 2, WHOLE_MASK, 0},
    {NULL, 0, 0, 0},
};

/* What no library needs for obpub's work: whoever tries that has broken in. */
static const char *const fatal_calls[] = {
    /* other programs and processes */
    "execve",
    "execveat",
    "fork",
    "vfork",
    "clone",
    "clone3",
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "process_mrelease",
    "pidfd_open",
    "pidfd_getfd",
    "pidfd_send_signal",
    "kcmp",
    /* the kernel */
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
    "reboot",
    "syslog",
    "add_key",
    "request_key",
    "keyctl",
    "modify_ldt",
    "iopl",
    "ioperm",
    "personality",
    "acct",
    "swapon",
    "swapoff",
    /* the tree of files, and namespaces */
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "unshare",
    "setns",
    "name_to_handle_at",
    "open_by_handle_at",
    "quotactl",
    "mknod",
    "mknodat",
    /* the machine's clock */
    "settimeofday",
    "clock_settime",
    "clock_settime64",
    "adjtimex",
    "clock_adjtime",
    "clock_adjtime64",
    /* who it is */
    "setuid",
    "setgid",
    "setreuid",
    "setregid",
    "setresuid",
    "setresgid",
    "setfsuid",
    "setfsgid",
    "setgroups",
    "capset",
    NULL,
};

/* -- the engine ----------------------------------------------------------------------------------- */

/* To listen, and to let in. */
static const char *const listening_calls[] = {"bind", "listen", "accept", "accept4", NULL};

/* Of sockets that there are, and for libevent. */
static const char *const socket_calls[] = {
    "getsockname", "getpeername", "getsockopt",     "setsockopt",      "epoll_create",      "epoll_create1",
    "epoll_ctl",   "epoll_wait",  "epoll_pwait",    "epoll_pwait2",    "eventfd",           "eventfd2",
    "pipe",        "pipe2",       "timerfd_create", "timerfd_settime", "timerfd_settime64", NULL,
};

static const char *const connecting_calls[] = {"connect", NULL};

static const struct seccomp_condition engine_conditions[] = {
    {"ioctl", 1, INT_MASK, SIOCGIFINDEX}, /* the zone of an IPv6 address */
    {"socket", 0, INT_MASK, AF_UNIX},
    {"socket", 0, INT_MASK, AF_INET},
    {"socket", 0, INT_MASK, AF_INET6},
    {"socketpair", 0, INT_MASK, AF_UNIX},
    {NULL, 0, 0, 0},
};

/* -- the reader ----------------------------------------------------------------------------------- */

/* Whose the other end of a socket is that the engine has handed over, the kernel alone says. unlink() is for
 * the files of the engine's listening sockets, which it takes away; getgroups() for keys that a group of
 * obpub's may read. */
static const char *const reader_calls[] = {
    "pread64",     "readlink",    "readlinkat", "getdents",  "getdents64",  "fadvise64", "unlink",
    "getsockname", "getpeername", "getsockopt", "getgroups", "getgroups32", NULL,
};

static const struct seccomp_condition reader_conditions[] = {
    {"unlinkat", 2, INT_MASK, 0},
    {"open", 1, WRITING_FLAGS, O_RDONLY},
    {"openat", 2, WRITING_FLAGS, O_RDONLY},
    {NULL, 0, 0, 0},
};

/* -- the signer ----------------------------------------------------------------------------------- */

/* Its sockets carry messages, of which recv() tells the length. */
static const char *const signer_calls[] = {"recvfrom", "recv", NULL};

/* -- beside a backend ----------------------------------------------------------------------------- */

/* The gate listens already, and never connects; a socket of this kind tells whether there is a descriptor for
 * one more. */
static const char *const accepting_calls[] = {"accept", "accept4", NULL};

static const struct seccomp_condition gate_conditions[] = {
    {"socket", 0, INT_MASK, AF_UNIX},
    {NULL, 0, 0, 0},
};

/* -- limits --------------------------------------------------------------------------------------- */

static const struct confine_limit engine_limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
};

/* poll() wants the number of its descriptors below the limit. */
static const struct confine_limit reader_limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_NOFILE, 64},
};

static const struct confine_limit signer_limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_NOFILE, 16},
};

static const struct confine_limit agent_limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_NOFILE, 640},
};

static const struct confine_limit gate_limits[] = {
    {RLIMIT_CORE, 0},
    {RLIMIT_NPROC, 0},
    {RLIMIT_NOFILE, 640},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* An unforeseen call of a library fails in engine and reader, so that it does not take the frontends off the
 * net; the signer uses no library that could have one. */
const struct confine_profile confine_profiles[CONFINE_ROLES] = {
    [CONFINE_ENGINE] =
        {
            .name = "engine",
            .calls = {.allowed = {basic_calls, common_calls, socket_calls, listening_calls, connecting_calls},
                      .conditions = {basic_conditions, common_conditions, engine_conditions},
                      .fatal = fatal_calls},
            .socket_right = LANDLOCK_BIND,
            .may_use_tcp = true,
            .has_children = true,
            .limits = engine_limits,
            .limit_count = COUNT(engine_limits),
        },
    [CONFINE_READER] =
        {
            .name = "reader",
            .calls = {.allowed = {basic_calls, common_calls, reader_calls},
                      .conditions = {basic_conditions, common_conditions, reader_conditions},
                      .fatal = fatal_calls},
            .may_read_files = true,
            .socket_right = LANDLOCK_REMOVE,
            .kept_capabilities = UINT64_C(1) << CAP_DAC_READ_SEARCH,
            .limits = reader_limits,
            .limit_count = COUNT(reader_limits),
        },
    [CONFINE_SIGNER] =
        {
            .name = "signer",
            .calls = {.allowed = {basic_calls, signer_calls},
                      .conditions = {basic_conditions},
                      .is_strict = true},
            .limits = signer_limits,
            .limit_count = COUNT(signer_limits),
        },
    [CONFINE_AGENT] =
        {
            .name = "agent",
            .calls = {.allowed = {basic_calls, common_calls, socket_calls, connecting_calls},
                      .conditions = {basic_conditions, common_conditions, engine_conditions},
                      .fatal = fatal_calls},
            .may_use_tcp = true,
            .has_children = true,
            .limits = agent_limits,
            .limit_count = COUNT(agent_limits),
        },
    [CONFINE_GATE] =
        {
            .name = "gate",
            .calls = {.allowed = {basic_calls, common_calls, socket_calls, accepting_calls},
                      .conditions = {basic_conditions, common_conditions, gate_conditions},
                      .fatal = fatal_calls},
            .limits = gate_limits,
            .limit_count = COUNT(gate_limits),
        },
    [CONFINE_KEEPER] =
        {
            .name = "keeper",
            .calls = {.allowed = {basic_calls, signer_calls},
                      .conditions = {basic_conditions},
                      .is_strict = true},
            .limits = signer_limits,
            .limit_count = COUNT(signer_limits),
        },
    [CONFINE_INSPECTOR] =
        {
            .name = "inspector",
            .calls = {.allowed = {basic_calls, common_calls, socket_calls},
                      .conditions = {basic_conditions, common_conditions},
                      .fatal = fatal_calls},
            .limits = reader_limits,
            .limit_count = COUNT(reader_limits),
        },
};
