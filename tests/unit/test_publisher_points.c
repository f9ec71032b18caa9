/* Stories of points that no tor makes, of relays that the consensus has otherwise, and of who was first at a
 * relay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/model.h"
#include "base/memory.h"
#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define EPOCH_DAY 20000

enum { FROM_TOR, FROM_HSDIRS };

static struct source *source_of(struct story *story, size_t number)
{
    return &story->publisher->sources[number];
}

/* Has a backend say that it has something new, and gives this descriptor for the answer. */
static void answer_with(struct story *story, size_t number, struct descriptor *descriptor)
{
    descriptor->revision_counter = ++story->backends[number].counter[FROM_TOR];
    story->backends[number].answers = false;
    story_announce(story, number, false, 0);
    story_run(story, SECOND);
    publisher_note_descriptor(story->publisher, number, descriptor, story->now);
    story_run(story, MINUTE);
}

/* A descriptor with three points from this number on. */
static struct descriptor *make_descriptor(uint64_t first)
{
    const uint64_t points[] = {first, first + 1, first + 2};
    return model_make_descriptor(EPOCH_DAY - 1, 1, points, 3);
}

static void set_relay(struct introduction_point *point, uint8_t rsa, uint8_t ed25519)
{
    struct link_specifiers links = {.ipv4 = {198, 51, 100, 1}, .ipv4_port = 9001};
    memset(links.fingerprint, rsa, sizeof(links.fingerprint));
    links.has_ed25519_identity = ed25519 != 0;
    memset(links.ed25519_identity, ed25519, sizeof(links.ed25519_identity));
    introduction_point_set_links(point, &links);
}

/* Gives the publisher another consensus with one relay. */
static void set_network_with_relay(struct story *story, uint8_t rsa, uint8_t ed25519, uint8_t last_byte)
{
    struct network *network = model_copy_network(story->publisher->network);
    free(network->relays);
    network->relays = memory_allocate(1, sizeof(*network->relays));
    network->relay_count = 1;
    struct link_specifiers *relay = network->relays;
    *relay = (struct link_specifiers){
        .ipv4 = {203, 0, 113, last_byte}, .ipv4_port = 443, .has_ed25519_identity = true};
    memset(relay->fingerprint, rsa, sizeof(relay->fingerprint));
    memset(relay->ed25519_identity, ed25519, sizeof(relay->ed25519_identity));
    network->valid_after++;
    publisher_set_network(story->publisher, network, story->now);
    story_run(story, MINUTE);
}

/* One faulty point among three: it is left out, the others go out, and its backend stays. */
static void test_one_faulty_point(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct descriptor *descriptor = make_descriptor(500);
    descriptor->points[1].fault = POINT_FAULT_TWO_RSA;
    answer_with(story, 0, descriptor);
    assert_true(story_all_have(story, 500) && story_all_have(story, 502) && story_none_has(story, 501));
    assert_true(story_all_have(story, 100));
    assert_int_equal(source_of(story, 0)->life.state, SOURCE_LIVE);
    assert_int_equal(source_of(story, 0)->points.left_out[POINT_FAULT_TWO_RSA], 1);
    story_free(story);
}

/* All of them: such an answer is none, and its backend is out when its grace is over. */
static void test_all_points_faulty(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct descriptor *descriptor = make_descriptor(500);
    for (size_t i = 0; i < 3; i++)
        descriptor->points[i].fault = POINT_FAULT_NO_IPV4;
    answer_with(story, 0, descriptor);
    story_run(story, MINUTE);
    assert_int_equal(source_of(story, 0)->life.state, SOURCE_OUT);
    assert_true(story_none_has(story, 500) && story_none_has(story, 0) && story_all_have(story, 100));
    assert_string_equal(source_of(story, 0)->life.reason,
                        "offers points that no tor makes: no IPv4 address (3)");
    story_free(story);
}

/* The set that goes out names a relay as the consensus does, and follows it. */
static void test_relay_of_the_consensus(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct descriptor *descriptor = make_descriptor(500);
    for (uint8_t i = 0; i < 3; i++)
        set_relay(&descriptor->points[i], 0x70 + i, 0);
    answer_with(story, 0, descriptor);
    assert_true(story_all_have(story, 501));
    for (uint8_t place = 1; place <= 2; place++) {
        story_forget(story);
        set_network_with_relay(story, 0x71, 0x81, place);
        assert_int_equal(story_count_moments(story), 1);
        assert_true(story_all_have(story, 501));
        const struct point_set *set =
            story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].round.assignment->sets[0];
        uint8_t expected[LINK_SPECIFIERS_SIZE_MAX];
        size_t found = 0, length = link_specifiers_encode(expected, &story->publisher->network->relays[0]);
        for (size_t i = 0; i < set->count; i++) {
            const struct introduction_point *point = &set->entries[i].point;
            found += point->link_specifiers_length == length &&
                     memcmp(point->link_specifiers, expected, length) == 0;
        }
        assert_int_equal(found, 1);
    }
    story_forget(story);
    set_network_with_relay(story, 0x71, 0x81, 2);
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

/* A new consensus shows that a point lies: it is out with the next upload, and with the last of them its
 * backend. */
static void test_consensus_shows_a_lie(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct descriptor *descriptor = make_descriptor(500);
    set_relay(&descriptor->points[1], 0x71, 0x99);
    answer_with(story, 0, descriptor);
    assert_true(story_all_have(story, 501));
    set_network_with_relay(story, 0x71, 0x81, 1);
    assert_true(story_none_has(story, 501) && story_all_have(story, 500));
    assert_int_equal(source_of(story, 0)->life.state, SOURCE_LIVE);
    story_free(story);

    story = story_new_published(2, DESCRIPTOR_FIRST);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_SAME, story->now);
    descriptor = make_descriptor(600);
    for (size_t i = 0; i < 3; i++)
        set_relay(&descriptor->points[i], 0x72, 0x99);
    answer_with(story, 0, descriptor);
    assert_true(story_all_have(story, 600) || story_all_have(story, 601) || story_all_have(story, 602));
    set_network_with_relay(story, 0x72, 0x82, 1);
    assert_int_equal(source_of(story, 0)->life.state, SOURCE_OUT);
    assert_string_equal(source_of(story, 0)->life.reason,
                        "offers points that no tor makes: identities of two relays (3)");
    assert_true(story_none_has(story, 600) && story_none_has(story, 601) && story_none_has(story, 602));
    assert_true(story_all_have(story, 100));
    story_free(story);
}

/* Copies the relays of a backend's first count points into a descriptor. */
static void copy_relays(struct descriptor *descriptor, struct story *story, size_t number, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct introduction_point *point = &source_of(story, number)->descriptor->points[i];
        memcpy(descriptor->points[i].link_specifiers, point->link_specifiers, sizeof(point->link_specifiers));
        descriptor->points[i].link_specifiers_length = point->link_specifiers_length;
    }
}

/* A backend names the relays of another one, later; then its very points; and with the other one gone for a
 * while, it has them until that is back. */
static void test_copied_relays(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct descriptor *descriptor = make_descriptor(500);
    copy_relays(descriptor, story, 0, 3);
    answer_with(story, 1, descriptor);
    for (uint64_t i = 0; i < 3; i++)
        assert_true(story_all_have(story, i) && story_none_has(story, 500 + i));
    assert_int_equal(source_of(story, 1)->life.state, SOURCE_LIVE);

    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_run(story, 10 * MINUTE);
    assert_int_equal(source_of(story, 0)->life.state, SOURCE_OUT);
    assert_true(story_all_have(story, 500) && story_none_has(story, 0));
    publisher_note_reachable(story->publisher, 0, false, HOUR, story->now);
    story_run(story, MINUTE);
    for (uint64_t i = 0; i < 3; i++)
        assert_true(story_all_have(story, i) && story_none_has(story, 500 + i));
    story_free(story);
}

/* At the start nobody is first: a backend that answers before another one has not been there before it. The
 * one with a single point keeps it. */
static void test_first_to_answer(void **state)
{
    (void)state;
    for (size_t first = 0; first < 2; first++) {
        struct story *story = story_new();
        publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
        for (size_t i = 0; i < 2; i++) {
            story_add_backend(story, true);
            story->backends[i].answers = false;
        }
        story_add_frontend(story, 2);
        story_set_network(story, 0, 6);
        for (size_t i = 0; i < 2; i++)
            story_reach(story, i);
        story_run(story, SECOND);
        struct descriptor *descriptors[2] = {make_descriptor(1), make_descriptor(500)};
        descriptors[0]->point_count = 1;
        memcpy(descriptors[1]->points[1].link_specifiers, descriptors[0]->points[0].link_specifiers,
               LINK_SPECIFIERS_SIZE_MAX);
        publisher_note_descriptor(story->publisher, first, descriptors[first], story->now);
        story_run(story, 10 * SECOND);
        publisher_note_descriptor(story->publisher, 1 - first, descriptors[1 - first], story->now);
        story_run(story, MINUTE);
        assert_true(story_all_have(story, 1) && story_none_has(story, 501));
        assert_true(story_all_have(story, 500) && story_all_have(story, 502));
        story_free(story);
    }
}

/* -- who is left out where there is no room for all ------------------------------------------------ */

#define CROWD 8

/* Which backends have all their points out, as bits. */
static unsigned int find_whole(const struct story *story)
{
    const struct publisher_frontend *frontend = &story->publisher->frontends[0];
    unsigned int whole = 0;
    for (size_t i = 0; i < CROWD; i++) {
        if (assignment_count_points_from(frontend->assignment, i) == 3)
            whole |= 1u << i;
    }
    return whole;
}

/* Eight backends with three points each have 24: four have to go without one of theirs. */
static void test_others_are_left_out_in_the_next_period(void **state)
{
    (void)state;
    struct story *story = story_new_published(CROWD, DESCRIPTOR_FIRST);
    unsigned int ever_whole = find_whole(story), always_whole = ever_whole;
    for (int day = 1; day <= 20; day++) {
        unsigned int before = find_whole(story);
        int64_t changed_at = story->publisher->frontends[0].changed_at;
        /* Until clients go over to the next time period, new consensuses change nothing. */
        story_set_network(story, day - 1, 11);
        story_run(story, 10 * MINUTE);
        assert_int_equal(find_whole(story), before);
        assert_int_equal(story->publisher->frontends[0].changed_at, changed_at);
        for (size_t i = 0; i < CROWD; i++) {
            story->backends[i].period[FROM_HSDIRS]++;
            story_change_points(story, i, 1000 * (uint64_t)day + 10 * i);
        }
        story_set_network(story, day - 1, 12);
        story_run(story, 40 * MINUTE);
        for (size_t i = 0; i < CROWD; i++)
            story->backends[i].period[FROM_TOR]++;
        story_set_network(story, day, 6);
        story_run(story, 40 * MINUTE);
        unsigned int whole = find_whole(story);
        ever_whole |= whole;
        always_whole &= whole;
    }
    assert_int_equal(ever_whole, (1u << CROWD) - 1);
    assert_int_equal(always_whole, 0);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_faulty_point),
        cmocka_unit_test(test_all_points_faulty),
        cmocka_unit_test(test_relay_of_the_consensus),
        cmocka_unit_test(test_consensus_shows_a_lie),
        cmocka_unit_test(test_copied_relays),
        cmocka_unit_test(test_first_to_answer),
        cmocka_unit_test(test_others_are_left_out_in_the_next_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
