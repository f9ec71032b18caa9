/* Tests that a hardened process leaves no core dump and can't be looked into. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "confine/harden.h"

/* Runs a check in a child, as what is given up can't be had back. Returns how the child ended. */
static int run_in_child(void (*check)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        check();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* The child exits with the number of the first thing that is not as it should be. */
static void check_settings(void)
{
    struct rlimit limit;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
        _exit(1);
    if (process_harden(NULL) != 0)
        _exit(2);
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        _exit(3);
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        _exit(4);
    if (getrlimit(RLIMIT_CORE, &limit) != 0 || limit.rlim_cur != 0 || limit.rlim_max != 0)
        _exit(5);
    if (umask(0) != 077)
        _exit(6);
    if (process_harden(NULL) != 0) /* once more changes nothing */
        _exit(7);
}

static void die_of_a_signal(void)
{
    struct rlimit limit;
    getrlimit(RLIMIT_CORE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_CORE, &limit);
    process_harden(NULL);
    abort();
}

static void test_settings(void **state)
{
    (void)state;
    int status = run_in_child(check_settings);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_no_core_dump(void **state)
{
    (void)state;
    int status = run_in_child(die_of_a_signal);
    assert_true(WIFSIGNALED(status));
    assert_false(WCOREDUMP(status));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_no_core_dump),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
