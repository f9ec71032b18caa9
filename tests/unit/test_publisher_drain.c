/* Tests weights and drained backends story by story: who gets visitors, when that goes out, and that nobody
 * empties a frontend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "helper_story.h"
#include "publish/weights.h"

#define MINUTE 60000
#define BOTH_DESCRIPTORS 16 /* HSDirs of both */
#define LEAD (45 * MINUTE)

static const struct publisher_frontend *frontend_of(const struct story *story)
{
    return &story->publisher->frontends[0];
}

static size_t count_points_of(const struct story *story, uint64_t source)
{
    return assignment_count_points_from(frontend_of(story)->assignment, source);
}

/* The share that a member is to have, in percent. */
static int find_share(const struct story *story, size_t member)
{
    const struct publisher_frontend *frontend = frontend_of(story);
    unsigned sum = weights_sum(story->publisher, frontend);
    return (int)lround(100 * weights_find_share(story->publisher, frontend, &frontend->members[member], sum));
}

static void set_drained(struct story *story, uint64_t source, bool is_drained)
{
    assert_true(publisher_set_drained(story->publisher, 0, source, is_drained, story->now));
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

/* Its points are in nothing that is published after that, within a minute; both descriptors have a round for
 * it, and no more. */
static void test_drained_backend_gets_no_visitors(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    set_drained(story, 1, true);
    story_forget(story);
    story_run(story, MINUTE + 1000);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_none_has(story, 100));
    assert_true(story_all_have(story, 0) && story_all_have(story, 200));
    assert_int_equal(find_share(story, 0), 50);
    assert_int_equal(find_share(story, 1), 0);
    assert_false(publisher_set_drained(story->publisher, 0, 1, true, story->now));
    story_change_points(story, 1, 110); /* nobody has to hear of these */
    story_forget(story);
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->upload_count, 0);
    set_drained(story, 1, false);
    story_run(story, MINUTE + 1000);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 110));
    assert_int_equal(find_share(story, 1), 33);
    story_free(story);
}

/* What is drained lives: that is no reason to hurry, as a death is. */
static void test_drain_is_not_as_urgent_as_a_death(void **state)
{
    (void)state;
    for (int is_death = 0; is_death <= 1; is_death++) {
        struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
        story->publisher->rules.gain_spread = MINUTE;
        if (is_death)
            lose(story, 1);
        else
            set_drained(story, 1, true);
        story_forget(story);
        story_run(story, publisher_rules_default.gather);
        assert_int_equal(story->upload_count, is_death ? BOTH_DESCRIPTORS : 0);
        story_run(story, MINUTE);
        assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
        story_free(story);
    }
}

static void test_weights_of_the_config(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_SAME, story->now);
    story_forget(story);
    publisher_set_weights(story->publisher, 0, (const unsigned[]){7, 7}, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->upload_count, 0); /* they say nothing, being all the same */
    publisher_set_weights(story->publisher, 0, (const unsigned[]){20, 10}, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_int_equal(count_points_of(story, 0), 2);
    assert_int_equal(count_points_of(story, 1), 1);
    assert_int_equal(find_share(story, 0), 67);
    publisher_set_weights(story->publisher, 0, (const unsigned[]){0, 10}, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_points_of(story, 0), 0);
    assert_int_equal(count_points_of(story, 1), 3);
    story_free(story);
}

/* A reload sets other members: those that stay are as drained as they were. */
static void test_drain_is_kept_with_other_members(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    set_drained(story, 1, true);
    int64_t since = frontend_of(story)->members[1].drained_at;
    story_run(story, 5 * MINUTE);
    publisher_set_members(story->publisher, 0, (const uint64_t[]){2, 1}, 2, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(frontend_of(story)->members[1].drained_at, since);
    assert_int_equal(count_points_of(story, 1), 0);
    publisher_set_members(story->publisher, 0, (const uint64_t[]){2}, 1, story->now);
    publisher_set_members(story->publisher, 0, (const uint64_t[]){2, 1}, 2, story->now);
    assert_int_equal(frontend_of(story)->members[1].drained_at, MOMENT_NONE);
    story_free(story);
}

static void test_last_one_is_not_to_be_drained(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    assert_true(publisher_may_drain(story->publisher, 0, 0));
    set_drained(story, 1, true);
    assert_true(publisher_may_drain(story->publisher, 0, 0));
    lose(story, 2);
    assert_false(publisher_may_drain(story->publisher, 0, 0));
    assert_true(publisher_may_drain(story->publisher, 0, 2));
    come_back(story, 2);
    story_run(story, MINUTE);
    assert_true(publisher_may_drain(story->publisher, 0, 0));
    publisher_set_weights(story->publisher, 0, (const unsigned[]){10, 10, 0}, story->now);
    assert_false(publisher_may_drain(story->publisher, 0, 0));
    story_free(story);
}

/* The last one that is not drained dies: those that are get its visitors, at once, until it is back. */
static void test_drained_ones_stand_in(void **state)
{
    (void)state;
    struct story *story = story_new_published(3, DESCRIPTOR_FIRST);
    publisher_set_weights(story->publisher, 0, (const unsigned[]){10, 10, 0}, story->now);
    set_drained(story, 1, true);
    story_run(story, 5 * MINUTE);
    assert_false(frontend_of(story)->uses_drained);
    assert_int_equal(count_points_of(story, 0), 3);
    story_forget(story);
    lose(story, 0);
    assert_true(frontend_of(story)->uses_drained);
    story_run(story, publisher_rules_default.death_spread + publisher_rules_default.gather + 100);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 100) && story_all_have(story, 200) && story_none_has(story, 0));
    assert_int_equal(find_share(story, 1), 50);
    assert_int_equal(find_share(story, 2), 50);
    come_back(story, 0);
    story_run(story, 2 * MINUTE);
    assert_false(frontend_of(story)->uses_drained);
    assert_int_equal(count_points_of(story, 0), 3);
    assert_int_equal(count_points_of(story, 1) + count_points_of(story, 2), 0);
    story_free(story);
}

/* No backend is live: what is published stays, whatever is drained meanwhile. */
static void test_frozen_frontend_keeps_its_points(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    lose(story, 0);
    lose(story, 1);
    story_run(story, 5 * MINUTE);
    assert_true(frontend_of(story)->is_frozen);
    assert_int_equal(count_points_of(story, 1), 3);
    publisher_set_weights(story->publisher, 0, (const unsigned[]){10, 0}, story->now);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_points_of(story, 1), 3);
    assert_true(frontend_of(story)->uses_drained);
    come_back(story, 0);
    story_run(story, 5 * MINUTE);
    assert_int_equal(count_points_of(story, 0), 3);
    assert_int_equal(count_points_of(story, 1), 0);
    story_free(story);
}

/* Twins with proof of work: one that is drained has none of the HSDirs that clients ask. */
static void test_drained_twin_has_no_hsdir(void **state)
{
    (void)state;
    struct story *story = story_new_published_twins(3, DESCRIPTOR_FIRST);
    publisher_set_twins(story->publisher, 0, LEAD, true, story->now);
    for (size_t i = 0; i < 3; i++)
        story->backends[i].seed = (uint8_t)(i + 1);
    story_run(story, 2 * MINUTE);
    assert_true(frontend_of(story)->is_split);
    assert_int_equal(count_points_of(story, 1), 3);
    set_drained(story, 1, true);
    story_run(story, 2 * MINUTE);
    assert_true(frontend_of(story)->is_split);
    assert_int_equal(count_points_of(story, 1), 0);
    assert_int_equal(count_points_of(story, 0), 3);
    story->backends[1].seed = 0; /* whatever it does now is no matter */
    story_run(story, 2 * MINUTE);
    assert_true(frontend_of(story)->is_split);
    lose(story, 0);
    lose(story, 2);
    story_run(story, 2 * MINUTE);
    assert_true(frontend_of(story)->uses_drained);
    assert_int_equal(count_points_of(story, 1), 3);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drained_backend_gets_no_visitors),
        cmocka_unit_test(test_drain_is_not_as_urgent_as_a_death),
        cmocka_unit_test(test_weights_of_the_config),
        cmocka_unit_test(test_drain_is_kept_with_other_members),
        cmocka_unit_test(test_last_one_is_not_to_be_drained),
        cmocka_unit_test(test_drained_ones_stand_in),
        cmocka_unit_test(test_frozen_frontend_keeps_its_points),
        cmocka_unit_test(test_drained_twin_has_no_hsdir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
