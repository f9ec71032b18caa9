/* Tests the local tors' part of the state machine story by story: how they share uploads, how many each gets
 * at once, which go first, and what becomes of the work of one that is lost. */
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

static size_t count_at(const struct story *story, size_t tor)
{
    size_t count = 0;
    for (size_t i = 0; i < story->upload_count; i++)
        count += story->uploads[i].tor == tor;
    return count;
}

static size_t in_flight(const struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++)
        count += story->publisher->tors[i].in_flight;
    return count;
}

static void assert_all_published(const struct story *story)
{
    for (size_t i = 0; i < story->publisher->frontend_count; i++)
        assert_true(publisher_is_published(story->publisher, i, story->now));
}

/* Frontends that share a backend, published through tor 0. */
static struct story *story_with_frontends(size_t count)
{
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    for (size_t i = 1; i < count; i++)
        story_add_frontend(story, 1);
    story_run(story, 5 * SECOND);
    assert_all_published(story);
    assert_int_equal(in_flight(story), 0);
    story_forget(story);
    return story;
}

/* -- sharing -------------------------------------------------------------------------------------- */

static void test_tors_share(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    for (size_t tor = 1; tor < 4; tor++)
        publisher_note_tor(story->publisher, tor, TOR_READY, story->now);
    story_change_points(story, 0, 500);
    story_run(story, 3 * SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    story_forget(story);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 600);
    story_run(story, 5 * SECOND);
    for (size_t tor = 0; tor < 4; tor++)
        assert_in_range(count_at(story, tor), BOTH_DESCRIPTORS / 4 - 2, BOTH_DESCRIPTORS / 4 + 1);
    story_free(story);
}

/* Has uploads come due one at a time, and done. */
static void upload_one_by_one(struct story *story, int count)
{
    for (int i = 0; i < count; i++) {
        struct publisher_upload *upload = &story->publisher->frontends[0].descriptors[0].uploads[0];
        upload->state = UPLOAD_DUE;
        upload->cause = UPLOAD_FOR_REFRESH;
        upload->due = story->now;
        publisher_note_tor(story->publisher, 0, TOR_READY, story->now); /* has it looked at */
        story_run(story, 2 * SECOND);
    }
}

/* One that comes late is given no more than its share, however little it has done. */
static void test_late_tor(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor(story->publisher, 1, TOR_READY, story->now);
    upload_one_by_one(story, 8);
    assert_int_equal(count_at(story, 0), 4);
    assert_int_equal(count_at(story, 1), 4);
    publisher_note_tor(story->publisher, 2, TOR_READY, story->now);
    upload_one_by_one(story, 10);
    assert_int_equal(story->upload_count, 18);
    assert_in_range(count_at(story, 2), 3, 4);
    story_free(story);
}

/* Only what did not come through speaks against a tor. */
static void test_refusals_at_tor(void **state)
{
    (void)state;
    static const struct {
        enum upload_failure failure;
        unsigned failures; /* of the tor, after that one and one more before */
    } cases[] = {
        {UPLOAD_FAILURE_NONE, 0},    {UPLOAD_FAILURE_REJECTED, 0}, {UPLOAD_FAILURE_BROKEN, 0},
        {UPLOAD_FAILURE_CIRCUIT, 2}, {UPLOAD_FAILURE_TOR, 2},      {UPLOAD_FAILURE_NOT_BUILT, 1},
        {UPLOAD_FAILURE_OTHER, 2},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
        story->hsdirs_answer = false;
        story_change_points(story, 0, 500);
        story_run(story, SECOND);
        story_answer(story, &story->uploads[0], UPLOAD_FAILURE_CIRCUIT);
        assert_int_equal(story->publisher->tors[0].failures, 1);
        story_answer(story, &story->uploads[1], cases[i].failure);
        assert_int_equal(story->publisher->tors[0].failures, cases[i].failures);
        story_free(story);
    }
}

/* One that does not know the network is used only where there is no other. */
static void test_unready_tor(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor(story->publisher, 1, TOR_UNREADY, story->now);
    story_change_points(story, 0, 500);
    story_run(story, 3 * SECOND);
    assert_int_equal(count_at(story, 0), story->upload_count);
    story_forget(story);
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    story_change_points(story, 0, 600);
    story_run(story, 3 * SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_int_equal(count_at(story, 1), story->upload_count);
    story_free(story);
}

static void test_fetches_in_turn(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 2, TOR_READY, story->now);
    publisher_note_tor(story->publisher, 5, TOR_READY, story->now);
    for (size_t i = 0; i < 4; i++)
        story_add_backend(story, false);
    size_t with_control = story_add_backend(story, true);
    story_set_network(story, 0, 6);
    for (size_t i = 0; i < 5; i++)
        story_reach(story, i);
    story_settle(story);
    size_t at_two = 0, at_five = 0;
    for (size_t i = 0; i < 4; i++) {
        at_two += story->backends[i].fetch_tor == 2;
        at_five += story->backends[i].fetch_tor == 5;
    }
    assert_int_equal(at_two, 2);
    assert_int_equal(at_five, 2);
    assert_int_equal(story->backends[with_control].fetch_tor, PUBLISHER_NO_TOR);
    story_free(story);
}

/* A fetch that was lost with its tor is done by another one at once. */
static void test_fetch_is_lost(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    publisher_note_tor(story->publisher, 1, TOR_READY, story->now);
    story_add_backend(story, false);
    story->backends[0].answers = false;
    story_set_network(story, 0, 6);
    story_reach(story, 0);
    story_settle(story);
    size_t lost = story->backends[0].fetch_tor;
    publisher_note_tor(story->publisher, lost, TOR_DOWN, story->now);
    publisher_note_fetch_lost(story->publisher, 0, story->now);
    story_settle(story);
    assert_int_equal(story->backends[0].fetch_tor, 1 - lost);
    assert_int_equal(story->publisher->sources[0].inquiry.failures, 0);
    story_free(story);
}

/* -- losing one ----------------------------------------------------------------------------------- */

/* What a lost tor has not answered goes through the other one, as soon as counters allow; what was done stays
 * done. */
static void test_lost_tor(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor(story->publisher, 1, TOR_READY, story->now);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    size_t sent = story->upload_count, lost = count_at(story, 0);
    assert_true(lost > 0 && lost < sent);
    int64_t sent_at = story->uploads[0].at;
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    assert_int_equal(story->publisher->tors[0].in_flight, 0);
    story_run(story, sent_at + 1100 - story->now);
    assert_int_equal(story->upload_count, sent + lost);
    for (size_t i = sent; i < story->upload_count; i++)
        assert_int_equal(story->uploads[i].tor, 1);
    for (size_t i = 0; i < story->upload_count; i++) {
        if (story->uploads[i].tor == 1)
            story_answer(story, &story->uploads[i], UPLOAD_FAILURE_NONE);
    }
    story->hsdirs_answer = true;
    story_run(story, 2 * SECOND);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_int_equal(in_flight(story), 0);
    story_free(story);
}

/* An upload that failed is tried by another tor. */
static void test_retry_elsewhere(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor(story->publisher, 1, TOR_READY, story->now);
    story->hsdirs_refuse = UPLOAD_FAILURE_CIRCUIT;
    story_change_points(story, 0, 500);
    story_run(story, 30 * SECOND);
    size_t retries = 0;
    for (size_t i = 0; i < story->upload_count; i++) {
        const struct story_upload *upload = &story->uploads[i], *before = NULL;
        for (size_t j = 0; j < i; j++) {
            if (story->uploads[j].hsdir == upload->hsdir && story->uploads[j].slot == upload->slot)
                before = &story->uploads[j];
        }
        retries += before != NULL;
        if (before != NULL)
            assert_int_not_equal(before->tor, upload->tor);
    }
    assert_true(retries > BOTH_DESCRIPTORS);
    story_free(story);
}

/* A tor through which nothing goes is not given more and more because it is always the first to be free. */
static void test_failing_tor(void **state)
{
    (void)state;
    struct story *story = story_with_frontends(8);
    publisher_note_tor(story->publisher, 1, TOR_READY, story->now);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    size_t answered = 0;
    for (int i = 0; i < 400; i++) {
        story_run(story, 10);
        for (; answered < story->upload_count; answered++)
            story_answer(story, &story->uploads[answered],
                         story->uploads[answered].tor == 0 ? UPLOAD_FAILURE_CIRCUIT : UPLOAD_FAILURE_NONE);
    }
    story->hsdirs_answer = true;
    story_run(story, 20 * SECOND);
    assert_all_published(story);
    assert_true(count_at(story, 0) < 8 * BOTH_DESCRIPTORS / 2);
    story_free(story);
}

/* -- permits -------------------------------------------------------------------------------------- */

static void test_permits(void **state)
{
    (void)state;
    struct story *story = story_with_frontends(10);
    story->publisher->rules.tor_permits = 6;
    publisher_note_tor(story->publisher, 3, TOR_READY, story->now);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, 12);
    assert_int_equal(story->publisher->tors[0].in_flight, 6);
    assert_int_equal(story->publisher->tors[3].in_flight, 6);
    for (size_t i = 0; i < story->upload_count; i++) {
        story_answer(story, &story->uploads[i], UPLOAD_FAILURE_NONE);
        story_settle(story);
        assert_true(story->publisher->tors[0].in_flight <= 6 && story->publisher->tors[3].in_flight <= 6);
    }
    assert_int_equal(in_flight(story), 0);
    story->hsdirs_answer = true;
    story_run(story, 2 * SECOND);
    assert_int_equal(story->upload_count, 10 * BOTH_DESCRIPTORS);
    assert_all_published(story);
    story_free(story);
}

/* An HSDir that does not answer gives its permit to others after some seconds; its answer still counts. */
static void test_permit_of_silent_hsdir(void **state)
{
    (void)state;
    struct story *story = story_with_frontends(3);
    story->publisher->rules.tor_permits = 4;
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, 9 * SECOND);
    assert_int_equal(story->upload_count, 4);
    story_run(story, 2 * SECOND);
    assert_int_equal(story->upload_count, 8);
    assert_int_equal(in_flight(story), 4);
    for (size_t i = 0; i < 8; i++)
        story_answer(story, &story->uploads[i], UPLOAD_FAILURE_NONE);
    assert_int_equal(in_flight(story), 0);
    story->hsdirs_answer = true;
    story_run(story, 2 * SECOND);
    assert_all_published(story);
    assert_int_equal(story->upload_count, 3 * BOTH_DESCRIPTORS);
    story_free(story);
}

/* Permits come back when an HSDir is not responsible any more, and when a frontend goes. */
static void test_permits_come_back(void **state)
{
    (void)state;
    struct story *story = story_with_frontends(2);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    size_t before = in_flight(story);
    assert_true(before > BOTH_DESCRIPTORS);
    story_set_network(story, 5, 6); /* another day, other HSDirs */
    assert_true(in_flight(story) < before);
    story_settle(story);
    size_t both = in_flight(story);
    publisher_set_members(story->publisher, 0, &(size_t){story_add_backend(story, true)}, 1, story->now);
    story_settle(story);
    assert_true(in_flight(story) < both); /* it has nothing to publish, and nobody waits for its HSDirs */
    publisher_remove_frontend(story->publisher, 1);
    assert_int_equal(in_flight(story), 0);
    publisher_remove_frontend(story->publisher, 0);
    story_free(story);
}

/* Answers the next uploads that nobody has answered. */
static void answer_next(struct story *story, size_t *answered, size_t count)
{
    for (size_t i = 0; i < count; i++)
        story_answer(story, &story->uploads[(*answered)++], UPLOAD_FAILURE_NONE);
    story_settle(story);
}

/* Six frontends, of which two may wait before the HSDirs of a descriptor share a text, so many permits, and
 * HSDirs that do not answer. */
static struct story *story_of_rush(unsigned permits)
{
    struct story *story = story_with_frontends(6);
    story->publisher->rules.tor_permits = permits;
    story->publisher->rules.rush = 2;
    story->hsdirs_answer = false;
    return story;
}

/* While too many frontends wait, a descriptor goes to several HSDirs at once, which share a text; the last
 * frontends' HSDirs get one each. */
static void test_rush(void **state)
{
    (void)state;
    struct story *story = story_of_rush(11);
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    size_t answered = 0;
    assert_int_equal(story->upload_count, 8); /* three permits are left, and that is too few */
    answer_next(story, &answered, 4);
    assert_int_equal(story->upload_count, 8);
    answer_next(story, &answered, 1);
    assert_int_equal(story->upload_count, 16);
    for (size_t i = 0; i < 16; i++) {
        assert_true(story->uploads[i].is_shared);
        assert_int_equal(story->uploads[i].frontend, story->uploads[i / 8 * 8].frontend);
        assert_int_equal(story->uploads[i].slot, story->uploads[i / 8 * 8].slot);
    }
    while (answered < story->upload_count)
        answer_next(story, &answered, 1);
    assert_int_equal(story->upload_count, 6 * BOTH_DESCRIPTORS);
    size_t first_alone = 0;
    while (story->uploads[first_alone].is_shared)
        first_alone++;
    assert_in_range(story->upload_count - first_alone, BOTH_DESCRIPTORS, 2 * BOTH_DESCRIPTORS);
    for (size_t i = first_alone; i < story->upload_count; i++)
        assert_false(story->uploads[i].is_shared);
    story_free(story);
}

/* Tors that have fewer permits than that are given what they take. */
static void test_rush_of_few_permits(void **state)
{
    (void)state;
    struct story *story = story_of_rush(3);
    story->hsdirs_answer = true;
    story_change_points(story, 0, 500);
    story_run(story, 2 * SECOND);
    assert_int_equal(story->upload_count, 6 * BOTH_DESCRIPTORS);
    story_free(story);
}

/* HSDirs that do not answer hold a rush up, but not for ever. */
static void test_rush_to_silent_hsdirs(void **state)
{
    (void)state;
    struct story *story = story_of_rush(11);
    story_change_points(story, 0, 500);
    story_run(story, 9 * SECOND);
    assert_int_equal(story->upload_count, 8);
    story_run(story, 2 * SECOND);
    assert_int_equal(story->upload_count, 16);
    story->hsdirs_answer = true;
    story_run(story, 10 * MINUTE);
    assert_all_published(story);
    story_free(story);
}

/* The permits of all tors that are ready count together, those of others do not; and what one had that is
 * lost goes through the other. */
static void test_rush_through_two_tors(void **state)
{
    (void)state;
    struct story *story = story_of_rush(7);
    publisher_note_tor(story->publisher, 1, TOR_UNREADY, story->now);
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, 7); /* seven are all there are */
    publisher_note_tor(story->publisher, 1, TOR_READY, story->now);
    story_settle(story);
    assert_int_equal(story->upload_count, 7); /* of fourteen permits seven are free */
    size_t answered = 0;
    answer_next(story, &answered, 1);
    assert_int_equal(story->upload_count, 8); /* the first descriptor's last HSDir */
    answer_next(story, &answered, 1);
    assert_int_equal(story->upload_count, 16);
    assert_true(story->uploads[15].is_shared && count_at(story, 1) > 1);
    story->hsdirs_answer = true;
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    while (answered < 16)
        answer_next(story, &answered, 1);
    story_run(story, 5 * MINUTE);
    assert_all_published(story);
    story_free(story);
}

/* -- what goes first ------------------------------------------------------------------------------ */

/* Makes everything of a frontend due for a reason, as if for so long. */
static void make_due(struct story *story, size_t frontend, enum upload_cause cause, int64_t ago)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct publisher_descriptor *descriptor = &story->publisher->frontends[frontend].descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            descriptor->uploads[i].state = UPLOAD_DUE;
            descriptor->uploads[i].cause = cause;
            descriptor->uploads[i].due = story->now - ago;
            if (cause == UPLOAD_FOR_POINTS || cause == UPLOAD_FOR_PERIOD)
                point_set_replace(&descriptor->uploads[i].sent, NULL); /* other points than now */
        }
    }
}

/* Frontends with all that can be due; one permit, so that the order of uploads shows. */
static struct story *story_of_causes(const int64_t ago[UPLOAD_CAUSES])
{
    struct story *story = story_with_frontends(UPLOAD_CAUSES);
    story->publisher->rules.tor_permits = 1;
    for (size_t cause = 0; cause < UPLOAD_CAUSES; cause++)
        make_due(story, UPLOAD_CAUSES - 1 - cause, (enum upload_cause)cause, ago[cause]);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now); /* has them looked at */
    story_settle(story);
    assert_int_equal(story->upload_count, UPLOAD_CAUSES * BOTH_DESCRIPTORS);
    return story;
}

/* Changed points, new HSDirs, failures, points of a new time period, refreshes; and of a frontend the
 * descriptor that clients use. */
static void test_urgent_first(void **state)
{
    (void)state;
    struct story *story = story_of_causes((const int64_t[UPLOAD_CAUSES]){0});
    for (size_t i = 0; i < story->upload_count; i++) {
        assert_int_equal(story->uploads[i].frontend, UPLOAD_CAUSES - 1 - i / BOTH_DESCRIPTORS);
        assert_int_equal(story->uploads[i].slot,
                         i % BOTH_DESCRIPTORS < BOTH_DESCRIPTORS / 2 ? DESCRIPTOR_FIRST : DESCRIPTOR_SECOND);
    }
    story_free(story);
}

/* But nothing waits for ever. */
static void test_patience_ends(void **state)
{
    (void)state;
    struct story *story = story_of_causes((const int64_t[UPLOAD_CAUSES]){[UPLOAD_FOR_REFRESH] = HOUR});
    for (size_t i = 0; i < BOTH_DESCRIPTORS; i++)
        assert_int_equal(story->uploads[i].frontend, 0);
    story_free(story);
}

/* A refresh that waits for its permit becomes urgent with new points. */
static void test_refresh_becomes_urgent(void **state)
{
    (void)state;
    struct story *story = story_with_frontends(1);
    story->publisher->rules.tor_permits = 0;
    make_due(story, 0, UPLOAD_FOR_REFRESH, 0);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_settle(story);
    assert_true(story->publisher->queue.moments[0] > story->now + 10 * MINUTE);
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    assert_true(story->publisher->queue.moments[0] <= story->now);
    story_free(story);
}

/* Points that change and change back while uploads wait for permits are sent once, as they are then. */
static void test_change_and_back(void **state)
{
    (void)state;
    struct story *story = story_with_frontends(1);
    story->publisher->rules.tor_permits = 0;
    story_change_points(story, 0, 500);
    story_run(story, 2 * SECOND);
    assert_int_equal(agenda_count(&story->publisher->queue), 1);
    story_change_points(story, 0, 0);
    story_run(story, 2 * SECOND);
    story->publisher->rules.tor_permits = 50;
    story_run(story, 5 * SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 0) && story_none_has(story, 500));
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tors_share),
        cmocka_unit_test(test_late_tor),
        cmocka_unit_test(test_refusals_at_tor),
        cmocka_unit_test(test_unready_tor),
        cmocka_unit_test(test_fetches_in_turn),
        cmocka_unit_test(test_fetch_is_lost),
        cmocka_unit_test(test_lost_tor),
        cmocka_unit_test(test_retry_elsewhere),
        cmocka_unit_test(test_failing_tor),
        cmocka_unit_test(test_permits),
        cmocka_unit_test(test_permit_of_silent_hsdir),
        cmocka_unit_test(test_permits_come_back),
        cmocka_unit_test(test_rush),
        cmocka_unit_test(test_rush_of_few_permits),
        cmocka_unit_test(test_rush_to_silent_hsdirs),
        cmocka_unit_test(test_rush_through_two_tors),
        cmocka_unit_test(test_urgent_first),
        cmocka_unit_test(test_patience_ends),
        cmocka_unit_test(test_refresh_becomes_urgent),
        cmocka_unit_test(test_change_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
