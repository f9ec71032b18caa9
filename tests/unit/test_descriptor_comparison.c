/* Tests what two descriptors of one service are taken to be to each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/model.h"
#include "publish/descriptor_comparison.h"

static const uint64_t points[] = {11, 12, 13};
static const uint64_t reordered[] = {13, 11, 12};
static const uint64_t others[] = {11, 12, 14};

static struct descriptor *make(uint64_t period_number, uint64_t counter, const uint64_t *numbers)
{
    return model_make_descriptor(period_number, counter, numbers, 3);
}

/* How a descriptor of a period and counter compares with one of period 100 and counter 5. */
struct age {
    uint64_t period_number, counter;
    bool is_older;
    bool tells_less_in_first_half;  /* clients use period 100 */
    bool tells_less_in_second_half; /* clients use period 101 */
};

static void test_ages(void **state)
{
    (void)state;
    static const struct age ages[] = {
        {100, 4, true, true, true},    {100, 5, false, false, false}, {100, 6, false, false, false},
        {101, 1, false, false, false}, {99, 9, true, true, true},
    };
    struct descriptor *known = make(100, 5, points);
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        struct descriptor *descriptor = make(ages[i].period_number, ages[i].counter, points);
        assert_int_equal(descriptor_is_older(descriptor, known), ages[i].is_older);
        assert_int_equal(descriptor_tells_less(descriptor, known, 100), ages[i].tells_less_in_first_half);
        assert_int_equal(descriptor_tells_less(descriptor, known, 101), ages[i].tells_less_in_second_half);
        descriptor_free(descriptor);
    }
    descriptor_free(known);
}

/* The first descriptor after the second: clients may use it still, unless they have gone over to the second.
 */
static void test_period_before(void **state)
{
    (void)state;
    struct descriptor *known = make(101, 5, points);
    struct descriptor *first = make(100, 9, points);
    assert_true(descriptor_is_older(first, known));
    assert_false(descriptor_tells_less(first, known, 100));
    assert_true(descriptor_tells_less(first, known, 101));
    descriptor_free(first);
    descriptor_free(known);
}

static void test_points(void **state)
{
    (void)state;
    struct descriptor *known = make(100, 5, points);
    struct descriptor *same = make(100, 6, reordered);
    struct descriptor *other = make(100, 6, others);
    struct descriptor *fewer = model_make_descriptor(100, 6, points, 2);
    assert_true(descriptor_has_same_points(same, known));
    assert_false(descriptor_has_same_points(other, known));
    assert_false(descriptor_has_same_points(fewer, known));
    assert_false(descriptor_has_same_points(known, fewer));
    descriptor_free(fewer);
    descriptor_free(other);
    descriptor_free(same);
    descriptor_free(known);
}

/* The same point may say something else than before: then it is the same, and has changed. */
static void test_changed_points(void **state)
{
    (void)state;
    struct descriptor *known = make(100, 5, points);
    for (size_t change = 0; change < 7; change++) {
        struct descriptor *descriptor = make(100, 6, reordered);
        struct introduction_point *point = &descriptor->points[1];
        if (change == 1)
            point->onion_key[31] ^= 1;
        else if (change == 2)
            point->enc_key[0] ^= 1;
        else if (change == 3)
            point->enc_key_certified[0] ^= 1;
        else if (change == 4)
            point->link_specifiers_length++;
        else if (change == 5)
            point->has_legacy_key = true;
        else if (change == 6)
            point->auth_key[0] ^= 1;
        assert_int_equal(descriptor_has_unchanged_points(descriptor, known), change == 0);
        assert_int_equal(descriptor_has_same_points(descriptor, known), change != 6);
        descriptor_free(descriptor);
    }
    descriptor_free(known);
}

static void test_features(void **state)
{
    (void)state;
    struct descriptor *known = make(100, 5, points);
    struct descriptor *descriptor = make(100, 6, others);
    assert_true(descriptor_has_same_features(descriptor, known));
    descriptor->is_single_onion_service = true;
    assert_false(descriptor_has_same_features(descriptor, known));
    descriptor->is_single_onion_service = false;
    known->flow_control.is_present = !descriptor->flow_control.is_present;
    assert_false(descriptor_has_same_features(descriptor, known));
    descriptor->flow_control.is_present = known->flow_control.is_present;
    assert_true(descriptor_has_same_features(descriptor, known));
    descriptor->flow_control.versions = known->flow_control.versions + 1;
    assert_false(descriptor_has_same_features(descriptor, known));
    descriptor->flow_control.versions = known->flow_control.versions;
    descriptor->flow_control.sendme_inc++;
    assert_false(descriptor_has_same_features(descriptor, known));
    descriptor_free(descriptor);
    descriptor_free(known);
}

/* One is a replay when it names other points under a lower counter. The same points are what a tor says whose
 * clock went back, and a higher counter is news. */
static void test_replay(void **state)
{
    (void)state;
    static const struct {
        uint64_t period_number, counter;
        const uint64_t *points;
        bool is_replay;
    } rows[] = {
        {100, 4, others, true},  {100, 4, reordered, false}, {100, 5, others, false},
        {100, 6, others, false}, {99, 4, others, false},     {101, 4, others, false},
    };
    struct descriptor *known = make(100, 5, points);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct descriptor *descriptor = make(rows[i].period_number, rows[i].counter, rows[i].points);
        assert_int_equal(descriptor_is_replay(descriptor, known), rows[i].is_replay);
        descriptor_free(descriptor);
    }
    descriptor_free(known);
}

static void test_other_half(void **state)
{
    (void)state;
    const uint64_t periods[DESCRIPTOR_SLOTS] = {100, 101};
    struct descriptor *first = make(100, 5, points), *second = make(101, 1, others);
    assert_true(descriptor_is_of_other_half(second, first, periods));
    assert_false(descriptor_is_of_other_half(first, second, periods));
    assert_false(descriptor_is_of_other_half(first, first, periods));
    assert_false(descriptor_is_of_other_half(second, second, periods));
    const uint64_t later[DESCRIPTOR_SLOTS] = {101, 102};
    assert_false(descriptor_is_of_other_half(second, first, later));
    descriptor_free(second);
    descriptor_free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ages),           cmocka_unit_test(test_period_before),
        cmocka_unit_test(test_points),         cmocka_unit_test(test_features),
        cmocka_unit_test(test_changed_points), cmocka_unit_test(test_replay),
        cmocka_unit_test(test_other_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
