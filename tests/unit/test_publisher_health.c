/* Tests health checks story by story: who is in, whom they can't take out, and when they are made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "helper_story.h"
#include "publish/weights.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define INTERVAL (30 * SECOND)

static const struct health_rules rules = {.interval = INTERVAL, .fall = 3, .rise = 2};

static const struct publisher_frontend *frontend_of(const struct story *story)
{
    return &story->publisher->frontends[0];
}

static bool is_in(const struct story *story, size_t member)
{
    return frontend_of(story)->members[member].is_in;
}

static void set_checked(struct story *story, size_t first, size_t count)
{
    for (size_t i = first; i < first + count; i++)
        publisher_set_health(story->publisher, i, &rules, false, story->now);
}

static void set_finding(struct story *story, size_t backend, enum health_finding finding)
{
    story->backends[backend].finding = finding;
}

/* A story with count backends, all found healthy. */
static struct story *begin(size_t count)
{
    struct story *story = story_new_published(count, DESCRIPTOR_FIRST);
    set_checked(story, 0, count);
    story_run(story, MINUTE);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(story->publisher->sources[i].health.state, HEALTH_HEALTHY);
    story_forget(story);
    return story;
}

static void lose(struct story *story, size_t backend)
{
    story->backends[backend].answers = false;
    publisher_note_unreachable(story->publisher, backend, "refused", SOURCE_GONE, story->now);
}

static void come_back(struct story *story, size_t backend)
{
    story->backends[backend].answers = true;
    story_reach(story, backend);
}

/* Out within interval x fall, and what it takes to publish that; in again after as many good checks as it
 * takes, without anything new of its own. */
static void test_sick_backend_is_out_and_back(void **state)
{
    (void)state;
    struct story *story = begin(3);
    set_finding(story, 1, HEALTH_FINDING_BAD);
    story_run(story, 3 * INTERVAL + 4 * SECOND);
    assert_false(is_in(story, 1));
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_LIVE);
    assert_true(story->upload_count > 0 && story_none_has(story, 100));
    assert_true(story_all_have(story, 0) && story_all_have(story, 200));
    story_run(story, 60 * MINUTE);
    assert_false(is_in(story, 1));
    story_forget(story);
    set_finding(story, 1, HEALTH_FINDING_WELL);
    story_run(story, 2 * INTERVAL + MINUTE + 1 * SECOND);
    assert_true(is_in(story, 1));
    assert_true(story->upload_count > 0 && story_all_have(story, 100));
    assert_false(frontend_of(story)->doubts_checks);
    story_free(story);
}

/* Failures that are not one after the other are none. */
static void test_flicker_changes_nothing(void **state)
{
    (void)state;
    struct story *story = begin(2);
    for (int i = 0; i < 20; i++) {
        set_finding(story, 1, i % 3 == 0 ? HEALTH_FINDING_WELL : HEALTH_FINDING_BAD);
        story_run(story, INTERVAL);
    }
    assert_true(is_in(story, 1));
    assert_int_equal(story->upload_count, 0);
    story_free(story);
}

/* All are sick: the last one stays, and those that fell shortly before it are in again. */
static void test_all_sick_changes_nothing(void **state)
{
    (void)state;
    struct story *story = begin(3);
    for (size_t i = 0; i < 3; i++)
        set_finding(story, i, HEALTH_FINDING_BAD);
    story_run(story, 5 * MINUTE);
    assert_true(frontend_of(story)->doubts_checks);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(story->publisher->sources[i].health.state, HEALTH_SICK);
        assert_true(is_in(story, i) && story_all_have(story, i * 100));
    }
    story_forget(story);
    story_run(story, 30 * MINUTE);
    assert_int_equal(story->upload_count, 0);
    for (size_t i = 0; i < 3; i++)
        set_finding(story, i, HEALTH_FINDING_WELL);
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->upload_count, 0); /* the first one that is healthy has not all visitors */
    assert_false(frontend_of(story)->doubts_checks);
    story_free(story);
}

/* One that fell long before the last one stays out: of the checks that found that others answered. */
static void test_long_sick_backend_stays_out(void **state)
{
    (void)state;
    struct story *story = begin(2);
    set_finding(story, 0, HEALTH_FINDING_BAD);
    story_run(story, 30 * MINUTE);
    assert_false(is_in(story, 0));
    story_forget(story);
    set_finding(story, 1, HEALTH_FINDING_BAD);
    story_run(story, 20 * MINUTE);
    assert_true(frontend_of(story)->doubts_checks);
    assert_false(is_in(story, 0));
    assert_true(is_in(story, 1));
    assert_int_equal(story->upload_count, 0);
    /* The last one dies: sick ones that live are better than nothing. */
    lose(story, 1);
    story_run(story, 10 * SECOND);
    assert_true(is_in(story, 0));
    assert_false(is_in(story, 1));
    assert_true(story->upload_count > 0 && story_all_have(story, 0) && story_none_has(story, 100));
    story_free(story);
}

/* The last healthy one dies: those that are sick are in, until it is back and known to answer. */
static void test_last_healthy_backend_dies(void **state)
{
    (void)state;
    struct story *story = begin(3);
    set_finding(story, 0, HEALTH_FINDING_BAD);
    set_finding(story, 1, HEALTH_FINDING_BAD);
    story_run(story, 30 * MINUTE);
    story_forget(story);
    lose(story, 2);
    story_run(story, 10 * SECOND);
    assert_true(frontend_of(story)->doubts_checks);
    assert_true(is_in(story, 0) && is_in(story, 1) && !is_in(story, 2));
    assert_true(story_all_have(story, 0) && story_all_have(story, 100) && story_none_has(story, 200));
    come_back(story, 2);
    story_run(story, 3 * MINUTE);
    assert_false(frontend_of(story)->doubts_checks);
    assert_true(!is_in(story, 0) && !is_in(story, 1) && is_in(story, 2));
    story_free(story);
}

/* All are lost, of which one is sick: what was in stays. */
static void test_sick_one_is_not_kept_as_lost(void **state)
{
    (void)state;
    struct story *story = begin(2);
    set_finding(story, 0, HEALTH_FINDING_BAD);
    story_run(story, 30 * MINUTE);
    story_forget(story);
    for (size_t i = 0; i < 2; i++) {
        story->backends[i].answers = false;
        publisher_note_unreachable(story->publisher, i, "lost", SOURCE_LOST, story->now);
    }
    story_run(story, 5 * MINUTE);
    assert_true(frontend_of(story)->is_frozen);
    assert_false(is_in(story, 0));
    assert_true(is_in(story, 1));
    story_free(story);
}

/* One of which nothing is known yet counts as healthy; but where all others are doubted it has not all
 * visitors. */
static void test_unknown_backend(void **state)
{
    (void)state;
    struct story *story = begin(2);
    story_add_backend(story, true);
    for (size_t i = 0; i < 3; i++)
        set_finding(story, i, HEALTH_FINDING_BAD);
    story_run(story, 5 * MINUTE);
    assert_true(frontend_of(story)->doubts_checks);
    story_reach(story, 2);
    const uint64_t members[] = {0, 1, 2};
    publisher_set_members(story->publisher, 0, members, 3, story->now);
    set_checked(story, 2, 1);
    story_run(story, INTERVAL);
    assert_int_equal(story->publisher->sources[2].health.state, HEALTH_UNKNOWN);
    assert_true(frontend_of(story)->doubts_checks);
    assert_true(is_in(story, 0) && is_in(story, 1) && is_in(story, 2));
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->publisher->sources[2].health.state, HEALTH_SICK);
    assert_true(is_in(story, 0) && is_in(story, 1) && is_in(story, 2));
    story_free(story);
}

/* The rule is each frontend's own. */
static void test_each_frontend_decides_for_itself(void **state)
{
    (void)state;
    struct story *story = begin(3);
    const uint64_t first_alone[] = {0};
    size_t other = story_add_frontend(story, 1);
    publisher_set_members(story->publisher, other, first_alone, 1, story->now);
    story_run(story, 2 * MINUTE);
    set_finding(story, 0, HEALTH_FINDING_BAD);
    story_run(story, 5 * MINUTE);
    assert_false(is_in(story, 0));
    assert_false(frontend_of(story)->doubts_checks);
    assert_true(story->publisher->frontends[other].doubts_checks);
    assert_true(story->publisher->frontends[other].members[0].is_in);
    story_free(story);
}

static int find_share(const struct story *story, size_t member)
{
    unsigned sum = weights_sum(story->publisher, frontend_of(story));
    return (int)lround(100 * weights_find_share(story->publisher, frontend_of(story),
                                                &frontend_of(story)->members[member], sum));
}

/* Drained ones are used where all others are sick, as where these are dead; and where all are sick nothing
 * changes. */
static void test_drained_and_weight_0(void **state)
{
    (void)state;
    struct story *story = begin(2);
    const unsigned weights[] = {10, 0};
    publisher_set_weights(story->publisher, 0, weights, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(find_share(story, 0), 100);
    set_finding(story, 0, HEALTH_FINDING_BAD);
    story_run(story, 30 * MINUTE);
    assert_true(frontend_of(story)->uses_drained);
    assert_int_equal(find_share(story, 0), 0);
    assert_int_equal(find_share(story, 1), 100);
    assert_true(story_all_have(story, 100) && story_none_has(story, 0));
    story_forget(story);
    set_finding(story, 1, HEALTH_FINDING_BAD);
    story_run(story, 10 * MINUTE);
    assert_true(frontend_of(story)->doubts_checks);
    assert_int_equal(find_share(story, 1), 100);
    assert_int_equal(story->upload_count, 0);
    set_finding(story, 0, HEALTH_FINDING_WELL);
    story_run(story, 5 * MINUTE);
    assert_int_equal(find_share(story, 0), 100);
    assert_int_equal(find_share(story, 1), 0);
    assert_true(story_all_have(story, 0) && story_none_has(story, 100));
    story_free(story);
}

static void test_last_healthy_one_is_not_drained(void **state)
{
    (void)state;
    struct story *story = begin(2);
    assert_true(publisher_may_drain(story->publisher, 0, 1));
    set_finding(story, 0, HEALTH_FINDING_BAD);
    story_run(story, 5 * MINUTE);
    assert_false(publisher_may_drain(story->publisher, 0, 1));
    assert_true(publisher_may_drain(story->publisher, 0, 0));
    story_free(story);
}

/* Nothing is reached, of anybody: it may be the way out of here. Where others are reached it is not. */
static void test_no_answer_counts_only_beside_others(void **state)
{
    (void)state;
    struct story *story = begin(3);
    for (size_t i = 0; i < 3; i++)
        set_finding(story, i, HEALTH_FINDING_NO_ANSWER);
    story_run(story, 8 * MINUTE);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(story->publisher->sources[i].health.state, HEALTH_HEALTHY);
    set_finding(story, 0, HEALTH_FINDING_WELL);
    story_run(story, 3 * INTERVAL + 4 * SECOND);
    assert_int_equal(story->publisher->sources[1].health.state, HEALTH_SICK);
    assert_true(is_in(story, 0) && !is_in(story, 1) && !is_in(story, 2));
    assert_false(frontend_of(story)->doubts_checks);
    story_free(story);
}

/* A backend that only HSDirs tell of, with nobody else to compare it with: what HSDirs answer shows that the
 * way out of here is there. */
static void test_hsdirs_show_that_the_way_works(void **state)
{
    (void)state;
    struct story *story = story_new();
    story_add_backend(story, false);
    story_add_frontend(story, 1);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_set_network(story, 1, 6);
    publisher_note_reachable(story->publisher, 0, false, UPTIME_UNKNOWN, story->now);
    story_run(story, 5 * MINUTE);
    set_checked(story, 0, 1);
    set_finding(story, 0, HEALTH_FINDING_NO_ANSWER);
    story_run(story, 4 * INTERVAL + MINUTE);
    assert_int_equal(story->publisher->sources[0].health.state, HEALTH_SICK);
    assert_true(is_in(story, 0) && frontend_of(story)->doubts_checks);
    story_free(story);
}

/* A connection that tor says has failed counts, also where all fail: so that is said. But it does not show
 * that the way out of here works. */
static void test_failed_connections_count(void **state)
{
    (void)state;
    struct story *story = begin(3);
    set_finding(story, 0, HEALTH_FINDING_NO_CONNECTION);
    set_finding(story, 1, HEALTH_FINDING_NO_CONNECTION);
    set_finding(story, 2, HEALTH_FINDING_NO_ANSWER);
    story_run(story, 8 * MINUTE);
    assert_int_equal(story->publisher->sources[0].health.state, HEALTH_SICK);
    assert_int_equal(story->publisher->sources[1].health.state, HEALTH_SICK);
    assert_int_equal(story->publisher->sources[2].health.state, HEALTH_HEALTHY);
    set_finding(story, 2, HEALTH_FINDING_NO_CONNECTION);
    story_run(story, 8 * MINUTE);
    assert_true(frontend_of(story)->doubts_checks);
    story_free(story);
}

static void test_no_way_says_nothing(void **state)
{
    (void)state;
    struct story *story = begin(2);
    set_finding(story, 0, HEALTH_FINDING_NO_WAY);
    story_run(story, 60 * MINUTE);
    assert_int_equal(story->publisher->sources[0].health.state, HEALTH_HEALTHY);
    assert_string_equal(story->publisher->sources[0].health.reason, "it answers 500");
    publisher_note_tor(story->publisher, 0, TOR_DOWN, story->now);
    story_forget(story);
    story->backends[0].checks = story->backends[1].checks = 0;
    story_run(story, 10 * MINUTE);
    assert_int_equal(story->backends[0].checks + story->backends[1].checks, 0);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_run(story, INTERVAL);
    assert_true(story->backends[0].checks > 0 && story->backends[1].checks > 0);
    story_free(story);
}

/* One whose tor is out is not checked, and keeps what was known. */
static void test_dead_backend_is_not_checked(void **state)
{
    (void)state;
    struct story *story = begin(2);
    set_finding(story, 1, HEALTH_FINDING_BAD);
    story_run(story, 5 * MINUTE);
    lose(story, 1);
    story_run(story, INTERVAL);
    unsigned checks = story->backends[1].checks;
    story_run(story, 10 * MINUTE);
    assert_int_equal(story->backends[1].checks, checks);
    come_back(story, 1);
    story_run(story, 10 * SECOND);
    assert_int_equal(story->publisher->sources[1].life.state, SOURCE_LIVE);
    assert_false(is_in(story, 1));
    set_finding(story, 1, HEALTH_FINDING_WELL);
    story_run(story, 2 * INTERVAL + 1);
    assert_true(is_in(story, 1));
    story_free(story);
}

/* Each has its checks an interval apart, and none comes with another one. */
static void test_checks_are_spread(void **state)
{
    (void)state;
    struct story *story = begin(STORY_BACKENDS_MAX);
    int64_t begun[STORY_BACKENDS_MAX];
    story_run(story, INTERVAL);
    for (size_t i = 0; i < STORY_BACKENDS_MAX; i++)
        begun[i] = story->backends[i].checked_at;
    for (size_t i = 0; i < STORY_BACKENDS_MAX; i++) {
        for (size_t j = 0; j < i; j++)
            assert_true(llabs(begun[i] - begun[j]) >= INTERVAL / STORY_BACKENDS_MAX / 3);
    }
    unsigned before = story->backends[0].checks;
    story_run(story, 20 * INTERVAL);
    assert_int_equal(story->backends[0].checks - before, 20);
    for (size_t i = 0; i < STORY_BACKENDS_MAX; i++)
        assert_int_equal((story->backends[i].checked_at - begun[i]) % INTERVAL, 0);
    story_free(story);
}

/* Those that hang hold up only as many as there are permits for. */
static void test_checks_at_once_are_bounded(void **state)
{
    (void)state;
    struct story *story = story_new_published(6, DESCRIPTOR_FIRST);
    story->publisher->rules.check_permits = 2;
    set_checked(story, 0, 6);
    for (size_t i = 0; i < 6; i++)
        story->backends[i].hangs = true;
    story_run(story, 5 * MINUTE);
    size_t begun = 0, first = SIZE_MAX;
    for (size_t i = 0; i < 6; i++) {
        begun += story->backends[i].checks;
        first = first == SIZE_MAX && story->backends[i].checks > 0 ? i : first;
    }
    assert_int_equal(begun, 2);
    publisher_note_check(story->publisher, first, HEALTH_FINDING_WELL, "", story->now);
    story_run(story, SECOND);
    begun = 0;
    for (size_t i = 0; i < 6; i++)
        begun += story->backends[i].checks;
    assert_int_equal(begun, 3);
    for (uint64_t i = 0; i < 6; i++) /* what is not to be checked any more holds no permit */
        publisher_set_health(story->publisher, i, NULL, false, story->now);
    set_checked(story, 0, 6);
    story_run(story, INTERVAL);
    begun = 0;
    for (size_t i = 0; i < 6; i++)
        begun += story->backends[i].checks;
    assert_int_equal(begun, 5);
    story_free(story);
}

/* All uploads of both are of the same moments, to the same HSDirs, and say the same. */
static void assert_same_uploads(const struct story *one, const struct story *other)
{
    assert_int_equal(one->upload_count, other->upload_count);
    for (size_t i = 0; i < one->upload_count; i++) {
        const struct story_upload *upload = &one->uploads[i], *twin = &other->uploads[i];
        assert_int_equal(upload->at, twin->at);
        assert_int_equal(upload->slot, twin->slot);
        assert_int_equal(upload->hsdir, twin->hsdir);
        assert_int_equal(upload->point_count, twin->point_count);
        assert_memory_equal(upload->points, twin->points, upload->point_count * sizeof(upload->points[0]));
    }
}

/* Loses a backend, and has it back later. */
static void lose_and_regain(struct story *story, size_t backend)
{
    story_forget(story);
    lose(story, backend);
    story_run(story, 3 * MINUTE);
    assert_true(story->upload_count > 0 && story_none_has(story, backend * 100));
    come_back(story, backend);
    story_run(story, 3 * MINUTE);
    assert_true(story_all_have(story, backend * 100));
}

/* Where all permits are taken by checks that hang, and others are due, what is published comes at the same
 * moments as without health checks: whichever backend is lost, one that is being checked or one that waits.
 */
static void test_hanging_checks_hold_up_no_upload(void **state)
{
    (void)state;
    struct story *plain = story_new_published(6, DESCRIPTOR_FIRST);
    struct story *checked = story_new_published(6, DESCRIPTOR_FIRST);
    checked->publisher->rules.check_permits = 2;
    set_checked(checked, 0, 6);
    for (size_t i = 0; i < 6; i++)
        checked->backends[i].hangs = true;
    story_run(plain, 5 * MINUTE);
    story_run(checked, 5 * MINUTE);
    size_t hanging = 0;
    for (size_t i = 0; i < 6; i++)
        hanging += checked->backends[i].checks;
    assert_int_equal(hanging, 2);
    for (size_t i = 0; i < 6; i++) {
        lose_and_regain(plain, i);
        lose_and_regain(checked, i);
        assert_same_uploads(plain, checked);
    }
    story_free(plain);
    story_free(checked);
}

/* Where HSDirs have points of their own a sick one has none of the places, and the others have all. */
static void test_distinct_sets(void **state)
{
    (void)state;
    struct story *story = begin(8);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_DISTINCT, story->now);
    story_run(story, 5 * MINUTE);
    assert_true(assignment_is_distinct(frontend_of(story)->assignment));
    assert_true(assignment_count_points_from(frontend_of(story)->assignment, 3) > 0);
    story_forget(story);
    set_finding(story, 3, HEALTH_FINDING_BAD);
    story_run(story, 3 * INTERVAL + 4 * SECOND);
    assert_int_equal(assignment_count_points_from(frontend_of(story)->assignment, 3), 0);
    assert_true(story->upload_count > 0 && story_none_has(story, 300));
    set_finding(story, 3, HEALTH_FINDING_WELL);
    story_run(story, 5 * MINUTE);
    assert_true(assignment_count_points_from(frontend_of(story)->assignment, 3) > 0);
    story_free(story);
}

/* A tor that has the frontend's key is out as any other. */
static void test_twins(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(3, DESCRIPTOR_FIRST);
    set_checked(story, 0, 3);
    story_run(story, MINUTE);
    story_forget(story);
    set_finding(story, 1, HEALTH_FINDING_BAD);
    story_run(story, 3 * INTERVAL + 4 * SECOND);
    assert_false(is_in(story, 1));
    assert_true(story->upload_count > 0 && story_none_has(story, 100));
    for (size_t i = 0; i < 3; i++)
        set_finding(story, i, HEALTH_FINDING_BAD);
    story_run(story, 5 * MINUTE);
    assert_true(frontend_of(story)->doubts_checks);
    assert_true(is_in(story, 0) && is_in(story, 1) && is_in(story, 2));
    story_free(story);
}

/* Without health checks nobody is checked, and no longer checked means in again. */
static void test_off_means_in(void **state)
{
    (void)state;
    struct story *story = begin(2);
    set_finding(story, 1, HEALTH_FINDING_BAD);
    story_run(story, 5 * MINUTE);
    assert_false(is_in(story, 1));
    story_forget(story);
    publisher_set_health(story->publisher, 1, NULL, false, story->now);
    unsigned checks = story->backends[1].checks;
    story_run(story, 2 * MINUTE);
    assert_true(is_in(story, 1) && story_all_have(story, 100));
    assert_int_equal(story->backends[1].checks, checks);
    /* What an old check finds is nothing to anybody. */
    publisher_note_check(story->publisher, 1, HEALTH_FINDING_BAD, "late", story->now);
    assert_int_equal(story->publisher->sources[1].health.state, HEALTH_UNCHECKED);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sick_backend_is_out_and_back),
        cmocka_unit_test(test_flicker_changes_nothing),
        cmocka_unit_test(test_all_sick_changes_nothing),
        cmocka_unit_test(test_long_sick_backend_stays_out),
        cmocka_unit_test(test_last_healthy_backend_dies),
        cmocka_unit_test(test_sick_one_is_not_kept_as_lost),
        cmocka_unit_test(test_unknown_backend),
        cmocka_unit_test(test_each_frontend_decides_for_itself),
        cmocka_unit_test(test_drained_and_weight_0),
        cmocka_unit_test(test_last_healthy_one_is_not_drained),
        cmocka_unit_test(test_no_answer_counts_only_beside_others),
        cmocka_unit_test(test_hsdirs_show_that_the_way_works),
        cmocka_unit_test(test_failed_connections_count),
        cmocka_unit_test(test_no_way_says_nothing),
        cmocka_unit_test(test_dead_backend_is_not_checked),
        cmocka_unit_test(test_checks_are_spread),
        cmocka_unit_test(test_checks_at_once_are_bounded),
        cmocka_unit_test(test_hanging_checks_hold_up_no_upload),
        cmocka_unit_test(test_distinct_sets),
        cmocka_unit_test(test_twins),
        cmocka_unit_test(test_off_means_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
