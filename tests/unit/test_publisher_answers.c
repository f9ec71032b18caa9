/* Tests what the state machine makes of answers to uploads that come late, or not at all. */
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

static const struct publisher_upload *find_first(const struct story *story)
{
    struct hsdir hsdir;
    model_make_hsdir(&hsdir, story->uploads[0].hsdir);
    const struct publisher_descriptor *descriptor =
        &story->publisher->frontends[0].descriptors[story->uploads[0].slot];
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (memcmp(descriptor->uploads[i].fingerprint, hsdir.fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return &descriptor->uploads[i];
    }
    fail_msg("it is no HSDir of the descriptor any more");
    return NULL;
}

/* Why an upload failed is kept whole, over consensuses too, until it has not. */
static void test_reason(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    assert_null(find_first(story)->reason);
    char reason[512];
    memset(reason, 'r', sizeof(reason));
    reason[sizeof(reason) - 1] = '\0';
    struct hsdir hsdir;
    model_make_hsdir(&hsdir, story->uploads[0].hsdir);
    publisher_note_upload(story->publisher, 0, story->uploads[0].slot, hsdir.fingerprint,
                          UPLOAD_FAILURE_CIRCUIT, reason, story->now);
    memset(reason, 's', 8); /* it may be gone by now */
    story_set_network(story, 0, 7);
    assert_int_equal(find_first(story)->failure, UPLOAD_FAILURE_CIRCUIT);
    assert_int_equal(strlen(find_first(story)->reason), sizeof(reason) - 1);
    assert_int_equal(strspn(find_first(story)->reason, "r"), sizeof(reason) - 1);
    assert_int_equal(story->publisher->upload_failures[UPLOAD_FAILURE_CIRCUIT], 1);
    story->hsdirs_answer = true;
    story_run(story, 5 * SECOND);
    assert_int_equal(find_first(story)->failure, UPLOAD_FAILURE_NONE);
    assert_null(find_first(story)->reason);
    story_free(story);
}

/* One that does not answer is tried again after a minute. */
static void test_no_answer(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, 59 * SECOND);
    assert_int_equal(story_count_to_first(story), 1);
    story_run(story, 5 * SECOND);
    assert_int_equal(story_count_to_first(story), 2);
    assert_true(story->publisher->upload_failures[UPLOAD_FAILURE_NO_ANSWER] > 0);
    story_free(story);
}

/* After an answer that did not come in time one answer is not enough: it may be that one. */
static void test_late_answer(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, 61 * SECOND);
    story_change_points(story, 0, 700);
    story_run(story, 5 * SECOND);
    assert_int_equal(story_count_to_first(story), 2);
    const struct story_upload first = story->uploads[0];
    story_answer(story, &first, UPLOAD_FAILURE_NONE);
    assert_false(upload_is_current(find_first(story), story->now));
    story_run(story, 119 * SECOND);
    assert_int_equal(story_count_to_first(story), 2);
    while (story_count_to_first(story) < 3 && story->now < 1000 * MINUTE) /* it comes in another round */
        story_run(story, SECOND);
    story_answer(story, &first, UPLOAD_FAILURE_NONE);
    assert_true(upload_is_current(find_first(story), story->now));
    story_run(story, 2 * SECOND);
    assert_int_equal(story_count_to_first(story), 3);
    story_free(story);
}

/* Where the tor tells when an upload has ended it is tried again much sooner, but less and less so, and one
 * answer is enough. */
static void test_no_answer_where_tor_tells(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor_tells_ends(story->publisher, 0);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, 10 * SECOND);
    assert_int_equal(story_count_to_first(story), 1);
    story_run(story, 3 * SECOND);
    assert_int_equal(story_count_to_first(story), 2);
    story_run(story, 18 * SECOND);
    assert_int_equal(story_count_to_first(story), 2);
    story_run(story, 4 * SECOND);
    assert_int_equal(story_count_to_first(story), 3);
    const struct story_upload first = story->uploads[0];
    story_answer(story, &first, UPLOAD_FAILURE_NONE);
    story_run(story, 2 * 60 * SECOND);
    assert_int_equal(story_count_to_first(story), 3);
    story_free(story);
}

/* A story in which every upload has just been waited for too long, at a tor that tells what has ended or not.
 */
static struct story *story_overdue(bool tells_ends)
{
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    if (tells_ends)
        publisher_note_tor_tells_ends(story->publisher, 0);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    int64_t patience = story->publisher->rules.permit_timeout;
    if (!tells_ends)
        patience = story->publisher->rules.answer_timeout;
    while (find_first(story)->failure == UPLOAD_FAILURE_NONE) {
        assert_true(story->upload_count == 0 || story->now <= story->uploads[0].at + patience);
        story_run(story, 100);
    }
    assert_int_equal(find_first(story)->state, UPLOAD_DUE);
    assert_int_equal(story_count_to_first(story), 1);
    return story;
}

/* Where the tor tells a good answer that comes before the next try is as good as one in time. */
static void test_answer_before_next_try(void **state)
{
    (void)state;
    struct story *story = story_overdue(true);
    const struct story_upload first = story->uploads[0];
    story_answer(story, &first, UPLOAD_FAILURE_BROKEN);
    assert_int_equal(find_first(story)->failure, UPLOAD_FAILURE_NO_ANSWER); /* a bad one changes nothing */
    story_answer(story, &first, UPLOAD_FAILURE_NONE);
    assert_int_equal(find_first(story)->state, UPLOAD_DONE);
    assert_true(upload_is_current(find_first(story), story->now));
    assert_null(find_first(story)->reason);
    story->hsdirs_answer = true;
    story_run(story, 2 * MINUTE);
    assert_int_equal(story_count_to_first(story), 1);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* It is for the points that were sent, not for those that are to be sent now. */
static void test_answer_for_old_points(void **state)
{
    (void)state;
    struct story *story = story_overdue(true);
    const struct story_upload first = story->uploads[0];
    story_change_points(story, 0, 700);
    story_run(story, 200);
    assert_int_equal(story_count_to_first(story), 1);
    story_answer(story, &first, UPLOAD_FAILURE_NONE);
    story_run(story, 300);
    assert_false(upload_is_current(find_first(story), story->now));
    story->hsdirs_answer = true;
    story_run(story, MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_true(story_all_have(story, 700));
    story_free(story);
}

/* Where there is a doubt it is not taken: at a tor that does not tell; once a refresh is due, which the next
 * try is to be; when the other descriptor went to the HSDir since; and when the tor was lost. */
static void test_doubtful_late_answers(void **state)
{
    (void)state;
    for (int doubt = 0; doubt < 4; doubt++) {
        struct story *story = story_overdue(doubt != 0);
        const struct story_upload first = story->uploads[0];
        struct publisher_frontend *frontend = &story->publisher->frontends[0];
        if (doubt == 1) {
            frontend->descriptors[first.slot].refresh_at = story->now;
            story->publisher->rules.tor_permits = 0;
        }
        if (doubt == 2) { /* it is an HSDir of the other descriptor, too, and has just been sent that */
            struct publisher_descriptor *other = &frontend->descriptors[1 - first.slot];
            memcpy(other->uploads[0].fingerprint, find_first(story)->fingerprint, RELAY_FINGERPRINT_SIZE);
            other->uploads[0].sent_at = story->now;
        }
        /* Has all looked at. */
        publisher_note_tor(story->publisher, 0, doubt == 3 ? TOR_DOWN : TOR_READY, story->now);
        story_settle(story);
        assert_int_equal(story_count_to_first(story), 1);
        story_answer(story, &first, UPLOAD_FAILURE_NONE);
        assert_int_equal(find_first(story)->state, UPLOAD_DUE);
        story->hsdirs_answer = true;
        story->publisher->rules.tor_permits = 100;
        publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
        story_run(story, MINUTE);
        assert_true(story_count_to_first(story) >= 2);
        story_free(story);
    }
}

/* A story in which the first upload has reached its HSDir, none is answered yet, and nobody looks. */
static struct story *story_of_reached(void)
{
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor_tells_ends(story->publisher, 0);
    story->publisher->rules.look_permits = 0;
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, SECOND);
    const struct story_upload *first = &story->uploads[0];
    struct hsdir hsdir;
    model_make_hsdir(&hsdir, first->hsdir);
    publisher_note_upload_reached(story->publisher, first->frontend, first->slot, hsdir.fingerprint,
                                  story->now);
    return story;
}

/* What has reached its HSDir is not sent again in its round only because no answer comes, or its circuit
 * breaks: the HSDir may have it. A tor does not send it again either. */
static void test_reached(void **state)
{
    (void)state;
    for (int breaks = 0; breaks < 2; breaks++) {
        struct story *story = story_of_reached();
        const struct story_upload first = story->uploads[0];
        for (size_t i = 1; i < story->upload_count; i++)
            story_answer(story, &story->uploads[i], UPLOAD_FAILURE_NONE);
        story->hsdirs_answer = true;
        story_run(story, 58 * SECOND);
        assert_int_equal(story_count_to_first(story), 1);
        assert_int_equal(find_first(story)->state, UPLOAD_IN_FLIGHT);
        if (breaks)
            story_answer(story, &first, UPLOAD_FAILURE_CIRCUIT);
        story_run(story, 2 * SECOND);
        assert_int_equal(find_first(story)->state, UPLOAD_UNANSWERED);
        assert_false(upload_is_current(find_first(story), story->now));
        story_run(story, 115 * SECOND);
        assert_int_equal(story_count_to_first(story), 1);
        story_run(story, 4 * MINUTE); /* another round */
        assert_int_equal(story_count_to_first(story), 2);
        assert_true(story->uploads[story->upload_count - 1].round > first.round);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        story_free(story);
    }
}

/* A good answer that comes late is as good as any; and when the network is back nothing is waited for. */
static void test_reached_after_all(void **state)
{
    (void)state;
    for (int is_answered = 0; is_answered < 2; is_answered++) {
        struct story *story = story_of_reached();
        const struct story_upload first = story->uploads[0];
        story_run(story, 62 * SECOND);
        assert_int_equal(find_first(story)->state, UPLOAD_UNANSWERED);
        story->hsdirs_answer = true;
        if (is_answered)
            story_answer(story, &first, UPLOAD_FAILURE_NONE);
        else
            publisher_retry_uploads(story->publisher, 0, story->now);
        story_settle(story);
        assert_int_equal(find_first(story)->state, UPLOAD_DONE);
        assert_int_equal(story_count_to_first(story), is_answered ? 1 : 2);
        story_free(story);
    }
}

/* A tor that comes back has to tell anew that it tells. */
static void test_tor_that_told_is_lost(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_tor_tells_ends(story->publisher, 0);
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story->hsdirs_answer = false;
    story_change_points(story, 0, 500);
    story_run(story, 59 * SECOND);
    assert_int_equal(story_count_to_first(story), 1);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reason),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_late_answer),
        cmocka_unit_test(test_no_answer_where_tor_tells),
        cmocka_unit_test(test_answer_before_next_try),
        cmocka_unit_test(test_answer_for_old_points),
        cmocka_unit_test(test_doubtful_late_answers),
        cmocka_unit_test(test_reached),
        cmocka_unit_test(test_reached_after_all),
        cmocka_unit_test(test_tor_that_told_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
