/* Tests which of a service's two descriptors a backend's points are taken from, and whom it is asked of, in
 * each half of the day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

enum { FROM_TOR, FROM_HSDIRS };

/* Another process answers where the old one did: its points are gone though no end of file was followed by a
 * refusal, and what HSDirs have is still the old one's. */
static void test_new_process(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_SECOND);
    struct story_backend *backend = &story->backends[0];
    backend->fails = true;
    publisher_note_reachable(story->publisher, 0, true, 5 * SECOND, story->now);
    story_run(story, 5 * SECOND);
    assert_true(story_none_has(story, 0));
    assert_int_equal(backend->fetches[FROM_HSDIRS], 0);
    /* now it has points, first for its first descriptor */
    backend->fails = false;
    backend->points[FROM_TOR][0] = 800;
    backend->points[FROM_TOR][1] = 801;
    backend->points[FROM_TOR][2] = 802;
    story_run(story, 15 * SECOND);
    assert_true(story_all_have(story, 800));
    assert_int_equal(backend->fetches[FROM_HSDIRS], 0);
    /* and an HSDir has its second one */
    backend->counter[FROM_HSDIRS]++;
    backend->points[FROM_HSDIRS][0] = 900;
    story_announce(story, 0, false, 3);
    story_announce(story, 0, true, 3);
    story_run(story, MINUTE);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 1);
    assert_true(story_all_have(story, 900) && story_none_has(story, 800));
    story_free(story);
}

/* A tor whose uploads were over before we came: once it is old enough to have made them itself, what HSDirs
 * have is asked for without waiting for anything else. */
static void test_young_tor_grows_old(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_SECOND);
    struct story_backend *backend = &story->backends[0];
    backend->points[FROM_TOR][0] = 800;
    publisher_note_reachable(story->publisher, 0, true, 90 * SECOND, story->now);
    story_run(story, 29 * SECOND);
    assert_true(story_all_have(story, 800));
    assert_int_equal(backend->fetches[FROM_HSDIRS], 0);
    backend->counter[FROM_HSDIRS]++;
    backend->points[FROM_HSDIRS][0] = 900;
    story_run(story, 3 * SECOND);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 1);
    assert_true(story_all_have(story, 900) && story_none_has(story, 800));
    story_free(story);
}

/* While its tor tells what clients use, its age does not matter. */
static void test_young_tor_in_first_half(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    unsigned fetches = story->backends[0].fetches[FROM_TOR];
    publisher_note_reachable(story->publisher, 0, true, 90 * SECOND, story->now);
    story_run(story, 32 * SECOND);
    assert_int_equal(story->backends[0].fetches[FROM_TOR], fetches + 1);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], 0);
    story_free(story);
}

/* An HSDir that gets both descriptors: its first answer may be about the other one. */
static void test_hsdir_of_both_descriptors(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_SECOND);
    struct hsdir hsdir;
    const uint8_t other_key[ED25519_PUBLIC_KEY_SIZE] = "the first descriptor's";
    model_make_hsdir(&hsdir, 5);
    publisher_note_source_upload(story->publisher, 0, SOURCE_UPLOAD_BEGUN, hsdir.fingerprint, other_key,
                                 story->now);
    story_announce(story, 0, false, 5);
    story_announce(story, 0, true, 5);
    story_run(story, SECOND);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], 0);
    story_announce(story, 0, true, 5);
    story_run(story, SECOND);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], 1);
    story_free(story);
}

/* When clients go over to the second descriptor, so does the fetch. */
static void test_new_period(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct story_backend *backend = &story->backends[0];
    backend->period[FROM_HSDIRS]++;
    backend->points[FROM_HSDIRS][0] = 900;
    story_set_network(story, 0, 12);
    story_run(story, 3 * SECOND);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 1);
    assert_true(story_all_have(story, 900));
    story_free(story);
}

/* Points that come in with a time period live beside the old ones for half a day: where uploads wait for
 * permits, those that take a dead backend's points out go first. */
static void test_death_goes_before_period(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    for (size_t i = 0; i < 2; i++)
        story_add_backend(story, true);
    story_add_frontend(story, 1);
    story_add_frontend(story, 2);
    story_set_network(story, 0, 6);
    for (size_t i = 0; i < 2; i++)
        story_reach(story, i);
    story_run(story, 5 * MINUTE);
    story_forget(story);

    story->publisher->rules.tor_permits = 0;
    story->backends[0].period[FROM_HSDIRS]++;
    story->backends[0].points[FROM_HSDIRS][0] = 900;
    story_set_network(story, 0, 12);
    story_run(story, 10 * SECOND);
    publisher_note_unreachable(story->publisher, 1, "refused", SOURCE_GONE, story->now);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, 0);

    story->publisher->rules.tor_permits = 1;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now); /* has the queue looked at */
    story_settle(story);
    size_t of_dead = 0;
    while (of_dead < story->upload_count && story->uploads[of_dead].frontend == 1)
        of_dead++;
    assert_int_equal(of_dead, story->upload_count / 2);
    assert_true(story_all_have(story, 900) && story_none_has(story, 100));
    story_free(story);
}

/* Where the HSDirs do not answer, the tor's own descriptor is better than nothing, but never better than a
 * newer one; and the HSDirs are asked again. */
static void test_hsdirs_fail_in_second_half(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_SECOND);
    struct story_backend *backend = &story->backends[0];
    unsigned before = backend->fetches[FROM_TOR];
    publisher_note_fetch_failed(story->publisher, 0, "nothing there", false, story->now);
    story->publisher->sources[0].inquiry.ask_at = story->now;
    backend->points[FROM_TOR][0] = 990;
    story_run(story, 20 * SECOND);
    assert_true(backend->fetches[FROM_TOR] > before);
    assert_true(backend->fetches[FROM_HSDIRS] > 0);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

/* A tor that has failed has to answer before HSDirs are believed; as it answers with what clients don't use,
 * they are asked right after it. */
static void test_hsdirs_are_asked_after_a_failing_tor(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_SECOND);
    struct story_backend *backend = &story->backends[0];
    backend->fails = true;
    story_announce(story, 0, false, 3);
    story_announce(story, 0, true, 3);
    for (int i = 0; i < 50 && story->publisher->sources[0].trust.state != TRUST_DENIED; i++)
        story_run(story, SECOND / 10);
    assert_int_equal(story->publisher->sources[0].trust.state, TRUST_DENIED);
    backend->fails = false;
    backend->fetches[FROM_TOR] = backend->fetches[FROM_HSDIRS] = 0;
    backend->counter[FROM_HSDIRS]++;
    backend->points[FROM_HSDIRS][0] = 900;
    story_run(story, 30 * SECOND);
    assert_int_equal(backend->fetches[FROM_TOR], 1);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 1);
    assert_true(story_all_have(story, 900));
    story_free(story);
}

/* A tor that has not seen the new shared random value yet answers with what is about to go. */
static void test_tor_is_behind(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_SECOND);
    struct story_backend *backend = &story->backends[0];
    story_set_network(story, 1, 0);
    backend->points[FROM_TOR][0] = 990;
    backend->points[FROM_HSDIRS][0] = 700;
    backend->counter[FROM_HSDIRS]++;
    story_forget(story);
    story_run(story, 10 * SECOND);
    assert_int_equal(backend->fetches[FROM_TOR], 1);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 1);
    assert_true(story_all_have(story, 700));
    assert_true(story_none_has(story, 990));
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_process),
        cmocka_unit_test(test_young_tor_grows_old),
        cmocka_unit_test(test_young_tor_in_first_half),
        cmocka_unit_test(test_hsdir_of_both_descriptors),
        cmocka_unit_test(test_new_period),
        cmocka_unit_test(test_death_goes_before_period),
        cmocka_unit_test(test_hsdirs_fail_in_second_half),
        cmocka_unit_test(test_hsdirs_are_asked_after_a_failing_tor),
        cmocka_unit_test(test_tor_is_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
