/* What a confined process may try: each is one function. */
#include "helper_attempts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "base/memory.h"
#include "helper_folder.h"

/* What was there before the process was confined, as its sockets are. */
static pid_t parent;
static int pair[2]; /* connected */
static int inet_socket = -1;
static void *memory_page;

int attempts_setup(void **state)
{
    parent = getpid();
    memory_page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (sodium_init() < 0 || memory_page == MAP_FAILED ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0 || folder_setup(state) != 0 ||
        mkdir(SOCKET_FOLDER, 0700) != 0 || mkdir(SOCKET_FOLDER "/below", 0700) != 0 ||
        mkdir(OTHER_FOLDER, 0700) != 0 || mkdir("private", 0700) != 0)
        return -1;
    return 0;
}

void attempts_make_objects(void)
{
    static const char *const leftovers[] = {
        "new",
        "renamed",
        SOCKET_FOLDER "/new",
        SOCKET_FOLDER "/link",
        SOCKET_FOLDER "/status",
        OTHER_FOLDER "/status",
    };
    for (size_t i = 0; i < sizeof(leftovers) / sizeof(leftovers[0]); i++)
        remove(leftovers[i]);
    folder_write_text("file", "some text");
    folder_write_text(OTHER_FOLDER "/file", "some text");
    folder_write_text("private/file", "some text");
    folder_write_text(SOCKET_FOLDER "/file", "some text");
    folder_write_text(SOCKET_FOLDER "/below/file", "some text");
    close(inet_socket);
    inet_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

int try_sockets_of_its_own(void)
{
    char byte = 'x';
    struct pollfd poll_entry = {.fd = pair[1], .events = POLLIN};
    return write(pair[0], &byte, 1) == 1 && poll(&poll_entry, 1, 1000) == 1 && read(pair[1], &byte, 1) == 1
               ? 0
               : -1;
}

int try_secret_memory(void)
{
    for (int i = 0; i < 100; i++) {
        void *secret = secret_allocate(1000);
        memset(secret, 1, 1000);
        secret_free(secret);
    }
    void *large = memory_allocate(10, 1000000);
    large = memory_resize(large, 20, 1000000);
    free(large);
    return 0;
}

int try_clocks_and_randomness(void)
{
    struct timespec now;
    uint8_t bytes[32];
    randombytes_buf(bytes, sizeof(bytes));
    /* Not through the vDSO, which needs no call. */
    return (int)syscall(SYS_clock_gettime, CLOCK_REALTIME, &now) |
           (int)syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

int try_epoll(void)
{
    int loop = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLOUT};
    return loop >= 0 && epoll_ctl(loop, EPOLL_CTL_ADD, pair[0], &event) == 0 &&
                   epoll_wait(loop, &event, 1, 0) == 1
               ? 0
               : -1;
}

int try_read_file(void)
{
    char byte;
    int file = open("file", O_RDONLY | O_CLOEXEC);
    return file >= 0 && read(file, &byte, 1) == 1 ? 0 : -1;
}

int try_read_folder(void)
{
    return open(SOCKET_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0 ? 0 : -1;
}

int try_read_memory_file(void)
{
    return open("/proc/self/mem", O_RDWR | O_CLOEXEC) >= 0 ? 0 : -1;
}

int try_write_file(void)
{
    return open("file", O_WRONLY | O_CLOEXEC) >= 0 ? 0 : -1;
}

int try_append_to_file(void)
{
    return open("file", O_RDONLY | O_APPEND | O_CLOEXEC) >= 0 ? 0 : -1;
}

int try_empty_file(void)
{
    return open("file", O_RDONLY | O_TRUNC | O_CLOEXEC) >= 0 ? 0 : -1;
}

int try_truncate(void)
{
    return truncate("file", 1);
}

int try_make_file(void)
{
    return open("new", O_RDONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ? 0 : -1;
}

int try_make_file_beside_sockets(void)
{
    return open(SOCKET_FOLDER "/new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) >= 0 ? 0 : -1;
}

int try_make_nameless_file(void)
{
    return open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600) >= 0 ? 0 : -1;
}

int try_make_folder(void)
{
    return mkdir("new", 0700);
}

int try_rename(void)
{
    return rename("file", "renamed");
}

int try_link(void)
{
    return link("file", SOCKET_FOLDER "/link");
}

int try_remove_file(void)
{
    return unlink(OTHER_FOLDER "/file");
}

int try_remove_file_beside_sockets(void)
{
    return unlink(SOCKET_FOLDER "/file");
}

int try_remove_file_below_sockets(void)
{
    return unlink(SOCKET_FOLDER "/below/file");
}

int try_change_mode(void)
{
    return chmod("file", 0666);
}

int try_execute(void)
{
    return execl("/bin/true", "true", (char *)NULL);
}

int try_execute_descriptor(void)
{
    char name[] = "true";
    char *const arguments[] = {name, NULL};
    return (int)syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, NULL, 0);
}

int try_fork(void)
{
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        _exit(0);
    return child > 0 ? 0 : -1;
}

static void *do_nothing(void *context)
{
    return context;
}

int try_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, do_nothing, NULL) == 0 ? 0 : -1;
}

int try_trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0 ? 0 : -1;
}

int try_read_own_memory_by_call(void)
{
    char from = 'x', to = 0;
    struct iovec source = {&from, 1}, target = {&to, 1};
    return process_vm_readv(getpid(), &target, 1, &source, 1, 0) == 1 ? 0 : -1;
}

int try_signal_parent(void)
{
    return kill(parent, 0);
}

int try_executable_mapping(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ? 0 : -1;
}

int try_executable_protection(void)
{
    return mprotect(memory_page, 4096, PROT_READ | PROT_EXEC);
}

int try_pkey_protection(void)
{
    return (int)syscall(SYS_pkey_mprotect, memory_page, 4096, PROT_READ | PROT_EXEC, -1);
}

static int make_socket(int family, int type)
{
    return socket(family, type | SOCK_CLOEXEC, 0) >= 0 ? 0 : -1;
}

int try_unix_socket(void)
{
    return make_socket(AF_UNIX, SOCK_STREAM);
}

int try_inet_socket(void)
{
    return make_socket(AF_INET, SOCK_STREAM) | make_socket(AF_INET, SOCK_DGRAM);
}

int try_inet6_socket(void)
{
    return make_socket(AF_INET6, SOCK_STREAM);
}

int try_netlink_socket(void)
{
    return make_socket(AF_NETLINK, SOCK_RAW);
}

int try_packet_socket(void)
{
    return make_socket(AF_PACKET, SOCK_RAW);
}

int try_alg_socket(void)
{
    return make_socket(AF_ALG, SOCK_SEQPACKET);
}

/* Nobody listens on port 1, and to be told so is all that is wanted. */
int try_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return connect(inet_socket, (const struct sockaddr *)&address, sizeof(address)) == 0 ||
                   errno == ECONNREFUSED
               ? 0
               : -1;
}

int try_listen(void)
{
    return listen(inet_socket, 1);
}

static int bind_unix(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return descriptor >= 0 ? bind(descriptor, (const struct sockaddr *)&address, sizeof(address)) : -1;
}

int try_status_socket(void)
{
    return bind_unix(SOCKET_FOLDER "/status");
}

int try_socket_elsewhere(void)
{
    return bind_unix(OTHER_FOLDER "/status");
}

int try_type_on_terminal(void)
{
    char byte = 'x';
    return ioctl(STDIN_FILENO, TIOCSTI, &byte) == 0 || errno == ENOTTY || errno == EIO || errno == EBADF ? 0
                                                                                                         : -1;
}

int try_be_dumpable(void)
{
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

int try_set_limit(void)
{
    const struct rlimit limit = {0, 0};
    return setrlimit(RLIMIT_CORE, &limit);
}

int try_become_user(void)
{
    return setresuid(geteuid(), geteuid(), geteuid());
}

int try_memory_file(void)
{
    return memfd_create("x", MFD_CLOEXEC) >= 0 ? 0 : -1;
}

int try_read_private_file(void)
{
    return open("private/file", O_RDONLY | O_CLOEXEC) >= 0 ? 0 : -1;
}

int try_be_told_of_parents_end(void)
{
    int signal = 0;
    return prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0) == 0 && signal == SIGKILL ? 0 : -1;
}
