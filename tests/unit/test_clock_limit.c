/* Tests how far the wall clock may run ahead of the time that has passed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "signer/clock_limit.h"

#define WALL INT64_C(1795348800)
#define PASSED 1000
#define DAY 86400
#define YEAR (365 * (int64_t)DAY)

/* The clocks at the start, noted; then both some seconds later, and the wall clock set forward besides. */
static int ask(struct clock_limit *limit, int64_t seconds, int64_t forward)
{
    struct error error = {.text = ""};
    clock_limit_note(limit, WALL + seconds + forward, PASSED + seconds);
    int result =
        clock_limit_check(limit, WALL + seconds + forward, PASSED + seconds, CLOCK_LIMIT_AHEAD, &error);
    assert_int_equal(result != 0, error.text[0] != '\0');
    return result;
}

static void test_time_passes(void **state)
{
    (void)state;
    struct clock_limit limit = {0};
    static const int64_t moments[] = {0, 1, 3600, DAY, 30 * DAY, YEAR, 20 * YEAR};
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++)
        assert_int_equal(ask(&limit, moments[i], 0), 0);
}

static void test_set_forward(void **state)
{
    (void)state;
    struct clock_limit limit = {0};
    assert_int_equal(ask(&limit, 0, 0), 0);
    assert_int_equal(ask(&limit, DAY, CLOCK_LIMIT_AHEAD), 0);
    assert_int_equal(ask(&limit, DAY, CLOCK_LIMIT_AHEAD + 1), -1);
    assert_int_equal(ask(&limit, DAY, YEAR), -1);
    assert_int_equal(ask(&limit, 2 * DAY, YEAR), -1); /* to wait and ask again does not help */
    assert_int_equal(ask(&limit, 2 * DAY, 0), 0);     /* but to set it right does */
    /* In small steps neither. */
    int result = 0;
    for (int64_t step = 0; step <= 8 * CLOCK_LIMIT_AHEAD && result == 0; step += CLOCK_LIMIT_AHEAD / 8)
        result = ask(&limit, 2 * DAY + step / 100, step);
    assert_int_equal(result, -1);
}

/* A clock that was ahead at the first request, and is put right, is not to be ahead again. */
static void test_set_back(void **state)
{
    (void)state;
    struct clock_limit limit = {0};
    assert_int_equal(ask(&limit, 0, YEAR), 0);
    assert_int_equal(ask(&limit, 60, YEAR), 0);
    assert_int_equal(ask(&limit, 120, 0), 0);
    assert_int_equal(ask(&limit, 180, YEAR), -1);
    assert_int_equal(ask(&limit, 180, CLOCK_LIMIT_AHEAD), 0);
}

/* Before there was a request the clock may be set to whatever is right, as on a machine that begins in 1970.
 */
static void test_before_the_first_request(void **state)
{
    (void)state;
    struct clock_limit limit = {0};
    struct error error;
    assert_int_equal(clock_limit_check(&limit, 0, PASSED, CLOCK_LIMIT_AHEAD, &error), 0);
    assert_int_equal(clock_limit_check(&limit, WALL, PASSED, CLOCK_LIMIT_AHEAD, &error), 0);
    assert_int_equal(ask(&limit, 0, 0), 0);
    assert_int_equal(clock_limit_check(&limit, WALL + YEAR, PASSED, CLOCK_LIMIT_AHEAD, &error), -1);
    assert_non_null(strstr(error.text, "was set forward by 8760 hours"));
    assert_non_null(strstr(error.text, "start obpub anew"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_passes),
        cmocka_unit_test(test_set_forward),
        cmocka_unit_test(test_set_back),
        cmocka_unit_test(test_before_the_first_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
