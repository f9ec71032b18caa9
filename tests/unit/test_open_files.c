/* Tests of the limit on open files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/open_files.h"

static void test_raise(void **state)
{
    (void)state;
    struct rlimit before, after;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit low = {before.rlim_cur / 2, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    assert_int_equal(open_files_raise(), before.rlim_max);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &after), 0);
    assert_int_equal(after.rlim_cur, before.rlim_max);
}

static void test_check(void **state)
{
    (void)state;
    struct config_backend backends[100] = {0};
    for (size_t i = 0; i < 90; i++)
        backends[i].has_control = true;
    struct config_frontend frontend = {.backends = backends, .backend_count = 100};
    const struct config config = {.frontends = &frontend, .frontend_count = 1, .tor_control_count = 2};
    struct error error = {.text = ""};
    assert_int_equal(open_files_check(&config, 284, &error), 0);
    assert_int_equal(open_files_check(&config, 283, &error), -1);
    assert_non_null(strstr(error.text, "names 90 control ports"));
    assert_non_null(strstr(error.text, "LimitNOFILE"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raise),
        cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
