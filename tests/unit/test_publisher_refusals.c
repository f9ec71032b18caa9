/* Tests what becomes of HSDirs that refuse what they are sent, beside others that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/model.h"
#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)

/* Which of a descriptor's HSDirs refuse: by their places among its uploads. */
typedef bool (*refuses)(const struct story *story, size_t place);

static struct publisher_descriptor *first_descriptor(const struct story *story)
{
    return &story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST];
}

static enum upload_failure find_answer(const struct story *story, const struct story_upload *upload,
                                       refuses does_refuse)
{
    const struct publisher_descriptor *descriptor = first_descriptor(story);
    for (size_t i = 0; upload->slot == DESCRIPTOR_FIRST && i < descriptor->upload_count; i++) {
        if (model_hsdir_number(descriptor->uploads[i].fingerprint) == upload->hsdir && does_refuse(story, i))
            return UPLOAD_FAILURE_BROKEN;
    }
    return UPLOAD_FAILURE_NONE;
}

/* Answers all uploads for so long. Returns how many rounds the first descriptor has had. */
static unsigned run(struct story *story, int64_t milliseconds, refuses does_refuse)
{
    unsigned rounds = 0;
    story->hsdirs_answer = false;
    for (int64_t end = story->now + milliseconds; story->now < end;) {
        uint64_t round = first_descriptor(story)->round.number;
        story_forget(story);
        story_run(story, SECOND);
        rounds += first_descriptor(story)->round.number != round;
        for (size_t i = 0; i < story->upload_count; i++) {
            const struct story_upload *upload = &story->uploads[i];
            story_answer(story, upload, find_answer(story, upload, does_refuse));
        }
    }
    return rounds;
}

static bool first_refuses(const struct story *story, size_t place)
{
    (void)story;
    return place == 0;
}

static bool first_and_last_refuse(const struct story *story, size_t place)
{
    return place == 0 || place == first_descriptor(story)->upload_count - 1;
}

/* One of two HSDirs in league refuses what is sent again for the other. */
static bool take_turns(const struct story *story, size_t place)
{
    return place == first_descriptor(story)->round.number % 2;
}

static void refresh(struct story *story)
{
    first_descriptor(story)->refresh_at = story->now;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now); /* has it looked at */
}

/* An HSDir that always refuses causes ever fewer rounds; but one that is busy for once is tried again as
 * soon as if it were alone. */
static void test_busy_beside_hostile(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    refresh(story);
    run(story, 3 * HOUR, first_refuses);
    assert_in_range(run(story, 4 * HOUR, first_refuses), 2, 4);
    refresh(story);
    run(story, 2 * SECOND, first_and_last_refuse);
    assert_int_equal(run(story, 6 * MINUTE, first_refuses), 1);
    story_free(story);
}

/* Two that take turns cause no more rounds than each of them could. */
static void test_turns(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    refresh(story);
    assert_in_range(run(story, 12 * HOUR, take_turns), 6, 12 * 5);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busy_beside_hostile),
        cmocka_unit_test(test_turns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
