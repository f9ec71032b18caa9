/* The choice of introduction points where backends share relays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper_choice.h"

#define OFFERS 3
#define POINTS 10

/* Backends with POINTS points each, all at relays of their own. */
struct scene {
    uint8_t identity_keys[OFFERS][32];
    struct introduction_point points[OFFERS][POINTS];
    struct choice_offer offers[OFFERS];
    const struct introduction_point *chosen[INTRODUCTION_POINTS_MAX];
};

/* Puts a point at a relay: NSPEC 1, then the specifier for an RSA fingerprint. */
static void set_relay(struct introduction_point *point, uint8_t relay)
{
    point->link_specifiers[0] = 1;
    point->link_specifiers[1] = 2;
    point->link_specifiers[2] = 20;
    memset(point->link_specifiers + 3, relay, 20);
    point->link_specifiers_length = 23;
}

static void scene_set(struct scene *scene, size_t point_count)
{
    memset(scene, 0, sizeof(*scene));
    for (uint8_t i = 0; i < OFFERS; i++) {
        scene->identity_keys[i][0] = i;
        scene->offers[i].identity_key = scene->identity_keys[i];
        scene->offers[i].points = scene->points[i];
        scene->offers[i].point_count = point_count;
        for (uint8_t j = 0; j < POINTS; j++) {
            scene->points[i][j].auth_key[0] = i;
            scene->points[i][j].auth_key[1] = j;
            set_relay(&scene->points[i][j], (uint8_t)(i * POINTS + j));
        }
    }
}

static size_t choose(struct scene *scene, size_t maximum, uint8_t seed_byte)
{
    uint8_t seed[CHOICE_SEED_SIZE] = {seed_byte};
    return choose_points(scene->chosen, maximum, scene->offers, OFFERS, seed);
}

/* How many of the chosen points are one backend's. */
static size_t count_of(const struct scene *scene, size_t count, uint8_t offer)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += scene->chosen[i]->auth_key[0] == offer;
    return found;
}

static void all_points_are_taken_when_there_is_room(void **state)
{
    (void)state;
    struct scene scene;
    scene_set(&scene, 3);
    assert_int_equal(choose(&scene, 20, 0), 9);
    for (size_t i = 0; i < 9; i++)
        for (size_t j = 0; j < i; j++)
            assert_ptr_not_equal(scene.chosen[i], scene.chosen[j]);
}

static void points_are_spread_evenly(void **state)
{
    (void)state;
    struct scene scene;
    for (uint8_t seed = 0; seed < 20; seed++) {
        scene_set(&scene, POINTS);
        assert_int_equal(choose(&scene, 100, seed), 20);
        for (uint8_t offer = 0; offer < OFFERS; offer++)
            assert_in_range(count_of(&scene, 20, offer), 6, 7);
        scene.offers[1].point_count = 2;
        assert_int_equal(choose(&scene, 20, seed), 20);
        assert_int_equal(count_of(&scene, 20, 0), 9);
        assert_int_equal(count_of(&scene, 20, 1), 2);
    }
}

static void seed_alone_decides(void **state)
{
    (void)state;
    struct scene scene;
    const struct introduction_point *before[INTRODUCTION_POINTS_MAX];
    scene_set(&scene, 3);
    choose(&scene, 20, 1);
    memcpy(before, scene.chosen, sizeof(before));
    choose(&scene, 20, 1);
    assert_memory_equal(before, scene.chosen, 9 * sizeof(before[0]));
    choose(&scene, 20, 2);
    assert_memory_not_equal(before, scene.chosen, 9 * sizeof(before[0]));
}

static void legacy_points_are_passed_over(void **state)
{
    (void)state;
    struct scene scene;
    scene_set(&scene, 3);
    scene.points[0][1].has_legacy_key = true;
    assert_int_equal(choose(&scene, 20, 0), 8);
    assert_int_equal(count_of(&scene, 8, 0), 2);
}

static void a_relay_has_one_point(void **state)
{
    (void)state;
    struct scene scene;
    for (uint8_t seed = 0; seed < 50; seed++) {
        scene_set(&scene, 3);
        for (uint8_t i = 0; i < OFFERS; i++)
            for (uint8_t j = 0; j < 3; j++)
                set_relay(&scene.points[i][j], j);
        assert_int_equal(choose(&scene, 20, seed), 3);
        for (uint8_t offer = 0; offer < OFFERS; offer++)
            assert_int_equal(count_of(&scene, 3, offer), 1);
    }
}

static void points_without_a_fingerprint_stay(void **state)
{
    (void)state;
    struct scene scene;
    scene_set(&scene, 3);
    for (uint8_t j = 0; j < 3; j++)
        scene.points[0][j].link_specifiers_length = 0;
    assert_int_equal(choose(&scene, 20, 0), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_points_are_taken_when_there_is_room),
        cmocka_unit_test(points_are_spread_evenly),
        cmocka_unit_test(seed_alone_decides),
        cmocka_unit_test(legacy_points_are_passed_over),
        cmocka_unit_test(a_relay_has_one_point),
        cmocka_unit_test(points_without_a_fingerprint_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
