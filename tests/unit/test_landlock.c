/* Tests of Landlock: what is asked of each version of it, by a kernel that the test plays, and what this
 * machine's refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/landlock.h"

#define VERSIONS 9 /* the last is one that there may be some day */

/* linux/landlock.h: a set's rights, which became more, and so did the struct. */
struct rights {
    uint64_t files, network, scoped;
};

/* What a kernel with a version knows, and how many bytes of the struct. */
static const struct {
    struct rights known;
    size_t size;
} kernels[VERSIONS + 1] = {
    [1] = {{0x1fff, 0, 0}, 8},  [2] = {{0x3fff, 0, 0}, 8},  [3] = {{0x7fff, 0, 0}, 8},
    [4] = {{0x7fff, 3, 0}, 16}, [5] = {{0xffff, 3, 0}, 16}, [6] = {{0xffff, 3, 3}, 24},
    [7] = {{0xffff, 3, 3}, 24}, [8] = {{0xffff, 3, 3}, 24}, [9] = {{0x1ffff, 3, 3}, 24},
};

/* -- a kernel that is played ---------------------------------------------------------------------- */

static int played_version; /* 0: the machine's own kernel */
static int played_error;   /* unless 0, it has no Landlock, and this is why */
static struct rights asked;
static unsigned rules_added, times_restricted;

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Returns as a system call that is refused. */
static long refuse(int number)
{
    errno = number;
    return -1;
}

/* As the kernel takes a struct that may be longer than its own: what it does not know has to be 0. */
static long create_ruleset(const void *attributes, size_t size, uint32_t flags)
{
    const size_t known = kernels[played_version].size;
    if (played_error != 0)
        return refuse(played_error);
    if (flags == 1)
        return attributes == NULL && size == 0 ? played_version : refuse(EINVAL);
    memset(&asked, 0, sizeof(asked));
    for (size_t i = known; i < size; i++) {
        if (((const uint8_t *)attributes)[i] != 0)
            return refuse(E2BIG);
    }
    memcpy(&asked, attributes, size < known ? size : known);
    const struct rights *may = &kernels[played_version].known;
    if ((asked.files & ~may->files) != 0 || (asked.network & ~may->network) != 0 ||
        (asked.scoped & ~may->scoped) != 0)
        return refuse(EINVAL);
    if ((asked.files | asked.network | asked.scoped) == 0)
        return refuse(ENOMSG);
    return dup(STDERR_FILENO);
}

static long add_rule(const void *attributes)
{
    uint64_t allowed;
    memcpy(&allowed, attributes, sizeof(allowed));
    rules_added++;
    return allowed != 0 && (allowed & ~asked.files) == 0 ? 0 : refuse(EINVAL);
}

/* Reads as many arguments as a system call can have, as libc's own does: who has given fewer does not mind.
 */
__attribute__((no_sanitize_address)) long __wrap_syscall(long number, ...)
{
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (size_t i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    if (played_version > 0 && number == SYS_landlock_create_ruleset)
        return create_ruleset((const void *)arguments[0], (size_t)arguments[1], (uint32_t)arguments[2]);
    if (played_version > 0 && number == SYS_landlock_add_rule)
        return add_rule((const void *)arguments[2]);
    if (played_version > 0 && number == SYS_landlock_restrict_self) {
        times_restricted++;
        return arguments[1] == 0 ? 0 : refuse(EINVAL);
    }
    return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                          arguments[5]);
}

/* Confines nobody, under a kernel of a version. */
static struct rights confine_under(int version, const struct landlock_rules *rules)
{
    struct error error;
    played_version = version;
    rules_added = times_restricted = 0;
    assert_int_equal(landlock_version(&error), version);
    int result = landlock_confine(rules, &error);
    played_version = 0;
    if (result != 0)
        fail_msg("under version %d: %s", version, error.text);
    assert_int_equal(times_restricted, 1);
    return asked;
}

/* -- the tests ------------------------------------------------------------------------------------ */

/* Each kernel is asked for all that it knows and obpub does, and for nothing that it would refuse. */
static void test_each_version(void **state)
{
    (void)state;
    static const struct landlock_grant grants[] = {{"/", LANDLOCK_READ},
                                                   {"/tmp", LANDLOCK_BIND},
                                                   {"/tmp", LANDLOCK_REMOVE},
                                                   {"/no/such/folder", LANDLOCK_READ}};
    const struct landlock_rules strict = {.grants = grants, .place_count = 4};
    struct landlock_rules loose = strict;
    loose.may_use_tcp = loose.may_use_abstract_sockets = loose.may_send_signals = true;
    for (int version = 1; version <= VERSIONS; version++) {
        const struct rights *known = &kernels[version].known;
        struct rights rights = confine_under(version, &strict);
        assert_int_equal(rights.files, known->files & 0xffff); /* obpub knows no more than version 6 */
        assert_int_equal(rights.network, known->network);
        assert_int_equal(rights.scoped, known->scoped);
        assert_int_equal(rules_added, 3);
        rights = confine_under(version, &loose);
        assert_int_equal(rights.files, known->files & 0xffff);
        assert_int_equal(rights.network, 0);
        assert_int_equal(rights.scoped, 0);
    }
}

/* What a process needs is left out, and nothing else with it. */
static void test_scopes(void **state)
{
    (void)state;
    const struct landlock_rules signalling = {.may_send_signals = true};
    const struct landlock_rules notifying = {.may_use_abstract_sockets = true};
    assert_int_equal(confine_under(6, &signalling).scoped, 1);
    assert_int_equal(confine_under(6, &notifying).scoped, 2);
}

static void test_no_landlock(void **state)
{
    (void)state;
    static const struct landlock_rules rules = {0};
    struct error error;
    played_version = 1;
    played_error = EOPNOTSUPP;
    assert_int_equal(landlock_version(&error), 0);
    assert_string_equal(error.text, "it is turned off");
    assert_int_equal(landlock_confine(&rules, &error), -1);
    played_error = ENOSYS;
    assert_int_equal(landlock_version(&error), 0);
    played_version = played_error = 0;
}

/* -- this machine's ------------------------------------------------------------------------------- */

static struct sockaddr_un listening; /* an abstract socket of this process */
static socklen_t listening_size;

static int try_signal(void)
{
    return kill(getppid(), 0);
}

static int try_abstract(void)
{
    return connect(socket(AF_UNIX, SOCK_STREAM, 0), (const struct sockaddr *)&listening, listening_size);
}

static int try_abstract_datagram(void)
{
    return sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "READY=1", 7, 0, (const struct sockaddr *)&listening,
                  listening_size) == 7
               ? 0
               : -1;
}

/* Whether a process that is confined so can do something that needs another one. */
static bool can(int (*act)(void), const struct landlock_rules *rules)
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (landlock_confine(rules, NULL) != 0)
            _exit(2);
        _exit(act() == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
    return WEXITSTATUS(status) == 0;
}

/* An abstract socket with a name that the kernel chooses, which is listening's then. */
static int open_abstract(int kind)
{
    int opened = socket(AF_UNIX, kind, 0);
    listening = (struct sockaddr_un){.sun_family = AF_UNIX};
    assert_int_equal(bind(opened, (const struct sockaddr *)&listening, sizeof(sa_family_t)), 0);
    listening_size = sizeof(listening);
    assert_int_equal(getsockname(opened, (struct sockaddr *)&listening, &listening_size), 0);
    if (kind == SOCK_STREAM)
        assert_int_equal(listen(opened, 5), 0);
    return opened;
}

/* Signals to, and abstract sockets of, who is not confined with the process: from version 6 on. */
static void test_outside(void **state)
{
    (void)state;
    static const struct landlock_rules strict = {0}, signalling = {.may_send_signals = true},
                                       notifying = {.may_use_abstract_sockets = true};
    struct error error;
    int version = landlock_version(&error);
    if (version == 0) {
        print_message("no Landlock: %s\n", error.text);
        skip();
    }
    assert_int_equal(can(try_signal, &strict), version < 6);
    assert_int_equal(can(try_signal, &notifying), version < 6);
    assert_true(can(try_signal, &signalling));
    static const struct {
        int kind;
        int (*act)(void);
    } sockets[] = {{SOCK_STREAM, try_abstract}, {SOCK_DGRAM, try_abstract_datagram}};
    for (size_t i = 0; i < 2; i++) {
        int opened = open_abstract(sockets[i].kind);
        assert_int_equal(can(sockets[i].act, &strict), version < 6);
        assert_int_equal(can(sockets[i].act, &signalling), version < 6);
        assert_true(can(sockets[i].act, &notifying));
        close(opened);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_version),
        cmocka_unit_test(test_scopes),
        cmocka_unit_test(test_no_landlock),
        cmocka_unit_test(test_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
