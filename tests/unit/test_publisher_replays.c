/* A backend's tor that answers with a descriptor which is older than what it has said before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_story.h"

#define SECOND INT64_C(1000)

/* Lets the first backend's tor answer with other points under a lower counter than before, and asks it. */
static void replay(struct story *story, uint64_t first)
{
    story_change_points(story, 0, first);
    story->backends[0].counter[0] = 1;
}

static const struct source *first_backend(const struct story *story)
{
    return &story->publisher->sources[0];
}

static void test_replay_changes_nothing_and_ends_in_out(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    story_change_points(story, 0, 500);
    story_run(story, 5 * SECOND);
    assert_true(story_all_have(story, 500));
    replay(story, 0);
    story_run(story, 5 * SECOND);
    assert_int_equal(first_backend(story)->life.state, SOURCE_GRACE);
    assert_non_null(strstr(first_backend(story)->life.reason, "older descriptor"));
    assert_true(story_all_have(story, 500) && story_none_has(story, 0));
    story_run(story, publisher_rules_default.grace + 60 * SECOND);
    assert_int_equal(first_backend(story)->life.state, SOURCE_OUT);
    assert_true(story_none_has(story, 0) && story_none_has(story, 500) && story_all_have(story, 100));

    /* It says something new: it is in again. */
    story->backends[0].counter[0] = 1000000;
    story_run(story, 10 * 60 * SECOND);
    assert_int_equal(first_backend(story)->life.state, SOURCE_LIVE);
    assert_string_equal(first_backend(story)->life.reason, "");
    assert_true(story_all_have(story, 0) && story_all_have(story, 100));
    story_free(story);
}

static void test_another_process_counts_anew(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    publisher_note_unreachable(story->publisher, 0, "gone", SOURCE_GONE, story->now);
    replay(story, 500);
    publisher_note_reachable(story->publisher, 0, true, UPTIME_UNKNOWN, story->now);
    story_run(story, 60 * SECOND);
    assert_int_equal(first_backend(story)->life.state, SOURCE_LIVE);
    assert_true(story_all_have(story, 500));
    story_free(story);
}

/* A clock that went back: what clients need is the same. */
static void test_same_points_are_no_replay(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    replay(story, 0);
    story_run(story, publisher_rules_default.grace + 60 * SECOND);
    assert_int_equal(first_backend(story)->life.state, SOURCE_LIVE);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replay_changes_nothing_and_ends_in_out),
        cmocka_unit_test(test_another_process_counts_anew),
        cmocka_unit_test(test_same_points_are_no_replay),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
