/* Tests what counts of uploads of which it can't be known whether they arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)

/* Refreshes the first descriptor, and loses the local tor before HSDirs have answered. */
static void refresh_in_vain(struct story *story)
{
    struct publisher_frontend *frontend = &story->publisher->frontends[0];
    story->hsdirs_answer = false;
    frontend->descriptors[DESCRIPTOR_FIRST].refresh_at = story->now;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now); /* has it looked at */
    story_run(story, 2 * SECOND);
    assert_int_equal(story->upload_count, 8);
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    story_run(story, SECOND);
    story->hsdirs_answer = true;
}

/* An HSDir refuses the second try when it has the first one, since both have the same revision counter: it
 * still has the same points. The next round is to make sure of that. */
static void test_refused_after_loss(void **state)
{
    (void)state;
    for (int is_stranger = 0; is_stranger < 2; is_stranger++) {
        struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
        refresh_in_vain(story);
        story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
        publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
        story_run(story, 5 * SECOND);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story->hsdirs_refuse = is_stranger ? UPLOAD_FAILURE_REJECTED : UPLOAD_FAILURE_NONE;
        story_forget(story);
        story_run(story, 6 * MINUTE);
        assert_true(story->upload_count >= 8);
        assert_int_equal(publisher_is_published(story->publisher, 0, story->now), !is_stranger);
        story_free(story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_after_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
