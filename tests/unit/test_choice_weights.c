/* Tests the choice of introduction points of sources that have weights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "helper_choice.h"

#define SOURCES 4
#define POINTS 6

static const uint8_t seed[CHOICE_SEED_SIZE] = "a seed, thirty-two bytes of it";

struct offered {
    struct introduction_point points[SOURCES][POINTS];
    struct point_claim claims[SOURCES][POINTS];
    uint8_t identity_keys[SOURCES][32];
    struct choice_offer offers[SOURCES];
};

/* Gives a point a relay, named by its RSA identity. */
static void set_relay(struct introduction_point *point, uint8_t relay)
{
    uint8_t *specifiers = point->link_specifiers;
    memset(specifiers, 0, 3 + RELAY_FINGERPRINT_SIZE);
    specifiers[0] = 1; /* specifier */
    specifiers[1] = 2; /* an RSA identity, */
    specifiers[2] = RELAY_FINGERPRINT_SIZE;
    specifiers[3] = relay;
    point->link_specifiers_length = 3 + RELAY_FINGERPRINT_SIZE;
}

/* Offers of sources with these weights, with so many points, each at a relay of its own. */
static void make(struct offered *offered, const unsigned *weights, const size_t *counts, size_t count)
{
    memset(offered, 0, sizeof(*offered));
    for (size_t i = 0; i < count; i++) {
        offered->identity_keys[i][0] = (uint8_t)i;
        for (size_t j = 0; j < counts[i]; j++) {
            offered->points[i][j].auth_key[0] = (uint8_t)i;
            offered->points[i][j].auth_key[1] = (uint8_t)j;
            set_relay(&offered->points[i][j], (uint8_t)(i * POINTS + j));
        }
        offered->offers[i] = (struct choice_offer){.identity_key = offered->identity_keys[i],
                                                   .points = offered->points[i],
                                                   .claims = offered->claims[i],
                                                   .point_count = counts[i],
                                                   .weight = weights[i]};
    }
}

/* Checks how many points of each source are chosen. */
static void check(const struct offered *offered, size_t count, const size_t *expected)
{
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
    size_t has[SOURCES] = {0};
    size_t total = choose_points(chosen, INTRODUCTION_POINTS_MAX, offered->offers, count, seed);
    for (size_t i = 0; i < total; i++)
        has[chosen[i]->auth_key[0]]++;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(has[i], expected[i]);
}

static void test_weights_are_followed(void **state)
{
    (void)state;
    struct offered offered;
    make(&offered, (const unsigned[]){20, 10}, (const size_t[]){6, 3}, 2);
    check(&offered, 2, (const size_t[]){6, 3});
    make(&offered, (const unsigned[]){20, 10, 10}, (const size_t[]){6, 6, 6}, 3);
    check(&offered, 3, (const size_t[]){6, 3, 3});
    make(&offered, (const unsigned[]){1, 1, 1, 3}, (const size_t[]){3, 3, 3, 3}, 4);
    check(&offered, 4, (const size_t[]){1, 1, 1, 3});
}

/* Weights that are all the same say nothing, whichever they are. */
static void test_same_weights_say_nothing(void **state)
{
    (void)state;
    for (unsigned weight = 0; weight <= 100; weight += 50) {
        struct offered offered;
        make(&offered, (const unsigned[]){weight, weight, weight}, (const size_t[]){6, 2, 3}, 3);
        check(&offered, 3, (const size_t[]){6, 2, 3});
    }
}

/* A relay that another source was first at costs a source another one of its points, and not its share, as
 * long as it has others. */
static void test_taken_relays(void **state)
{
    (void)state;
    struct offered offered;
    make(&offered, (const unsigned[]){20, 10}, (const size_t[]){6, 6}, 2);
    for (size_t i = 0; i < 3; i++) {
        set_relay(&offered.points[1][i], (uint8_t)i);
        offered.claims[1][i].relay_since = 1000;
    }
    check(&offered, 2, (const size_t[]){6, 3});
    for (size_t i = 3; i < 5; i++) {
        set_relay(&offered.points[1][i], (uint8_t)i);
        offered.claims[1][i].relay_since = 1000;
    }
    check(&offered, 2, (const size_t[]){6, 1});
}

/* Points at relays that the consensus does not have are taken last here, too, and fill a share. */
static void test_unknown_relays(void **state)
{
    (void)state;
    struct offered offered;
    make(&offered, (const unsigned[]){20, 10}, (const size_t[]){6, 6}, 2);
    offered.claims[0][0].is_of_unknown_relay = offered.claims[1][0].is_of_unknown_relay = true;
    check(&offered, 2, (const size_t[]){6, 3});
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
    size_t total = choose_points(chosen, INTRODUCTION_POINTS_MAX, offered.offers, 2, seed);
    for (size_t i = 0; i < total; i++)
        assert_false(chosen[i]->auth_key[0] == 1 && chosen[i]->auth_key[1] == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_are_followed),
        cmocka_unit_test(test_same_weights_say_nothing),
        cmocka_unit_test(test_taken_relays),
        cmocka_unit_test(test_unknown_relays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
