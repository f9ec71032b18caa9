/* Tests how often changes of points go out, and within how long: with backends that change without end, and
 * with others beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define BOTH_DESCRIPTORS 16
#define ONE_DESCRIPTOR 8

#define CHURN_AN_HOUR 30 /* rounds, for ever: one in two minutes */
#define AT_ONCE 10

/* Rounds of a descriptor among the uploads written down. */
static size_t count_rounds(const struct story *story, enum descriptor_slot slot)
{
    size_t count = 0;
    uint64_t last = 0;
    for (size_t i = 0; i < story->upload_count; i++) {
        if (story->uploads[i].slot != slot || story->uploads[i].round == last)
            continue;
        last = story->uploads[i].round;
        count++;
    }
    return count;
}

/* Has backends, the first count of them, change at once and every second for so many seconds. */
static void churn(struct story *story, size_t count, int seconds)
{
    static uint64_t next = 10000;
    for (int i = 0; i < seconds; i++) {
        for (size_t backend = 0; backend < count; backend++)
            story_change_points(story, backend, next += 10);
        story_run(story, SECOND);
    }
}

static bool is_restless(const struct story *story, size_t member)
{
    const struct publisher_member *known = &story->publisher->frontends[0].members[member];
    return member_is_restless(story->publisher, known, story->now);
}

/* However many change every second: a handful of rounds at once, then one in two minutes, and only of the
 * descriptor that clients use. The frontend counts as published, and those that do it are known. */
static void test_churn(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 7; count += 2) {
        struct story *story = story_new_published(8, DESCRIPTOR_FIRST);
        churn(story, count, 60);
        assert_in_range(count_rounds(story, DESCRIPTOR_FIRST), 4, AT_ONCE);
        assert_true(count_rounds(story, DESCRIPTOR_SECOND) <= 3);
        churn(story, count, 240);
        story_forget(story);
        churn(story, count, 60 * 60);
        assert_in_range(count_rounds(story, DESCRIPTOR_FIRST), CHURN_AN_HOUR - 1, CHURN_AN_HOUR);
        assert_true(count_rounds(story, DESCRIPTOR_SECOND) <= 1); /* its refresh */
        assert_true(publisher_is_published(story->publisher, 0, story->now));
        for (size_t i = 0; i < 8; i++)
            assert_int_equal(is_restless(story, i), i < count);
        story_free(story);
    }
}

/* The death and the return of another backend go out at once, in both descriptors, and take the other points
 * along. */
static void test_others_are_not_held_up(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    churn(story, 2, 20 * 60);
    story_forget(story);
    publisher_note_unreachable(story->publisher, 2, "refused", SOURCE_GONE, story->now);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_none_has(story, 200));
    churn(story, 2, 20);
    story_forget(story);
    publisher_note_reachable(story->publisher, 2, true, HOUR, story->now);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 200));
    story_free(story);
}

/* A dozen backends that are started anew, one after the other: each is out at once. */
static void test_rolling_restart(void **state)
{
    (void)state;
    struct story *story = story_new_published(STORY_BACKENDS_MAX, DESCRIPTOR_FIRST);
    for (size_t i = 0; i < STORY_BACKENDS_MAX; i++) {
        story_forget(story);
        publisher_note_unreachable(story->publisher, i, "refused", SOURCE_GONE, story->now);
        story_run(story, 5 * SECOND);
        size_t of_clients = 0;
        for (size_t j = 0; j < story->upload_count; j++)
            of_clients += story->uploads[j].slot == DESCRIPTOR_FIRST;
        assert_int_equal(of_clients, ONE_DESCRIPTOR);
        assert_true(story_none_has(story, i * 100));
        publisher_note_reachable(story->publisher, i, true, HOUR, story->now);
        story_change_points(story, i, 5000 + i * 100);
        story_run(story, 120 * SECOND);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
    }
    story_free(story);
}

/* One that has been quiet for long enough is believed to be so again. */
static void test_quiet_again(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    churn(story, 1, 10 * 60);
    assert_true(is_restless(story, 0));
    story_run(story, MINUTE + story->publisher->rules.allowance.quiet); /* a last hint may have been late */
    assert_false(is_restless(story, 0));
    story_forget(story);
    story_change_points(story, 0, 700);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    story_free(story);
}

/* A round for another reason takes held-back changes along. */
static void test_refresh_takes_along(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    churn(story, 1, 10 * 60 + 30); /* the last round was not just now */
    story_change_points(story, 0, 700);
    story_run(story, 500);
    story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].refresh_at = story->now;
    story->publisher->frontends[0].descriptors[DESCRIPTOR_SECOND].refresh_at = story->now;
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now); /* has it looked at */
    story_forget(story);
    story_run(story, SECOND);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 700));
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    story_free(story);
}

/* What only the descriptor in use was given so far, the other one is given when clients go over to it. */
static void test_half(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    churn(story, 1, 10 * 60);
    story_run(story, 3 * MINUTE);
    story_forget(story);
    for (size_t i = 0; i < 2; i++)
        story->backends[i].answers = false; /* what they have then is another matter */
    story_set_network(story, 0, 12);
    story_run(story, SECOND);
    assert_int_equal(count_rounds(story, DESCRIPTOR_SECOND), 1);
    story_free(story);
}

/* The times after a change at which the descriptors of all frontends have their rounds. */
static size_t list_delays(const struct story *story, int64_t changed_at, int64_t *delays)
{
    size_t count = 0;
    uint64_t last = 0;
    for (size_t i = 0; i < story->upload_count; i++) {
        if (story->uploads[i].round == last)
            continue;
        last = story->uploads[i].round;
        delays[count++] = story->uploads[i].at - changed_at;
    }
    return count;
}

#define FRONTENDS 50

/* Frontends that share a backend do not show it by uploading together: each descriptor has a delay of its
 * own, two seconds on average where points have died, up to a minute where they only came. */
static void test_spread(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    story->publisher->rules.death_spread = publisher_rules_default.death_spread;
    story->publisher->rules.gain_spread = publisher_rules_default.gain_spread;
    for (size_t i = 1; i < FRONTENDS; i++)
        story_add_frontend(story, 2);
    story_run(story, 5 * MINUTE);
    for (int is_gain = 0; is_gain < 2; is_gain++) {
        int64_t delays[2 * FRONTENDS], sum = 0, longest = 0;
        size_t alike = 0;
        story_forget(story);
        int64_t changed_at = story->now;
        if (is_gain)
            publisher_note_reachable(story->publisher, 0, true, HOUR, story->now);
        else
            publisher_note_unreachable(story->publisher, 0, "refused", SOURCE_GONE, story->now);
        story_run(story, 2 * MINUTE);
        assert_int_equal(list_delays(story, changed_at, delays), 2 * FRONTENDS);
        for (size_t i = 0; i < 2 * FRONTENDS; i++) {
            sum += delays[i];
            longest = delays[i] > longest ? delays[i] : longest;
            alike += i > 0 && delays[i] == delays[i - 1];
        }
        int64_t mean = sum / (2 * FRONTENDS);
        assert_true(alike < FRONTENDS / 4);
        if (is_gain)
            assert_true(mean > 20 * SECOND && longest > 50 * SECOND && longest <= 62 * SECOND);
        else
            assert_true(mean > SECOND && mean <= 2 * SECOND && longest <= 4 * SECOND);
        story_run(story, 10 * MINUTE);
    }
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_churn),
        cmocka_unit_test(test_others_are_not_held_up),
        cmocka_unit_test(test_rolling_restart),
        cmocka_unit_test(test_quiet_again),
        cmocka_unit_test(test_refresh_takes_along),
        cmocka_unit_test(test_half),
        cmocka_unit_test(test_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
