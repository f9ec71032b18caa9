/* Tests what hours of churn cost, whatever hostile backends and HSDirs do together; and that honest backends
 * beside one that changes without end pay nothing for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define BACKENDS 12
#define HOSTILE 10
#define HOURS 5
#define HSDIRS_EACH 8 /* of a descriptor */

#define AN_HOUR 30 /* rounds: one in two minutes */
#define AT_ONCE 30 /* more, once */
#define A_FEW 2    /* that can't wait, until others have waited for them */
/* Rounds of the descriptor that clients don't use which nobody causes: one in an hour at least, and one for
 * each look that shows an HSDir to have lost something, in ten minutes at least. */
#define REFRESHES_AN_HOUR 7

/* A published frontend with as many backends, which takes the default times for what comes and what dies. */
static struct story *begin(size_t backends, uint64_t seed)
{
    struct story *story = story_new_published(backends, DESCRIPTOR_FIRST);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_SAME, story->now); /* it is counted faster */
    story->publisher->rules.death_spread = publisher_rules_default.death_spread;
    story->publisher->rules.gain_spread = publisher_rules_default.gain_spread;
    story->publisher->random_state += seed;
    return story;
}

static size_t count_rounds(const struct story *story)
{
    size_t count = 0;
    uint64_t last = 0;
    for (size_t i = 0; i < story->upload_count; i++) {
        count += story->uploads[i].slot == DESCRIPTOR_FIRST && story->uploads[i].round != last;
        if (story->uploads[i].slot == DESCRIPTOR_FIRST)
            last = story->uploads[i].round;
    }
    return count;
}

/* Has a backend have other points. */
static void change(struct story *story, size_t backend)
{
    static uint64_t next = 10000;
    story_change_points(story, backend, next += 10);
}

static void die(struct story *story, size_t backend)
{
    publisher_note_unreachable(story->publisher, backend, "refused", SOURCE_GONE, story->now);
}

static void come_back(struct story *story, size_t backend)
{
    publisher_note_reachable(story->publisher, backend, true, HOUR, story->now);
    change(story, backend);
}

/* -- what honest backends pay ------------------------------------------------------------------------ */

/* Goes on until a moment, while the first backend changes every second. */
static void churn(struct story *story, int64_t until)
{
    while (story->now < until) {
        change(story, 0);
        story_run(story, SECOND);
    }
}
/* True when the last upload of the descriptor that clients use has a point of the backend, or has none. */
static bool clients_have(const struct story *story, size_t backend, bool has)
{
    const struct story_backend *known = &story->backends[backend];
    const struct story_upload *last = NULL;
    for (size_t i = 0; i < story->upload_count; i++) {
        if (story->uploads[i].slot == DESCRIPTOR_FIRST)
            last = &story->uploads[i];
    }
    bool is_there = false;
    for (size_t i = 0; last != NULL && i < last->point_count; i++) {
        for (size_t j = 0; j < known->point_count[0]; j++)
            is_there |= last->points[i] == known->points[0][j];
    }
    return last != NULL && is_there == has;
}

/* Backends with a point each, of which the first changes without end and a dozen others are started anew one
 * after the other: each is out as soon as if there was no churn, and in again. */
static void restart_all(int64_t interval, int64_t downtime, uint64_t seed)
{
    struct story *story = begin(BACKENDS + 1, seed);
    for (size_t i = 0; i < BACKENDS + 1; i++) {
        for (size_t from = 0; from < 2; from++)
            story->backends[i].point_count[from] = 1;
        change(story, i);
    }
    story_run(story, 2 * HOUR);
    churn(story, story->now + HOUR + (int64_t)seed * 7 * SECOND);
    for (size_t i = 1; i <= BACKENDS; i++) {
        int64_t began = story->now;
        story_forget(story);
        die(story, i);
        churn(story, began + 4 * SECOND);
        assert_true(clients_have(story, i, false));
        churn(story, began + downtime);
        come_back(story, i);
        churn(story, began + interval);
        assert_true(interval - downtime < MINUTE + 2 * SECOND || clients_have(story, i, true));
    }
    story_free(story);
}

static void test_rolling_restart(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        restart_all(30 * SECOND, 5 * SECOND, seed);
        restart_all(30 * SECOND, 20 * SECOND, seed);
        restart_all(45 * SECOND, 15 * SECOND, seed);
        restart_all(60 * SECOND, 10 * SECOND, seed);
        restart_all(60 * SECOND, 30 * SECOND, seed);
        restart_all(80 * SECOND, 15 * SECOND, seed);
    }
}

/* -- what hostile ones get --------------------------------------------------------------------------- */

/* What hostile backends do in a second, counted from the beginning. */
typedef void (*pattern_function)(struct story *story, int64_t second);

/* All change every second. */
static void all_at_once(struct story *story, int64_t second)
{
    (void)second;
    for (size_t i = 0; i < HOSTILE; i++)
        change(story, i);
}

/* One after the other, each once in so many seconds. */
static void in_turn(struct story *story, int64_t second, int64_t turn)
{
    if (second % turn == 0)
        change(story, (size_t)(second / turn) % HOSTILE);
}

static void every_second(struct story *story, int64_t second)
{
    in_turn(story, second, 1);
}

static void every_minute(struct story *story, int64_t second)
{
    in_turn(story, second, 60);
}

/* Each is quiet for just as long as it has to be for a change of its own. */
static void patiently(struct story *story, int64_t second)
{
    in_turn(story, second, 181);
}

/* One changes without end, and the others are quiet for just long enough. */
static void one_and_patient_ones(struct story *story, int64_t second)
{
    change(story, 0);
    if (second % 201 == 0)
        change(story, 1 + (size_t)(second / 201) % (HOSTILE - 1));
}

/* They die and come back instead. */
static void dying(struct story *story, int64_t second)
{
    if (second % 20 == 0)
        die(story, (size_t)(second / 20) % HOSTILE);
    if (second % 20 == 10)
        come_back(story, (size_t)(second / 20) % HOSTILE);
}

/* Just after a round another one costs most. */
static void after_rounds(struct story *story, int64_t second)
{
    static size_t seen;
    static size_t next;
    size_t rounds = count_rounds(story);
    (void)second;
    change(story, 0);
    if (rounds != seen)
        change(story, 1 + next++ % (HOSTILE - 1));
    seen = rounds;
}

/* One changes just after each round that HSDirs in league have caused, and not after its own. */
static void after_retries(struct story *story, int64_t second)
{
    static size_t seen;
    static bool has_changed;
    size_t rounds = count_rounds(story);
    bool is_own = rounds != seen && has_changed;
    bool is_theirs = rounds != seen && !has_changed;
    seen = rounds;
    if (is_own)
        has_changed = false;
    if (is_theirs || second % 600 == 0) {
        change(story, 0);
        has_changed = true;
    }
}

/* One for hours, and then the others, too. */
static void late(struct story *story, int64_t second)
{
    change(story, 0);
    if (second > 5 * HOUR / 2 / SECOND)
        every_second(story, second);
}

/* HSDirs in league say that they have nothing. */
static void deny(struct story *story, const struct publisher_action *action, struct look_result *result)
{
    (void)story;
    (void)action;
    result->finding = LOOK_FINDING_NONE;
}

struct cost {
    size_t rounds, uploads; /* so far */
};

static void hold_hour(const struct story *story, struct cost *cost, size_t hour, bool is_late)
{
    size_t rounds = count_rounds(story);
    cost->rounds += rounds;
    cost->uploads += story->upload_count;
    size_t allowed = AT_ONCE + hour * AN_HOUR + A_FEW;
    assert_true(cost->rounds <= allowed);
    assert_true(cost->uploads <= HSDIRS_EACH * (allowed + hour * REFRESHES_AN_HOUR));
    if (hour < HOURS || is_late)
        return;
    assert_true(rounds <= AN_HOUR + A_FEW);
    assert_true(story->upload_count <= HSDIRS_EACH * (AN_HOUR + A_FEW + REFRESHES_AN_HOUR));
}

static void besiege(pattern_function pattern, uint32_t league, uint64_t seed)
{
    struct cost cost = {0, 0};
    struct story *story = begin(BACKENDS, seed);
    story->league = league;
    story->answer_look = league > 0 ? deny : NULL;
    for (int64_t hour = 0; hour < HOURS; hour++) {
        story_forget(story);
        for (int64_t second = hour * 3600; second < (hour + 1) * 3600; second++) {
            pattern(story, second);
            story_run(story, SECOND);
        }
        hold_hour(story, &cost, (size_t)hour + 1, pattern == late);
    }
    story_free(story);
}

/* Ten of twelve backends are hostile, and HSDirs may be in league with them: none, some, all. */
static void test_hostile(void **state)
{
    static const pattern_function patterns[] = {all_at_once,  every_second,         every_minute,
                                                patiently,    one_and_patient_ones, dying,
                                                after_rounds, after_retries,        late};
    (void)state;
    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        for (uint32_t league = 0; league <= 40; league += 20)
            besiege(patterns[i], league, i);
    }
}

/* With nobody in league, one that changes without end has all that is for churn, and no more. */
static void test_one(void **state)
{
    (void)state;
    struct story *story = begin(3, 0);
    churn(story, story->now + HOUR);
    story_forget(story);
    churn(story, story->now + HOUR);
    assert_in_range(count_rounds(story), AN_HOUR - 1, AN_HOUR);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rolling_restart),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
