/* Tors that share the frontend's key: who is asked of their introduction points, and how often. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/model.h"
#include "helper_story.h"
#include "publish/lead.h"

#define MINUTE 60000
#define HSDIR 3

enum { FROM_TOR, FROM_HSDIRS };

static unsigned count_fetches(const struct story *story, int from)
{
    unsigned count = 0;
    for (size_t i = 0; i < story->publisher->source_count; i++)
        count += story->backends[i].fetches[from];
    return count;
}

/* What HSDirs hand out under the twin's address is the frontend's: in neither half of the day, and whatever
 * its tor says of its uploads, are they asked. */
static void test_hsdirs_are_never_asked(void **state)
{
    (void)state;
    for (enum descriptor_slot half = 0; half < DESCRIPTOR_SLOTS; half++) {
        struct story *story = story_new_published_twins(2, half);
        story_run(story, 60 * MINUTE);
        story_announce(story, 0, false, HSDIR);
        story_announce(story, 0, true, HSDIR);
        story->backends[1].fails = true;
        story_run(story, 60 * MINUTE);
        assert_int_equal(count_fetches(story, FROM_HSDIRS), 0);
        assert_true(count_fetches(story, FROM_TOR) > 0);
        story_free(story);
    }
}

/* A tor that does not upload says nothing when its points change; one that does need not be asked. */
static void test_the_silent_are_asked_often(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(1, DESCRIPTOR_FIRST);
    story_run(story, 10 * MINUTE);
    assert_in_range(story->backends[0].fetches[FROM_TOR], 110, 130);
    story->backends[0].counter[FROM_TOR]++;
    story->backends[0].points[FROM_TOR][0] = 77;
    story_forget(story);
    story_run(story, 10000);
    assert_true(story_all_have(story, 77));
    story_announce(story, 0, false, HSDIR);
    story_run(story, MINUTE);
    story_forget(story);
    story_run(story, 60 * MINUTE);
    assert_true(story->backends[0].fetches[FROM_TOR] < 30);
    /* Another process is another matter. */
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_reach(story, 0);
    story_forget(story);
    story_run(story, 10 * MINUTE);
    assert_in_range(story->backends[0].fetches[FROM_TOR], 110, 130);
    story_free(story);
}

/* A tor has dropped the introduction points of before when it answers for the next time period: that goes out
 * at once, whether or not the consensus that is here says so already. */
static void test_the_next_period(void **state)
{
    (void)state;
    for (int is_early = 0; is_early < 2; is_early++) {
        struct story *story = story_new_published_twins(2, DESCRIPTOR_SECOND);
        if (!is_early)
            story_set_network(story, 1, 0);
        story_run(story, MINUTE);
        story_forget(story);
        story->backends[0].period[FROM_TOR]++;
        story->backends[0].counter[FROM_TOR] = 1;
        for (uint64_t i = 0; i < 3; i++)
            story->backends[0].points[FROM_TOR][i] = 700 + i;
        story_run(story, 10000);
        assert_true(story_all_have(story, 700));
        assert_true(story_all_have(story, 100));
        assert_true(story_none_has(story, 0));
        story_free(story);
    }
}

/* Twins have one address and are two sources: when one dies, the other's points stay. */
static void test_one_of_two_dies(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(2, DESCRIPTOR_FIRST);
    publisher_note_unreachable(story->publisher, 0, "it is dead", SOURCE_GONE, story->now);
    story_run(story, 3000);
    assert_true(story_none_has(story, 0));
    assert_true(story_all_have(story, 100));
    story_free(story);
}

/* -- what their tors upload themselves ---------------------------------------------------------------- */

/* A story with two twins in which a minute has passed since all was published, and one of them uploads to an
 * HSDir of the descriptor that clients use, or of the other one. */
static struct story *new_with_upload(int64_t lead, enum descriptor_slot slot, uint32_t *hsdir)
{
    struct story *story = story_new_published_twins(2, DESCRIPTOR_FIRST);
    const struct publisher_descriptor *descriptor = &story->publisher->frontends[0].descriptors[slot];
    publisher_set_twins(story->publisher, 0, lead, false, story->now);
    story_run(story, 90 * MINUTE);
    story_forget(story);
    *hsdir = model_hsdir_number(descriptor->uploads[0].fingerprint);
    publisher_note_source_upload(story->publisher, 0, SOURCE_UPLOAD_BEGUN, descriptor->uploads[0].fingerprint,
                                 descriptor->blinded_key, story->now);
    return story;
}

static void end_upload(struct story *story, enum descriptor_slot slot, enum source_upload what)
{
    const struct publisher_descriptor *descriptor = &story->publisher->frontends[0].descriptors[slot];
    publisher_note_source_upload(story->publisher, 0, what, descriptor->uploads[0].fingerprint, NULL,
                                 story->now);
}

/* What gets through is replaced at once at all HSDirs, under a higher counter: clients throw away a
 * descriptor with a lower one than they have. The other descriptor has nothing to do with it. Without a lead
 * it takes two seconds, since counters of the same second are the same. */
static void test_an_upload_that_gets_through(void **state)
{
    (void)state;
    for (int64_t lead = 0; lead <= 45 * MINUTE; lead += 45 * MINUTE) {
        for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            uint32_t hsdir;
            struct story *story = new_with_upload(lead, slot, &hsdir);
            end_upload(story, slot, SOURCE_UPLOAD_TAKEN);
            assert_false(publisher_is_published(story->publisher, 0, story->now));
            story_run(story, 1500);
            assert_int_equal(story->upload_count > 0, lead > 0);
            story_run(story, 1500);
            assert_int_equal(story->upload_count,
                             story->publisher->frontends[0].descriptors[slot].upload_count);
            for (size_t i = 0; i < story->upload_count; i++)
                assert_int_equal(story->uploads[i].slot, slot);
            assert_true(publisher_is_published(story->publisher, 0, story->now));
            assert_int_equal(story->publisher->sources[0].own_uploads[SOURCE_UPLOAD_TAKEN], 1);
            assert_int_equal(story->publisher->sources[0].uploads_through, 1);
            story_free(story);
        }
    }
}

/* One that an HSDir takes before ours has not got through: what comes then replaces it. */
static void test_an_upload_before_ours(void **state)
{
    (void)state;
    uint32_t hsdir;
    struct story *story = new_with_upload(45 * MINUTE, DESCRIPTOR_FIRST, &hsdir);
    story->hsdirs_answer = false;
    story_change_points(story, 1, 700);
    story_run(story, 5000);
    assert_int_equal(story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].uploads[0].state,
                     UPLOAD_IN_FLIGHT);
    end_upload(story, DESCRIPTOR_FIRST, SOURCE_UPLOAD_TAKEN);
    assert_int_equal(story->publisher->sources[0].own_uploads[SOURCE_UPLOAD_TAKEN], 1);
    assert_int_equal(story->publisher->sources[0].uploads_through, 0);
    story_free(story);
}

/* Without a lead, all that a tor uploads within two seconds makes one round. */
static void test_uploads_that_get_through_together(void **state)
{
    (void)state;
    uint32_t hsdir;
    struct story *story = new_with_upload(0, DESCRIPTOR_FIRST, &hsdir);
    const struct publisher_descriptor *descriptor =
        &story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST];
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const uint8_t *fingerprint = descriptor->uploads[i].fingerprint;
        publisher_note_source_upload(story->publisher, 0, SOURCE_UPLOAD_BEGUN, fingerprint,
                                     descriptor->blinded_key, story->now);
        publisher_note_source_upload(story->publisher, 0, SOURCE_UPLOAD_TAKEN, fingerprint, NULL, story->now);
        story_run(story, 200);
    }
    story_run(story, 10000);
    assert_int_equal(story->upload_count, descriptor->upload_count);
    story_free(story);
}

/* A round that begins in the very second in which a twin's upload has got through has the same counter: what
 * is refused then is sent once more as soon as counters are higher, and not minutes later. */
static void test_an_upload_of_the_same_second(void **state)
{
    (void)state;
    uint32_t hsdir;
    struct story *story = new_with_upload(0, DESCRIPTOR_FIRST, &hsdir);
    const struct publisher_upload *upload =
        &story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].uploads[0];
    story_change_points(story, 1, 700);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_run(story, 450);
    end_upload(story, DESCRIPTOR_FIRST, SOURCE_UPLOAD_TAKEN);
    story_run(story, 500);
    assert_true(story->upload_count > 0);
    assert_int_equal(upload->state, UPLOAD_REFUSED);
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    story_run(story, 3000);
    assert_int_equal(upload->state, UPLOAD_DONE);
    story_free(story);
}

/* An HSDir that is being sent something has nothing from before any more. */
static void test_an_upload_that_comes_between(void **state)
{
    (void)state;
    uint32_t hsdir;
    struct story *story = new_with_upload(0, DESCRIPTOR_FIRST, &hsdir);
    const struct publisher_upload *upload =
        &story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].uploads[0];
    story->hsdirs_answer = false;
    for (unsigned i = 0; i < 120 && upload->state != UPLOAD_IN_FLIGHT; i++)
        story_run(story, MINUTE); /* a refresh, with the same points */
    assert_int_equal(upload->state, UPLOAD_IN_FLIGHT);
    assert_non_null(upload->taken);
    end_upload(story, DESCRIPTOR_FIRST, SOURCE_UPLOAD_TAKEN);
    assert_null(upload->taken);
    story_free(story);
}

static void test_an_upload_that_is_refused(void **state)
{
    (void)state;
    uint32_t hsdir;
    struct story *story = new_with_upload(45 * MINUTE, DESCRIPTOR_FIRST, &hsdir);
    end_upload(story, DESCRIPTOR_FIRST, SOURCE_UPLOAD_REFUSED);
    story_run(story, 1500);
    assert_int_equal(story->upload_count, 0);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_int_equal(story->publisher->sources[0].own_uploads[SOURCE_UPLOAD_REFUSED], 1);
    assert_int_equal(story->publisher->sources[0].own_uploads[SOURCE_UPLOAD_TAKEN], 0);
    story_free(story);
}

/* Whoever speaks in a twin's place can make it upload, but not without end. */
static void test_uploads_without_end(void **state)
{
    (void)state;
    uint32_t hsdir;
    struct story *story = new_with_upload(45 * MINUTE, DESCRIPTOR_FIRST, &hsdir);
    for (unsigned i = 0; i < 3600; i++) {
        end_upload(story, DESCRIPTOR_FIRST, SOURCE_UPLOAD_TAKEN);
        story_run(story, 1000);
    }
    assert_in_range(story_count_to_first(story), 30, 50);
    story_free(story);
}

/* -- the lead ------------------------------------------------------------------------------------------ */

/* The longest time between two rounds of a descriptor in a day. */
static int64_t find_longest(struct story *story)
{
    int64_t longest = 0, last = story->now;
    story_forget(story);
    for (unsigned i = 0; i < 10 * 60; i++) {
        size_t count = story->upload_count;
        story_run(story, MINUTE);
        if (count == story->upload_count)
            continue;
        longest = story->now - last > longest ? story->now - last : longest;
        last = story->now;
        story_forget(story);
    }
    return longest;
}

/* Each round comes before the lead of the last one is over; where no tor uploads there is none to keep. */
static void test_rounds_come_within_the_lead(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(2, DESCRIPTOR_FIRST);
    publisher_note_uploading(story->publisher, 0, false, story->now);
    publisher_note_uploading(story->publisher, 1, false, story->now);
    publisher_set_twins(story->publisher, 0, 45 * MINUTE, false, story->now);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 0);
    assert_true(find_longest(story) > 45 * MINUTE);
    publisher_note_uploading(story->publisher, 1, true, story->now);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 45 * MINUTE);
    assert_true(find_longest(story) < 40 * MINUTE);
    publisher_set_twins(story->publisher, 0, 0, false, story->now);
    story_run(story, 60 * MINUTE);
    assert_true(find_longest(story) > 45 * MINUTE);
    story_free(story);
}

/* While a frontend goes over from twins to backends with keys of their own, or back, the tors with its key
 * upload beside obpub, which does not hear of it. */
static void test_lead_without_twins(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 0);
    publisher_set_twins(story->publisher, 0, 45 * MINUTE, false, story->now);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 45 * MINUTE);
    assert_true(find_longest(story) < 40 * MINUTE);
    story_free(story);
}

/* A tor that is started anew, and had its uploads off, gives no lead until it has said so again. */
static void test_a_restart_is_no_reason_for_a_lead(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(2, DESCRIPTOR_FIRST);
    publisher_set_twins(story->publisher, 0, 45 * MINUTE, false, story->now);
    for (size_t i = 0; i < 2; i++)
        publisher_note_uploading(story->publisher, i, false, story->now);
    publisher_note_unreachable(story->publisher, 0, "it is dead", SOURCE_GONE, story->now);
    story_reach(story, 0);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 0);
    story_announce(story, 0, false, HSDIR);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 45 * MINUTE);
    story_free(story);
}

/* A tor whose uploads were off is seen by nobody any more once its control port is given no longer: it may
 * upload from then on, and is looked for as one that has never been heard. */
static void test_a_control_port_that_is_given_no_longer(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(2, DESCRIPTOR_FIRST);
    publisher_set_twins(story->publisher, 0, 45 * MINUTE, false, story->now);
    for (size_t i = 0; i < 2; i++)
        publisher_note_uploading(story->publisher, i, false, story->now);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 0);
    publisher_set_kind(story->publisher, 1, SOURCE_TWIN_ON_HSDIRS, story->now);
    publisher_note_reachable(story->publisher, 1, false, UPTIME_UNKNOWN, story->now);
    assert_int_equal(lead_find(story->publisher, &story->publisher->frontends[0]), 45 * MINUTE);
    publisher_set_kind(story->publisher, 1, SOURCE_TWIN_WITH_CONTROL, story->now);
    story_reach(story, 1);
    publisher_note_uploading(story->publisher, 1, true, story->now);
    publisher_set_kind(story->publisher, 1, SOURCE_TWIN_ON_HSDIRS, story->now);
    publisher_note_reachable(story->publisher, 1, false, UPTIME_UNKNOWN, story->now);
    story_run(story, MINUTE);
    story_forget(story);
    story_run(story, 10 * MINUTE);
    assert_in_range(story->backends[1].fetches[FROM_HSDIRS], 15, 25);
    story_free(story);
}

/* Counts the rounds of the descriptor that clients use in three hours. A liar's tor says each second that its
 * uploads are off, and then tells of one. */
static size_t count_rounds(struct story *story, bool is_liar)
{
    size_t count = 0;
    story_forget(story);
    for (unsigned i = 0; i < 3 * 60 * 60; i++) {
        if (is_liar) {
            publisher_note_uploading(story->publisher, 1, false, story->now);
            publisher_note_uploading(story->publisher, 1, true, story->now);
        }
        story_run(story, 1000);
    }
    for (size_t i = 0; i < story->upload_count; i++)
        count += story->uploads[i].slot == DESCRIPTOR_FIRST &&
                 (i == 0 || story->uploads[i].round != story->uploads[i - 1].round);
    return count;
}

/* Where the lead is there already nothing has to be sent for it. */
static void test_uploads_that_are_switched_without_end(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(2, DESCRIPTOR_FIRST);
    publisher_set_twins(story->publisher, 0, 45 * MINUTE, false, story->now);
    for (size_t i = 0; i < 2; i++)
        publisher_note_uploading(story->publisher, i, true, story->now);
    story_run(story, 60 * MINUTE);
    assert_in_range(count_rounds(story, false), 5, 14);
    assert_in_range(count_rounds(story, true), 5, 14);
    /* Also of one that is alone. */
    publisher_set_members(story->publisher, 0, (uint64_t[]){1}, 1, story->now);
    story_run(story, 60 * MINUTE);
    assert_in_range(count_rounds(story, true), 5, 14);
    story_free(story);
}

/* A tor that does not upload says that it has made a descriptor: then it has dropped the points of another.
 */
static void test_the_silent_have_others(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(1, DESCRIPTOR_FIRST);
    story_run(story, 10 * MINUTE);
    story->backends[0].counter[FROM_TOR]++;
    story->backends[0].points[FROM_TOR][0] = 77;
    story_forget(story);
    publisher_note_made(story->publisher, 0, story->now);
    story_run(story, 1000);
    assert_true(story_all_have(story, 77));
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hsdirs_are_never_asked),
        cmocka_unit_test(test_the_silent_are_asked_often),
        cmocka_unit_test(test_the_silent_have_others),
        cmocka_unit_test(test_the_next_period),
        cmocka_unit_test(test_one_of_two_dies),
        cmocka_unit_test(test_an_upload_that_gets_through),
        cmocka_unit_test(test_an_upload_before_ours),
        cmocka_unit_test(test_uploads_that_get_through_together),
        cmocka_unit_test(test_an_upload_of_the_same_second),
        cmocka_unit_test(test_an_upload_that_comes_between),
        cmocka_unit_test(test_an_upload_that_is_refused),
        cmocka_unit_test(test_uploads_without_end),
        cmocka_unit_test(test_rounds_come_within_the_lead),
        cmocka_unit_test(test_a_restart_is_no_reason_for_a_lead),
        cmocka_unit_test(test_lead_without_twins),
        cmocka_unit_test(test_a_control_port_that_is_given_no_longer),
        cmocka_unit_test(test_uploads_that_are_switched_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
