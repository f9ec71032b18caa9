/* Tests that no backend can hold up what HSDirs have to be told of the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define OWN_POINTS 14

/* A published frontend with as many backends, which takes the default times for what comes and what dies. */
static struct story *begin(size_t backends)
{
    struct story *story = story_new_published(backends, DESCRIPTOR_FIRST);
    story->publisher->rules.death_spread = publisher_rules_default.death_spread;
    story->publisher->rules.gain_spread = publisher_rules_default.gain_spread;
    return story;
}

/* Has a backend offer one more point. */
static void add_point(struct story *story, size_t number, uint64_t point)
{
    for (size_t from = 0; from < 2; from++) {
        struct story_backend *backend = &story->backends[number];
        backend->counter[from]++;
        backend->points[from][backend->point_count[from]++] = point;
    }
    story_announce(story, number, false, 0);
}

static bool has_upload_of(const struct story *story, enum descriptor_slot slot)
{
    for (size_t i = 0; i < story->upload_count; i++) {
        if (story->uploads[i].slot == slot)
            return true;
    }
    return false;
}

/* A backend that offers the points of others besides many of its own: a point that its own backend does not
 * offer any more is dead all the same. */
static void test_copied_points(void **state)
{
    (void)state;
    for (size_t dying = 1; dying < 4; dying++) {
        struct story *story = begin(4);
        for (size_t i = 3; i < OWN_POINTS; i++)
            add_point(story, 0, i);
        for (size_t i = 0; i < 3; i++) {
            add_point(story, 0, 100 + i);
            add_point(story, 0, 200 + i);
        }
        story_run(story, 5 * MINUTE);
        story_forget(story);
        publisher_note_unreachable(story->publisher, dying, "refused", SOURCE_GONE, story->now);
        story_run(story, 4 * SECOND);
        assert_true(has_upload_of(story, DESCRIPTOR_FIRST));
        assert_true(has_upload_of(story, DESCRIPTOR_SECOND));
        story_free(story);
    }
}

/* While no round more is allowed, a round that is planned for points that only came is hastened by a death.
 */
static void test_planned_round(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 5; i++) {
        struct story *story = begin(3);
        struct publisher_frontend *frontend = &story->publisher->frontends[0];
        story->publisher->random_state += i;
        frontend->allowance.rounds = (struct bucket){1, story->now};
        add_point(story, 0, 3);
        story_run(story, 600);
        frontend->allowance.rounds = (struct bucket){0, story->now};
        publisher_note_unreachable(story->publisher, 2, "refused", SOURCE_GONE, story->now);
        story_run(story, 4 * SECOND);
        assert_true(story_none_has(story, 200));
        story_free(story);
    }
}

/* Where nothing is left, a source that was quiet waits until there is something, churn for longer; and
 * neither for longer than half as much again as a round takes to grow, since the last one. */
static void test_next_round(void **state)
{
    (void)state;
    const struct allowance_times *times = &publisher_rules_default.allowance;
    int64_t longest = times->churn * 3 / 2;
    struct allowance allowance = {.rounds = {0, SECOND}, .last_at = SECOND};
    assert_int_equal(allowance_find_moment(&allowance, times, ALLOWANCE_FOR_PROMPT, 2 * SECOND),
                     SECOND + times->churn);
    assert_int_equal(allowance_find_moment(&allowance, times, ALLOWANCE_FOR_CHURN, 2 * SECOND),
                     SECOND + longest);
    assert_int_equal(allowance_find_moment(&allowance, times, ALLOWANCE_FOR_OTHER, 2 * SECOND),
                     SECOND + (ALLOWANCE_OTHER + 1) * times->churn);
    int64_t now = SECOND + times->churn;
    assert_int_equal(allowance_find_moment(&allowance, times, ALLOWANCE_FOR_PROMPT, now), now);
    allowance.rounds = (struct bucket){-2, SECOND};
    assert_int_equal(allowance_find_moment(&allowance, times, ALLOWANCE_FOR_PROMPT, 2 * SECOND),
                     SECOND + longest);
    allowance.rounds = (struct bucket){ALLOWANCE_RESERVE, SECOND};
    assert_int_equal(allowance_find_moment(&allowance, times, ALLOWANCE_FOR_CHURN, 2 * SECOND),
                     SECOND + times->churn);
    allowance_spend(&allowance, times, true, now);
    assert_int_equal(allowance.rounds.count, ALLOWANCE_RESERVE);
    assert_int_equal(allowance.last_at, now);
    allowance_spend(&allowance, times, false, now + SECOND);
    assert_int_equal(allowance.rounds.count, ALLOWANCE_RESERVE - 1);
    assert_int_equal(allowance.last_at, now);
}

/* A round for nothing but a refusal is paid for, and waits where churn would have to: HSDirs can be in league
 * with backends. */
static void test_refusal(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 12; i++) {
        struct story *story = begin(3);
        struct publisher_frontend *frontend = &story->publisher->frontends[0];
        story->publisher->random_state += i;
        frontend->allowance.rounds = (struct bucket){2, story->now};
        story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
        story_change_points(story, 0, 700);
        story_run(story, 5 * SECOND);
        assert_true(has_upload_of(story, DESCRIPTOR_FIRST));
        assert_int_equal(frontend->allowance.rounds.count, 1);
        story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
        story_forget(story);
        story_run(story, 170 * SECOND);
        assert_false(has_upload_of(story, DESCRIPTOR_FIRST));
        story_run(story, 140 * SECOND);
        assert_true(has_upload_of(story, DESCRIPTOR_FIRST));
        assert_true(frontend->allowance.rounds.count <= 2); /* one spent, and two grown at most */
        story_free(story);
    }
}

/* Points of lost backends that stay for a while after the first one is back: when that is over both
 * descriptors are rid of them at once. */
static void test_lost_ones(void **state)
{
    (void)state;
    struct story *story = begin(3);
    for (size_t i = 0; i < 3; i++)
        publisher_note_unreachable(story->publisher, i, "lost", SOURCE_LOST, story->now);
    story_run(story, 5 * MINUTE);
    assert_true(story->publisher->frontends[0].is_frozen);
    story_forget(story);
    publisher_note_reachable(story->publisher, 0, false, HOUR, story->now);
    story_run(story, story->publisher->rules.grace - SECOND);
    assert_int_equal(story->upload_count, 0);
    story_run(story, 5 * SECOND);
    assert_true(story_none_has(story, 100));
    assert_true(has_upload_of(story, DESCRIPTOR_FIRST));
    assert_true(has_upload_of(story, DESCRIPTOR_SECOND));
    story_free(story);
}

/* A descriptor that lacks changes when clients go over to it is sent at once. What the backends have only
 * since then is no more urgent for that. */
static void test_half(void **state)
{
    (void)state;
    struct story *story = begin(2);
    struct publisher_frontend *frontend = &story->publisher->frontends[0];
    frontend->allowance.rounds = (struct bucket){ALLOWANCE_OTHER, story->now};
    story_change_points(story, 0, 700);
    story_run(story, 5 * MINUTE);
    story_forget(story);
    story_set_network(story, 0, 12);
    story_run(story, 4 * SECOND);
    assert_true(has_upload_of(story, DESCRIPTOR_SECOND));
    assert_int_equal(frontend->descriptors[DESCRIPTOR_SECOND].round.cause, UPLOAD_FOR_POINTS);
    assert_true(story_all_have(story, 700) && story_none_has(story, 150));
    for (size_t from = 0; from < 2; from++) {
        story->backends[1].period[from]++;
        for (size_t i = 0; i < 3; i++)
            story->backends[1].points[from][i] += 50;
    }
    story_announce(story, 1, false, 0);
    story_run(story, 5 * MINUTE);
    assert_true(story_all_have(story, 150));
    assert_int_equal(frontend->descriptors[DESCRIPTOR_SECOND].round.cause, UPLOAD_FOR_PERIOD);
    story_free(story);
}

/* Backends that change one after the other use up what is for those that have been quiet, too. Then a death
 * waits for as long as there has to be between two rounds, and no longer. */
static void test_many(void **state)
{
    (void)state;
    uint64_t next = 10000;
    for (int64_t phase = 0; phase < 130; phase += 13) {
        struct story *story = begin(8);
        for (int i = 0; i < 60 + phase; i++) {
            story_change_points(story, (size_t)i % 7, next += 10);
            story_run(story, SECOND);
        }
        story_forget(story);
        publisher_note_unreachable(story->publisher, 7, "refused", SOURCE_GONE, story->now);
        int64_t died = story->now;
        for (int i = 0; i < 300 && !(story->upload_count > 0 && story_none_has(story, 700)); i++) {
            story_change_points(story, (size_t)i % 7, next += 10);
            story_run(story, SECOND);
        }
        assert_true(story->now - died <= story->publisher->rules.allowance.churn + 4 * SECOND);
        story_free(story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_copied_points), cmocka_unit_test(test_planned_round),
        cmocka_unit_test(test_next_round),    cmocka_unit_test(test_refusal),
        cmocka_unit_test(test_lost_ones),     cmocka_unit_test(test_half),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
