/* Tests from the inside what each confined process can and can't do: every forbidden thing is tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/confine.h"
#include "confine/landlock.h"
#include "helper_attempts.h"
#include "helper_folder.h"

/* One that the engine joins when it stays root. */
#define GROUP 54321

/* How a child ends that tried something. */
#define EXIT_DONE 0
#define EXIT_REFUSED 1
#define EXIT_NOT_CONFINED 2

static struct confine_plan plan;
static bool asks_for_death_signal;

/* -- trying --------------------------------------------------------------------------------------- */

enum outcome {
    DONE,
    REFUSED, /* with an error */
    KILLED,
};

struct attempt {
    const char *name;
    int (*act)(void);
    bool is_not_for_all; /* not every free process can do it */
    enum outcome engine, reader, signer;
};

static const struct attempt attempts[] = {
    {"sockets of its own", try_sockets_of_its_own, false, DONE, DONE, DONE},
    {"secret memory", try_secret_memory, false, DONE, DONE, DONE},
    {"clocks and randomness", try_clocks_and_randomness, false, DONE, DONE, DONE},
    {"an event loop", try_epoll, false, DONE, REFUSED, KILLED},
    {"reading a file", try_read_file, false, REFUSED, DONE, KILLED},
    {"reading a folder", try_read_folder, false, REFUSED, DONE, KILLED},
    {"opening memory as a file", try_read_memory_file, false, REFUSED, REFUSED, KILLED},
    {"writing a file", try_write_file, false, REFUSED, REFUSED, KILLED},
    {"appending to a file", try_append_to_file, false, REFUSED, REFUSED, KILLED},
    {"emptying a file", try_empty_file, false, REFUSED, REFUSED, KILLED},
    {"truncating a file", try_truncate, false, REFUSED, REFUSED, KILLED},
    {"making a file", try_make_file, false, REFUSED, REFUSED, KILLED},
    {"making a file beside the sockets", try_make_file_beside_sockets, false, REFUSED, REFUSED, KILLED},
    {"making a file without a name", try_make_nameless_file, true, REFUSED, REFUSED, KILLED},
    {"making a folder", try_make_folder, false, REFUSED, REFUSED, KILLED},
    {"renaming a file", try_rename, false, REFUSED, REFUSED, KILLED},
    {"linking a file", try_link, false, REFUSED, REFUSED, KILLED},
    {"removing a file", try_remove_file, false, REFUSED, REFUSED, KILLED},
    {"removing a file beside the sockets", try_remove_file_beside_sockets, false, REFUSED, DONE, KILLED},
    {"removing a file below the sockets", try_remove_file_below_sockets, false, REFUSED, DONE, KILLED},
    {"changing a mode", try_change_mode, false, REFUSED, REFUSED, KILLED},
    {"a file in memory", try_memory_file, true, REFUSED, REFUSED, KILLED},
    {"execve", try_execute, false, KILLED, KILLED, KILLED},
    {"execveat", try_execute_descriptor, false, KILLED, KILLED, KILLED},
    {"a process", try_fork, false, KILLED, KILLED, KILLED},
    {"a thread", try_thread, false, KILLED, KILLED, KILLED},
    {"ptrace", try_trace, false, KILLED, KILLED, KILLED},
    {"process_vm_readv", try_read_own_memory_by_call, false, KILLED, KILLED, KILLED},
    {"a signal to its parent", try_signal_parent, false, REFUSED, REFUSED, KILLED},
    {"mapping memory to execute", try_executable_mapping, false, REFUSED, REFUSED, KILLED},
    {"making memory executable", try_executable_protection, false, REFUSED, REFUSED, KILLED},
    {"making memory executable by a key", try_pkey_protection, false, REFUSED, REFUSED, KILLED},
    {"a unix socket", try_unix_socket, false, DONE, REFUSED, KILLED},
    {"an IPv4 socket", try_inet_socket, false, DONE, REFUSED, KILLED},
    {"an IPv6 socket", try_inet6_socket, false, DONE, REFUSED, KILLED},
    {"a netlink socket", try_netlink_socket, false, REFUSED, REFUSED, KILLED},
    {"a packet socket", try_packet_socket, true, REFUSED, REFUSED, KILLED},
    {"a socket to the kernel's ciphers", try_alg_socket, true, REFUSED, REFUSED, KILLED},
    {"connecting", try_connect, false, DONE, REFUSED, KILLED},
    {"listening", try_listen, false, DONE, REFUSED, KILLED},
    {"its status socket", try_status_socket, false, DONE, REFUSED, KILLED},
    {"a socket elsewhere", try_socket_elsewhere, false, REFUSED, REFUSED, KILLED},
    {"typing on the terminal", try_type_on_terminal, false, REFUSED, REFUSED, KILLED},
    {"being dumpable", try_be_dumpable, false, REFUSED, REFUSED, KILLED},
    {"setting a limit", try_set_limit, false, REFUSED, REFUSED, KILLED},
    {"setresuid", try_become_user, false, KILLED, KILLED, KILLED},
};

/* Calls that end each of them, tried without sensible arguments. */
static const int fatal_calls[] = {
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_keyctl,
    SYS_add_key,
    SYS_init_module,
    SYS_finit_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_fsopen,
    SYS_unshare,
    SYS_setns,
    SYS_acct,
    SYS_swapon,
    SYS_open_by_handle_at,
    SYS_clock_settime,
    SYS_settimeofday,
    SYS_pidfd_getfd,
    SYS_setuid,
    SYS_setgroups,
    SYS_capset,
    SYS_personality,
    SYS_mknodat,
    SYS_process_vm_writev,
#ifdef __x86_64__
    SYS_fork,
    SYS_vfork,
    0x40000000 + SYS_getpid, /* the last as by another kind of machine, x32 */
#endif
};

/* In the child: confines it, unless role is CONFINE_ROLES. */
static void confine(enum confine_role role)
{
    const char *const folders[] = {SOCKET_FOLDER};
    static const gid_t groups[] = {GROUP};
    const struct confine_needs needs[CONFINE_ROLES] = {
        [CONFINE_ENGINE] = {.socket_folders = folders,
                            .socket_folder_count = 1,
                            .groups = groups,
                            .group_count = 1},
        [CONFINE_READER] = {.socket_folders = folders, .socket_folder_count = 1},
    };
    struct error error;
    if (role == CONFINE_ROLES)
        return;
    if (asks_for_death_signal)
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (confine_process(&plan, role, &needs[role], &error) == CONFINE_DONE)
        return;
    fprintf(stderr, "%s\n", error.text);
    _exit(EXIT_NOT_CONFINED);
}

static enum outcome find_outcome(pid_t child)
{
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
        return KILLED;
    if (!WIFEXITED(status) || WEXITSTATUS(status) > EXIT_REFUSED)
        fail_msg("the child ended with the status %x", (unsigned)status);
    return WEXITSTATUS(status) == EXIT_DONE ? DONE : REFUSED;
}

/* Tries it in a child that is confined, or in a free one. */
static enum outcome try(const struct attempt *attempt, enum confine_role role)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        confine(role);
        _exit(attempt->act() == 0 ? EXIT_DONE : EXIT_REFUSED);
    }
    return find_outcome(child);
}

static enum outcome call(int number, enum confine_role role)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        confine(role);
        syscall(number, -1L, 0L, 0L, 0L, 0L, 0L);
        _exit(EXIT_REFUSED);
    }
    return find_outcome(child);
}

/* -- the tests ------------------------------------------------------------------------------------ */

/* Who runs the tests goes on as it is. */
static int setup_plan(void **state)
{
    (void)state;
    struct error error;
    asks_for_death_signal = false;
    return confine_plan_make(&plan, geteuid() == 0 ? "root" : NULL, false, &error);
}

/* A build with sanitizers, and a machine without seccomp, have nothing to be tested here. */
static void skip_unless_confined(void)
{
    if (plan.has_seccomp)
        return;
    print_message("not confined: %s\n", plan.lacks[0].text);
    skip();
}

static bool has_name(const char *const *names, const char *name)
{
    while (*names != NULL && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

/* Tries all, of which those in refused (ending in NULL) are to be refused whatever the column says. */
static void check_attempts_but(enum confine_role role, size_t expected_at, const char *const *refused)
{
    skip_unless_confined();
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        enum outcome expected = has_name(refused, attempts[i].name)
                                    ? REFUSED
                                    : *(const enum outcome *)((const char *)&attempts[i] + expected_at);
        attempts_make_objects();
        enum outcome outcome = try(&attempts[i], role);
        if (outcome != expected)
            fail_msg("%s in the %s: %d instead of %d", attempts[i].name, confine_profiles[role].name,
                     (int)outcome, (int)expected);
    }
    for (size_t i = 0; i < sizeof(fatal_calls) / sizeof(fatal_calls[0]); i++) {
        if (call(fatal_calls[i], role) != KILLED)
            fail_msg("the %s lives on after call %d", confine_profiles[role].name, fatal_calls[i]);
    }
}

static void check_attempts(enum confine_role role, size_t expected_at)
{
    static const char *const none[] = {NULL};
    check_attempts_but(role, expected_at, none);
}

static void test_engine(void **state)
{
    (void)state;
    check_attempts(CONFINE_ENGINE, offsetof(struct attempt, engine));
}

static void test_reader(void **state)
{
    (void)state;
    check_attempts(CONFINE_READER, offsetof(struct attempt, reader));
}

static void test_signer(void **state)
{
    (void)state;
    check_attempts(CONFINE_SIGNER, offsetof(struct attempt, signer));
}

/* The filter is the same where the kernel is given it by prctl(), as under another filter that forbids
 * seccomp(). */
static void test_by_prctl(void **state)
{
    (void)state;
    skip_unless_confined();
    plan.seccomp_way = SECCOMP_BY_PRCTL;
    check_attempts(CONFINE_ENGINE, offsetof(struct attempt, engine));
    check_attempts(CONFINE_READER, offsetof(struct attempt, reader));
    check_attempts(CONFINE_SIGNER, offsetof(struct attempt, signer));
}

/* An agent is an engine that listens nowhere. */
static void test_agent(void **state)
{
    (void)state;
    static const char *const refused[] = {"listening", "its status socket", NULL};
    check_attempts_but(CONFINE_AGENT, offsetof(struct attempt, engine), refused);
}

/* A gate can let in who comes to the socket that it has, and go nowhere itself. */
static void test_gate(void **state)
{
    (void)state;
    static const char *const refused[] = {"an IPv4 socket", "an IPv6 socket",    "connecting",
                                          "listening",      "its status socket", NULL};
    check_attempts_but(CONFINE_GATE, offsetof(struct attempt, engine), refused);
}

/* A keeper is a signer of another kind. */
static void test_keeper(void **state)
{
    (void)state;
    check_attempts(CONFINE_KEEPER, offsetof(struct attempt, signer));
}

/* Who inspects has its files and its connection already. */
static void test_inspector(void **state)
{
    (void)state;
    static const char *const refused[] = {"a unix socket",
                                          "an IPv4 socket",
                                          "an IPv6 socket",
                                          "connecting",
                                          "listening",
                                          "its status socket",
                                          NULL};
    check_attempts_but(CONFINE_INSPECTOR, offsetof(struct attempt, engine), refused);
}

/* What is refused to a confined process is possible otherwise: the attempts are good ones. */
static void test_unconfined(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        attempts_make_objects();
        if (!attempts[i].is_not_for_all && try(&attempts[i], CONFINE_ROLES) != DONE)
            fail_msg("%s fails in a free process too", attempts[i].name);
    }
}

/* Landlock does its part also where the filter of calls has a hole, and the filter does where there is no
 * Landlock. */
static void test_each_alone(void **state)
{
    (void)state;
    static const struct attempt by_landlock[] = {
        {"reading a file", try_read_file, false, REFUSED, DONE, REFUSED},
        {"writing a file", try_write_file, false, REFUSED, REFUSED, REFUSED},
        {"making a file", try_make_file, false, REFUSED, REFUSED, REFUSED},
        {"making a file beside the sockets", try_make_file_beside_sockets, false, REFUSED, REFUSED, REFUSED},
        {"removing a file", try_remove_file, false, REFUSED, REFUSED, REFUSED},
        {"removing a file beside the sockets", try_remove_file_beside_sockets, false, REFUSED, DONE, REFUSED},
        {"removing a file below the sockets", try_remove_file_below_sockets, false, REFUSED, DONE, REFUSED},
        {"execve", try_execute, false, REFUSED, REFUSED, REFUSED},
        {"a status socket", try_status_socket, false, DONE, REFUSED, REFUSED},
        {"a socket elsewhere", try_socket_elsewhere, false, REFUSED, REFUSED, REFUSED},
    };
    static const struct attempt by_seccomp[] = {
        {"reading a file", try_read_file, false, REFUSED, DONE, KILLED},
        {"writing a file", try_write_file, false, REFUSED, REFUSED, KILLED},
        {"making a file", try_make_file, false, REFUSED, REFUSED, KILLED},
        {"removing a file", try_remove_file, false, REFUSED, DONE, KILLED},
    };
    skip_unless_confined();
    plan.landlock_version = 0;
    for (size_t i = 0; i < sizeof(by_seccomp) / sizeof(by_seccomp[0]); i++) {
        attempts_make_objects();
        assert_int_equal(try(&by_seccomp[i], CONFINE_ENGINE), by_seccomp[i].engine);
        assert_int_equal(try(&by_seccomp[i], CONFINE_READER), by_seccomp[i].reader);
        assert_int_equal(try(&by_seccomp[i], CONFINE_SIGNER), by_seccomp[i].signer);
    }
    setup_plan(NULL);
    plan.has_seccomp = false;
    for (size_t i = 0; i < sizeof(by_landlock) / sizeof(by_landlock[0]) && plan.landlock_version > 0; i++) {
        attempts_make_objects();
        assert_int_equal(try(&by_landlock[i], CONFINE_ENGINE), by_landlock[i].engine);
        attempts_make_objects();
        assert_int_equal(try(&by_landlock[i], CONFINE_READER), by_landlock[i].reader);
        attempts_make_objects();
        assert_int_equal(try(&by_landlock[i], CONFINE_SIGNER), by_landlock[i].signer);
    }
    if (plan.landlock_version >= 4) {
        const struct attempt connecting = {"connecting", try_connect, false, DONE, REFUSED, REFUSED};
        attempts_make_objects();
        assert_int_equal(try(&connecting, CONFINE_ENGINE), DONE);
        attempts_make_objects();
        assert_int_equal(try(&connecting, CONFINE_READER), REFUSED);
        assert_int_equal(try(&connecting, CONFINE_SIGNER), REFUSED);
    }
}

/* -- who it is ------------------------------------------------------------------------------------ */

/* Confines a child, and has what the kernel says of it in text. */
static void read_status(enum confine_role role, char *text, size_t size)
{
    char byte;
    int ready[2], over[2];
    assert_int_equal(pipe(ready) | pipe(over), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(over[1]);
        confine(role);
        _exit(write(ready[1], "x", 1) == 1 && read(over[0], &byte, 1) == 0 ? EXIT_DONE : EXIT_REFUSED);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/status", (int)child);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t length = fread(text, 1, size - 1, file);
    text[length] = '\0';
    fclose(file);
    close(over[0]);
    close(over[1]);
    close(ready[0]);
    assert_int_equal(find_outcome(child), DONE);
}

static void assert_line(const char *text, const char *line)
{
    if (strstr(text, line) == NULL)
        fail_msg("\"%s\" is not in %s", line, text);
}

/* Root in a container may lack it, and other users have it not. */
static bool has_read_search(void)
{
    return geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_DAC_READ_SEARCH, 0, 0, 0) == 1;
}

static void test_kernels_view(void **state)
{
    (void)state;
    char text[8192];
    skip_unless_confined();
    for (int role = 0; role < CONFINE_ROLES; role++) {
        read_status((enum confine_role)role, text, sizeof(text));
        assert_line(text, "\nNoNewPrivs:\t1\n");
        assert_line(text, "\nSeccomp:\t2\n");
        assert_line(text, "\nCapInh:\t0000000000000000\n");
        assert_line(text, "\nCapAmb:\t0000000000000000\n");
        /* The reader keeps CAP_DAC_READ_SEARCH, if it has it. */
        bool keeps = role == CONFINE_READER && has_read_search();
        assert_line(text, keeps ? "\nCapPrm:\t0000000000000004\n" : "\nCapPrm:\t0000000000000000\n");
        assert_line(text, keeps ? "\nCapEff:\t0000000000000004\n" : "\nCapEff:\t0000000000000000\n");
        const char *own_groups = strstr(text, "\nGroups:\t");
        assert_non_null(own_groups);
        const char *joined = strstr(own_groups, "54321 ");
        assert_int_equal(joined != NULL && joined < strchr(own_groups + 1, '\n'),
                         role == CONFINE_ENGINE && geteuid() == 0);
        if (geteuid() == 0)
            assert_line(text, keeps ? "\nCapBnd:\t0000000000000004\n" : "\nCapBnd:\t0000000000000000\n");
    }
}

/* Started as root, all become the user, and only the reader can read what root alone may read. */
static void test_user(void **state)
{
    (void)state;
    static const struct attempt reading = {"a private file", try_read_private_file, false, REFUSED, DONE,
                                           REFUSED};
    char text[8192], expected[128];
    struct error error;
    if (geteuid() != 0)
        skip();
    assert_int_equal(confine_plan_make(&plan, "nobody", false, &error), 0);
    assert_true(plan.has_user);
    snprintf(expected, sizeof(expected), "\nUid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\n", plan.user.uid,
             plan.user.uid, plan.user.uid, plan.user.uid, plan.user.gid, plan.user.gid, plan.user.gid,
             plan.user.gid);
    for (int role = 0; role < CONFINE_ROLES; role++) {
        read_status((enum confine_role)role, text, sizeof(text));
        assert_line(text, expected);
        assert_line(text, role == CONFINE_READER && has_read_search() ? "\nCapEff:\t0000000000000004\n"
                                                                      : "\nCapEff:\t0000000000000000\n");
    }
    attempts_make_objects();
    plan.has_seccomp = false;
    plan.landlock_version = 0;
    assert_int_equal(try(&reading, CONFINE_ENGINE), REFUSED);
    assert_int_equal(try(&reading, CONFINE_READER), has_read_search() ? DONE : REFUSED);
    assert_int_equal(try(&reading, CONFINE_SIGNER), REFUSED);
}

static void test_death_signal(void **state)
{
    (void)state;
    static const struct attempt asking = {"", try_be_told_of_parents_end, false, DONE, DONE, DONE};
    struct error error;
    if (geteuid() != 0)
        skip();
    assert_int_equal(confine_plan_make(&plan, "nobody", false, &error), 0);
    plan.has_seccomp = false;
    asks_for_death_signal = true;
    assert_int_equal(try(&asking, CONFINE_SIGNER), DONE);
    asks_for_death_signal = false;
    assert_int_equal(try(&asking, CONFINE_SIGNER), REFUSED);
}

/* What an older kernel's Landlock can't do of what is asked of it. */
static void test_landlock_versions(void **state)
{
    (void)state;
    static const char *const missing[] = {
        [1] =
            "version 1 can't forbid: truncate(), TCP, ioctl() of devices, abstract unix sockets and signals "
            "(version 6 can, Linux 6.12)",
        [2] =
            "version 2 can't forbid: truncate(), TCP, ioctl() of devices, abstract unix sockets and signals "
            "(version 6 can, Linux 6.12)",
        [3] = "version 3 can't forbid: TCP, ioctl() of devices, abstract unix sockets and signals (version 6 "
              "can, Linux 6.12)",
        [4] = "version 4 can't forbid: ioctl() of devices, abstract unix sockets and signals (version 6 can, "
              "Linux 6.12)",
        [5] = "version 5 can't forbid: abstract unix sockets and signals (version 6 can, Linux 6.12)",
    };
    struct error error;
    for (int version = 1; version <= 5; version++) {
        assert_int_equal(landlock_check_version(version, &error), -1);
        assert_string_equal(error.text, missing[version]);
    }
    for (int version = 6; version < 20; version++)
        assert_int_equal(landlock_check_version(version, &error), 0);
    /* The plan says it of this machine's. */
    bool is_said = false;
    for (size_t i = 0; i < plan.lack_count; i++)
        is_said = is_said || strstr(plan.lacks[i].text, "the Landlock here does not do all") != NULL;
    assert_int_equal(is_said, plan.landlock_version >= 1 && plan.landlock_version <= 5);
}

static void test_plan(void **state)
{
    (void)state;
    struct confine_plan other;
    struct error error;
    assert_int_equal(confine_plan_make(&other, "no-such-user", false, &error), -1);
    assert_string_equal(error.text, "the config's \"user\": there is no user \"no-such-user\"");
    /* Only root can become another one, and lacks something while it does not. */
    bool can_become = geteuid() == 0;
    const char *another = can_become ? "nobody" : "root";
    assert_int_equal(confine_plan_make(&other, another, false, &error), 0);
    assert_int_equal(other.has_user, can_become);
    assert_int_equal(other.lack_count, can_become ? plan.lack_count - 1 : plan.lack_count + 1);
    assert_int_equal(confine_plan_make(&other, another, true, &error), other.lack_count > 0 ? -1 : 0);
    if (other.lack_count > 0)
        assert_non_null(strstr(error.text, "require-sandbox"));
}

/* Root that stays root is something that is lacking, whether the config wants that or has no user. */
static void test_root(void **state)
{
    (void)state;
    struct confine_plan other;
    struct error error;
    if (geteuid() != 0)
        skip();
    assert_int_equal(confine_plan_make(&other, "root", false, &error), 0);
    assert_false(other.has_user);
    assert_non_null(strstr(other.lacks[other.lack_count - 1].text, "stays it: \"root\" is root"));
    assert_int_equal(confine_plan_make(&other, "root", true, &error), -1);
    assert_non_null(strstr(error.text, "require-sandbox"));
    assert_int_equal(confine_plan_make(&other, NULL, false, &error), 0);
    bool is_said = other.lack_count > 0 && strstr(other.lacks[other.lack_count - 1].text, "and stays it");
    assert_int_equal(is_said, !other.has_user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_unconfined, setup_plan),
        cmocka_unit_test_setup(test_engine, setup_plan),
        cmocka_unit_test_setup(test_reader, setup_plan),
        cmocka_unit_test_setup(test_signer, setup_plan),
        cmocka_unit_test_setup(test_by_prctl, setup_plan),
        cmocka_unit_test_setup(test_agent, setup_plan),
        cmocka_unit_test_setup(test_gate, setup_plan),
        cmocka_unit_test_setup(test_keeper, setup_plan),
        cmocka_unit_test_setup(test_inspector, setup_plan),
        cmocka_unit_test_setup(test_each_alone, setup_plan),
        cmocka_unit_test_setup(test_kernels_view, setup_plan),
        cmocka_unit_test_setup(test_user, setup_plan),
        cmocka_unit_test_setup(test_death_signal, setup_plan),
        cmocka_unit_test_setup(test_landlock_versions, setup_plan),
        cmocka_unit_test_setup(test_plan, setup_plan),
        cmocka_unit_test_setup(test_root, setup_plan),
    };
    return cmocka_run_group_tests(tests, attempts_setup, folder_teardown);
}
