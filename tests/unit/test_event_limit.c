/* How many events a peer may send in how much time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "control/event_limit.h"

static void test_so_many_in_a_stretch(void **state)
{
    (void)state;
    struct event_limit limit = {0};
    for (int64_t stretch = 0; stretch < 5; stretch++) {
        int64_t now = 1000 + stretch * EVENT_LIMIT_SECONDS;
        for (unsigned i = 0; i < 7; i++)
            assert_true(event_limit_take(&limit, 7, now + (i > 3 ? EVENT_LIMIT_SECONDS - 1 : 0)));
    }
    assert_false(event_limit_take(&limit, 7, 1000 + 5 * EVENT_LIMIT_SECONDS - 1));
    assert_true(event_limit_take(&limit, 7, 1000 + 5 * EVENT_LIMIT_SECONDS));
}

static void test_no_limit(void **state)
{
    (void)state;
    struct event_limit limit = {0};
    for (unsigned i = 0; i < 100000; i++)
        assert_true(event_limit_take(&limit, 0, 5));
}

/* A clock that goes back begins a new stretch. */
static void test_clock_goes_back(void **state)
{
    (void)state;
    struct event_limit limit = {0};
    assert_true(event_limit_take(&limit, 1, 1000));
    assert_false(event_limit_take(&limit, 1, 1000));
    assert_true(event_limit_take(&limit, 1, 999));
    assert_false(event_limit_take(&limit, 1, 999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_so_many_in_a_stretch),
        cmocka_unit_test(test_no_limit),
        cmocka_unit_test(test_clock_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
