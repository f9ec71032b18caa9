/* The choice of introduction points where several sources offer the same relays, or the same points: whoever
 * was there first keeps them, whatever the seed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "publish/choice.h"

#define OFFERS 8
#define SEEDS 200
#define HONEST 0 /* the offers' numbers */
#define HOSTILE 1

static const struct descriptor descriptor;

/* Offers, of which point j of offer i has the key ij and is at the relay ij unless a test says otherwise, and
 * has been there since moment 1. */
struct scene {
    uint8_t identity_keys[OFFERS][32];
    struct introduction_point points[OFFERS][INTRODUCTION_POINTS_MAX];
    struct point_claim claims[OFFERS][INTRODUCTION_POINTS_MAX];
    struct choice_offer offers[OFFERS];
};

static void set_relay(struct introduction_point *point, size_t offer, size_t number)
{
    struct link_specifiers links = {
        .ipv4 = {192, 0, 2, 1}, .ipv4_port = 9001, .fingerprint = {(uint8_t)offer, (uint8_t)number}};
    introduction_point_set_links(point, &links);
}

static void scene_make(struct scene *scene)
{
    memset(scene, 0, sizeof(*scene));
    for (size_t i = 0; i < OFFERS; i++) {
        scene->identity_keys[i][0] = (uint8_t)i;
        for (size_t j = 0; j < INTRODUCTION_POINTS_MAX; j++) {
            scene->points[i][j].auth_key[0] = (uint8_t)i;
            scene->points[i][j].auth_key[1] = (uint8_t)j;
            set_relay(&scene->points[i][j], i, j);
            scene->claims[i][j] = (struct point_claim){1, 1, false};
        }
        scene->offers[i] = (struct choice_offer){
            .identity_key = scene->identity_keys[i],
            .points = scene->points[i],
            .claims = scene->claims[i],
            .source = i,
            .descriptor = &descriptor,
        };
    }
}

/* The offer has so many points since a moment. */
static void offer(struct scene *scene, size_t number, size_t count, int64_t since)
{
    scene->offers[number].point_count = count;
    for (size_t i = 0; i < INTRODUCTION_POINTS_MAX; i++)
        scene->claims[number][i].key_since = scene->claims[number][i].relay_since = since;
}

/* Makes the set of the first count offers. They come in an order that depends on the seed, too. */
static struct point_set *choose(const struct scene *scene, size_t count, uint8_t seed_byte)
{
    const uint8_t seed[CHOICE_SEED_SIZE] = {seed_byte};
    struct choice_offer offers[OFFERS];
    for (size_t i = 0; i < count; i++)
        offers[i] = scene->offers[seed_byte % 2 == 0 ? i : count - 1 - i];
    struct point_set *set = choice_make_set(offers, count, INTRODUCTION_POINTS_MAX, NULL, seed);
    assert_non_null(set);
    for (size_t i = 0; i < set->count; i++) {
        struct point_set *others = point_set_share(set);
        assert_true(choice_is_taken(others, &set->entries[i].point));
        point_set_release(others);
    }
    return set;
}

static size_t count_of(const struct point_set *set, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; i < set->count; i++)
        count += set->entries[i].source == source;
    return count;
}

static void assert_counts(const struct scene *scene, size_t offers, const size_t *counts)
{
    for (unsigned int seed = 0; seed < SEEDS; seed++) {
        struct point_set *set = choose(scene, offers, (uint8_t)seed);
        for (size_t i = 0; i < offers; i++) {
            if (count_of(set, i) != counts[i])
                fail_msg("seed %u: offer %zu has %zu points, not %zu", seed, i, count_of(set, i), counts[i]);
        }
        point_set_release(set);
    }
}

/* A source with one point, and a hostile one that names its relay later, alone or among others. */
static void test_relay_of_a_single_point(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    offer(&scene, HONEST, 1, 5);
    for (size_t count = 1; count <= INTRODUCTION_POINTS_MAX; count++) {
        offer(&scene, HOSTILE, count, 6);
        set_relay(&scene.points[HOSTILE][count / 2], HONEST, 0);
        const size_t left = count - 1 < 6 ? count - 1 : 6;
        assert_counts(&scene, 2, (const size_t[]){1, left});
        set_relay(&scene.points[HOSTILE][count / 2], HOSTILE, count / 2);
    }
}

/* All relays of three honest sources, named by a hostile one: it gets none of them. */
static void test_all_relays_of_others(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    for (size_t i = 0; i < 4; i++)
        offer(&scene, i, i == HOSTILE ? 9 : 3, i == HOSTILE ? 100 : (int64_t)i);
    for (size_t j = 0; j < 9; j++)
        set_relay(&scene.points[HOSTILE][j], (const size_t[]){0, 2, 3}[j / 3], j % 3);
    assert_counts(&scene, 4, (const size_t[]){3, 0, 3, 3});
    set_relay(&scene.points[HOSTILE][8], HOSTILE, 8);
    assert_counts(&scene, 4, (const size_t[]){3, 1, 3, 3});
}

/* The very points, copied: with their keys, at their relays or at others. */
static void test_copied_points(void **state)
{
    (void)state;
    struct scene scene;
    for (int at_other_relays = 0; at_other_relays < 2; at_other_relays++) {
        scene_make(&scene);
        offer(&scene, HONEST, 3, 5);
        offer(&scene, HOSTILE, 3, 6);
        for (size_t j = 0; j < 3; j++) {
            memcpy(scene.points[HOSTILE][j].auth_key, scene.points[HONEST][j].auth_key, 32);
            if (!at_other_relays)
                set_relay(&scene.points[HOSTILE][j], HONEST, j);
        }
        assert_counts(&scene, 2, (const size_t[]){3, 0});
    }
}

/* A key of one source at the relay of another: it takes neither. */
static void test_key_of_one_and_relay_of_another(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    offer(&scene, 0, 1, 5);
    offer(&scene, 1, 1, 9);
    offer(&scene, 2, 1, 5);
    memcpy(scene.points[1][0].auth_key, scene.points[0][0].auth_key, 32);
    set_relay(&scene.points[1][0], 2, 0);
    assert_counts(&scene, 3, (const size_t[]){1, 0, 1});
    /* Having been at the relay before the one does not help it to the key of the other, nor keeps it the
     * relay. */
    scene.claims[1][0].relay_since = 1;
    assert_counts(&scene, 3, (const size_t[]){1, 0, 1});
}

/* Two that share relays for good reason: the first keeps them, and the other has its other points. */
static void test_shared_in_good_faith(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    offer(&scene, 0, 3, 8);
    offer(&scene, 1, 3, 3);
    offer(&scene, 2, 3, 5);
    set_relay(&scene.points[0][1], 1, 0);
    set_relay(&scene.points[2][2], 1, 0);
    assert_counts(&scene, 3, (const size_t[]){2, 3, 2});
    for (unsigned int seed = 0; seed < SEEDS; seed++) {
        struct point_set *set = choose(&scene, 3, (uint8_t)seed);
        assert_true(point_set_has_point(set, &scene.points[1][0]));
        point_set_release(set);
    }
}

/* A claim counts only as far as its source's share goes: nobody keeps more relays from others than that. */
static void test_claims_are_within_the_share(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    offer(&scene, HONEST, 3, 5);
    offer(&scene, HOSTILE, INTRODUCTION_POINTS_MAX, 1);
    offer(&scene, 2, 3, 5);
    for (size_t j = 0; j < 3; j++) {
        set_relay(&scene.points[HOSTILE][j], HONEST, j);
        set_relay(&scene.points[HOSTILE][10 + j], 2, j);
    }
    size_t honest = 0;
    for (unsigned int seed = 0; seed < SEEDS; seed++) {
        struct point_set *set = choose(&scene, 3, (uint8_t)seed);
        assert_int_equal(count_of(set, HOSTILE), 6);
        honest += count_of(set, HONEST) + count_of(set, 2);
        point_set_release(set);
    }
    /* Of 20 points that it has, 6 are in: each of the others' 6 relays is lost to it in 6 of 20 cases. */
    assert_in_range(honest, SEEDS * 6 * 12 / 20, SEEDS * 6 * 16 / 20);
}

/* What came at one moment, as all does when obpub has just started: each has something, and the source that
 * has only one point keeps it. */
static void test_at_one_moment(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    offer(&scene, HONEST, 1, 5);
    offer(&scene, HOSTILE, 3, 5);
    set_relay(&scene.points[HOSTILE][1], HONEST, 0);
    assert_counts(&scene, 2, (const size_t[]){1, 2});
    offer(&scene, HONEST, 3, 5);
    for (size_t j = 0; j < 3; j++)
        set_relay(&scene.points[HOSTILE][j], HONEST, j);
    for (unsigned int seed = 0; seed < SEEDS; seed++) {
        struct point_set *set = choose(&scene, 2, (uint8_t)seed);
        assert_int_equal(set->count, 3);
        assert_in_range(count_of(set, HONEST), 1, 2);
        point_set_release(set);
    }
}

/* Those at unknown relays are taken when all others are, and never instead of one. */
static void test_unknown_relays_come_last(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    for (size_t i = 0; i < OFFERS; i++)
        offer(&scene, i, 3, 5);
    for (size_t i = 0; i < OFFERS; i++)
        scene.claims[i][1].is_of_unknown_relay = true;
    /* 16 at known relays, and 4 of 8 others */
    for (unsigned int seed = 0; seed < SEEDS; seed++) {
        struct point_set *set = choose(&scene, OFFERS, (uint8_t)seed);
        assert_int_equal(set->count, INTRODUCTION_POINTS_MAX);
        for (size_t i = 0; i < OFFERS; i++) {
            assert_true(point_set_has_point(set, &scene.points[i][0]));
            assert_true(point_set_has_point(set, &scene.points[i][2]));
        }
        point_set_release(set);
    }
    /* With room for all, all are in, in the same order as if they were known. */
    struct point_set *unknown = choose(&scene, 3, 7);
    for (size_t i = 0; i < OFFERS; i++)
        scene.claims[i][1].is_of_unknown_relay = false;
    struct point_set *known = choose(&scene, 3, 7);
    assert_int_equal(known->count, 9);
    assert_true(point_set_equals(known, unknown));
    point_set_release(known);
    point_set_release(unknown);
}

/* A new source changes nothing at the relays of those that were there. */
static void test_a_copy_changes_nothing(void **state)
{
    (void)state;
    struct scene scene;
    scene_make(&scene);
    for (size_t i = 0; i < 4; i++)
        offer(&scene, i, 3, 5);
    offer(&scene, 4, 3, 6);
    for (size_t j = 0; j < 3; j++)
        set_relay(&scene.points[4][j], j, j);
    for (unsigned int seed = 0; seed < SEEDS; seed++) {
        struct point_set *before = choose(&scene, 4, (uint8_t)seed);
        struct point_set *after = choose(&scene, 5, (uint8_t)seed);
        assert_true(point_set_equals(before, after));
        point_set_release(before);
        point_set_release(after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relay_of_a_single_point),
        cmocka_unit_test(test_all_relays_of_others),
        cmocka_unit_test(test_copied_points),
        cmocka_unit_test(test_key_of_one_and_relay_of_another),
        cmocka_unit_test(test_shared_in_good_faith),
        cmocka_unit_test(test_claims_are_within_the_share),
        cmocka_unit_test(test_at_one_moment),
        cmocka_unit_test(test_unknown_relays_come_last),
        cmocka_unit_test(test_a_copy_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
