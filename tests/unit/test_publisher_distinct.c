/* Stories of a frontend whose HSDirs have points of their own, since one set does not hold all backends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_story.h"

#define MINUTE (60 * INT64_C(1000))
#define HOUR (60 * MINUTE)
#define MANY 12
#define BOTH_DESCRIPTORS 16

static struct publisher_frontend *frontend_of(const struct story *story)
{
    return &story->publisher->frontends[0];
}

/* The set that an HSDir took last of the descriptor that clients use. */
static const struct point_set *taken_by(const struct story *story, size_t i)
{
    const struct publisher_upload *upload = &frontend_of(story)->descriptors[DESCRIPTOR_FIRST].uploads[i];
    assert_non_null(upload->taken);
    return upload->taken;
}

static size_t hsdirs_of(const struct story *story)
{
    return frontend_of(story)->descriptors[DESCRIPTOR_FIRST].upload_count;
}

static bool is_asked(const struct story *story, size_t i)
{
    return frontend_of(story)->descriptors[DESCRIPTOR_FIRST].uploads[i].is_asked;
}

/* How many different sets the HSDirs that clients ask have. */
static size_t count_sets(const struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < hsdirs_of(story); i++) {
        bool is_first = is_asked(story, i);
        for (size_t j = 0; j < i && is_first; j++)
            is_first = !is_asked(story, j) || !point_set_equals(taken_by(story, i), taken_by(story, j));
        count += is_first;
    }
    return count;
}

static size_t count_places(const struct story *story, size_t backend)
{
    uint64_t source = frontend_of(story)->members[backend].source;
    size_t count = 0;
    for (size_t i = 0; i < hsdirs_of(story); i++)
        count += is_asked(story, i) ? point_set_count_of(taken_by(story, i), source) : 0;
    return count;
}

static void test_one_set_as_long_as_it_holds_two_points_of_each(void **state)
{
    (void)state;
    struct story *story = story_new_published(10, DESCRIPTOR_FIRST);
    assert_int_equal(count_sets(story), 1);
    assert_int_equal(taken_by(story, 0)->count, 20);
    story_free(story);
    story = story_new_published(11, DESCRIPTOR_FIRST);
    assert_int_equal(count_sets(story), 6);
    story_free(story);
}

static void test_all_are_in_equally(void **state)
{
    (void)state;
    struct story *story = story_new_published(MANY, DESCRIPTOR_FIRST);
    assert_int_equal(count_sets(story), 6);
    for (size_t i = 0; i < hsdirs_of(story); i++)
        assert_int_equal(taken_by(story, i)->count, INTRODUCTION_POINTS_MAX);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(count_places(story, i), 10);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_true(publisher_is_settled(story->publisher, story->now));
    story_free(story);
}

static void test_the_config_decides(void **state)
{
    (void)state;
    struct story *story = story_new_published(MANY, DESCRIPTOR_FIRST);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_SAME, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_sets(story), 1);
    story_free(story);
    story = story_new_published(3, DESCRIPTOR_FIRST);
    assert_int_equal(count_sets(story), 1);
    story_forget(story);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_DISTINCT, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_sets(story), 6); /* of the same points, in another order */
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_int_equal(taken_by(story, 0)->count, 9);
    story_free(story);
}

/* Where a descriptor may have fewer points, the same is decided by that: who does not get two of them is
 * given places at other HSDirs, and has his turn. */
static void test_less_room(void **state)
{
    (void)state;
    struct story *story = story_new_published(MANY, DESCRIPTOR_FIRST);
    story_forget(story);
    publisher_set_points_max(story->publisher, 0, 8, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_sets(story), 6);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    for (size_t i = 0; i < hsdirs_of(story); i++)
        assert_int_equal(taken_by(story, i)->count, 8);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(count_places(story, i), 4);
    publisher_set_points_max(story->publisher, 0, INTRODUCTION_POINTS_MAX, story->now);
    story_run(story, 5 * MINUTE);
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(count_places(story, i), 10);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_SAME, story->now);
    publisher_set_points_max(story->publisher, 0, 3, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_sets(story), 1);
    assert_int_equal(taken_by(story, 0)->count, 3);
    story_free(story);

    story = story_new_published(4, DESCRIPTOR_FIRST);
    publisher_set_points_max(story->publisher, 0, 8, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_sets(story), 1);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(point_set_count_of(taken_by(story, 0), frontend_of(story)->members[i].source), 2);
    publisher_set_points_max(story->publisher, 0, 7, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_sets(story), 6);
    story_free(story);
}

/* The round goes to all HSDirs; the points change only where the backend was, or has come in the place of
 * what it had. */
static void test_a_death_is_one_round(void **state)
{
    (void)state;
    struct story *story = story_new_published(MANY, DESCRIPTOR_FIRST);
    story_run(story, MINUTE);
    story_forget(story);
    uint64_t source = frontend_of(story)->members[4].source;
    publisher_note_unreachable(story->publisher, source, "killed", SOURCE_GONE, story->now);
    story_run(story, MINUTE);
    assert_int_equal(count_places(story, 4), 0);
    assert_int_equal(story_count_to_first(story), 1);
    for (size_t i = 0; i < MANY; i++) {
        if (i != 4)
            assert_in_range(count_places(story, i), 10, 11);
    }
    story_free(story);
}

/* Where the HSDirs change, those that are new have their sets, and those that stay keep theirs. */
static void test_new_hsdirs(void **state)
{
    (void)state;
    struct story *story = story_new_published(MANY, DESCRIPTOR_FIRST);
    uint32_t hsdirs = story->hsdir_count;
    for (uint32_t i = 1; i < 12; i++) {
        story->hsdir_count = hsdirs + 3 * i;
        story_set_network(story, 0, 6);
        story_run(story, 30 * MINUTE);
        assert_int_equal(count_sets(story), 6);
        for (size_t j = 0; j < MANY; j++)
            assert_in_range(count_places(story, j), 8, 12);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
    }
    story_free(story);
}

/* 120 places for 13: each has 9 or 10, and with each refresh others have 10. None of that is news, for which
 * another publisher's counter would be overtaken. */
static void check_turns(size_t points_max, size_t least, size_t most)
{
    struct story *story = story_new_published(13, DESCRIPTOR_FIRST);
    publisher_set_points_max(story->publisher, 0, points_max, story->now);
    story_run(story, 5 * MINUTE);
    size_t places[13] = {0};
    unsigned refreshes = 0;
    uint64_t round = 0;
    while (refreshes < 26) {
        const struct publisher_descriptor *descriptor = &frontend_of(story)->descriptors[DESCRIPTOR_FIRST];
        story_forget(story);
        story_run(story, 10 * MINUTE);
        if (descriptor->round.number == round)
            continue;
        assert_true(round == 0 || !descriptor->round.has_news);
        round = descriptor->round.number;
        refreshes++;
        for (size_t i = 0; i < 13; i++)
            places[i] += count_places(story, i);
    }
    for (size_t i = 0; i < 13; i++)
        assert_in_range(places[i], least, most);
    story_free(story);
}

static void test_turns(void **state)
{
    (void)state;
    check_turns(INTRODUCTION_POINTS_MAX, 238, 242);
}

/* 6 places for 13: less than half of them are in at any time, and each is so in 12 of 26 turns. */
static void test_turns_with_one_point_each(void **state)
{
    (void)state;
    check_turns(1, 10, 14);
}

/* Where changes come so often that no refresh is ever due, others have their turn with these all the same. */
static void test_turns_among_changes(void **state)
{
    (void)state;
    struct story *story = story_new_published(13, DESCRIPTOR_FIRST);
    size_t places[13] = {0};
    uint64_t next = 1000;
    for (unsigned i = 0; i < 200; i++) {
        story_change_points(story, 12, next += 3);
        story_forget(story);
        story_run(story, 31 * MINUTE);
        for (size_t j = 0; j < 13; j++)
            places[j] += count_places(story, j);
    }
    for (size_t i = 0; i < 12; i++)
        assert_in_range(places[i], 200 * 9 + 30, 200 * 9 + 65);
    story_free(story);
}

/* Nobody is owed places for the time in which it was not there to have any, or was drained: else who is lost
 * and comes back all the time would have more than the others. */
static void test_nothing_is_owed_for_absence(void **state)
{
    (void)state;
    for (int is_drain = 0; is_drain <= 1; is_drain++) {
        struct story *story = story_new_published(MANY, DESCRIPTOR_FIRST);
        const struct publisher_member *member = &frontend_of(story)->members[4];
        story_run(story, MINUTE);
        story_forget(story);
        if (is_drain) {
            publisher_set_drained(story->publisher, 0, member->source, true, story->now);
        } else {
            story->backends[4].answers = false;
            publisher_note_unreachable(story->publisher, member->source, "killed", SOURCE_GONE, story->now);
        }
        story_run(story, 50 * MINUTE);
        story_forget(story);
        assert_int_equal(count_places(story, 4), 0);
        if (is_drain) {
            publisher_set_drained(story->publisher, 0, member->source, false, story->now);
        } else {
            story->backends[4].answers = true;
            story_reach(story, 4);
        }
        story_run(story, 10 * MINUTE);
        assert_int_equal(count_places(story, 4), 10);
        assert_true(member->owed < 0.5);
        story_free(story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_set_as_long_as_it_holds_two_points_of_each),
        cmocka_unit_test(test_all_are_in_equally),
        cmocka_unit_test(test_the_config_decides),
        cmocka_unit_test(test_less_room),
        cmocka_unit_test(test_a_death_is_one_round),
        cmocka_unit_test(test_new_hsdirs),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_turns_with_one_point_each),
        cmocka_unit_test(test_turns_among_changes),
        cmocka_unit_test(test_nothing_is_owed_for_absence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
