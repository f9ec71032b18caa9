/* A twin without a control port: what its tor uploads is found at the spare HSDirs, among what the other
 * twins' tors leave there, and goes into the descriptor that it was made for alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_story.h"
#include "publish/own_points.h"
#include "publish/twin_on_hsdirs.h"

#define MINUTE ((int64_t)60000)
#define LEAD (45 * MINUTE)
#define ASKED 6
#define SPARE 2

enum { FROM_TOR, FROM_HSDIRS };
enum { SEEN, UNSEEN }; /* the twin with a control port, and the one without */

static const struct publisher_frontend *frontend_of(const struct story *story)
{
    return &story->publisher->frontends[0];
}

static struct source *unseen_of(const struct story *story)
{
    return twin_on_hsdirs_find(story->publisher, frontend_of(story));
}

/* Adds a twin with a control port, if there is to be one, and one without. */
static struct story *begin(bool has_seen, int hour)
{
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    if (has_seen)
        story_add_twin(story);
    size_t unseen = story_add_unseen_twin(story);
    if (hour >= 12)
        story->backends[unseen].period[FROM_HSDIRS]++;
    story_add_frontend(story, has_seen ? 2 : 1);
    publisher_set_twins(story->publisher, 0, LEAD, true, story->now);
    story_set_network(story, 0, hour);
    if (has_seen)
        story_reach(story, SEEN);
    publisher_note_reachable(story->publisher, unseen, false, UPTIME_UNKNOWN, story->now);
    return story;
}

/* The same in the first half of the day, once both are published. */
static struct story *begin_published(void)
{
    struct story *story = begin(true, 6);
    story_run(story, 5 * MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    return story;
}

/* Gives a tor without a control port other points, which it uploads, under a higher counter or for another
 * period. */
static void upload(struct story *story, size_t number, uint64_t first)
{
    struct story_backend *backend = &story->backends[number];
    backend->counter[FROM_HSDIRS]++;
    for (uint64_t i = 0; i < 3; i++)
        backend->points[FROM_HSDIRS][i] = first + i;
}

/* Clients go over to the second descriptor, of which the tor without a control port has uploaded its own. */
static void go_to_second_half(struct story *story, size_t unseen, uint64_t first)
{
    story->backends[unseen].period[FROM_HSDIRS]++;
    upload(story, unseen, first);
    story_set_network(story, 0, 18);
}

/* A spare HSDir of the descriptor that clients use. */
static void find_spare(const struct story *story, uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    const struct publisher_descriptor *descriptor =
        &frontend_of(story)->descriptors[story->publisher->network->client_slot];
    struct source *source = &story->publisher->sources[0]; /* all have one address */
    assert_int_equal(
        twin_on_hsdirs_list(story->publisher, source, (uint8_t(*)[RELAY_FINGERPRINT_SIZE])fingerprint), 1);
    for (size_t i = 0; i < descriptor->upload_count; i++)
        assert_memory_not_equal(descriptor->uploads[i].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
}

/* The tor with a control port uploads the descriptor that clients use, which spare HSDirs then have. */
static void upload_seen(struct story *story, uint64_t first)
{
    uint8_t spare[RELAY_FINGERPRINT_SIZE];
    size_t found = story->backends[SEEN].found;
    find_spare(story, spare);
    story->backends[SEEN].counter[FROM_TOR]++;
    story->backends[SEEN].period[FROM_HSDIRS] =
        story->publisher->network->period_number[story->publisher->network->client_slot];
    upload(story, SEEN, first);
    story->backends[SEEN].found = SEEN;
    publisher_note_source_upload(story->publisher, SEEN, SOURCE_UPLOAD_BEGUN, spare,
                                 story->publisher->sources[SEEN].blinded_key, story->now);
    publisher_note_source_upload(story->publisher, SEEN, SOURCE_UPLOAD_TAKEN, spare, NULL, story->now);
    story_run(story, 2000);
    story->backends[SEEN].found = found;
}

/* How many HSDirs of a descriptor are to have a point. */
static size_t count_wanting(const struct story *story, enum descriptor_slot slot, uint64_t point)
{
    const struct publisher_descriptor *descriptor = &frontend_of(story)->descriptors[slot];
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct point_set *set = descriptor->uploads[i].taken;
        for (size_t j = 0; set != NULL && j < set->count; j++)
            count += model_point_number(&set->entries[j].point) == point;
    }
    return count;
}

static void test_it_is_found(void **state)
{
    (void)state;
    struct story *story = begin_published();
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        assert_int_equal(frontend_of(story)->descriptors[slot].upload_count, ASKED);
        assert_int_equal(count_wanting(story, slot, 0), ASKED);
        assert_int_equal(count_wanting(story, slot, 100), slot == DESCRIPTOR_FIRST ? ASKED : 0);
    }
    story_forget(story);
    story_run(story, 10 * MINUTE);
    assert_in_range(story->backends[UNSEEN].fetches[FROM_HSDIRS], 18, 21);
    assert_int_equal(story->backends[SEEN].fetches[FROM_HSDIRS], 0);
    /* A point is replaced. */
    upload(story, UNSEEN, 101);
    story_run(story, 2 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 103), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), 0);
    /* Without it the spare HSDirs have the frontend's descriptor, too. */
    publisher_set_members(story->publisher, 0, (uint64_t[]){SEEN}, 1, story->now);
    story_run(story, 2 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 0), ASKED + SPARE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 103), 0);
    story_free(story);
}

/* Each spare HSDir is asked in turn. */
static void test_spares_take_turns(void **state)
{
    (void)state;
    struct story *story = begin_published();
    uint8_t spares[3][RELAY_FINGERPRINT_SIZE];
    for (size_t i = 0; i < 3; i++)
        find_spare(story, spares[i]);
    assert_memory_not_equal(spares[0], spares[1], RELAY_FINGERPRINT_SIZE);
    assert_memory_equal(spares[0], spares[2], RELAY_FINGERPRINT_SIZE);
    story_free(story);
}

/* What spare HSDirs have of a twin with a control port is that one's: now, or of its process before, or with
 * points of both, as another publisher makes it. */
static void test_what_is_of_another_twin(void **state)
{
    (void)state;
    struct story *story = begin_published();
    story->backends[UNSEEN].found = SEEN;
    story->backends[SEEN].counter[FROM_HSDIRS] = 9;
    story_run(story, 10 * MINUTE);
    assert_int_equal(unseen_of(story)->points.points[0].auth_key[0], 100);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED);
    story->backends[SEEN].process++; /* what is found was made by that one, which is not heard of any more */
    story_run(story, 10 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED);
    story->backends[SEEN].process--;
    upload(story, SEEN, 50); /* it has replaced its points, as is known of its signing key */
    story_run(story, 10 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 50), 0);
    story->backends[UNSEEN].found = UNSEEN;
    story->backends[UNSEEN].process++;
    upload(story, UNSEEN, 2); /* its first point is the last one of the other */
    story_run(story, 10 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 3), 0);
    story_free(story);
}

/* Its descriptors have each what was seen of that very period; the new period's is found soon. */
static void test_both_boundaries(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_note_uploading(story->publisher, SEEN, false, story->now);
    go_to_second_half(story, UNSEEN, 200);
    story_run(story, 3 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 200), 0);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 100), 0);
    story_run(story, 60 * MINUTE);
    upload(story, UNSEEN, 200);
    /* What was the second one is the first one now, and goes on without a gap. */
    story_set_network(story, 1, 0);
    assert_int_equal(unseen_of(story)->points.points[0].auth_key[0], 200);
    story_run(story, 3 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 200), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), 0);
    assert_int_equal(source_is_in(unseen_of(story)), true);
    story_free(story);
}

/* In the second half the other tor does not say what it has made: what is found may be that, until its next
 * upload has shown what is. */
static void test_the_other_may_have_made_it(void **state)
{
    (void)state;
    struct story *story = begin_published();
    upload_seen(story, 0);
    go_to_second_half(story, UNSEEN, 200);
    story_run(story, 30 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), 0);
    upload_seen(story, 300);
    assert_non_null(story->publisher->sources[SEEN].next);
    story_run(story, 3 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 0), ASKED);
    /* And the other's is not taken for it. */
    story->backends[UNSEEN].found = SEEN;
    story_run(story, 10 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), ASKED);
    story_free(story);
}

/* A tor that is about to say something new may have made what is found; so may one that went of late. What is
 * known to be the unseen one's is, all the same. */
static void test_one_that_may_be_back(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_note_unreachable(story->publisher, SEEN, "it is dead", SOURCE_GONE, story->now);
    story->backends[UNSEEN].process++;
    upload(story, UNSEEN, 400);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 400), 0);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED);
    story_run(story, 10 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 400), ASKED);
    /* It was the other's after all, who says so as soon as it can be asked. */
    story->backends[SEEN] = story->backends[UNSEEN];
    story->backends[SEEN].found = UNSEEN;
    story->backends[UNSEEN].answers = false;
    memcpy(story->backends[SEEN].points[FROM_TOR], story->backends[UNSEEN].points[FROM_HSDIRS],
           sizeof(story->backends[SEEN].points[FROM_TOR]));
    struct descriptor *descriptor =
        model_make_descriptor(story->backends[SEEN].period[FROM_TOR], 9, (uint64_t[]){400, 401, 402}, 3);
    memcpy(descriptor->signing_key, unseen_of(story)->descriptor->signing_key, ED25519_PUBLIC_KEY_SIZE);
    story_reach(story, SEEN);
    story->publisher->sources[SEEN].inquiry.asked = INQUIRY_OF_TOR;
    publisher_note_descriptor(story->publisher, SEEN, descriptor, story->now);
    assert_int_equal(unseen_of(story)->life.state, SOURCE_OUT);
    assert_int_equal(unseen_of(story)->points.count, 0);
    assert_int_equal(assignment_count_points_from(frontend_of(story)->assignment, SEEN), 3);
    story_free(story);
}

/* A descriptor of the first half that some tor made so many milliseconds ago is found at a spare HSDir. */
static void find_made_ago(struct story *story, uint64_t counter, uint64_t first, int64_t ago)
{
    const uint64_t points[] = {first, first + 1, first + 2};
    struct descriptor *descriptor =
        model_make_descriptor(story->backends[UNSEEN].period[FROM_HSDIRS], counter, points, 3);
    descriptor->signing_key[0] = (uint8_t)(first / 100);
    publisher_note_found(story->publisher, UNSEEN, descriptor, story->now - ago, story->now);
}

/* Of a tor that was gone before we began HSDirs may have what it made until then, for as long as they keep
 * that. What was made later is not its. */
static void test_one_that_was_gone_before(void **state)
{
    (void)state;
    struct story *story = begin(true, 6);
    story->backends[UNSEEN].answers = false;
    story->backends[SEEN].answers = false;
    publisher_note_unreachable(story->publisher, SEEN, "refused", SOURCE_GONE, story->now);
    story_run(story, 60 * MINUTE);
    find_made_ago(story, 10, 500, 90 * MINUTE);
    assert_int_equal(unseen_of(story)->points.count, 0);
    find_made_ago(story, 20, 600, 20 * MINUTE);
    assert_int_equal(model_point_number(&unseen_of(story)->points.points[0]), 600);
    find_made_ago(story, 10, 500, 90 * MINUTE);
    assert_int_equal(model_point_number(&unseen_of(story)->points.points[0]), 600);
    story_free(story);
}

/* One that has been gone for long and comes back tells of its upload, and then can't say at once what that
 * is. */
static void test_one_that_comes_back(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_note_unreachable(story->publisher, SEEN, "it is dead", SOURCE_GONE, story->now);
    story_run(story, 60 * MINUTE);
    uint8_t spare[RELAY_FINGERPRINT_SIZE];
    find_spare(story, spare);
    story->backends[SEEN].fails = true;
    story_reach(story, SEEN);
    story_run(story, MINUTE);
    publisher_note_source_upload(story->publisher, SEEN, SOURCE_UPLOAD_BEGUN, spare,
                                 story->publisher->sources[SEEN].blinded_key, story->now);
    story_run(story, 2000);
    find_made_ago(story, 50, 500, 1000);
    assert_int_equal(model_point_number(&unseen_of(story)->points.points[0]), 100);
    /* Nor where it is gone again before it has said anything. */
    publisher_note_unreachable(story->publisher, SEEN, "it is dead", SOURCE_GONE, story->now);
    story_run(story, MINUTE);
    find_made_ago(story, 50, 500, MINUTE);
    assert_int_equal(model_point_number(&unseen_of(story)->points.points[0]), 100);
    story_free(story);
}

/* A tor tells that it uploads before HSDirs have that, and what that is is known a moment later. */
static void test_one_that_uploads(void **state)
{
    (void)state;
    struct story *story = begin_published();
    const uint8_t *fingerprint = frontend_of(story)->descriptors[DESCRIPTOR_FIRST].uploads[0].fingerprint;
    story->backends[SEEN].answers = false;
    publisher_note_source_upload(story->publisher, SEEN, SOURCE_UPLOAD_BEGUN, fingerprint,
                                 story->publisher->sources[SEEN].blinded_key, story->now);
    story->backends[UNSEEN].process++;
    upload(story, UNSEEN, 400);
    story_run(story, 2 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 400), 0);
    story->backends[SEEN].answers = true;
    publisher_note_descriptor(
        story->publisher, SEEN,
        model_make_descriptor(story->backends[SEEN].period[FROM_TOR], 2, (uint64_t[]){0, 1, 2}, 3),
        story->now);
    story_run(story, 2 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 400), ASKED);
    story_free(story);
}

/* It is looked for again soon while the frontend waits for it; the other one has not answered at first. */
static void test_it_is_found_in_time(void **state)
{
    (void)state;
    struct story *story = begin(true, 6);
    story->backends[SEEN].answers = false;
    story_run(story, 2000);
    assert_int_equal(unseen_of(story)->life.state, SOURCE_WAITING);
    assert_int_equal(story->backends[UNSEEN].fetches[FROM_HSDIRS], 1);
    story->backends[SEEN].answers = true;
    story_reach(story, SEEN);
    story_run(story, 10000);
    assert_true(source_is_in(unseen_of(story)));
    story_free(story);
}

/* Other HSDirs have to have what those before had. */
static void test_other_hsdirs(void **state)
{
    (void)state;
    struct story *story = begin_published();
    story->hsdir_count += 30;
    story_set_network(story, 0, 7);
    story_run(story, 3 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 0), ASKED);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

static void find_unknown_points(struct story *story, const struct publisher_action *action,
                                struct look_result *result)
{
    (void)action;
    result->finding = LOOK_FINDING_OTHERS;
    result->is_newer = true;
    result->made_at = story->now;
    result->descriptor = story->look_context;
}

/* What got through where clients ask may be of its tor, whatever points there are: it is replaced, and nobody
 * is alarmed. */
static void test_its_uploads_are_no_stranger(void **state)
{
    (void)state;
    struct story *story = begin_published();
    for (unsigned i = 0; i < 4; i++) {
        upload(story, UNSEEN, 100);
        story_run(story, 60 * MINUTE);
    }
    story->look_context = model_make_descriptor(story->publisher->network->period_number[DESCRIPTOR_FIRST],
                                                99, (uint64_t[]){700, 701, 702}, 3);
    story->answer_look = find_unknown_points;
    story_forget(story);
    story_run(story, 60 * MINUTE);
    assert_true(story->looks > 3);
    assert_true(frontend_of(story)->looks.others < OTHERS_SUSPECTED);
    descriptor_free(story->look_context);
    story_free(story);
}

/* A process that was started anew has other points for both descriptors. */
static void test_it_is_started_anew(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_note_uploading(story->publisher, SEEN, false, story->now);
    go_to_second_half(story, UNSEEN, 200);
    story_run(story, 3 * MINUTE);
    story->backends[UNSEEN].process++;
    upload(story, UNSEEN, 300);
    story_run(story, 3 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), 0);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), 0);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 300), ASKED);
    story_free(story);
}

/* It is in as long as its tor uploads, and out when that rests for longer than a living one lets it; an
 * older descriptor of another period is no sign of life. */
static void test_it_dies(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_note_uploading(story->publisher, SEEN, false, story->now);
    for (unsigned i = 0; i < 4; i++) {
        upload(story, UNSEEN, 100);
        story_run(story, 2 * 60 * MINUTE);
        assert_true(source_is_in(unseen_of(story)));
    }
    story_run(story, 40 * MINUTE);
    assert_int_equal(unseen_of(story)->life.state, SOURCE_OUT);
    story_run(story, MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), 0);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 0), ASKED);
    /* Its second descriptor was made when it had uploaded last. */
    story->backends[UNSEEN].answers = false;
    story_set_network(story, 0, 18);
    story_run(story, MINUTE);
    struct descriptor *descriptor = model_make_descriptor(
        story->publisher->network->period_number[DESCRIPTOR_SECOND], 9, (uint64_t[]){200, 201, 202}, 3);
    memcpy(descriptor->signing_key, "unseen", 6);
    publisher_note_found(story->publisher, UNSEEN, descriptor, story->now - 165 * MINUTE, story->now);
    assert_int_equal(unseen_of(story)->life.state, SOURCE_OUT);
    descriptor = model_make_descriptor(story->publisher->network->period_number[DESCRIPTOR_SECOND], 10,
                                       (uint64_t[]){200, 201, 202}, 3);
    memcpy(descriptor->signing_key, "unseen", 6);
    publisher_note_found(story->publisher, UNSEEN, descriptor, story->now, story->now);
    assert_true(source_is_in(unseen_of(story)));
    story_free(story);
}

/* One that is found for the first time is as old as its counter says. */
static void test_how_old_it_is(void **state)
{
    (void)state;
    struct story *story = begin(false, 6);
    story->backends[0].answers = false;
    story_run(story, 1000);
    struct descriptor *descriptor = model_make_descriptor(
        story->publisher->network->period_number[DESCRIPTOR_FIRST], 9, (uint64_t[]){100, 101, 102}, 3);
    publisher_note_found(story->publisher, 0, descriptor, story->now - 100 * MINUTE, story->now);
    assert_true(source_is_in(unseen_of(story)));
    story_run(story, 59 * MINUTE);
    assert_true(source_is_in(unseen_of(story)));
    story_run(story, 2 * MINUTE);
    assert_int_equal(unseen_of(story)->life.state, SOURCE_OUT);
    story_free(story);
}

/* Alone it is in one of the two descriptors; of the other there is nothing to send. */
static void test_it_is_alone(void **state)
{
    (void)state;
    for (int hour = 6; hour <= 18; hour += 12) {
        struct story *story = begin(false, hour);
        story_run(story, 5 * MINUTE);
        for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            bool is_clients = slot == story->publisher->network->client_slot;
            assert_int_equal(count_wanting(story, slot, 0), is_clients ? ASKED : 0);
        }
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        if (hour == 6) {
            go_to_second_half(story, 0, 200);
            story_run(story, 3 * MINUTE);
            assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), ASKED);
            assert_true(publisher_is_published(story->publisher, 0, story->now));
        }
        story_free(story);
    }
}

/* With proof of work it has its part of the HSDirs, where its own points are known. */
static void test_split(void **state)
{
    (void)state;
    struct story *story = begin(true, 6);
    story->backends[SEEN].seed = 1;
    story->backends[UNSEEN].seed = 2;
    story_run(story, 5 * MINUTE);
    assert_true(frontend_of(story)->is_split);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 0), ASKED / 2);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED / 2);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 0), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 100), 0);
    story_forget(story);
    story->backends[UNSEEN].seed = 3; /* a new one, with an upload */
    upload(story, UNSEEN, 100);
    story_run(story, 2 * MINUTE);
    size_t with_seed = 0;
    for (size_t i = 0; i < story->upload_count; i++)
        with_seed += story->uploads[i].points[0] / 100 == 1 && story->uploads[i].seed == 3;
    assert_int_equal(with_seed, ASKED / 2);
    /* In the second half the seed tells it from the other at once, of which nothing has been found yet. */
    story_run(story, 10 * MINUTE);
    go_to_second_half(story, UNSEEN, 200);
    story_run(story, 3 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 0), ASKED / 2);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), ASKED / 2);
    story->backends[UNSEEN].seed = 4; /* started anew: it is none of the other's, whose seed is known */
    story->backends[UNSEEN].process++;
    upload(story, UNSEEN, 300);
    story_run(story, 3 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 300), ASKED / 2);
    story_free(story);
}

/* The second half has begun at twins that verify proof of work, and nothing is known of what the tor with a
 * control port has made for that. */
static struct story *begin_searching(void)
{
    struct story *story = begin(true, 6);
    story->backends[SEEN].seed = 1;
    story->backends[UNSEEN].seed = 2;
    story_run(story, 15 * MINUTE);
    go_to_second_half(story, UNSEEN, 200);
    story->backends[SEEN].answers = false;
    story_run(story, 3 * MINUTE);
    assert_null(story->publisher->sources[SEEN].next);
    story_forget(story);
    return story;
}

/* An HSDir that is searched for that has what a publisher has made for the second half. */
static void find_of_publisher(struct story *story, uint64_t counter, uint64_t first, uint8_t seed)
{
    const uint64_t points[] = {first, first + 1, first + 2};
    struct descriptor *descriptor =
        model_make_descriptor(story->backends[UNSEEN].period[FROM_HSDIRS], counter, points, 3);
    descriptor->signing_key[0] = 99;
    descriptor->pow_params.is_present = seed != 0;
    descriptor->pow_params.seed[0] = seed;
    story->publisher->sources[SEEN].inquiry.asked = INQUIRY_OF_HSDIRS;
    story->publisher->sources[SEEN].is_searching = true;
    publisher_note_descriptor(story->publisher, SEEN, descriptor, story->now);
}

/* What publishers have made for the second half may have points that a tor has made for the first one,
 * without proof of work. That makes them no points of its own for the second. */
static void test_points_of_the_other_half(void **state)
{
    (void)state;
    struct story *story = begin_searching();
    find_of_publisher(story, 5000, 0, 0);
    assert_null(story->publisher->sources[SEEN].next);
    story_run(story, 3 * MINUTE);
    for (size_t i = 0; i < story->upload_count; i++) {
        const struct story_upload *upload = &story->uploads[i];
        assert_true(upload->slot == DESCRIPTOR_FIRST || upload->points[0] >= 100 || upload->seed == 0);
    }
    story_free(story);
}

/* Nor is all of one tor that is signed with the key of a publisher who has made something of that tor. */
static void test_a_publishers_key(void **state)
{
    (void)state;
    struct story *story = begin_searching();
    const struct source *seen = &story->publisher->sources[SEEN];
    find_of_publisher(story, 5000, 300, 1);
    assert_int_equal(model_point_number(&seen->next->points[0]), 300);
    find_of_publisher(story, 5001, 400, 3); /* a seed that is known of nobody now */
    assert_int_equal(model_point_number(&seen->next->points[0]), 300);
    find_of_publisher(story, 5002, 500, 0);
    assert_int_equal(model_point_number(&seen->next->points[0]), 300);
    find_of_publisher(story, 5003, 600, 1);
    assert_int_equal(model_point_number(&seen->next->points[0]), 600);
    story_free(story);
}

/* What is found for another tor is not taken for that of the unseen one, whose seed it has: it may be what we
 * have made of that ourselves, under counters that are ahead of that tor's. */
static void test_a_publishers_copy_of_it(void **state)
{
    (void)state;
    struct story *story = begin_searching();
    const struct descriptor *known = own_points_find_known(unseen_of(story), unseen_of(story)->period_number);
    assert_int_equal(model_point_number(&known->points[0]), 200);
    find_of_publisher(story, 5000, 700, 2);
    known = own_points_find_known(unseen_of(story), unseen_of(story)->period_number);
    assert_int_equal(model_point_number(&known->points[0]), 200);
    story_free(story);
}

/* A reload gives it a control port, or takes that away. */
static void test_it_becomes_another_kind(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_set_kind(story->publisher, UNSEEN, SOURCE_TWIN_WITH_CONTROL, story->now);
    story_reach(story, UNSEEN);
    story_run(story, 5 * MINUTE);
    assert_null(unseen_of(story));
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 100), ASKED + SPARE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 100), ASKED + SPARE);
    publisher_set_kind(story->publisher, SEEN, SOURCE_TWIN_ON_HSDIRS, story->now);
    publisher_note_reachable(story->publisher, SEEN, false, UPTIME_UNKNOWN, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_wanting(story, DESCRIPTOR_FIRST, 0), ASKED);
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 0), 0);
    story_free(story);
}

/* The seed that HSDirs of a descriptor have beside a point; 0 for none. */
static uint8_t find_seed(const struct story *story, enum descriptor_slot slot, uint64_t point)
{
    const struct publisher_descriptor *descriptor = &frontend_of(story)->descriptors[slot];
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct point_set *set = descriptor->uploads[i].taken;
        if (set != NULL && model_point_number(&set->entries[0].point) / 100 == point / 100)
            return set->features.pow_params.is_present ? set->features.pow_params.seed[0] : 0;
    }
    return 0;
}

/* What its tor has clients solve is as old as it was last seen, whichever time period that was made for: it
 * does not end with what expired before, and does with what expires next. */
static void test_its_work_goes_on(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_note_uploading(story->publisher, SEEN, false, story->now);
    for (size_t i = 0; i < 2; i++) {
        story->backends[i].seed = (uint8_t)(1 + i);
        story->backends[i].seed_ends = STORY_EPOCH + (story->now + 60 * MINUTE) / 1000;
    }
    upload(story, UNSEEN, 100);
    story_run(story, 5 * MINUTE);
    assert_true(frontend_of(story)->is_split);
    assert_int_equal(find_seed(story, DESCRIPTOR_FIRST, 100), 2);
    story->backends[SEEN].seed_ends += 600 * MINUTE / 1000;
    story->backends[UNSEEN].seed = 3;
    story->backends[UNSEEN].seed_ends += 60 * MINUTE / 1000;
    go_to_second_half(story, UNSEEN, 200);
    story_run(story, 5 * MINUTE);
    assert_int_equal(find_seed(story, DESCRIPTOR_SECOND, 200), 3);
    story_run(story, 60 * MINUTE); /* what was seen first has expired */
    assert_int_equal(find_seed(story, DESCRIPTOR_SECOND, 200), 3);
    story_run(story, 60 * MINUTE); /* and now this */
    assert_true(source_is_in(unseen_of(story)));
    assert_int_equal(count_wanting(story, DESCRIPTOR_SECOND, 200), ASKED / 2);
    assert_int_equal(find_seed(story, DESCRIPTOR_SECOND, 200), 0);
    story_free(story);
}

/* It is looked for in any case: what is missed of it gives no reason to ask more often, and does not keep
 * what is missed of the others from being looked for. */
static void test_what_is_missed_of_it(void **state)
{
    (void)state;
    struct story *story = begin_published();
    publisher_note_uploading(story->publisher, SEEN, true, story->now);
    for (size_t i = 0; i < 2; i++)
        story->backends[i].seed = (uint8_t)(1 + i);
    story->backends[SEEN].counter[FROM_TOR]++;
    upload(story, UNSEEN, 100);
    story_run(story, 10 * MINUTE);
    assert_true(frontend_of(story)->is_split);
    publisher_set_members(story->publisher, 0, (uint64_t[]){UNSEEN, SEEN}, 2, story->now);
    story_set_network(story, 0, 18); /* its tor has uploaded nothing for that yet */
    story_run(story, 5 * MINUTE);
    assert_true(story->backends[SEEN].fetches[FROM_HSDIRS] >= ASKED + SPARE);
    story_forget(story);
    story_run(story, 30 * MINUTE);
    assert_in_range(story->backends[UNSEEN].fetches[FROM_HSDIRS], 45, 70);
    story_free(story);
}

/* One that was seen in the second half first, and is given a control port then: what its tor says of the
 * first half is no less than what is known, and what it makes for the second one is found. */
static void test_it_gets_a_control_port(void **state)
{
    (void)state;
    struct story *story = begin(false, 18);
    story->backends[0].seed = 1;
    story_run(story, 5 * MINUTE);
    assert_int_equal(find_seed(story, DESCRIPTOR_SECOND, 0), 1);
    publisher_set_kind(story->publisher, 0, SOURCE_TWIN_WITH_CONTROL, story->now);
    story_reach(story, 0);
    story_forget(story);
    story_run(story, MINUTE);
    assert_int_equal(story->upload_count, ASKED); /* the other one's, which has borrowed points now */
    assert_int_equal(find_seed(story, DESCRIPTOR_SECOND, 0), 1);
    story->backends[0].seed = 2;
    story->backends[0].counter[FROM_TOR]++;
    upload_seen(story, 300);
    story_run(story, 2 * MINUTE);
    assert_int_equal(find_seed(story, DESCRIPTOR_SECOND, 300), 2);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_is_found),
        cmocka_unit_test(test_spares_take_turns),
        cmocka_unit_test(test_what_is_of_another_twin),
        cmocka_unit_test(test_both_boundaries),
        cmocka_unit_test(test_the_other_may_have_made_it),
        cmocka_unit_test(test_one_that_may_be_back),
        cmocka_unit_test(test_one_that_was_gone_before),
        cmocka_unit_test(test_one_that_comes_back),
        cmocka_unit_test(test_one_that_uploads),
        cmocka_unit_test(test_it_is_found_in_time),
        cmocka_unit_test(test_other_hsdirs),
        cmocka_unit_test(test_its_uploads_are_no_stranger),
        cmocka_unit_test(test_it_is_started_anew),
        cmocka_unit_test(test_it_dies),
        cmocka_unit_test(test_how_old_it_is),
        cmocka_unit_test(test_it_is_alone),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_points_of_the_other_half),
        cmocka_unit_test(test_a_publishers_key),
        cmocka_unit_test(test_a_publishers_copy_of_it),
        cmocka_unit_test(test_it_becomes_another_kind),
        cmocka_unit_test(test_its_work_goes_on),
        cmocka_unit_test(test_what_is_missed_of_it),
        cmocka_unit_test(test_it_gets_a_control_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
