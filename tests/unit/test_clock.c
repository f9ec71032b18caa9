/* Tests of the two clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <time.h>

#include "base/clock.h"

/* What the kernel's clock says between two readings lies between them. */
static void test_monotonic_clock(void **state)
{
    (void)state;
    struct timespec moment;
    int64_t before = clock_microseconds(), before_milliseconds = clock_milliseconds();
    clock_gettime(CLOCK_MONOTONIC, &moment);
    int64_t after = clock_microseconds(), after_milliseconds = clock_milliseconds();
    int64_t microseconds = (int64_t)moment.tv_sec * 1000000 + moment.tv_nsec / 1000;
    assert_true(before <= microseconds && microseconds <= after);
    assert_true(before_milliseconds <= microseconds / 1000 && microseconds / 1000 <= after_milliseconds);
}

static void test_wall_clock(void **state)
{
    (void)state;
    int64_t before = (int64_t)time(NULL), seconds = clock_wall_seconds(), after = (int64_t)time(NULL);
    assert_true(before <= seconds && seconds <= after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_clock),
        cmocka_unit_test(test_wall_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
