/* Tests that which points are chosen does not depend on the order of sources that have one address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "publish/choice.h"

static void test_order_of_twins(void **state)
{
    (void)state;
    static const uint8_t seed[CHOICE_SEED_SIZE] = {7}, key[32] = {1};
    static struct introduction_point points[3][10];
    static const struct descriptor descriptor;
    struct choice_offer offers[3], turned[3];
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 10; j++) {
            memset(points[i][j].auth_key, (int)(1 + 10 * i + j), sizeof(points[i][j].auth_key));
            points[i][j].link_specifiers_length = 1;
        }
        offers[i] = (struct choice_offer){.identity_key = key,
                                          .points = points[i],
                                          .point_count = 10,
                                          .source = i,
                                          .descriptor = &descriptor};
        turned[2 - i] = offers[i];
    }
    struct point_set *one = choice_make_set(offers, 3, INTRODUCTION_POINTS_MAX, NULL, seed);
    struct point_set *other = choice_make_set(turned, 3, INTRODUCTION_POINTS_MAX, NULL, seed);
    assert_true(point_set_equals(one, other));
    point_set_release(one);
    point_set_release(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_of_twins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
