/* When the way to the network, or to the backends, is lost for a while: what stays published, and how soon
 * all is well again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_story.h"

#define BACKENDS 6
#define MINUTE 60000
#define HOUR (60 * MINUTE)

static size_t count_state(const struct story *story, enum source_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < BACKENDS; i++)
        count += story->publisher->sources[i].life.state == state;
    return count;
}

static void set_failing(struct story *story, bool fails)
{
    for (size_t i = 0; i < BACKENDS; i++)
        story->backends[i].fails = fails;
    story->hsdirs_refuse = fails ? UPLOAD_FAILURE_NO_ANSWER : UPLOAD_FAILURE_NONE;
}

/* A frontend with backends that are known from HSDirs alone, published. */
static struct story *begin_without_control(void)
{
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    for (size_t i = 0; i < BACKENDS; i++)
        story_add_backend(story, false);
    story_add_frontend(story, BACKENDS);
    story_set_network(story, 0, 6);
    for (size_t i = 0; i < BACKENDS; i++)
        publisher_note_reachable(story->publisher, i, false, UPTIME_UNKNOWN, story->now);
    story_run(story, 10 * MINUTE);
    assert_int_equal(count_state(story, SOURCE_LIVE), BACKENDS);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    return story;
}

/* While nothing gets through nobody is blamed for it, and soon after all is as before. */
static void test_network_is_away(void **state)
{
    (void)state;
    struct story *story = begin_without_control();
    set_failing(story, true);
    story_run(story, 4 * HOUR);
    assert_int_equal(count_state(story, SOURCE_LIVE), BACKENDS);
    set_failing(story, false);
    story_forget(story);
    for (size_t i = 0; i < BACKENDS; i++) /* they went on */
        story->backends[i].counter[1]++;
    story_run(story, 8 * MINUTE); /* at the latest the next try of something gets through */
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    for (size_t i = 0; i < story->upload_count; i++)
        assert_int_equal(story->uploads[i].point_count, 3 * BACKENDS);
    for (size_t i = 0; i < BACKENDS; i++)
        assert_int_equal(story->publisher->sources[i].inquiry.failures, 0);
    story_free(story);
}

/* The first success after an outage has all the others tried at once. */
static void test_all_again_after_an_outage(void **state)
{
    (void)state;
    struct story *story = begin_without_control();
    set_failing(story, true);
    story_run(story, HOUR);
    set_failing(story, false);
    unsigned asked = story->backends[0].fetches[1];
    for (int seconds = 0; story->publisher->hsdir_failures > 0; seconds++) {
        assert_in_range(seconds, 0, 8 * 60);
        story_run(story, 1000);
    }
    story_run(story, 1000);
    assert_true(story->backends[0].fetches[1] > asked);
    for (size_t i = 0; i < BACKENDS; i++)
        assert_int_equal(story->publisher->sources[i].inquiry.failures, 0);
    story_free(story);
}

/* One that no HSDir has while others are found is dead. */
static void test_one_is_dead(void **state)
{
    (void)state;
    struct story *story = begin_without_control();
    story->backends[0].fails = true;
    story_run(story, HOUR);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_OUT);
    assert_int_equal(count_state(story, SOURCE_LIVE), BACKENDS - 1);
    story_free(story);
}

/* A tor that is there but can't upload yet makes everything fail; it does not take long once it can. */
static void test_tor_becomes_ready(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    story_run(story, 2000);
    publisher_note_tor(story->publisher, 0, TOR_UNREADY, story->now);
    story_change_points(story, 0, 700);
    story->hsdirs_refuse = UPLOAD_FAILURE_TOR;
    story_run(story, 30 * MINUTE);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_run(story, 2000);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* Loses every backend's connection, one soon after the other. */
static void lose_all(struct story *story, enum source_loss loss)
{
    for (size_t i = 0; i < 10 * BACKENDS; i++) { /* each try to connect fails, too */
        for (size_t j = 0; j < BACKENDS && j <= i; j++)
            publisher_note_unreachable(story->publisher, j, "lost", loss, story->now);
        story_run(story, 2000);
    }
    story_run(story, 10 * MINUTE);
    assert_int_equal(count_state(story, SOURCE_OUT), BACKENDS);
    assert_true(story->publisher->frontends[0].is_frozen);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
}

static size_t count_points(const struct story *story)
{
    return assignment_count_points(story->publisher->frontends[0].assignment);
}

/* Where all are lost together it is more likely their way that is lost than each of them. */
static void test_way_to_all_is_lost(void **state)
{
    (void)state;
    static const enum source_loss losses[] = {SOURCE_LOST, SOURCE_GONE_HERE};
    for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++) {
        struct story *story = story_new_published(BACKENDS, DESCRIPTOR_FIRST);
        lose_all(story, losses[i]);
        assert_int_equal(count_points(story), 3 * BACKENDS);
        story_forget(story);
        for (size_t j = 0; j < BACKENDS - 1; j++) {
            story_reach(story, j);
            story_run(story, 5000);
        }
        assert_false(story->publisher->frontends[0].is_frozen);
        assert_int_equal(story->upload_count, 0);
        story_run(story, 2 * MINUTE); /* one does not come back */
        assert_int_equal(count_points(story), 3 * (BACKENDS - 1));
        story_reach(story, BACKENDS - 1);
        story_run(story, 2 * MINUTE);
        assert_false(story->publisher->frontends[0].is_frozen);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        assert_int_equal(count_points(story), 3 * BACKENDS);
        story_free(story);
    }
}

/* Those that are known to be dead do not come back so, nor those that were lost long before. */
static void test_dead_ones_stay_out(void **state)
{
    (void)state;
    struct story *story = story_new_published(BACKENDS, DESCRIPTOR_FIRST);
    lose_all(story, SOURCE_GONE);
    assert_int_equal(count_points(story), 3);
    story_free(story);

    story = story_new_published(BACKENDS, DESCRIPTOR_FIRST);
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_run(story, HOUR);
    lose_all(story, SOURCE_LOST);
    assert_int_equal(count_points(story), 3 * (BACKENDS - 1));
    story_free(story);
}

/* Those that get a control port are not taken for new ones. */
static void test_control_is_added(void **state)
{
    (void)state;
    struct story *story = begin_without_control();
    story_forget(story);
    for (size_t i = 0; i < BACKENDS; i++) {
        publisher_set_kind(story->publisher, i, SOURCE_BACKEND_WITH_CONTROL, story->now);
        story->backends[i].answers = false;
    }
    story_run(story, 20);
    for (size_t i = 0; i < BACKENDS; i++)
        publisher_note_reachable(story->publisher, i, true, HOUR, story->now);
    story_run(story, 3000);
    assert_int_equal(count_state(story, SOURCE_OUT), 0);
    assert_int_equal(story->upload_count, 0);
    /* From now on another process is one. */
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    publisher_note_reachable(story->publisher, 0, true, 0, story->now);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_OUT);
    story_free(story);
}

/* After a machine was suspended HSDirs have dropped what it uploaded, or soon will. */
static void test_machine_was_suspended(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story_run(story, MINUTE);
    story_forget(story);
    publisher_note_pause(story->publisher, 3 * HOUR, story->now);
    story_run(story, MINUTE);
    assert_int_equal(story->upload_count, 16);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    /* A short pause brings the next refresh nearer, and no more than that. */
    story_forget(story);
    publisher_note_pause(story->publisher, 30 * MINUTE, story->now);
    story_run(story, MINUTE);
    assert_int_equal(story->upload_count, 0);
    story_run(story, 90 * MINUTE);
    assert_true(story->upload_count >= 16);
    story_free(story);
}

/* What says nothing of an outage does not end one either: a frontend that is always refused, and a dead
 * backend. */
static void test_refusals_are_no_outage(void **state)
{
    (void)state;
    struct story *story = begin_without_control();
    story->hsdirs_refuse = UPLOAD_FAILURE_TOR;
    publisher_note_pause(story->publisher, 3 * HOUR, story->now); /* all is to be refreshed */
    story->backends[0].fails = true;
    for (int minute = 0; minute < 30; minute++) {
        story_run(story, MINUTE);
        publisher_note_hsdirs_answered(story->publisher, 1, story->now);
    }
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_OUT);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network_is_away),
        cmocka_unit_test(test_all_again_after_an_outage),
        cmocka_unit_test(test_one_is_dead),
        cmocka_unit_test(test_tor_becomes_ready),
        cmocka_unit_test(test_way_to_all_is_lost),
        cmocka_unit_test(test_dead_ones_stay_out),
        cmocka_unit_test(test_control_is_added),
        cmocka_unit_test(test_machine_was_suspended),
        cmocka_unit_test(test_refusals_are_no_outage),
    };
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
