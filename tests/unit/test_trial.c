/* Tests of what is tried in a child because it may end the process: under filters that kill and that refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/needed_calls.h"
#include "confine/sanitizers.h"
#include "confine/trial.h"

/* Has every call of one number end the process, or fail with an errno. The other instructions are those of
 * any filter: load the number, compare, return. */
static void forbid(int call, uint32_t action)
{
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {4, instructions};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(100);
}

/* Runs a check in a child, which exits with the number of the first thing that is not as it should be. */
static void run_apart(int (*check)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(check());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* -- attempts ------------------------------------------------------------------------------------- */

static int succeed(const void *context)
{
    (void)context;
    return 0;
}

static int be_refused(const void *context)
{
    return *(const int *)context;
}

static int die(const void *context)
{
    (void)context;
    raise(SIGKILL);
    return 0;
}

static int make_name(const void *context)
{
    (void)context;
    return prctl(PR_SET_NAME, "tried", 0, 0, 0) == 0 ? 0 : errno;
}

/* Whether the first attempt was made in the same child. */
static int look_at_name(const void *context)
{
    char name[16] = "";
    (void)context;
    prctl(PR_GET_NAME, name, 0, 0, 0);
    return strcmp(name, "tried") == 0 ? 0 : ENOENT;
}

static int call_umask(const void *context)
{
    (void)context;
    return (int)syscall(SYS_umask, 077) < 0 ? errno : 0;
}

/* -- the trial ------------------------------------------------------------------------------------ */

static void test_outcomes(void **state)
{
    (void)state;
    static const trial_attempt attempts[] = {make_name, be_refused, die,         look_at_name,
                                             die,       die,        look_at_name};
    static const enum trial_result expected[] = {TRIAL_DONE,   TRIAL_REFUSED, TRIAL_KILLED, TRIAL_DONE,
                                                 TRIAL_KILLED, TRIAL_KILLED,  TRIAL_DONE};
    enum { COUNT = sizeof(attempts) / sizeof(attempts[0]) };
    struct trial_outcome outcomes[COUNT];
    const int number = EXDEV;
    assert_int_equal(trial_run(attempts, COUNT, &number, outcomes), 0);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(outcomes[i].result, expected[i]);
    assert_int_equal(outcomes[1].number, EXDEV);
    assert_string_equal(trial_describe(&outcomes[1]), strerror(EXDEV));
    assert_non_null(strstr(trial_describe(&outcomes[2]), "kills"));
    /* Nothing of it was done here. */
    assert_int_equal(look_at_name(NULL), ENOENT);
    assert_int_equal(trial_run_one(succeed, NULL).result, TRIAL_DONE);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static int check_killing_filter(void)
{
    forbid(SYS_umask, SECCOMP_RET_KILL_PROCESS);
    if (!trial_is_filtered())
        return 1;
    if (trial_run_one(call_umask, NULL).result != TRIAL_KILLED)
        return 2;
    return waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD ? 0 : 3;
}

static int check_refusing_filter(void)
{
    forbid(SYS_umask, SECCOMP_RET_ERRNO | EPERM);
    const struct trial_outcome outcome = trial_run_one(call_umask, NULL);
    return outcome.result == TRIAL_REFUSED && outcome.number == EPERM ? 0 : 1;
}

/* Also where to wait for the child would be the end. */
static int check_filter_of_wait(void)
{
    static const trial_attempt attempts[] = {succeed, die, succeed};
    struct trial_outcome outcomes[3];
    forbid(SYS_wait4, SECCOMP_RET_KILL_PROCESS);
    if (trial_run(attempts, 3, NULL, outcomes) != 0)
        return 1;
    return outcomes[0].result == TRIAL_DONE && outcomes[1].result == TRIAL_KILLED &&
                   outcomes[2].result == TRIAL_DONE
               ? 0
               : 2;
}

static int check_filter_of_processes(void)
{
    struct trial_outcome outcome;
    const trial_attempt attempt = die;
    forbid(SYS_clone, SECCOMP_RET_ERRNO | ENOSYS);
    if (trial_run(&attempt, 1, NULL, &outcome) != ENOSYS)
        return 1;
    return outcome.result == TRIAL_DONE ? 0 : 2;
}

static void test_filters(void **state)
{
    (void)state;
    run_apart(check_killing_filter);
    run_apart(check_refusing_filter);
    run_apart(check_filter_of_wait);
    run_apart(check_filter_of_processes);
}

/* -- the calls that are needed -------------------------------------------------------------------- */

static void test_nothing_missing(void **state)
{
    (void)state;
    struct needed_calls calls;
    needed_calls_try(&calls, CALLS_FOR_PROCESSES | CALLS_FOR_FILES | CALLS_FOR_A_SOCKET);
    assert_int_equal(calls.missing_count, 0);
    assert_false(calls.kills_locking);
}

/* What is missing for a purpose under a filter: exactly one sentence, with a word. */
static int check_missing(int call, uint32_t action, unsigned purposes, const char *word)
{
    struct needed_calls calls;
    forbid(call, action);
    needed_calls_try(&calls, purposes);
    if (word == NULL)
        return calls.missing_count == 0 ? 0 : 1;
    return calls.missing_count == 1 && strstr(calls.missing[0].text, word) != NULL ? 0 : 2;
}

static int check_events(void)
{
    return check_missing(SYS_epoll_create1, SECCOMP_RET_KILL_PROCESS, CALLS_FOR_PROCESSES, "@io-event");
}

static int check_refused_events(void)
{
    return check_missing(SYS_epoll_create1, SECCOMP_RET_ERRNO | EPERM, CALLS_FOR_PROCESSES,
                         "is refused here");
}

static int check_events_for_files(void)
{
    return check_missing(SYS_epoll_create1, SECCOMP_RET_KILL_PROCESS, CALLS_FOR_FILES, NULL);
}

static int check_mask(void)
{
    return check_missing(SYS_umask, SECCOMP_RET_KILL_PROCESS, CALLS_FOR_A_SOCKET, "umask");
}

static int check_processes(void)
{
    return check_missing(SYS_clone, SECCOMP_RET_ERRNO | EPERM, CALLS_FOR_PROCESSES, "clone");
}

static int check_closing(void)
{
    return check_missing(SYS_close_range, SECCOMP_RET_ERRNO | EPERM, CALLS_FOR_PROCESSES, NULL);
}

static int check_killed_closing(void)
{
    return check_missing(SYS_close_range, SECCOMP_RET_KILL_PROCESS, CALLS_FOR_PROCESSES, "close_range");
}

static int check_locking(void)
{
    struct needed_calls calls;
    forbid(SYS_mlock, SECCOMP_RET_KILL_PROCESS);
    needed_calls_try(&calls, CALLS_FOR_PROCESSES);
    return calls.missing_count == 0 && calls.kills_locking ? 0 : 1;
}

static void test_missing(void **state)
{
    (void)state;
    run_apart(check_events);
    run_apart(check_refused_events);
    run_apart(check_events_for_files);
    run_apart(check_mask);
    run_apart(check_processes);
    run_apart(check_closing);
    run_apart(check_killed_closing);
    if (!HAS_SANITIZERS) /* they answer mlock() themselves */
        run_apart(check_locking);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_filters),
        cmocka_unit_test(test_nothing_missing),
        cmocka_unit_test(test_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
