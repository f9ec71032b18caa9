/* How often the descriptors of a frontend go out whose twins verify proof of work, and for how long what is
 * in them counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_split.h"

/* -- for how long clients use it ----------------------------------------------------------------------- */

/* The latest moment at which pow-params of a descriptor are to be published anew; checks that some are to
 * end early, and that all are for so long. */
static int64_t check_lifetimes(const struct story *story, int64_t lifetime)
{
    const struct story_upload *last[ASKED + SPARE];
    size_t count = split_list_last(story, DESCRIPTOR_SECOND, last), early = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(last[i]->pow_lifetime, last[i]->seed != 0 ? lifetime : 0);
        early += last[i]->pow_lifetime > 0;
    }
    assert_true(early > 0);
    return last[0]->at + lifetime;
}

/* While some twin's own points are not known clients are to come again soon, whether or not there is a lead;
 * and what they get does not expire before there is something newer. */
static void test_early_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t lead, lifetime;
    } rows[] = {{0, 45 * MINUTE}, {10 * MINUTE, 10 * MINUTE}, {45 * MINUTE, 45 * MINUTE}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
        publisher_set_twins(story->publisher, 0, rows[i].lead, true, story->now);
        story_run(story, 60 * MINUTE);
        split_upload_next(story, 0, 1000);
        story_run(story, MINUTE);
        for (unsigned times = 0; times < 5; times++) {
            int64_t end = check_lifetimes(story, rows[i].lifetime);
            story_run(story, end - story->now);
            assert_true(check_lifetimes(story, rows[i].lifetime) > end);
        }
        story_free(story);
    }
}

/* Nobody is live: what another process of a twin's tor does not verify any more is not asked of clients
 * either, though the last good points stay; and the spare HSDirs are left to the tors as before. Where
 * another twin may live its points are the better ones. */
static void test_work_of_a_process_that_is_gone(void **state)
{
    (void)state;
    for (size_t twins = 1; twins <= 2; twins++) {
        struct story *story = split_begin(twins, twins, DESCRIPTOR_FIRST);
        story_run(story, 60 * MINUTE);
        if (twins == 2)
            publisher_note_unreachable(story->publisher, 1, "lost", SOURCE_LOST, story->now);
        story_run(story, 30000);
        publisher_note_unreachable(story->publisher, 0, "gone", SOURCE_GONE, story->now);
        story_run(story, 2 * MINUTE);
        assert_true(split_frontend(story)->is_frozen);
        story->backends[0].fails = true;
        story_reach(story, 0);
        story_run(story, 5 * MINUTE);
        assert_true(split_frontend(story)->is_frozen && split_frontend(story)->is_split);
        const struct story_upload *last[ASKED + SPARE];
        for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
            assert_int_equal(split_list_last(story, slot, last), ASKED);
        split_list_last(story, DESCRIPTOR_FIRST, last);
        for (size_t i = 0; i < ASKED; i++) {
            assert_int_equal(last[i]->seed, twins == 2 ? 2 : 0);
            assert_int_equal(last[i]->points[0] / 100, twins - 1);
        }
        story->backends[0].fails = false;
        story->backends[0].seed = 50;
        story->backends[0].points[FROM_TOR][0] = 1000;
        story_run(story, 2 * MINUTE);
        split_list_last(story, DESCRIPTOR_FIRST, last);
        for (size_t i = 0; i < ASKED; i++)
            assert_int_equal(last[i]->seed, 50);
        story_free(story);
    }
}

/* -- what changes without end -------------------------------------------------------------------------- */

/* Counts the rounds of each descriptor that uploads were part of. */
static void count_rounds(const struct story *story, size_t counts[DESCRIPTOR_SLOTS],
                         uint64_t last[DESCRIPTOR_SLOTS])
{
    for (size_t i = 0; i < story->upload_count; i++) {
        const struct story_upload *upload = &story->uploads[i];
        counts[upload->slot] += upload->round != last[upload->slot];
        last[upload->slot] = upload->round;
    }
}

/* A lone tor that has proof of work on and off by turns: the spare HSDirs come and go with that, but what
 * they are sent comes out of the frontend's allowance like anything else. */
static void test_work_on_and_off(void **state)
{
    (void)state;
    struct story *story = split_begin(1, 1, DESCRIPTOR_FIRST);
    size_t counts[DESCRIPTOR_SLOTS] = {0};
    uint64_t last[DESCRIPTOR_SLOTS] = {0};
    story->publisher->rules.gain_spread = MINUTE;
    story->publisher->rules.death_spread = 3000;
    for (unsigned minute = 0; minute < 3 * 60; minute++) {
        story_forget(story);
        for (unsigned i = 0; i < 6; i++) {
            story->backends[0].seed = (uint8_t)(1 - story->backends[0].seed);
            story_run(story, 10000);
        }
        count_rounds(story, counts, last);
    }
    assert_in_range(counts[DESCRIPTOR_FIRST] + counts[DESCRIPTOR_SECOND], 10, 30 + 3 * 30 + 3 * 4);
    assert_true(counts[DESCRIPTOR_SECOND] > 0);
    story->backends[0].seed = 0;
    story_run(story, 5 * MINUTE);
    assert_false(split_frontend(story)->is_split);
    story_run(story, 60 * MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_int_equal(split_frontend(story)->descriptors[DESCRIPTOR_FIRST].upload_count, ASKED + SPARE);
    story_free(story);
}

/* Where nothing else goes on the spare HSDirs have what they are to have within two minutes. */
static void test_spares_that_come_back(void **state)
{
    (void)state;
    for (enum descriptor_slot half = 0; half < DESCRIPTOR_SLOTS; half++) {
        struct story *story = split_begin(2, 2, half);
        story->publisher->rules.gain_spread = MINUTE;
        story_run(story, 60 * MINUTE);
        story->backends[0].seed = story->backends[1].seed = 0;
        story_run(story, 2 * MINUTE);
        assert_false(split_frontend(story)->is_split);
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
            assert_int_equal(split_frontend(story)->descriptors[slot].upload_count, ASKED + SPARE);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story_free(story);
    }
}

/* Under attack a tor suggests another effort every five minutes, and never more often. Where two do so for a
 * day each effort is out within seconds: that is less than the allowance grows by. */
static void test_two_efforts_for_a_day(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    const struct publisher_descriptor *descriptor = &split_frontend(story)->descriptors[DESCRIPTOR_FIRST];
    story->publisher->rules.death_spread = 3000;
    story->publisher->rules.gain_spread = MINUTE;
    for (uint32_t i = 1; i <= 2 * 24 * 12; i++) {
        size_t twin = i % 2;
        if (i % 45 == 0) /* its seed ends, too */
            story->backends[twin].seed = (uint8_t)(100 + i / 45);
        story->backends[twin].effort = i;
        story->backends[twin].counter[FROM_TOR]++;
        split_tell_upload(story, twin, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN,
                          descriptor->uploads[0].fingerprint);
        story_forget(story);
        story_run(story, 5000);
        const struct story_upload *last[ASKED + SPARE];
        size_t count = split_list_last(story, DESCRIPTOR_FIRST, last), found = 0;
        for (size_t j = 0; j < count; j++)
            found += last[j]->seed == story->backends[twin].seed && last[j]->effort == i;
        assert_int_equal(found, ASKED / 2);
        story_run(story, i % 2 == 0 ? 4 * MINUTE - 5000 : MINUTE - 5000);
    }
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_work_on_and_off),
        cmocka_unit_test(test_spares_that_come_back),
        cmocka_unit_test(test_two_efforts_for_a_day),
        cmocka_unit_test(test_early_ends),
        cmocka_unit_test(test_work_of_a_process_that_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
