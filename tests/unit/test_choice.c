/* Tests the choice of introduction points: even, at most so many, stable, and unlike from seed to seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "helper_choice.h"

#define BACKENDS 30
#define POINTS 10

static struct introduction_point points[BACKENDS][POINTS];
static uint8_t identity_keys[BACKENDS][32];
static const uint8_t seed[CHOICE_SEED_SIZE] = "a seed, thirty-two bytes of it";

static int set_up(void **state)
{
    (void)state;
    memset(points, 0, sizeof(points));
    for (size_t i = 0; i < BACKENDS; i++) {
        identity_keys[i][0] = (uint8_t)i;
        for (size_t j = 0; j < POINTS; j++) {
            points[i][j].auth_key[0] = (uint8_t)i;
            points[i][j].auth_key[1] = (uint8_t)j;
        }
    }
    return 0;
}

/* Offers the first counts[i] points of backend i, for count backends. */
static size_t pick(const struct introduction_point **chosen, size_t maximum, const size_t *counts,
                   size_t count, const uint8_t *with_seed)
{
    struct choice_offer offers[BACKENDS] = {{0}};
    for (size_t i = 0; i < count; i++)
        offers[i] = (struct choice_offer){
            .identity_key = identity_keys[i], .points = points[i], .point_count = counts[i]};
    return choose_points(chosen, maximum, offers, count, with_seed);
}

static size_t count_of_backend(const struct introduction_point *const *chosen, size_t count, size_t backend)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += chosen[i]->auth_key[0] == backend;
    return found;
}

static bool has_chosen(const struct introduction_point *const *chosen, size_t count,
                       const struct introduction_point *point)
{
    for (size_t i = 0; i < count; i++) {
        if (chosen[i] == point)
            return true;
    }
    return false;
}

static void test_nothing(void **state)
{
    (void)state;
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
    const size_t counts[2] = {0, 0};
    assert_int_equal(pick(chosen, 20, counts, 0, seed), 0);
    assert_int_equal(pick(chosen, 20, counts, 2, seed), 0);
    assert_int_equal(pick(chosen, 0, (const size_t[]){3}, 1, seed), 0);
}

/* What a backend may have at most where every second one offers few points and the others all: twice as many
 * as the middle one offers, or as tors do by default. */
static size_t find_share_max(size_t backends, size_t few)
{
    bool is_few_in_the_middle = few > 0 && backends % 2 == 0;
    size_t share_max = 2 * (few > 3 ? few : 3);
    return is_few_in_the_middle && share_max < POINTS ? share_max : POINTS;
}

/* Every number of backends with every number of points: nobody has two more than another who has some left.
 */
static void test_even_spread(void **state)
{
    (void)state;
    for (size_t backends = 1; backends <= BACKENDS; backends++) {
        for (size_t few = 0; few <= POINTS; few++) {
            size_t counts[BACKENDS], total = 0, share_max = find_share_max(backends, few);
            for (size_t i = 0; i < backends; i++) {
                counts[i] = i % 2 == 0 ? POINTS : few;
                total += counts[i] < share_max ? counts[i] : share_max;
            }
            const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
            size_t count = pick(chosen, INTRODUCTION_POINTS_MAX, counts, backends, seed);
            assert_int_equal(count, total < INTRODUCTION_POINTS_MAX ? total : INTRODUCTION_POINTS_MAX);
            size_t most = 0;
            for (size_t i = 0; i < backends; i++) {
                size_t has = count_of_backend(chosen, count, i);
                most = has > most ? has : most;
            }
            for (size_t i = 0; i < backends; i++) {
                size_t has = count_of_backend(chosen, count, i);
                assert_true(has + 1 >= most || has == counts[i] || has == share_max);
            }
        }
    }
}

/* One backend that offers all the points it can does not get the clients of the others; alone it has them
 * all. */
static void test_nobody_gets_most_by_offering_much(void **state)
{
    (void)state;
    static const struct {
        size_t counts[4];
        size_t count, share;
    } rows[] = {
        {{10}, 1, 10},      {{10, 0}, 2, 10},   {{10, 1}, 2, 6},     {{10, 3}, 2, 6},       {{10, 4}, 2, 8},
        {{10, 3, 3}, 3, 6}, {{10, 3, 4}, 3, 8}, {{10, 5, 5}, 3, 10}, {{10, 1, 1, 1}, 4, 6},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
        size_t count = pick(chosen, INTRODUCTION_POINTS_MAX, rows[i].counts, rows[i].count, seed);
        assert_int_equal(count_of_backend(chosen, count, 0), rows[i].share);
    }
}

static void test_more_than_fits_is_cut(void **state)
{
    (void)state;
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
    const size_t counts[3] = {10, 10, 10};
    assert_int_equal(pick(chosen, 1000, counts, 3, seed), INTRODUCTION_POINTS_MAX);
    assert_int_equal(pick(chosen, 5, counts, 3, seed), 5);
}

/* With room for all a backend that goes takes its own points along, and the others stand as they stood. */
static void test_a_change_does_not_reshuffle(void **state)
{
    (void)state;
    const struct introduction_point *before[INTRODUCTION_POINTS_MAX], *after[INTRODUCTION_POINTS_MAX];
    const size_t all[4] = {3, 3, 3, 3}, without[4] = {3, 3, 0, 3};
    size_t before_count = pick(before, 20, all, 4, seed);
    size_t after_count = pick(after, 20, without, 4, seed);
    assert_int_equal(before_count, 12);
    assert_int_equal(after_count, 9);
    size_t place = 0;
    for (size_t i = 0; i < before_count; i++) {
        if (before[i]->auth_key[0] != 2)
            assert_ptr_equal(before[i], after[place++]);
    }
}

/* Where there is no room for all, a backend more takes points from the others, but swaps none of theirs. */
static void test_a_backend_more_only_takes(void **state)
{
    (void)state;
    size_t counts[BACKENDS];
    for (size_t i = 0; i < BACKENDS; i++)
        counts[i] = POINTS;
    for (size_t backends = 1; backends < BACKENDS; backends++) {
        const struct introduction_point *few[INTRODUCTION_POINTS_MAX], *more[INTRODUCTION_POINTS_MAX];
        size_t few_count = pick(few, 20, counts, backends, seed);
        size_t more_count = pick(more, 20, counts, backends + 1, seed);
        for (size_t i = 0; i < more_count; i++) {
            if (more[i]->auth_key[0] != backends)
                assert_true(has_chosen(few, few_count, more[i]));
        }
    }
}

static void test_points_do_not_depend_on_order(void **state)
{
    (void)state;
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX], *turned[INTRODUCTION_POINTS_MAX];
    struct choice_offer offers[BACKENDS], reversed[BACKENDS];
    for (size_t i = 0; i < BACKENDS; i++)
        offers[i] = reversed[BACKENDS - 1 - i] = (struct choice_offer){
            .identity_key = identity_keys[i], .points = points[i], .point_count = POINTS};
    size_t count = choose_points(chosen, 20, offers, BACKENDS, seed);
    assert_int_equal(choose_points(turned, 20, reversed, BACKENDS, seed), count);
    assert_memory_equal(chosen, turned, count * sizeof(chosen[0]));
}

static void test_another_seed_chooses_others(void **state)
{
    (void)state;
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX], *others[INTRODUCTION_POINTS_MAX];
    const size_t counts[4] = {10, 10, 10, 10};
    uint8_t other_seed[CHOICE_SEED_SIZE] = {1};
    size_t count = pick(chosen, 20, counts, 4, seed);
    assert_int_equal(pick(others, 20, counts, 4, other_seed), count);
    assert_memory_not_equal(chosen, others, count * sizeof(chosen[0]));
}

static void test_legacy_keys_are_passed_over(void **state)
{
    (void)state;
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
    const size_t counts[2] = {3, 3};
    points[0][1].has_legacy_key = true;
    size_t count = pick(chosen, 20, counts, 2, seed);
    assert_int_equal(count, 5);
    assert_false(has_chosen(chosen, count, &points[0][1]));
}

/* A backend that offers another's points gains nothing, and no point stands there twice. */
static void test_no_point_twice(void **state)
{
    (void)state;
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
    const size_t counts[2] = {5, 5};
    memcpy(points[1], points[0], sizeof(points[0]));
    size_t count = pick(chosen, 20, counts, 2, seed);
    assert_int_equal(count, 5);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_false(introduction_point_equals(chosen[i], chosen[j]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_nothing, set_up),
        cmocka_unit_test_setup(test_even_spread, set_up),
        cmocka_unit_test_setup(test_nobody_gets_most_by_offering_much, set_up),
        cmocka_unit_test_setup(test_more_than_fits_is_cut, set_up),
        cmocka_unit_test_setup(test_a_change_does_not_reshuffle, set_up),
        cmocka_unit_test_setup(test_a_backend_more_only_takes, set_up),
        cmocka_unit_test_setup(test_points_do_not_depend_on_order, set_up),
        cmocka_unit_test_setup(test_another_seed_chooses_others, set_up),
        cmocka_unit_test_setup(test_legacy_keys_are_passed_over, set_up),
        cmocka_unit_test_setup(test_no_point_twice, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
