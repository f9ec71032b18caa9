/* Tests the state machine story by story: what makes it ask for a backend's descriptor, and what it takes;
 * which of a frontend's HSDirs it knows clients to ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_story.h"
#include "publish/descriptors.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)

enum { FROM_TOR, FROM_HSDIRS };

/* A fetch that nothing asked for may wait for the answer of a dead HSDir: news cut it short, but once only.
 */
static void test_poll_does_not_hold_up_news(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_SECOND);
    struct story_backend *backend = &story->backends[0];
    backend->answers = false;
    story_run(story, 11 * MINUTE);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 1);
    story_announce(story, 0, false, 0);
    story_announce(story, 0, true, 0);
    story_run(story, SECOND / 2);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 2);
    story_announce(story, 0, false, 1);
    story_announce(story, 0, true, 1);
    story_run(story, 10 * SECOND);
    assert_int_equal(backend->fetches[FROM_HSDIRS], 2);
    story_free(story);
}

/* The connection was made between the beginning of an upload and its end. */
static void test_end_of_unannounced_upload(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_SECOND);
    story_announce(story, 0, true, 0);
    story_run(story, SECOND);
    assert_int_equal(story->backends[0].fetches[FROM_HSDIRS], 1);
    story_free(story);
}

/* A backend that was out for a while, and is still the same process: an HSDir's old copy is none the newer.
 */
static void test_old_copy_of_one_that_was_out(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_SECOND);
    story_change_points(story, 0, 500);
    story_run(story, 5 * SECOND);
    assert_true(story_all_have(story, 500));
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_run(story, 65 * SECOND);
    assert_true(story_none_has(story, 500));
    struct story_backend *backend = &story->backends[0];
    backend->counter[FROM_HSDIRS]--;
    backend->points[FROM_HSDIRS][0] = 700;
    publisher_note_reachable(story->publisher, 0, false, UPTIME_UNKNOWN, story->now);
    story_run(story, 5 * SECOND);
    assert_true(story_all_have(story, 500));
    assert_true(story_none_has(story, 700));
    story_free(story);
}

/* A point that stays the same one, but at a relay with another onion key, goes out as it is now. */
static void test_point_with_another_onion_key(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    const struct descriptor *known = story->publisher->sources[0].descriptor;
    uint64_t points[INTRODUCTION_POINTS_MAX];
    for (size_t i = 0; i < known->point_count; i++)
        points[i] = model_point_number(&known->points[i]);
    struct descriptor *descriptor =
        model_make_descriptor(known->period_number, known->revision_counter + 1, points, known->point_count);
    descriptor->points[1].onion_key[0] ^= 1;
    publisher_note_descriptor(story->publisher, 0, descriptor, story->now);
    story_run(story, 5 * SECOND);
    assert_int_equal(story->upload_count, 16);
    const struct point_set *set = story->publisher->frontends[0].assignment->sets[0];
    size_t changed = 0;
    for (size_t i = 0; i < set->count; i++)
        changed += introduction_point_is_unchanged(&set->entries[i].point, &descriptor->points[1]);
    assert_int_equal(changed, 1);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* What the network says of an HSDir of a descriptor: whether clients ask it. */
static bool is_to_be_asked(const struct story *story, enum descriptor_slot slot, const uint8_t *fingerprint)
{
    const struct network *network = story->publisher->network;
    const struct hsdir_ring_entry *asked[HSDIR_RESPONSIBLE_MAX];
    const uint8_t *blinded_key = story->publisher->frontends[0].descriptors[slot].blinded_key;
    size_t count = network_find_responsible(network, slot, blinded_key, true, asked);
    for (size_t i = 0; i < count; i++) {
        if (memcmp(network->hsdirs[asked[i]->hsdir].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return true;
    }
    return false;
}

/* How many HSDirs of a descriptor are said to be asked by clients; each is if the network says so. */
static size_t count_asked(const struct story *story, enum descriptor_slot slot)
{
    const struct publisher_descriptor *descriptor = &story->publisher->frontends[0].descriptors[slot];
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        assert_int_equal(upload->is_asked, is_to_be_asked(story, slot, upload->fingerprint));
        count += upload->is_asked;
    }
    return count;
}

/* Gives the publisher the same network, of which clients ask another number of HSDirs. */
static void set_spread_fetch(struct story *story, uint32_t spread)
{
    struct network *network = model_copy_network(story->publisher->network);
    network->hsdir_spread_fetch = spread;
    publisher_set_network(story->publisher, network, story->now);
}

static void test_asked_hsdirs(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        assert_int_equal(count_asked(story, slot), 6);
    /* The parameter alone may change: nothing is uploaded for that. */
    set_spread_fetch(story, 2);
    assert_int_equal(count_asked(story, DESCRIPTOR_FIRST), 4);
    assert_int_equal(count_asked(story, DESCRIPTOR_SECOND), 4);
    set_spread_fetch(story, 5);
    assert_int_equal(count_asked(story, DESCRIPTOR_FIRST), 8);
    story_run(story, MINUTE);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

/* An HSDir that joins before others makes spare ones of them, and one that leaves makes clients ask them. */
static void test_asked_hsdirs_come_and_go(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    size_t gained = 0, lost = 0;
    for (uint32_t i = 0; i < 40; i++) {
        const struct publisher_descriptor *descriptor = &story->publisher->frontends[0].descriptors[0];
        struct publisher_upload before[8];
        assert_int_equal(descriptor->upload_count, 8);
        memcpy(before, descriptor->uploads, sizeof(before));
        story->hsdir_count = 20 + i * 37 % 60;
        story_set_network(story, 0, 6);
        assert_int_equal(count_asked(story, DESCRIPTOR_FIRST), 6);
        for (size_t j = 0; j < 8; j++) {
            const struct publisher_upload *stays =
                publisher_descriptor_find_upload(descriptor, before[j].fingerprint);
            gained += stays != NULL && stays->is_asked && !before[j].is_asked;
            lost += stays != NULL && !stays->is_asked && before[j].is_asked;
        }
    }
    assert_true(gained > 0 && lost > 0);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_poll_does_not_hold_up_news),
        cmocka_unit_test(test_end_of_unannounced_upload),
        cmocka_unit_test(test_old_copy_of_one_that_was_out),
        cmocka_unit_test(test_point_with_another_onion_key),
        cmocka_unit_test(test_asked_hsdirs),
        cmocka_unit_test(test_asked_hsdirs_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
