/* Tests how many places each source is to have: by hand where the answer can be said, and what holds always
 * on thousands of random cases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "helper_draws.h"
#include "onion/introduction_point.h"
#include "publish/shares.h"

#define SOURCES_MAX 200
#define SETS 6

static uint64_t random_state;

static size_t draw(size_t below)
{
    return draws_next(&random_state, below);
}

static void check(const struct share_claim *claims, size_t count, size_t sets, const double *expected)
{
    double places[SOURCES_MAX];
    shares_find(claims, count, sets, INTRODUCTION_POINTS_MAX, places);
    for (size_t i = 0; i < count; i++)
        assert_true(fabs(places[i] - expected[i]) < 1e-9);
}

static void test_one_source_has_all(void **state)
{
    (void)state;
    check((const struct share_claim[]){{10, 20}}, 1, 1, (const double[]){20});
    check((const struct share_claim[]){{3, 5}}, 1, SETS, (const double[]){30});
}

static void test_same_weights_leave_all_points_in(void **state)
{
    (void)state;
    check((const struct share_claim[]){{10, 3}, {10, 3}, {10, 2}}, 3, 1, (const double[]){3, 3, 2});
    check((const struct share_claim[]){{7, 20}, {7, 3}, {7, 3}}, 3, 1, (const double[]){6, 3, 3});
    check((const struct share_claim[]){{1, 12}, {1, 12}, {1, 0}}, 3, 1, (const double[]){10, 10, 0});
}

static void test_same_weights_share_the_room(void **state)
{
    (void)state;
    struct share_claim claims[30];
    double expected[30];
    for (size_t i = 0; i < 30; i++) {
        claims[i] = (struct share_claim){10, 3};
        expected[i] = 4;
    }
    check(claims, 30, SETS, expected);
}

static void test_other_weights_are_followed(void **state)
{
    (void)state;
    check((const struct share_claim[]){{20, 3}, {10, 3}}, 2, 1, (const double[]){3, 1.5});
    check((const struct share_claim[]){{20, 6}, {10, 3}}, 2, 1, (const double[]){6, 3});
    check((const struct share_claim[]){{20, 6}, {10, 3}}, 2, SETS, (const double[]){36, 18});
    check((const struct share_claim[]){{100, 20}, {1, 3}}, 2, 1, (const double[]){2000.0 / 101, 20.0 / 101});
}

/* Its weight is three times as great, and it offers a point alone. */
static void test_few_points_push_nobody_out(void **state)
{
    (void)state;
    check((const struct share_claim[]){{30, 1}, {10, 3}, {10, 3}}, 3, 1, (const double[]){1, 1, 1});
    check((const struct share_claim[]){{11, 1}, {10, 3}, {10, 3}}, 3, 1,
          (const double[]){1, 30.0 / 11, 30.0 / 11});
}

/* None has more than there are points and room; of two with points enough the places are as the weights. */
static void test_what_holds_always(void **state)
{
    (void)state;
    random_state = 1;
    for (unsigned run = 0; run < 5000; run++) {
        struct share_claim claims[SOURCES_MAX];
        double places[SOURCES_MAX], sum = 0;
        size_t count = 1 + draw(SOURCES_MAX), sets = 1 + draw(8), weights = 1 + draw(100);
        for (size_t i = 0; i < count; i++)
            claims[i] = (struct share_claim){(unsigned)(1 + draw(weights)), draw(21)};
        shares_find(claims, count, sets, INTRODUCTION_POINTS_MAX, places);
        for (size_t i = 0; i < count; i++) {
            assert_true(places[i] >= 0 && places[i] <= (double)(sets * claims[i].points) + 1e-9);
            assert_true((places[i] > 0) == (claims[i].points > 0));
            sum += places[i];
            size_t other = draw(count);
            if (places[i] < (double)(sets * claims[i].points) - 1e-9 &&
                places[other] < (double)(sets * claims[other].points) - 1e-9)
                assert_true(fabs(places[i] * claims[other].weight - places[other] * claims[i].weight) < 1e-6);
        }
        assert_true(sum <= (double)(sets * INTRODUCTION_POINTS_MAX) + 1e-6);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_source_has_all),
        cmocka_unit_test(test_same_weights_leave_all_points_in),
        cmocka_unit_test(test_same_weights_share_the_room),
        cmocka_unit_test(test_other_weights_are_followed),
        cmocka_unit_test(test_few_points_push_nobody_out),
        cmocka_unit_test(test_what_holds_always),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
