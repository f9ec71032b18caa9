/* Tests the agenda against a plain search, over many random changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "publish/agenda.h"

#define THINGS 200

static void test_empty(void **state)
{
    (void)state;
    struct agenda agenda = {0};
    size_t number = 7;
    assert_int_equal(agenda_first(&agenda, &number), MOMENT_NEVER);
    agenda_set(&agenda, 3, MOMENT_NEVER);
    assert_int_equal(agenda_first(&agenda, &number), MOMENT_NEVER);
    agenda_clear(&agenda);
    assert_int_equal(agenda_first(&agenda, &number), MOMENT_NEVER);
}

static void test_in_order(void **state)
{
    (void)state;
    struct agenda agenda = {0};
    for (size_t i = 0; i < THINGS; i++)
        agenda_set(&agenda, i, (int64_t)(THINGS - i) * 10);
    for (size_t i = THINGS; i-- > 0;) {
        size_t number = SIZE_MAX;
        assert_int_equal(agenda_first(&agenda, &number), (int64_t)(THINGS - i) * 10);
        assert_int_equal(number, i);
        agenda_set(&agenda, i, MOMENT_NEVER);
    }
    size_t number = 0;
    assert_int_equal(agenda_first(&agenda, &number), MOMENT_NEVER);
    agenda_clear(&agenda);
}

static void test_negative_moments(void **state)
{
    (void)state;
    struct agenda agenda = {0};
    size_t number = 0;
    agenda_set(&agenda, 0, 5);
    agenda_set(&agenda, 1, INT64_MIN);
    assert_int_equal(agenda_first(&agenda, &number), INT64_MIN);
    assert_int_equal(number, 1);
    agenda_clear(&agenda);
}

static int64_t find_earliest(const int64_t *moments)
{
    int64_t earliest = MOMENT_NEVER;
    for (size_t i = 0; i < THINGS; i++)
        earliest = moments[i] < earliest ? moments[i] : earliest;
    return earliest;
}

/* Things come, move both ways and go; few different moments, so that many are equal. */
static void test_random_changes(void **state)
{
    (void)state;
    struct agenda agenda = {0};
    int64_t moments[THINGS];
    for (size_t i = 0; i < THINGS; i++)
        moments[i] = MOMENT_NEVER;
    srandom(20260101);
    for (int step = 0; step < 50000; step++) {
        size_t thing = (size_t)random() % THINGS;
        moments[thing] = random() % 4 == 0 ? MOMENT_NEVER : random() % 50;
        agenda_set(&agenda, thing, moments[thing]);
        size_t first = SIZE_MAX;
        int64_t earliest = find_earliest(moments);
        assert_int_equal(agenda_first(&agenda, &first), earliest);
        if (earliest != MOMENT_NEVER)
            assert_int_equal(moments[first], earliest);
    }
    agenda_clear(&agenda);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_in_order),
        cmocka_unit_test(test_negative_moments),
        cmocka_unit_test(test_random_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
