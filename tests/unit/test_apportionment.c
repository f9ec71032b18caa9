/* Tests how whole places are divided by weights: by hand where the answer can be said, and what holds always
 * on thousands of random cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "helper_draws.h"
#include "onion/introduction_point.h"
#include "publish/apportionment.h"

#define SOURCES_MAX 30
#define CASES 20000

static uint64_t random_state;

static size_t draw(size_t below)
{
    return draws_next(&random_state, below);
}

static void check(const struct share_claim *claims, size_t count, const size_t *expected)
{
    size_t places[SOURCES_MAX];
    apportionment_find(claims, count, INTRODUCTION_POINTS_MAX, places);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(places[i], expected[i]);
}

static void test_weights_that_points_can_follow(void **state)
{
    (void)state;
    check((const struct share_claim[]){{20, 6}, {10, 3}}, 2, (const size_t[]){6, 3});
    check((const struct share_claim[]){{20, 3}, {10, 3}}, 2, (const size_t[]){2, 1});
    check((const struct share_claim[]){{30, 3}, {20, 3}, {10, 3}}, 3, (const size_t[]){3, 2, 1});
    check((const struct share_claim[]){{9, 20}, {1, 20}}, 2, (const size_t[]){18, 2});
    check((const struct share_claim[]){{10, 3}, {5, 20}, {5, 3}}, 3, (const size_t[]){2, 1, 1});
}

/* Nothing has no share, one point is as many as there may be, and no source is left without. */
static void test_weights_that_points_can_not_follow(void **state)
{
    (void)state;
    check((const struct share_claim[]){{11, 3}, {10, 3}, {10, 3}}, 3, (const size_t[]){3, 3, 3});
    check((const struct share_claim[]){{100, 20}, {1, 3}}, 2, (const size_t[]){19, 1});
    check((const struct share_claim[]){{7, 3}, {5, 3}}, 2, (const size_t[]){3, 2});
    check((const struct share_claim[]){{30, 1}, {10, 3}, {10, 3}}, 3, (const size_t[]){1, 1, 1});
    check((const struct share_claim[]){{1, 0}, {2, 0}}, 2, (const size_t[]){0, 0});
    check((const struct share_claim[]){{1, 0}, {20, 6}, {10, 3}}, 3, (const size_t[]){0, 6, 3});
}

/* Where there is not room for all, those with the greatest weights have it, and of like ones the first. */
static void test_more_sources_than_places(void **state)
{
    (void)state;
    struct share_claim claims[25];
    size_t expected[25];
    for (size_t i = 0; i < 25; i++) {
        claims[i] = (struct share_claim){10, 3};
        expected[i] = i < 19;
    }
    claims[24].weight = 11;
    expected[24] = 1;
    check(claims, 25, expected);
}

static void check_bounds(const struct share_claim *claims, size_t count, size_t maximum, const size_t *places)
{
    double shares[SOURCES_MAX];
    size_t sum = 0, offering = 0;
    shares_find(claims, count, 1, maximum, shares);
    for (size_t i = 0; i < count; i++) {
        offering += claims[i].points > 0;
        sum += places[i];
        assert_true(places[i] <= claims[i].points);
        assert_true((double)places[i] < fmax(1, shares[i]) + 1);
    }
    assert_true(sum <= maximum);
    for (size_t i = 0; i < count; i++)
        assert_true(places[i] > 0 || claims[i].points == 0 || offering > maximum);
    assert_true(offering == 0 || sum >= (offering < maximum ? offering : maximum));
}

/* Who has a greater weight, and as many points or more, never has less. */
static void check_order(const struct share_claim *claims, size_t count, const size_t *places)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++)
            assert_true(claims[i].weight <= claims[j].weight || claims[i].points < claims[j].points ||
                        places[i] >= places[j]);
    }
}

static void test_always(void **state)
{
    (void)state;
    random_state = 1;
    for (size_t i = 0; i < CASES; i++) {
        struct share_claim claims[SOURCES_MAX];
        size_t places[SOURCES_MAX], count = 1 + draw(SOURCES_MAX),
                                    maximum = 1 + draw(INTRODUCTION_POINTS_MAX);
        for (size_t j = 0; j < count; j++)
            claims[j] = (struct share_claim){1 + (unsigned)draw(100), draw(21)};
        apportionment_find(claims, count, maximum, places);
        check_bounds(claims, count, maximum, places);
        check_order(claims, count, places);
    }
}

/* With points enough for any weight, no share is further from its weight's part than one place is of all. */
static void test_shares_are_near(void **state)
{
    (void)state;
    random_state = 2;
    for (size_t i = 0; i < CASES; i++) {
        struct share_claim claims[SOURCES_MAX];
        size_t places[SOURCES_MAX], count = 1 + draw(10), sum = 0;
        double weights = 0;
        for (size_t j = 0; j < count; j++) {
            claims[j] = (struct share_claim){10 + (unsigned)draw(20), INTRODUCTION_POINTS_MAX};
            weights += claims[j].weight;
        }
        apportionment_find(claims, count, INTRODUCTION_POINTS_MAX, places);
        for (size_t j = 0; j < count; j++)
            sum += places[j];
        for (size_t j = 0; j < count; j++)
            assert_true(fabs((double)places[j] / (double)sum - claims[j].weight / weights) <
                        1.0 / INTRODUCTION_POINTS_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_that_points_can_follow),
        cmocka_unit_test(test_weights_that_points_can_not_follow),
        cmocka_unit_test(test_more_sources_than_places),
        cmocka_unit_test(test_always),
        cmocka_unit_test(test_shares_are_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
