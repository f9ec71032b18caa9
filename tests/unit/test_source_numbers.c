/* Tests that a source is known by its number: none is given again, and two may have the same address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "../sim/model.h"
#include "helper_story.h"

#define SECOND INT64_C(1000)

static uint64_t add_source(struct story *story, uint64_t key)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    model_make_identity_key(identity_key, key);
    return publisher_add_source(story->publisher, identity_key, SOURCE_BACKEND_WITH_CONTROL, story->now);
}

static void test_numbers_are_not_given_again(void **state)
{
    (void)state;
    struct story *story = story_new();
    uint64_t kept = add_source(story, 1), gone = add_source(story, 2);
    uint64_t seen[20];
    for (size_t i = 0; i < 20; i++) {
        assert_non_null(publisher_find_source(story->publisher, gone));
        publisher_remove_source(story->publisher, gone);
        assert_null(publisher_find_source(story->publisher, gone));
        seen[i] = gone;
        gone = add_source(story, 2);
        for (size_t j = 0; j <= i; j++) {
            assert_int_not_equal(gone, seen[j]);
            assert_null(publisher_find_source(story->publisher, seen[j]));
        }
    }
    assert_int_equal(story->publisher->source_count, 2); /* rows are used again */
    assert_int_equal(publisher_find_source(story->publisher, kept)->number, kept);
    assert_int_equal(publisher_find_source(story->publisher, gone)->number, gone);
    assert_null(publisher_find_source(story->publisher, SOURCE_NONE));
    assert_null(publisher_find_source(story->publisher, 2));
    story_free(story);
}

/* Whoever kept the number of one that is gone can do no harm to the one in its row. */
static void test_gone_source_is_passed_over(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct publisher *publisher = story->publisher;
    uint64_t gone = add_source(story, 200);
    publisher_remove_source(publisher, gone);
    uint64_t here = add_source(story, 201);
    assert_int_equal(source_row(here), source_row(gone));
    const uint64_t points[] = {700, 701, 702};
    const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE] = {1};
    publisher_note_reachable(publisher, gone, true, UPTIME_UNKNOWN, story->now);
    publisher_note_descriptor(publisher, gone, model_make_descriptor(19999, 1, points, 3), story->now);
    publisher_note_fetch_failed(publisher, gone, "it is gone", true, story->now);
    publisher_note_fetch_lost(publisher, gone, story->now);
    publisher_note_hsdirs_answered(publisher, gone, story->now);
    publisher_note_source_upload(publisher, gone, SOURCE_UPLOAD_BEGUN, fingerprint, NULL, story->now);
    publisher_note_unreachable(publisher, gone, "gone", SOURCE_GONE, story->now);
    publisher_set_kind(publisher, gone, SOURCE_BACKEND_ON_HSDIRS, story->now);
    publisher_remove_source(publisher, gone);
    const struct source *source = publisher_find_source(publisher, here);
    assert_non_null(source);
    assert_int_equal(source->life.state, SOURCE_WAITING);
    assert_int_equal(source->kind, SOURCE_BACKEND_WITH_CONTROL);
    assert_string_equal(source->life.reason, "");
    assert_null(source->descriptor);
    assert_null(source->announcements);
    assert_false(source_is_reachable(source));
    story_free(story);
}

/* Two tors with one address are two sources: each has its own points, and dies its own death. */
static void test_two_sources_of_one_address(void **state)
{
    (void)state;
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    for (size_t i = 0; i < 2; i++)
        story_add_backend(story, true);
    memcpy(story->publisher->sources[1].identity_key, story->publisher->sources[0].identity_key,
           ED25519_PUBLIC_KEY_SIZE);
    story_add_frontend(story, 2);
    story_set_network(story, 0, 6);
    for (size_t i = 0; i < 2; i++)
        story_reach(story, i);
    story_run(story, 5 * SECOND);
    assert_true(story_all_have(story, 0) && story_all_have(story, 100));
    publisher_note_unreachable(story->publisher, 1, "refused", SOURCE_GONE, story->now);
    story_run(story, 5 * SECOND);
    assert_true(story_all_have(story, 0) && story_none_has(story, 100));
    assert_int_equal(publisher_find_source(story->publisher, 0)->life.state, SOURCE_LIVE);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_not_given_again),
        cmocka_unit_test(test_gone_source_is_passed_over),
        cmocka_unit_test(test_two_sources_of_one_address),
    };
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
