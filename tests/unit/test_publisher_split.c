/* Twins that verify proof of work: each HSDir that clients ask has the points of one of them alone, with its
 * own pow-params, and the spare ones are left to their tors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_split.h"
#include "publish/descriptors.h"
#include "publish/own_points.h"

/* Checks that each HSDir of a descriptor has the points of one twin, the same number of HSDirs each of them
 * that has any; and the pow-params, if it has own points. Points are told apart by their hundreds. */
static void check_split(const struct story *story, enum descriptor_slot slot, size_t twins, bool are_own)
{
    const struct story_upload *last[ASKED + SPARE];
    size_t counts[STORY_BACKENDS_MAX] = {0};
    assert_int_equal(split_list_last(story, slot, last), ASKED);
    for (size_t i = 0; i < ASKED; i++) {
        size_t twin = last[i]->points[0] / 100 % 10;
        assert_int_equal(last[i]->round, last[0]->round);
        for (size_t j = 0; j < last[i]->point_count; j++)
            assert_int_equal(last[i]->points[j] / 100 % 10, twin);
        assert_int_equal(last[i]->seed, are_own ? story->backends[twin].seed : 0);
        counts[twin]++;
    }
    for (size_t i = 0; i < STORY_BACKENDS_MAX; i++)
        assert_true(counts[i] == 0 || counts[i] == ASKED / twins);
}

static void test_each_hsdir_has_one(void **state)
{
    (void)state;
    for (size_t twins = 1; twins <= 3; twins++) {
        struct story *story = split_begin(twins, twins, DESCRIPTOR_FIRST);
        assert_true(split_frontend(story)->is_split);
        story_run(story, 2 * MINUTE);
        check_split(story, DESCRIPTOR_FIRST, twins, true);
        check_split(story, DESCRIPTOR_SECOND, twins, false);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story_free(story);
    }
}

/* It begins when all have proof of work on; who has it off later has no place, until none has it on. */
static void test_when_it_is_split(void **state)
{
    (void)state;
    struct story *story = split_begin(3, 2, DESCRIPTOR_FIRST);
    assert_false(split_frontend(story)->is_split);
    split_switch_on(story, 2);
    story_run(story, 30000);
    assert_true(split_frontend(story)->is_split);
    story->backends[1].seed = 0;
    story_run(story, 3 * MINUTE);
    assert_true(split_frontend(story)->is_split);
    check_split(story, DESCRIPTOR_FIRST, 2, true);
    assert_int_equal(assignment_count_points_from(split_frontend(story)->assignment, 1), 0);
    story->backends[0].seed = story->backends[2].seed = 0;
    story_run(story, 3 * MINUTE);
    assert_false(split_frontend(story)->is_split);
    assert_int_equal(split_frontend(story)->descriptors[DESCRIPTOR_FIRST].upload_count, ASKED + SPARE);
    assert_int_equal(assignment_count_points(split_frontend(story)->assignment), 9);
    publisher_set_twins(story->publisher, 0, LEAD, false, story->now);
    for (size_t i = 0; i < 3; i++)
        split_switch_on(story, i);
    story_run(story, 3 * MINUTE);
    assert_false(split_frontend(story)->is_split);
    story_free(story);
}

/* At the start it does not matter who is heard of first. */
static void test_who_is_heard_of_first(void **state)
{
    (void)state;
    for (size_t lacking = 0; lacking < 3; lacking++) {
        struct story *story = story_new();
        publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
        for (size_t i = 0; i < 3; i++) {
            story_add_twin(story);
            if (i != lacking)
                split_switch_on(story, i);
        }
        story_add_frontend(story, 3);
        publisher_set_twins(story->publisher, 0, LEAD, true, story->now);
        story_set_network(story, 0, 6);
        for (size_t i = 0; i < 3; i++) {
            story_reach(story, i);
            story_run(story, 1000);
        }
        story_run(story, MINUTE);
        assert_false(split_frontend(story)->is_split);
        assert_int_equal(assignment_count_points(split_frontend(story)->assignment), 9);
        story_free(story);
    }
}

/* The HSDirs of one that dies get the points of others within seconds, in both descriptors; the others' keep
 * theirs. */
static void test_one_dies(void **state)
{
    (void)state;
    struct story *story = split_begin(3, 3, DESCRIPTOR_FIRST);
    story_run(story, 2 * MINUTE);
    const struct story_upload *before[ASKED + SPARE], *after[ASKED + SPARE];
    struct story_upload kept[ASKED];
    split_list_last(story, DESCRIPTOR_FIRST, before);
    for (size_t i = 0; i < ASKED; i++)
        kept[i] = *before[i];
    story_forget(story);
    publisher_note_unreachable(story->publisher, 1, "it is dead", SOURCE_GONE, story->now);
    story_run(story, 3000);
    check_split(story, DESCRIPTOR_FIRST, 2, true);
    check_split(story, DESCRIPTOR_SECOND, 2, false);
    assert_true(story_none_has(story, 100));
    split_list_last(story, DESCRIPTOR_FIRST, after);
    for (size_t i = 0; i < ASKED; i++) {
        if (kept[i].points[0] / 100 != 1)
            assert_int_equal(after[i]->points[0] / 100, kept[i].points[0] / 100);
    }
    story_free(story);
}

/* A new seed, or another effort, goes out within seconds of the tor's upload. */
static void test_new_params(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    const uint8_t *fingerprint = split_frontend(story)->descriptors[DESCRIPTOR_FIRST].uploads[0].fingerprint;
    story_run(story, 60 * MINUTE);
    story_forget(story);
    story->backends[0].seed = 77;
    story->backends[1].effort = 5;
    for (size_t i = 0; i < 2; i++) {
        story->backends[i].counter[FROM_TOR]++;
        split_tell_upload(story, i, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN, fingerprint);
    }
    story_run(story, 3000);
    check_split(story, DESCRIPTOR_FIRST, 2, true);
    for (size_t i = 0; i < story->upload_count; i++) {
        if (story->uploads[i].seed == story->backends[1].seed)
            assert_int_equal(story->uploads[i].effort, 5);
    }
    story_free(story);
}

/* A new seed, or another effort, is no gain that could wait for a minute: clients of the old one fetch in
 * vain, or solve what is not asked for. */
static void test_new_params_are_urgent(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    const uint8_t *fingerprint = split_frontend(story)->descriptors[DESCRIPTOR_FIRST].uploads[0].fingerprint;
    story->publisher->rules.death_spread = 3000;
    story->publisher->rules.gain_spread = MINUTE;
    for (uint8_t i = 1; i <= 6; i++) {
        story_run(story, 60 * MINUTE);
        story_forget(story);
        if (i % 2 == 0)
            story->backends[0].seed = (uint8_t)(100 + i);
        else
            story->backends[0].effort = i;
        story->backends[0].counter[FROM_TOR]++;
        split_tell_upload(story, 0, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN, fingerprint);
        story_run(story, 4000);
        check_split(story, DESCRIPTOR_FIRST, 2, true);
    }
    story_free(story);
}

/* Under attack a tor suggests another effort every five minutes. That makes nobody restless: a seed still
 * goes out within seconds, and a death does. */
static void test_efforts_without_end(void **state)
{
    (void)state;
    struct story *story = split_begin(3, 3, DESCRIPTOR_FIRST);
    const uint8_t *fingerprint = split_frontend(story)->descriptors[DESCRIPTOR_FIRST].uploads[0].fingerprint;
    story->publisher->rules.death_spread = 3000;
    story->publisher->rules.gain_spread = MINUTE;
    for (uint32_t i = 1; i <= 60; i++) {
        story_forget(story);
        story->backends[i % 3].effort = i;
        story->backends[i % 3].counter[FROM_TOR]++;
        split_tell_upload(story, i % 3, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN, fingerprint);
        story_run(story, 5 * MINUTE / 3);
    }
    for (size_t i = 0; i < 3; i++)
        assert_false(source_is_restless(story->publisher, &story->publisher->sources[i], story->now));
    story_forget(story);
    story->backends[0].seed = 99;
    story->backends[0].counter[FROM_TOR]++;
    split_tell_upload(story, 0, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN, fingerprint);
    story_run(story, 4500);
    check_split(story, DESCRIPTOR_FIRST, 3, true);
    story_forget(story);
    publisher_note_unreachable(story->publisher, 1, "it is dead", SOURCE_GONE, story->now);
    story_run(story, 4500);
    check_split(story, DESCRIPTOR_FIRST, 2, true);
    story_free(story);
}

/* Has a story's twins' pow-params expire in some milliseconds, and known to. */
static int64_t let_expire(struct story *story, int64_t milliseconds)
{
    int64_t ends_at = story->now / 1000 * 1000 + milliseconds;
    for (size_t i = 0; i < 2; i++)
        story->backends[i].seed_ends = STORY_EPOCH + ends_at / 1000;
    story_run(story, 15 * MINUTE);
    return ends_at;
}

/* A tor whose word does not come by itself is asked when its pow-params have expired. */
static void test_params_expire(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    int64_t ends_at = let_expire(story, 60 * MINUTE);
    publisher_note_uploading(story->publisher, 0, true, story->now); /* it is not asked every five seconds */
    publisher_note_uploading(story->publisher, 1, true, story->now);
    story_run(story, ends_at - story->now);
    story_forget(story);
    for (size_t i = 0; i < 2; i++) {
        story->backends[i].seed = (uint8_t)(80 + i);
        story->backends[i].seed_ends += 110 * MINUTE / 1000;
    }
    story_run(story, 5000);
    check_split(story, DESCRIPTOR_FIRST, 2, true);
    story_free(story);
}

/* Where twins can't be asked any more what they have had clients solve does not stay published once it has
 * expired; the points do. */
static void test_params_are_over(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    int64_t ends_at = let_expire(story, 60 * MINUTE);
    for (size_t i = 0; i < 2; i++)
        publisher_note_unreachable(story->publisher, i, "the way to them is lost", SOURCE_LOST, story->now);
    story_run(story, ends_at - story->now);
    story_run(story, 4 * MINUTE);
    assert_true(split_frontend(story)->is_frozen);
    check_split(story, DESCRIPTOR_FIRST, 2, false);
    for (size_t i = 0; i < 2; i++) {
        story->backends[i].seed = (uint8_t)(80 + i);
        story->backends[i].seed_ends += 110 * MINUTE / 1000;
        publisher_note_reachable(story->publisher, i, false, 10 * 60 * MINUTE, story->now);
    }
    story_run(story, 2 * MINUTE);
    check_split(story, DESCRIPTOR_FIRST, 2, true);
    story_free(story);
}

/* One that hangs, or whose clock is wrong, says the same again. */
static void test_params_that_stay_the_same(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    int64_t ends_at = let_expire(story, 60 * MINUTE);
    story_run(story, ends_at - story->now + 2 * MINUTE);
    check_split(story, DESCRIPTOR_FIRST, 2, false);
    assert_true(split_frontend(story)->is_split);
    story_free(story);
}

/* -- the second half of the day ------------------------------------------------------------------------ */

/* What a tor uploads for the second half is found at a spare HSDir, and goes out with its pow-params; until
 * all are found clients of the others are to come again early. */
static void test_own_points_of_the_second_half(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    check_split(story, DESCRIPTOR_SECOND, 2, false);
    story->backends[0].fetches[FROM_HSDIRS] = 0;
    split_upload_next(story, 0, 1000);
    story_run(story, 5000);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], 1);
    assert_int_equal(story->backends[0].fetch_tor, 0); /* a local one */
    const struct story_upload *last[ASKED + SPARE];
    split_list_last(story, DESCRIPTOR_SECOND, last);
    for (size_t i = 0; i < ASKED; i++) {
        bool is_own = last[i]->points[0] >= 1000;
        assert_int_equal(last[i]->seed, is_own ? 1 : 0);
        assert_true(is_own || last[i]->points[0] / 100 == 1);
        assert_int_equal(last[i]->pow_lifetime, is_own ? LEAD : 0);
    }
    split_upload_next(story, 1, 1100);
    story_run(story, 5000);
    check_split(story, DESCRIPTOR_SECOND, 2, true);
    split_list_last(story, DESCRIPTOR_SECOND, last);
    for (size_t i = 0; i < ASKED; i++)
        assert_int_equal(last[i]->pow_lifetime, 0);
    /* A process that is started anew has other points. */
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_reach(story, 0);
    story_run(story, 2 * MINUTE);
    split_list_last(story, DESCRIPTOR_SECOND, last);
    for (size_t i = 0; i < ASKED; i++)
        assert_true(last[i]->points[0] != 1000);
    story_free(story);
}

/* A descriptor of the second half with this seed and counter, made by one of several makers, is found when
 * the first twin asks. Returns it, which the publisher may have released. */
static struct descriptor *find(struct story *story, uint8_t seed, uint64_t counter, uint8_t maker,
                               uint64_t first)
{
    const uint64_t points[] = {first, first + 1, first + 2};
    struct descriptor *descriptor =
        model_make_descriptor(story->backends[0].period[FROM_TOR] + 1, counter, points, 3);
    descriptor->pow_params.is_present = true;
    descriptor->pow_params.seed[0] = seed;
    descriptor->signing_key[0] = maker;
    story->publisher->sources[0].inquiry.asked = INQUIRY_OF_HSDIRS;
    publisher_note_descriptor(story->publisher, 0, descriptor, story->now);
    return descriptor;
}

static uint64_t find_next_point(const struct story *story)
{
    return model_point_number(&story->publisher->sources[0].next->points[0]);
}

/* A publisher's counters are ahead of a tor's: what a tor has just uploaded counts, whatever its counter;
 * what is merely found does not take the place of what is known. */
static void test_which_is_newer(void **state)
{
    (void)state;
    enum { TOR, PUBLISHER };
    struct story *story = split_begin(1, 1, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    story->publisher->sources[0].is_searching = true;
    find(story, 1, 5000, PUBLISHER, 1000);
    find(story, 1, 2000, TOR, 1100);
    assert_int_equal(find_next_point(story), 1000);
    find(story, 1, 5001, PUBLISHER, 1200);
    assert_int_equal(find_next_point(story), 1200);
    story->publisher->sources[0].is_searching = false;
    find(story, 1, 2001, TOR, 1300);
    assert_int_equal(find_next_point(story), 1300);
    find(story, 1, 2000, TOR, 1400);
    assert_int_equal(find_next_point(story), 1300);
    story_free(story);
}

/* A tor that tells of an upload while HSDirs are searched ends nothing: what is found at the others after
 * that still does not take the place of what is known. */
static void test_an_upload_during_a_search(void **state)
{
    (void)state;
    struct story *story = split_begin(1, 1, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    story->backends[0].fetches[FROM_HSDIRS] = 0;
    own_points_search(story->publisher, 0, true, story->now);
    split_upload_next(story, 0, 1000);
    for (unsigned i = 0; story->backends[0].fetches[FROM_HSDIRS] < SPARE; i++) { /* these come first */
        assert_true(i < 100);
        story_run(story, 10);
    }
    assert_int_equal(find_next_point(story), 1000);
    story->backends[0].process++; /* another publisher's */
    story->backends[0].points[FROM_HSDIRS][0] = 1100;
    story_run(story, MINUTE);
    assert_true(story->backends[0].fetches[FROM_HSDIRS] > ASKED);
    assert_int_equal(find_next_point(story), 1000);
    story_free(story);
}

/* A tor that has not yet seen the new shared random value still says nothing of what clients use. */
static void test_a_tor_that_is_late(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
    uint64_t period_number = split_frontend(story)->descriptors[DESCRIPTOR_SECOND].period_number;
    story_run(story, 2 * MINUTE);
    split_upload_next(story, 0, 1000);
    split_upload_next(story, 1, 1100);
    story_run(story, MINUTE);
    story_set_network(story, 1, 0);
    story_run(story, MINUTE);
    const struct publisher_descriptor *descriptor = &split_frontend(story)->descriptors[DESCRIPTOR_FIRST];
    assert_int_equal(descriptor->period_number, period_number);
    uint8_t spare[RELAY_FINGERPRINT_SIZE];
    split_find_spare(story, DESCRIPTOR_FIRST, spare);
    story->backends[0].counter[FROM_HSDIRS]++;
    story->backends[0].points[FROM_HSDIRS][0] = 2000;
    split_tell_upload(story, 0, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN, spare);
    split_tell_upload(story, 0, DESCRIPTOR_FIRST, SOURCE_UPLOAD_TAKEN, spare);
    story_run(story, MINUTE);
    assert_int_equal(model_point_number(&story->publisher->sources[0].next->points[0]), 2000);
    const struct story_upload *last[ASKED + SPARE];
    size_t count = split_list_last(story, DESCRIPTOR_FIRST, last), found = 0;
    for (size_t i = 0; i < count; i++)
        found += last[i]->points[0] == 2000 || last[i]->points[1] == 2000 || last[i]->points[2] == 2000;
    assert_int_equal(found, ASKED / 2);
    story_free(story);
}

/* What was found of a time period is over once its tor says itself what it has made for that: a point that
 * it had then and has dropped since is dead, and so goes out within seconds. */
static void test_what_was_found_is_over(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    for (size_t i = 0; i < 2; i++)
        split_upload_next(story, i, 1000 + 100 * i);
    story_run(story, MINUTE);
    story_set_network(story, 1, 0);
    for (size_t i = 0; i < 2; i++) {
        story->backends[i].period[FROM_TOR]++;
        memcpy(story->backends[i].points[FROM_TOR], story->backends[i].points[FROM_HSDIRS],
               sizeof(story->backends[i].points[FROM_TOR]));
    }
    story_run(story, 5 * MINUTE);
    assert_null(story->publisher->sources[0].next);
    assert_true(split_frontend(story)->is_split);
    story->backends[0].counter[FROM_TOR]++;
    story->backends[0].points[FROM_TOR][0] = 2000;
    split_tell_upload(story, 0, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN,
                      split_frontend(story)->descriptors[DESCRIPTOR_FIRST].uploads[0].fingerprint);
    story_run(story, 5000);
    const struct story_upload *last[ASKED + SPARE];
    size_t count = split_list_last(story, DESCRIPTOR_FIRST, last);
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < last[i]->point_count; j++)
            assert_int_not_equal(last[i]->points[j], 1000);
    }
    story_free(story);
}

/* A tor that has not answered is asked again: that a spare HSDir has is no answer of its. */
static void test_a_tor_that_does_not_answer(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    story_announce(story, 0, false, 0); /* from now on it is asked seldom */
    story_run(story, 1000);
    story->backends[0].fails = true;
    split_upload_next(story, 0, 1000);
    story_run(story, 150);
    story->backends[0].fails = false;
    story_run(story, 3 * MINUTE);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_LIVE);
    assert_non_null(story->publisher->sources[0].next);
    story_free(story);
}

/* Whose upload a spare HSDir has is told by the seed, whichever tor said that it had uploaded there; one that
 * nobody has is nobody's. */
static void test_whose_it_is(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    story_forget(story);
    story->publisher->sources[0].pow_params.seed[0] = 2;
    story->publisher->sources[1].pow_params.seed[0] = 1;
    story->backends[0].seed = 2;
    story->backends[1].seed = 1;
    story_run(story, 2 * MINUTE);
    struct descriptor *descriptor = find(story, 1, 9, 0, 1100);
    assert_null(story->publisher->sources[0].next);
    assert_ptr_equal(story->publisher->sources[1].next, descriptor);
    find(story, 99, 10, 0, 1200);
    assert_null(story->publisher->sources[0].next);
    story_run(story, 5000);
    assert_int_equal(assignment_count_points_from(split_frontend(story)->assignment, 1), 6);
    story_free(story);
}

/* When clients go over to it, HSDirs are asked for what tors have uploaded before; and after a start. */
static void test_the_second_half_begins(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    story_run(story, 10 * MINUTE);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], 0);
    story->backends[0].period[FROM_HSDIRS] = story->backends[0].period[FROM_TOR] + 1;
    for (uint64_t i = 0; i < 3; i++)
        story->backends[0].points[FROM_HSDIRS][i] = 1000 + i;
    story->backends[1].fails = false;
    story_set_network(story, 0, 18);
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], ASKED + SPARE);
    assert_int_equal(story->backends[1].fetches[FROM_HSDIRS], 0);
    const struct story_upload *last[ASKED + SPARE];
    split_list_last(story, DESCRIPTOR_SECOND, last);
    for (size_t i = 0; i < ASKED; i++)
        assert_int_equal(last[i]->seed, last[i]->points[0] >= 1000 ? 1 : 0);
    assert_int_equal(assignment_count_points_from(split_frontend(story)->assignment, 0), 6);
    story_free(story);
    story = split_begin(2, 2, DESCRIPTOR_SECOND);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], ASKED + SPARE);
    story_free(story);
}

/* What is missed is looked for again, at the spare HSDirs: an upload that nobody heard of is found then. And
 * all are asked when a twin verifies work that did not before. */
static void test_what_is_missed(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    unsigned fetches = story->backends[0].fetches[FROM_HSDIRS];
    for (uint64_t i = 0; i < 3; i++)
        story->backends[0].points[FROM_HSDIRS][i] = 1000 + i;
    story->backends[0].period[FROM_HSDIRS]++;
    story->backends[0].counter[FROM_HSDIRS] += 5;
    story_run(story, 12 * MINUTE);
    assert_in_range(story->backends[0].fetches[FROM_HSDIRS], fetches + SPARE, fetches + 2 * SPARE);
    assert_int_equal(assignment_count_points_from(split_frontend(story)->assignment, 0), 6);
    fetches = story->backends[0].fetches[FROM_HSDIRS];
    unsigned others = story->backends[1].fetches[FROM_HSDIRS];
    story_run(story, 21 * MINUTE); /* what the other one has made is still missed */
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], fetches);
    assert_in_range(story->backends[1].fetches[FROM_HSDIRS] - others, 2 * SPARE, 3 * SPARE);
    others = story->backends[1].fetches[FROM_HSDIRS];
    publisher_note_unreachable(story->publisher, 1, "lost", SOURCE_LOST, story->now);
    story_reach(story, 1);
    story_run(story, 5000);
    assert_in_range(story->backends[1].fetches[FROM_HSDIRS] - others, ASKED + SPARE, ASKED + 2 * SPARE);
    story_free(story);
}

/* -- an HSDir of both descriptors ---------------------------------------------------------------------- */

/* An HSDir that is sent the descriptor of a slot and is a spare one of the other. Returns false for none. */
static bool find_shared(const struct story *story, enum descriptor_slot slot,
                        uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    const struct network *network = story->publisher->network;
    enum descriptor_slot other = slot == DESCRIPTOR_FIRST ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST;
    const struct publisher_descriptor *sent = &split_frontend(story)->descriptors[slot];
    const struct publisher_descriptor *spare = &split_frontend(story)->descriptors[other];
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(network, other, spare->blinded_key, false, responsible);
    for (size_t i = 0; i < count; i++) {
        memcpy(fingerprint, network->hsdirs[responsible[i]->hsdir].fingerprint, RELAY_FINGERPRINT_SIZE);
        if (publisher_descriptor_find_upload(sent, fingerprint) != NULL &&
            publisher_descriptor_find_upload(spare, fingerprint) == NULL)
            return true;
    }
    return false;
}

/* Where a tor uploads both at the same time, what the HSDir takes is the one of which it is a spare HSDir:
 * nothing has got through. */
static void check_shared(struct story *story, enum descriptor_slot slot, const enum source_upload ends[2])
{
    const struct source *source = &story->publisher->sources[0];
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    assert_true(find_shared(story, slot, fingerprint));
    uint64_t refused = source->own_uploads[SOURCE_UPLOAD_REFUSED];
    split_tell_upload(story, 0, DESCRIPTOR_FIRST, SOURCE_UPLOAD_BEGUN, fingerprint);
    split_tell_upload(story, 0, DESCRIPTOR_SECOND, SOURCE_UPLOAD_BEGUN, fingerprint);
    for (int i = 0; i < 2; i++)
        split_tell_upload(story, 0, slot, ends[i], fingerprint);
    assert_int_equal(source->own_uploads[SOURCE_UPLOAD_TAKEN], 0);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    bool is_of_clients = slot == story->publisher->network->client_slot;
    if (is_of_clients || ends[0] == SOURCE_UPLOAD_REFUSED)
        assert_int_equal(source->own_uploads[SOURCE_UPLOAD_REFUSED], refused + 1);
}

static void test_an_hsdir_of_both(void **state)
{
    (void)state;
    const enum source_upload ends[][2] = {{SOURCE_UPLOAD_TAKEN, SOURCE_UPLOAD_REFUSED},
                                          {SOURCE_UPLOAD_REFUSED, SOURCE_UPLOAD_TAKEN}};
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
        uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
        story->hsdir_count = 10; /* of so few one is shared soon */
        do {
            story->hsdir_count++;
            story_set_network(story, 0, 7);
        } while (!find_shared(story, slot, fingerprint));
        story_run(story, 5 * MINUTE);
        check_shared(story, slot, ends[0]);
        check_shared(story, slot, ends[1]);
        story_free(story);
    }
}

/* -- more twins than HSDirs ---------------------------------------------------------------------------- */

/* True when a twin has an HSDir of a descriptor. */
static bool has_place(const struct story *story, enum descriptor_slot slot, uint64_t twin)
{
    const struct publisher_descriptor *descriptor = &split_frontend(story)->descriptors[slot];
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (descriptor->uploads[i].wanted->entries[0].source == twin)
            return true;
    }
    return false;
}

/* Each has its turn, and as many as the others; no more rounds than needed for that are made. */
static void test_turns(void **state)
{
    (void)state;
    enum { TWINS = 8, TURNS = 16 };
    const int64_t turn = 30 * MINUTE;
    struct story *story = split_begin(TWINS, TWINS, DESCRIPTOR_FIRST);
    size_t counts[TWINS] = {0};
    story_run(story, 5 * MINUTE);
    for (unsigned i = 0; i < TURNS; i++) {
        for (size_t j = 0; j < TWINS; j++)
            counts[j] += has_place(story, DESCRIPTOR_FIRST, j);
        story_forget(story);
        story_run(story, turn);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        assert_in_range(story_count_to_first(story), 1, 5);
    }
    for (size_t j = 0; j < TWINS; j++)
        assert_int_equal(counts[j], TURNS * ASKED / TWINS);
    story_free(story);
}

/* -- another publisher --------------------------------------------------------------------------------- */

/* Every HSDir hands out the descriptor that is the story's context, which another publisher has made of late.
 */
static void answer_look(struct story *story, const struct publisher_action *action,
                        struct look_result *result)
{
    (void)action;
    result->finding = LOOK_FINDING_OTHERS;
    result->descriptor = story->look_context;
    result->is_newer = true;
    result->made_at = story->now - MINUTE;
}

/* Another publisher of the same service may have given an HSDir another twin, or know more of that one. That
 * is nobody's loss, and no reason to mend anything; but points that no twin has are a stranger's. */
static void test_another_publisher(void **state)
{
    (void)state;
    static const struct {
        uint64_t first;
        uint8_t seed;
        bool is_strange;
    } rows[] = {{0, 1, false}, {100, 2, false}, {900, 2, false}, {900, 0, true}, {900, 77, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
        story_run(story, 4 * 60 * MINUTE); /* so long that what HSDirs had before is forgotten */
        const uint64_t points[] = {rows[i].first, rows[i].first + 1, rows[i].first + 2};
        struct descriptor *descriptor =
            model_make_descriptor(story->backends[0].period[FROM_TOR], 5000, points, 3);
        descriptor->pow_params.is_present = rows[i].seed != 0;
        descriptor->pow_params.seed[0] = rows[i].seed;
        story->answer_look = answer_look;
        story->look_context = descriptor;
        story_run(story, 2 * 60 * MINUTE);
        const struct frontend_looks *looks = &split_frontend(story)->looks;
        assert_int_equal(looks->others, rows[i].is_strange ? OTHERS_STRANGER : OTHERS_RECOGNISED);
        assert_int_equal(looks->mended_at != MOMENT_NONE, rows[i].is_strange);
        descriptor_free(descriptor);
        story_free(story);
    }
}

/* What the config says goes out at once, in both descriptors. */
static void test_switched_by_command(void **state)
{
    (void)state;
    for (enum descriptor_slot half = 0; half < DESCRIPTOR_SLOTS; half++) {
        struct story *story = split_begin(2, 2, half);
        story_run(story, 30 * MINUTE);
        for (unsigned i = 0; i < 4; i++) {
            publisher_set_twins(story->publisher, 0, LEAD, i % 2 == 1, story->now);
            story_run(story, 5000);
            assert_int_equal(split_frontend(story)->is_split, i % 2 == 1);
            assert_true(publisher_is_published(story->publisher, 0, story->now));
        }
        story_free(story);
    }
}

/* What has expired while the machine was asleep does not stay either. */
static void test_params_expire_in_a_pause(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    let_expire(story, 60 * MINUTE);
    for (size_t i = 0; i < 2; i++)
        publisher_note_unreachable(story->publisher, i, "the way to them is lost", SOURCE_LOST, story->now);
    story_run(story, 5 * MINUTE);
    publisher_note_pause(story->publisher, 60 * MINUTE, story->now);
    story_run(story, 4 * MINUTE);
    check_split(story, DESCRIPTOR_FIRST, 2, false);
    story_free(story);
}

/* An HSDir hands out what it had before the last round, as if that had not reached it. */
static void find_old_params(struct story *story, const struct publisher_action *action,
                            struct look_result *result)
{
    const struct publisher_upload *upload = publisher_descriptor_find_upload(
        &split_frontend(story)->descriptors[action->slot], action->fingerprints[0]);
    struct descriptor *descriptor = story->look_context;
    descriptor->point_count = upload->wanted->count;
    for (size_t i = 0; i < upload->wanted->count; i++)
        descriptor->points[i] = upload->wanted->entries[i].point;
    result->finding = LOOK_FINDING_OURS;
    result->made_at = split_frontend(story)->descriptors[action->slot].round.begun_at - 1;
    result->descriptor = descriptor;
}

/* The points alone do not make a descriptor what it is to be. */
static void test_old_params_are_seen(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_FIRST);
    story_run(story, 30 * MINUTE);
    const struct publisher_descriptor *descriptor = &split_frontend(story)->descriptors[DESCRIPTOR_FIRST];
    struct descriptor *seen = model_make_descriptor(descriptor->period_number, 1, (uint64_t[]){0, 1, 2}, 3);
    seen->pow_params.is_present = true;
    seen->pow_params.seed[0] = 99;
    story->look_context = seen;
    story->answer_look = find_old_params;
    story_forget(story);
    story_run(story, 20 * MINUTE);
    assert_true(story->looks > 0);
    for (size_t i = 0; i < descriptor->upload_count; i++)
        assert_int_not_equal(descriptor->uploads[i].look.verdict, LOOK_CURRENT);
    assert_true(story->publisher->looks[LOOK_OLDER] > 0);
    assert_true(story->upload_count >= ASKED); /* it is mended */
    descriptor_free(seen);
    story_free(story);
}

/* A lone publication in the second half waits for what is looked for at HSDirs, and for what comes of that.
 */
static void test_when_all_is_done(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    for (size_t i = 0; i < 2; i++) {
        story_add_twin(story);
        split_switch_on(story, i);
    }
    story->backends[0].period[FROM_HSDIRS]++; /* its descriptor is there */
    story_add_frontend(story, 2);
    publisher_set_twins(story->publisher, 0, LEAD, true, story->now);
    story_set_network(story, 0, 18);
    for (size_t i = 0; i < 2; i++)
        story_reach(story, i);
    unsigned times = 0;
    for (; !publisher_is_settled(story->publisher, story->now); times++) {
        assert_true(times < 1000);
        story_run(story, 10);
    }
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS] + story->backends[1].fetches[FROM_HSDIRS],
                     ASKED + SPARE);
    const struct story_upload *last[ASKED + SPARE];
    size_t count = split_list_last(story, DESCRIPTOR_SECOND, last), found = 0;
    for (size_t i = 0; i < count; i++)
        found += last[i]->seed == 1;
    assert_int_equal(found, ASKED / 2);
    story_free(story);
}

/* A control port may answer with what another twin's tor has made, seed and all. That takes nothing from this
 * one: what its own tor has told of is its own. */
static void test_a_copy_of_another(void **state)
{
    (void)state;
    struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    story->backends[0].seed = story->backends[1].seed;
    story->backends[0].counter[FROM_TOR] += 5;
    memcpy(story->backends[0].points[FROM_TOR], story->backends[1].points[FROM_TOR],
           sizeof(story->backends[0].points[FROM_TOR]));
    story_run(story, 2 * MINUTE);
    assert_int_equal(story->publisher->sources[0].pow_params.seed[0], 2);
    split_upload_next(story, 1, 1100);
    story_run(story, 5000);
    assert_non_null(story->publisher->sources[1].next);
    story_free(story);
}

/* Which points are a tor's own ones depends on the time period of what it says, also where these are the same
 * as before. */
static void test_the_same_points_of_another_period(void **state)
{
    (void)state;
    struct story *story = split_begin(1, 1, DESCRIPTOR_SECOND);
    story_run(story, 2 * MINUTE);
    split_upload_next(story, 0, 1000);
    story_run(story, MINUTE);
    check_split(story, DESCRIPTOR_SECOND, 1, true);
    story->backends[0].period[FROM_TOR]++;
    story_run(story, 20 * MINUTE);
    assert_null(story->publisher->sources[0].next);
    const struct story_upload *last[ASKED + SPARE];
    size_t count = split_list_last(story, DESCRIPTOR_SECOND, last);
    for (size_t i = 0; i < count; i++)
        assert_true(last[i]->points[0] < 1000);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_hsdir_has_one),
        cmocka_unit_test(test_when_it_is_split),
        cmocka_unit_test(test_who_is_heard_of_first),
        cmocka_unit_test(test_one_dies),
        cmocka_unit_test(test_new_params),
        cmocka_unit_test(test_new_params_are_urgent),
        cmocka_unit_test(test_efforts_without_end),
        cmocka_unit_test(test_params_expire),
        cmocka_unit_test(test_params_are_over),
        cmocka_unit_test(test_params_that_stay_the_same),
        cmocka_unit_test(test_own_points_of_the_second_half),
        cmocka_unit_test(test_which_is_newer),
        cmocka_unit_test(test_an_upload_during_a_search),
        cmocka_unit_test(test_a_tor_that_is_late),
        cmocka_unit_test(test_what_was_found_is_over),
        cmocka_unit_test(test_a_tor_that_does_not_answer),
        cmocka_unit_test(test_whose_it_is),
        cmocka_unit_test(test_the_second_half_begins),
        cmocka_unit_test(test_what_is_missed),
        cmocka_unit_test(test_an_hsdir_of_both),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_another_publisher),
        cmocka_unit_test(test_switched_by_command),
        cmocka_unit_test(test_params_expire_in_a_pause),
        cmocka_unit_test(test_old_params_are_seen),
        cmocka_unit_test(test_when_all_is_done),
        cmocka_unit_test(test_a_copy_of_another),
        cmocka_unit_test(test_the_same_points_of_another_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
