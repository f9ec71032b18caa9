/* Tests the state machine story by story: who is in, what goes out when, and what does not. */
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
#define FOREVER_UP 3600000

enum { FROM_TOR, FROM_HSDIRS };

/* -- the start --------------------------------------------------------------------------------------- */

static void test_nothing_without_network_or_tor(void **state)
{
    (void)state;
    struct story *story = story_new();
    story_add_backend(story, true);
    story_add_frontend(story, 1);
    story_reach(story, 0);
    story_run(story, HOUR);
    assert_int_equal(story->backends[0].fetches[FROM_TOR], 0);
    story_set_network(story, 0, 6);
    story_run(story, HOUR);
    assert_int_equal(story->upload_count, 0);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_LIVE);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_settle(story);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    story_free(story);
}

/* The first upload waits for every backend that may yet answer, and no longer than patience lasts. */
static void test_start_waits_for_all(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_add_backend(story, true);
    story_add_backend(story, true);
    story_add_frontend(story, 2);
    story_set_network(story, 0, 6);
    story_reach(story, 0);
    story_run(story, publisher_rules_default.start_patience - 1);
    assert_int_equal(story->upload_count, 0);
    story_run(story, 1);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 0));
    assert_true(story_none_has(story, 100));
    story_free(story);
}

static void test_start_does_not_wait_for_the_dead(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_add_backend(story, true);
    story_add_backend(story, true);
    story_add_frontend(story, 2);
    story_set_network(story, 0, 6);
    story_reach(story, 0);
    publisher_note_unreachable(story->publisher, 1, "refused", SOURCE_GONE, story->now);
    story_settle(story);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    story_free(story);
}

static void test_no_live_backend_publishes_nothing(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_add_backend(story, true);
    story_add_frontend(story, 1);
    story_set_network(story, 0, 6);
    story_reach(story, 0);
    story->backends[0].fails = true;
    story_run(story, HOUR);
    assert_int_equal(story->upload_count, 0);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    assert_true(publisher_is_settled(story->publisher, story->now));
    story_free(story);
}

/* -- changes ----------------------------------------------------------------------------------------- */

/* The config may take all backends of a frontend away: then nothing more of it goes out, until it has some.
 */
static void test_no_backends(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    const uint64_t members[] = {0, 1};
    story_forget(story);
    publisher_set_members(story->publisher, 0, NULL, 0, story->now);
    story_run(story, (int64_t)4 * 60 * MINUTE);
    assert_int_equal(story->upload_count, 0);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    assert_int_equal(publisher_add_frontend(story->publisher, (const uint8_t[ED25519_PUBLIC_KEY_SIZE]){7},
                                            NULL, NULL, 0, story->now),
                     1);
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->upload_count, 0);
    publisher_set_members(story->publisher, 0, members, 2, story->now);
    story_run(story, 2 * MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    publisher_remove_frontend(story->publisher, 1);
    publisher_remove_frontend(story->publisher, 0);
    assert_int_equal(story->publisher->sources[0].frontend_count, 0);
    story_free(story);
}

static void test_lone_change_goes_out_within_a_second(void **state)
{
    (void)state;
    for (enum descriptor_slot half = DESCRIPTOR_FIRST; half <= DESCRIPTOR_SECOND; half++) {
        struct story *story = story_new_published(2, half);
        int64_t begin = story->now;
        story_change_points(story, 1, 500);
        story_run(story, SECOND);
        assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
        assert_true(story_all_have(story, 500));
        assert_true(story_all_have(story, 0));
        assert_true(story_none_has(story, 100));
        assert_true(story->uploads[0].at < begin + SECOND);
        story_free(story);
    }
}

static void test_changes_close_together_make_one_upload(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    story_change_points(story, 0, 500);
    story_run(story, 150);
    story_change_points(story, 1, 600);
    story_run(story, 150);
    story_change_points(story, 2, 700);
    story_run(story, 5 * SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 500) && story_all_have(story, 600) && story_all_have(story, 700));
    story_free(story);
}

static void test_same_points_cause_nothing(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    story_change_points(story, 0, 0);
    story_run(story, MINUTE);
    assert_true(story->backends[0].fetches[FROM_TOR] > 0);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

/* What changes and changes back before it went out costs no upload, now or later. */
static void test_change_and_back(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    story_change_points(story, 0, 500);
    story_run(story, 150);
    story_change_points(story, 0, 0);
    story_run(story, MINUTE);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

/* -- backends that go and come ----------------------------------------------------------------------- */

static void test_dead_tor_is_out_at_once(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_SECOND);
    publisher_note_unreachable(story->publisher, 0, "end of file", SOURCE_LOST, story->now);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, 0);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_GRACE);
    publisher_note_unreachable(story->publisher, 0, "refused", SOURCE_GONE, story->now);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_none_has(story, 0));
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_OUT);
    assert_string_equal(story->publisher->sources[0].life.reason, "refused");
    story_free(story);
}

static void test_grace(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    publisher_note_unreachable(story->publisher, 0, "no route", SOURCE_LOST, story->now);
    story_run(story, publisher_rules_default.grace - 1);
    assert_int_equal(story->upload_count, 0);
    story_run(story, SECOND);
    assert_true(story_none_has(story, 0));
    /* and back in, with the same process */
    story_forget(story);
    publisher_note_reachable(story->publisher, 0, false, FOREVER_UP, story->now);
    story_run(story, SECOND);
    assert_true(story_all_have(story, 0));
    story_free(story);
}

static void test_back_within_grace_changes_nothing(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_SECOND);
    publisher_note_unreachable(story->publisher, 0, "time-out", SOURCE_LOST, story->now);
    story_run(story, 50 * SECOND);
    publisher_note_reachable(story->publisher, 0, false, FOREVER_UP, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->upload_count, 0);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_LIVE);
    assert_string_equal(story->publisher->sources[0].life.reason, "");
    story_free(story);
}

/* While nobody can ask it from here its grace does not run; it begins anew when somebody can. */
static void test_grace_waits_for_somebody_to_ask(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    const struct source *source = &story->publisher->sources[0];
    publisher_note_unreachable(story->publisher, 0, "no tor here", SOURCE_UNASKED, story->now);
    story_run(story, 2 * publisher_rules_default.grace);
    assert_int_equal(source->life.state, SOURCE_LIVE);
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_run(story, publisher_rules_default.grace - 1);
    publisher_note_unreachable(story->publisher, 0, "no tor here", SOURCE_UNASKED, story->now);
    story_run(story, 2 * publisher_rules_default.grace);
    assert_int_equal(source->life.state, SOURCE_GRACE);
    assert_string_equal(source->life.reason, "no tor here");
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_run(story, publisher_rules_default.grace - 1);
    assert_int_equal(source->life.state, SOURCE_GRACE);
    assert_int_equal(story->upload_count, 0);
    story_run(story, SECOND);
    assert_int_equal(source->life.state, SOURCE_OUT);
    assert_true(story_none_has(story, 0));
    story_free(story);
}

/* One that was never heard of has no more time for that: others wait for it. */
static void test_unasked_at_the_start(void **state)
{
    (void)state;
    struct story *story = story_new();
    story_add_backend(story, true);
    story_add_backend(story, true);
    story_add_frontend(story, 2);
    story_set_network(story, 0, 6);
    story_reach(story, 1);
    publisher_note_unreachable(story->publisher, 0, "no tor here", SOURCE_UNASKED, story->now);
    assert_string_equal(story->publisher->sources[0].life.reason, "");
    story_run(story, publisher_rules_default.start_patience + SECOND);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_OUT);
    story_free(story);
}

static void test_fail_static(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    publisher_note_unreachable(story->publisher, 0, "refused", SOURCE_GONE, story->now);
    story_run(story, SECOND);
    assert_false(story->publisher->frontends[0].is_frozen);
    story_forget(story);
    publisher_note_unreachable(story->publisher, 1, "refused", SOURCE_GONE, story->now);
    story_run(story, MINUTE);
    assert_true(story->publisher->frontends[0].is_frozen);
    assert_int_equal(story->upload_count, 0);
    story_run(story, 125 * MINUTE);
    assert_true(story->upload_count >= BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 100));
    story_forget(story);
    story_change_points(story, 0, 700);
    publisher_note_reachable(story->publisher, 0, true, SECOND, story->now);
    story_run(story, SECOND);
    assert_false(story->publisher->frontends[0].is_frozen);
    assert_true(story_all_have(story, 700) && story_none_has(story, 100));
    story_free(story);
}

static void test_unusable_descriptors(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    story->backends[0].point_count[FROM_TOR] = 0;
    story_change_points(story, 0, 0);
    story_run(story, 50 * SECOND);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_GRACE);
    story_run(story, MINUTE);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_OUT);
    assert_non_null(strstr(story->publisher->sources[0].life.reason, "no introduction points"));
    assert_true(story_none_has(story, 0));
    story_free(story);
}

/* -- backends without a control port ----------------------------------------------------------------- */

/* One with and one without a control port, published. */
static struct story *new_mixed_story(void)
{
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_add_backend(story, true);
    story_add_backend(story, false);
    story_add_frontend(story, 2);
    story_set_network(story, 0, 1);
    story_reach(story, 0);
    publisher_note_reachable(story->publisher, 1, false, UPTIME_UNKNOWN, story->now);
    story_run(story, SECOND);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    return story;
}

static void test_poll(void **state)
{
    (void)state;
    struct story *story = new_mixed_story();
    story_forget(story);
    story_run(story, 10 * HOUR);
    assert_in_range(story->backends[1].fetches[FROM_HSDIRS], 59, 121);
    assert_int_equal(story->backends[1].fetches[FROM_TOR], 0);
    story_free(story);
}

static void test_resting_counter(void **state)
{
    (void)state;
    struct story *story = new_mixed_story();
    story_run(story, 149 * MINUTE);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_LIVE);
    story_run(story, 2 * MINUTE);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_OUT);
    assert_true(story_none_has(story, 100));
    /* an older copy from another HSDir does not say that it lives */
    story->backends[1].counter[FROM_HSDIRS] = 0;
    story_run(story, 20 * MINUTE);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_OUT);
    story->backends[1].counter[FROM_HSDIRS] = 2;
    story_run(story, 11 * MINUTE);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_LIVE);
    assert_true(story_all_have(story, 100));
    story_free(story);
}

/* While the local tor is away nobody can look, so no counter rests for too long. */
static void test_resting_counter_without_local_tor(void **state)
{
    (void)state;
    struct story *story = new_mixed_story();
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    publisher_note_unreachable(story->publisher, 1, "gone", SOURCE_LOST, story->now);
    story_forget(story);
    story_run(story, 5 * HOUR);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_LIVE);
    assert_int_equal(story->upload_count, 0);
    story->backends[1].counter[FROM_HSDIRS]++;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    publisher_note_reachable(story->publisher, 1, false, UPTIME_UNKNOWN, story->now);
    story_run(story, HOUR);
    assert_true(story_all_have(story, 100));
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_LIVE);
    story_free(story);
}

static void test_fetches_that_fail_for_long(void **state)
{
    (void)state;
    struct story *story = new_mixed_story();
    story->backends[1].fails = true;
    story_run(story, 12 * MINUTE);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_LIVE);
    story_run(story, 18 * MINUTE);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_OUT);
    story_free(story);
}

/* -- which descriptor of a backend ------------------------------------------------------------------- */

static void test_older_copies_change_nothing(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct story_backend *backend = &story->backends[0];
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    story_forget(story);
    backend->counter[FROM_TOR]--;
    backend->points[FROM_TOR][0] = 0;
    story_announce(story, 0, false, 1);
    story_run(story, MINUTE);
    assert_true(backend->fetches[FROM_TOR] > 0);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_without_network_or_tor),
        cmocka_unit_test(test_start_waits_for_all),
        cmocka_unit_test(test_start_does_not_wait_for_the_dead),
        cmocka_unit_test(test_no_live_backend_publishes_nothing),
        cmocka_unit_test(test_no_backends),
        cmocka_unit_test(test_lone_change_goes_out_within_a_second),
        cmocka_unit_test(test_changes_close_together_make_one_upload),
        cmocka_unit_test(test_same_points_cause_nothing),
        cmocka_unit_test(test_change_and_back),
        cmocka_unit_test(test_dead_tor_is_out_at_once),
        cmocka_unit_test(test_grace),
        cmocka_unit_test(test_back_within_grace_changes_nothing),
        cmocka_unit_test(test_grace_waits_for_somebody_to_ask),
        cmocka_unit_test(test_unasked_at_the_start),
        cmocka_unit_test(test_fail_static),
        cmocka_unit_test(test_unusable_descriptors),
        cmocka_unit_test(test_poll),
        cmocka_unit_test(test_resting_counter),
        cmocka_unit_test(test_resting_counter_without_local_tor),
        cmocka_unit_test(test_fetches_that_fail_for_long),
        cmocka_unit_test(test_older_copies_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
