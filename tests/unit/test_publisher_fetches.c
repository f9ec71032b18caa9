/* How many backends are asked at once, and that nobody loses by waiting for a permit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_story.h"

#define BACKENDS 8
#define PERMITS 3

/* A story with eight backends, which can all be asked from now on. */
static struct story *begin(unsigned permits, bool answers)
{
    struct story *story = story_new();
    story->publisher->rules.fetch_permits = permits;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    for (size_t i = 0; i < BACKENDS; i++) {
        story_add_backend(story, true);
        story->backends[i].answers = answers;
    }
    story_add_frontend(story, BACKENDS);
    story_set_network(story, 0, 6);
    for (size_t i = 0; i < BACKENDS; i++)
        story_reach(story, i);
    return story;
}

static size_t count_asked(const struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < BACKENDS; i++)
        count += story->backends[i].fetches[0] > 0;
    return count;
}

static size_t count_in(const struct story *story, enum source_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < BACKENDS; i++)
        count += story->publisher->sources[i].life.state == state;
    return count;
}

static void test_so_many_at_once(void **state)
{
    (void)state;
    struct story *story = begin(PERMITS, false);
    const int64_t timeout = story->publisher->rules.fetch_permit_timeout;
    story_settle(story);
    assert_int_equal(count_asked(story), PERMITS);
    story_run(story, timeout - 1);
    assert_int_equal(count_asked(story), PERMITS);
    story_run(story, 1); /* those that do not answer give way */
    assert_int_equal(count_asked(story), 2 * PERMITS);
    story_run(story, timeout);
    assert_int_equal(count_asked(story), BACKENDS);
    story_free(story);
}

static void test_answers_make_room(void **state)
{
    (void)state;
    struct story *story = begin(1, true);
    story_settle(story);
    assert_int_equal(count_asked(story), BACKENDS);
    assert_int_equal(count_in(story, SOURCE_LIVE), BACKENDS);
    assert_int_equal(agenda_count(&story->publisher->fetch_permits), 0);
    story_free(story);
}

/* Patience is for those that were asked: one that obpub was too busy to ask is not out for that. */
static void test_waiting_takes_no_patience(void **state)
{
    (void)state;
    struct story *story = begin(0, false);
    story_run(story, 10 * story->publisher->rules.start_patience);
    assert_int_equal(count_in(story, SOURCE_WAITING), BACKENDS);
    assert_int_equal(story->upload_count, 0);
    story->publisher->rules.fetch_permits = BACKENDS;
    story_settle(story);
    assert_int_equal(count_asked(story), BACKENDS);
    story_run(story, story->publisher->rules.start_patience - 1);
    assert_int_equal(count_in(story, SOURCE_WAITING), BACKENDS);
    story_run(story, 1);
    assert_int_equal(count_in(story, SOURCE_OUT), BACKENDS);
    story_free(story);
}

static void test_lost_ones_make_room(void **state)
{
    (void)state;
    struct story *story = begin(PERMITS, false);
    story_settle(story);
    for (size_t i = 0; i < BACKENDS; i++) /* some are being asked, some wait */
        publisher_note_unreachable(story->publisher, i, "lost", SOURCE_LOST, story->now);
    story_settle(story);
    assert_int_equal(count_asked(story), PERMITS);
    assert_int_equal(agenda_count(&story->publisher->fetch_permits), 0);
    for (size_t i = 0; i < BACKENDS; i++)
        story_reach(story, i);
    story_settle(story);
    assert_int_equal(agenda_count(&story->publisher->fetch_permits), PERMITS);
    for (size_t i = 0; i < BACKENDS; i++)
        publisher_set_kind(story->publisher, i, SOURCE_BACKEND_ON_HSDIRS, story->now);
    assert_int_equal(agenda_count(&story->publisher->fetch_permits), 0);
    story_free(story);
}

static void test_removed_ones_make_room(void **state)
{
    (void)state;
    struct story *story = begin(PERMITS, false);
    story_settle(story);
    publisher_remove_frontend(story->publisher, 0);
    for (size_t i = 0; i < BACKENDS; i++)
        publisher_remove_source(story->publisher, i);
    assert_int_equal(agenda_count(&story->publisher->fetch_permits), 0);
    story_settle(story);
    assert_int_equal(count_asked(story), PERMITS);
    story_free(story);
}

/* Announcements are followed, but one that announces without end does not get all of our time. */
static void test_hints_without_end(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        unsigned most;
    } rows[] = {{1, 11}, {60, 40 + 60 / 5 + 2}, {3600, 40 + 3600 / 5 + 40}};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story_run(story, 600 * 1000);
    unsigned *fetches = story->backends[0].fetches;
    unsigned before = fetches[0] + fetches[1];
    int64_t began = story->now;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        while (story->now < began + rows[i].seconds * 1000) {
            story_announce(story, 0, false, 0);
            story_run(story, 100);
        }
        unsigned count = fetches[0] + fetches[1] - before;
        assert_in_range(count, rows[i].most / 2, rows[i].most);
    }
    /* Nor is it punished for ever. */
    story_run(story, 600 * 1000);
    before = fetches[0] + fetches[1];
    story_announce(story, 0, false, 0);
    story_run(story, 100);
    assert_int_equal(fetches[0] + fetches[1], before + 1);
    story_free(story);
}

/* A backend that could not be read for long is asked ever more rarely, and at once with another client key.
 */
static void test_other_client_key(void **state)
{
    (void)state;
    struct story *story = begin(BACKENDS, true);
    for (size_t i = 0; i < 2; i++)
        story->backends[i].fails = true;
    story_run(story, 3600 * 1000);
    const unsigned asked[2] = {story->backends[0].fetches[0], story->backends[1].fetches[0]};
    story_run(story, 10 * 1000); /* in which none of the two would be asked */
    assert_int_equal(story->backends[0].fetches[0], asked[0]);
    assert_int_equal(story->backends[1].fetches[0], asked[1]);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_OUT);
    story->backends[0].fails = false;
    publisher_note_client_key(story->publisher, story->publisher->sources[0].number, story->now);
    publisher_note_client_key(story->publisher, 77, story->now); /* nobody's */
    story_settle(story);
    assert_int_equal(story->backends[0].fetches[0], asked[0] + 1);
    assert_int_equal(story->backends[1].fetches[0], asked[1]);
    assert_int_equal(story->publisher->sources[0].life.state, SOURCE_LIVE);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_so_many_at_once),           cmocka_unit_test(test_answers_make_room),
        cmocka_unit_test(test_waiting_takes_no_patience), cmocka_unit_test(test_lost_ones_make_room),
        cmocka_unit_test(test_removed_ones_make_room),    cmocka_unit_test(test_hints_without_end),
        cmocka_unit_test(test_other_client_key),
    };
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
