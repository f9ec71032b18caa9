/* Tests the uploads' part of the state machine story by story: refreshes, new HSDirs, failures, config. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define BOTH_DESCRIPTORS 16 /* HSDirs of both */
#define ONE_DESCRIPTOR 8

static void answer_all(struct story *story, enum upload_failure failure)
{
    for (size_t i = 0; i < story->upload_count; i++)
        story_answer(story, &story->uploads[i], failure);
}

/* -- refreshes ------------------------------------------------------------------------------------ */

/* Each descriptor by its own timer, 60 to 120 minutes, drawn anew each time; and nothing else happens. */
static void test_refreshes(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    int64_t last[DESCRIPTOR_SLOTS] = {story->now, story->now}, shortest = INT64_MAX, longest = 0;
    story_run(story, 100 * HOUR);
    assert_in_range(story->upload_count, 100 * ONE_DESCRIPTOR, 200 * ONE_DESCRIPTOR);
    bool have_differed = false;
    for (size_t i = 0; i < story->upload_count; i++) {
        const struct story_upload *upload = &story->uploads[i];
        int64_t interval = upload->at - last[upload->slot];
        if (interval < 10 * SECOND)
            continue; /* an HSDir of both descriptors gets one after the other */
        if (i >= BOTH_DESCRIPTORS)
            shortest = interval < shortest ? interval : shortest;
        longest = interval > longest ? interval : longest;
        have_differed = have_differed || last[0] != last[1];
        last[upload->slot] = upload->at;
    }
    assert_true(shortest >= 60 * MINUTE && shortest < 70 * MINUTE);
    assert_true(longest <= 120 * MINUTE && longest > 110 * MINUTE);
    assert_true(have_differed);
    /* no wake-ups but for polls (each fetch one, at most 12 + 1 an hour and backend) and refreshes */
    assert_true(story->wakes < 100 * (2 * 13 + 2 * 2));
    story_free(story);
}

/* What expires before its next refresh is uploaded again at once, anything else is not. */
static void test_renewal(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_renew_uploads(story->publisher, 0, story->now + 2 * HOUR + 15 * MINUTE, story->now);
    story_run(story, 10 * SECOND);
    assert_int_equal(story->upload_count, 0);
    publisher_renew_uploads(story->publisher, 0, story->now + HOUR, story->now);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_run(story, 10 * SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    story_forget(story);
    /* the next refreshes come as ever */
    story_run(story, 55 * MINUTE);
    assert_int_equal(story->upload_count, 0);
    story_run(story, 66 * MINUTE);
    assert_in_range(story->upload_count, BOTH_DESCRIPTORS, 2 * BOTH_DESCRIPTORS);
    story_free(story);
}

/* What has expired already does not count as published, until it is uploaded again. */
static void test_renewal_of_what_has_expired(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    publisher_renew_uploads(story->publisher, 0, story->now, story->now);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story_run(story, MINUTE);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    story_run(story, 5 * MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* So is what was under way then, once it is over: taken, or not answered; whenever the next refresh is. */
static void test_renewal_under_way(void **state)
{
    (void)state;
    static const int64_t refreshes[] = {90 * MINUTE, 5 * SECOND};
    for (size_t i = 0; i < 4; i++) {
        struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
        struct publisher_frontend *frontend = &story->publisher->frontends[0];
        story->hsdirs_answer = false;
        story_change_points(story, 0, 500);
        story_run(story, 2 * SECOND);
        int64_t renewed_at = story->now;
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
            frontend->descriptors[slot].refresh_at = renewed_at + refreshes[i / 2];
        publisher_renew_uploads(story->publisher, 0, renewed_at + 30 * MINUTE, renewed_at);
        story_run(story, 6 * SECOND);
        story->hsdirs_answer = true;
        if (i % 2 == 0)
            answer_all(story, UPLOAD_FAILURE_NONE);
        story_run(story, 7 * MINUTE);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            for (size_t j = 0; j < frontend->descriptors[slot].upload_count; j++)
                assert_true(frontend->descriptors[slot].uploads[j].sent_at > renewed_at);
        }
        story_free(story);
    }
}

/* A refresh that comes due while every HSDir is being sent something is not the last one. */
static void test_refresh_while_all_in_flight(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    int64_t refresh_at = story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].refresh_at;
    story_run(story, refresh_at - story->now - 600);
    story_forget(story);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, 2 * SECOND);
    assert_true(story->now > refresh_at);
    assert_true(story->upload_count >= ONE_DESCRIPTOR);
    story->hsdirs_answer = true;
    answer_all(story, UPLOAD_FAILURE_NONE);
    story_run(story, SECOND);
    story_forget(story);
    story_run(story, 121 * MINUTE);
    size_t of_first = 0;
    for (size_t i = 0; i < story->upload_count; i++)
        of_first += story->uploads[i].slot == DESCRIPTOR_FIRST;
    assert_true(of_first >= ONE_DESCRIPTOR);
    story_free(story);
}

/* -- consensuses ---------------------------------------------------------------------------------- */

static void test_same_hsdirs_cause_nothing(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    story_set_network(story, 0, 7);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

/* New HSDirs get the descriptor in a round to all of its HSDirs, as from a tor. */
static void test_new_hsdirs(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdir_count = 60;
    story_set_network(story, 0, 7);
    story_settle(story);
    size_t of_slot[DESCRIPTOR_SLOTS] = {0}, new_of_slot[DESCRIPTOR_SLOTS] = {0};
    for (size_t i = 0; i < story->upload_count; i++) {
        of_slot[story->uploads[i].slot]++;
        new_of_slot[story->uploads[i].slot] += story->uploads[i].hsdir >= 40;
    }
    assert_true(story->upload_count > 0);
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        assert_int_equal(of_slot[slot], new_of_slot[slot] > 0 ? ONE_DESCRIPTOR : 0);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* At a new shared random value the second descriptor becomes the first and stays where it is; the new second
 * one, which nobody asks for yet, goes out within two minutes. */
static void test_new_shared_random_value(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_SECOND);
    uint64_t period_number = story->publisher->frontends[0].descriptors[DESCRIPTOR_SECOND].period_number;
    story_set_network(story, 1, 0);
    story_run(story, 2 * MINUTE + 2 * SECOND);
    assert_int_equal(story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].period_number,
                     period_number);
    assert_int_equal(story->upload_count, ONE_DESCRIPTOR);
    for (size_t i = 0; i < story->upload_count; i++)
        assert_int_equal(story->uploads[i].slot, DESCRIPTOR_SECOND);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* Consensuses missed for more than a day: both descriptors are new, and the one in use goes out at once. */
static void test_missed_days(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story_set_network(story, 3, 6);
    story_settle(story);
    size_t of_first = 0;
    for (size_t i = 0; i < story->upload_count; i++)
        of_first += story->uploads[i].slot == DESCRIPTOR_FIRST;
    assert_int_equal(of_first, ONE_DESCRIPTOR);
    story_free(story);
}

/* -- failures ------------------------------------------------------------------------------------- */

/* Lets the points change, and the uploads of that fail, of the first one for a reason. Returns that upload.
 */
static struct story_upload fail_one(struct story *story, enum upload_failure failure)
{
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    const struct story_upload failed = story->uploads[0];
    story_answer(story, &failed, failure);
    for (size_t i = 1, answered = 0; answered < story->upload_count; i++, answered++) {
        if (i < story->upload_count)
            story_answer(story, &story->uploads[i], UPLOAD_FAILURE_NONE);
        story_settle(story); /* an HSDir of both descriptors gets one after the other */
    }
    story->hsdirs_answer = true;
    return failed;
}

static bool is_to_same(const struct story_upload *one, const struct story_upload *other)
{
    return one->hsdir == other->hsdir && one->slot == other->slot;
}

/* What did not reach its HSDir is tried again in one to one and a half seconds, that HSDir alone, in the same
 * round. */
static void test_one_failure(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    const struct story_upload failed = fail_one(story, UPLOAD_FAILURE_CIRCUIT);
    story_forget(story);
    int64_t failed_at = story->now;
    story_run(story, 5 * SECOND);
    assert_int_equal(story->upload_count, 1);
    assert_true(is_to_same(&story->uploads[0], &failed));
    assert_int_equal(story->uploads[0].round, failed.round);
    assert_in_range(story->uploads[0].at - failed_at, 1000, 1600);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* An HSDir that answers that it does not want it is not pressed: all of the descriptor's are sent another
 * round, minutes later. It has something else. */
static void test_one_refusal(void **state)
{
    (void)state;
    static const enum upload_failure answers[] = {UPLOAD_FAILURE_REJECTED, UPLOAD_FAILURE_BROKEN};
    for (size_t i = 0; i < 2; i++) {
        struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
        const struct story_upload refused = fail_one(story, answers[i]);
        story_forget(story);
        int64_t refused_at = story->now;
        assert_false(publisher_is_published(story->publisher, 0, story->now));
        story_run(story, 118 * SECOND);
        assert_int_equal(story->upload_count, 0);
        assert_false(publisher_is_published(story->publisher, 0, story->now));
        story_run(story, 4 * MINUTE);
        assert_int_equal(story->upload_count, ONE_DESCRIPTOR);
        bool is_there = false;
        for (size_t j = 0; j < ONE_DESCRIPTOR; j++) {
            assert_int_equal(story->uploads[j].slot, refused.slot);
            assert_true(story->uploads[j].round > refused.round);
            assert_in_range(story->uploads[j].at - refused_at, 2 * MINUTE - SECOND, 5 * MINUTE);
            is_there |= is_to_same(&story->uploads[j], &refused);
        }
        assert_true(is_there);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story_free(story);
    }
}

/* One that always refuses causes ever fewer rounds, until only refreshes are left. */
static void test_back_off(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_change_points(story, 0, 500);
    story_run(story, 55 * MINUTE);
    assert_in_range(story_count_to_first(story), 4, 5); /* after 2 to 5 min, 4 to 10, 8 to 20, 16 to 40 */
    story_forget(story);
    story_run(story, 100 * HOUR);
    assert_in_range(story_count_to_first(story), 100 * 60 / 120 - 1, 100 * 60 / 60 + 1);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    story_run(story, 2 * HOUR);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    /* and begins anew */
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_change_points(story, 0, 700);
    story_run(story, SECOND);
    story_forget(story);
    story_run(story, 6 * MINUTE);
    assert_int_equal(story_count_to_first(story), 1);
    story_free(story);
}

/* One that is not reached is tried ever more seldom, and the others are left alone. */
static void test_unreachable(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_refuse = UPLOAD_FAILURE_CIRCUIT;
    story_change_points(story, 0, 500);
    story_run(story, 50 * MINUTE);
    size_t tries = story_count_to_first(story);
    assert_in_range(tries, 13, 20); /* 1, 2, 4, ... 256, 300 s, each up to half as much longer */
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    story_run(story, 8 * MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* What an HSDir took longer ago than it keeps it does not count; nor, when the machine stood still, by the
 * clock that stood still as well. */
static void test_hsdirs_forget(void **state)
{
    (void)state;
    for (int has_paused = 0; has_paused < 2; has_paused++) {
        struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
        story->hsdirs_refuse = UPLOAD_FAILURE_CIRCUIT;
        int64_t first_taken = INT64_MAX;
        for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            const struct publisher_descriptor *descriptor = &story->publisher->frontends[0].descriptors[slot];
            for (size_t i = 0; i < descriptor->upload_count; i++)
                first_taken = descriptor->uploads[i].taken_at < first_taken ? descriptor->uploads[i].taken_at
                                                                            : first_taken;
        }
        int64_t pause = has_paused ? HOUR : 0;
        publisher_note_pause(story->publisher, pause, story->now);
        story_run(story, first_taken + 3 * HOUR - pause - 1 - story->now);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story_run(story, 1);
        assert_false(publisher_is_published(story->publisher, 0, story->now));
        story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
        story_run(story, 8 * MINUTE);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story_free(story);
    }
}

static void test_given_up(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->publisher->rules.attempts_max = 3;
    story->hsdirs_refuse = UPLOAD_FAILURE_CIRCUIT;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_add_backend(story, true);
    story_add_frontend(story, 1);
    story_set_network(story, 0, 6);
    story_reach(story, 0);
    story_run(story, SECOND);
    assert_false(publisher_is_settled(story->publisher, story->now));
    story_run(story, MINUTE);
    assert_true(publisher_is_settled(story->publisher, story->now));
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    assert_int_equal(story->upload_count, 3 * BOTH_DESCRIPTORS);
    story_free(story);
}

/* -- the local tor -------------------------------------------------------------------------------- */

/* What was in flight goes out again, but never within the second in which a counter stays the same; what was
 * done stays done. */
static void test_local_tor_restarts(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    const struct story_upload first = story->uploads[0];
    size_t sent = story->upload_count;
    for (size_t i = 1; i < sent; i++)
        story_answer(story, &story->uploads[i], UPLOAD_FAILURE_NONE);
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    story_settle(story);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story->hsdirs_answer = true;
    story_run(story, 5 * SECOND);
    assert_int_equal(story_count_to_first(story), 2);
    for (size_t i = sent; i < story->upload_count; i++) {
        if (story->uploads[i].hsdir == first.hsdir && story->uploads[i].slot == first.slot)
            assert_true(story->uploads[i].at >= first.at + 1100);
    }
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

static void test_nothing_without_local_tor(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    story_change_points(story, 0, 500);
    story_run(story, 5 * HOUR);
    assert_int_equal(story->upload_count, 0);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_run(story, 2 * SECOND);
    assert_true(story_all_have(story, 500));
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* -- configuration -------------------------------------------------------------------------------- */

/* A frontend that is given other backends, none of which is known yet, publishes nothing until one is. */
static void test_all_backends_are_new(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    size_t other = story_add_backend(story, true);
    publisher_set_members(story->publisher, 0, &other, 1, story->now);
    publisher_remove_source(story->publisher, 0);
    story_run(story, 3 * HOUR); /* the helper fails the test when an empty descriptor goes out */
    assert_int_equal(story->upload_count, 0);
    story_reach(story, other);
    story_run(story, 2 * SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, other * 100));
    story_free(story);
}

/* Several of them: the first that is heard of does not get all visitors until the others are, and one of
 * which nothing can be heard keeps nobody waiting for long. */
static void test_all_of_several_are_new(void **state)
{
    (void)state;
    for (int is_silent = 0; is_silent < 2; is_silent++) {
        struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
        const size_t others[] = {story_add_backend(story, true), story_add_backend(story, true)};
        publisher_set_members(story->publisher, 0, others, 2, story->now);
        publisher_remove_source(story->publisher, 0);
        publisher_remove_source(story->publisher, 1);
        story_reach(story, others[0]);
        story_run(story, 2 * SECOND);
        assert_int_equal(story->upload_count, 0);
        if (!is_silent)
            story_reach(story, others[1]);
        story_run(story, 2 * MINUTE);
        assert_true(story_all_have(story, others[0] * 100));
        assert_true(is_silent ? story_none_has(story, others[1] * 100)
                              : story_all_have(story, others[1] * 100));
        assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story_free(story);
    }
}

static void test_members_come_and_go(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    const size_t two[] = {0, 2}, all[] = {0, 1, 2};
    publisher_set_members(story->publisher, 0, two, 2, story->now);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_none_has(story, 100));
    story_forget(story);
    publisher_set_members(story->publisher, 0, two, 2, story->now);
    story_run(story, MINUTE);
    assert_int_equal(story->upload_count, 0);
    publisher_set_members(story->publisher, 0, all, 3, story->now);
    story_run(story, SECOND);
    assert_true(story_all_have(story, 100));
    story_free(story);
}

/* A frontend more leaves the others alone; one that goes takes what it was about to send along. */
static void test_frontends_come_and_go(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    assert_int_equal(story_add_frontend(story, 2), 1);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    for (size_t i = 0; i < story->upload_count; i++)
        assert_int_equal(story->uploads[i].frontend, 1);
    story_forget(story);
    story_change_points(story, 0, 500);
    publisher_remove_frontend(story->publisher, 0);
    story_run(story, 3 * HOUR);
    for (size_t i = 0; i < story->upload_count; i++)
        assert_int_equal(story->uploads[i].frontend, 1);
    assert_true(story_all_have(story, 500));
    assert_int_equal(story_add_frontend(story, 2), 0);
    story_free(story);
}

/* The row that a source gets: the first one that is free. */
static size_t add_source(struct story *story)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    model_make_identity_key(identity_key, 1);
    return source_row(
        publisher_add_source(story->publisher, identity_key, SOURCE_BACKEND_WITH_CONTROL, story->now));
}

/* Rows of sources that were taken away are used again, and many backends cost no more than few, each. */
static void test_many_backends(void **state)
{
    (void)state;
    struct story *story = story_new();
    for (size_t i = 0; i < 50000; i++)
        assert_int_equal(add_source(story), i);
    publisher_remove_source(story->publisher, 777);
    publisher_remove_source(story->publisher, 333);
    assert_int_equal(add_source(story), 333);
    assert_int_equal(add_source(story), 777);
    assert_int_equal(add_source(story), 50000);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refreshes),
        cmocka_unit_test(test_renewal),
        cmocka_unit_test(test_renewal_of_what_has_expired),
        cmocka_unit_test(test_renewal_under_way),
        cmocka_unit_test(test_refresh_while_all_in_flight),
        cmocka_unit_test(test_same_hsdirs_cause_nothing),
        cmocka_unit_test(test_new_hsdirs),
        cmocka_unit_test(test_new_shared_random_value),
        cmocka_unit_test(test_missed_days),
        cmocka_unit_test(test_one_failure),
        cmocka_unit_test(test_one_refusal),
        cmocka_unit_test(test_back_off),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_hsdirs_forget),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_local_tor_restarts),
        cmocka_unit_test(test_nothing_without_local_tor),
        cmocka_unit_test(test_all_backends_are_new),
        cmocka_unit_test(test_all_of_several_are_new),
        cmocka_unit_test(test_members_come_and_go),
        cmocka_unit_test(test_frontends_come_and_go),
        cmocka_unit_test(test_many_backends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
