/* Tests which point set each HSDir gets: one for all, and several, which stay where they are under change;
 * also with the whole state machine around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "../sim/model.h"
#include "base/memory.h"
#include "helper_story.h"

#define HSDIRS 200
#define PERIOD 20000
#define MINUTE ((int64_t)60000)
#define HOUR (60 * MINUTE)
#define BOTH_DESCRIPTORS 16

static struct point_set *make_set(uint8_t first, size_t count)
{
    static const struct point_set_features features;
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    memset(entries, 0, sizeof(entries));
    for (size_t i = 0; i < count; i++) {
        entries[i].point.auth_key[0] = (uint8_t)(first + i);
        entries[i].source = first;
    }
    return point_set_new(entries, count, &features);
}

/* Each of two HSDirs has one of the sets; or with one alone, all have that. */
static struct assignment *make_assignment(struct point_set *one, struct point_set *other)
{
    if (other == NULL)
        return assignment_new_same(one);
    struct point_set *sets[] = {one, other};
    struct assignment_place *places = memory_allocate(2, sizeof(*places));
    for (uint32_t i = 0; i < 2; i++) {
        struct hsdir named;
        model_make_hsdir(&named, i);
        places[i] = (struct assignment_place){.period_number = PERIOD, .set = i};
        memcpy(places[i].fingerprint, named.fingerprint, RELAY_FINGERPRINT_SIZE);
    }
    return assignment_new_with_places(sets, 2, places, 2, 0);
}

static struct point_set *find(const struct assignment *assignment, uint64_t period_number, uint32_t hsdir)
{
    struct hsdir named;
    model_make_hsdir(&named, hsdir);
    return assignment_find(assignment, period_number, named.fingerprint);
}

static void test_one_for_all(void **state)
{
    (void)state;
    struct point_set *set = make_set(1, 3);
    struct assignment *assignment = make_assignment(set, NULL);
    for (uint32_t i = 0; i < HSDIRS; i++)
        assert_ptr_equal(find(assignment, PERIOD, i), set);
    assert_int_equal(assignment_count_points(assignment), 3);
    assignment_release(assignment);
    point_set_release(set);
    assert_null(find(NULL, PERIOD, 1));
    assert_int_equal(assignment_count_points(NULL), 0);
}

/* Those that are named have their own, others and those of another time period nothing. */
static void test_each_that_is_named(void **state)
{
    (void)state;
    struct point_set *one = make_set(1, 3), *other = make_set(2, 3);
    struct assignment *assignment = make_assignment(one, other);
    assert_ptr_equal(find(assignment, PERIOD, 0), one);
    assert_ptr_equal(find(assignment, PERIOD, 1), other);
    assert_null(find(assignment, PERIOD, 2));
    assert_null(find(assignment, PERIOD + 1, 0));
    assert_true(assignment_names_hsdirs(assignment));
    assert_true(assignment_is_distinct(assignment));
    /* 1, 2, 3 and 2, 3, 4: each point counts once. */
    assert_int_equal(assignment_count_points(assignment), 4);
    assert_int_equal(assignment_count_points_from(assignment, 1), 3);
    assert_int_equal(assignment_count_points_from(assignment, 2), 1);
    assignment_release(assignment);
    point_set_release(one);
    point_set_release(other);
}

static void test_equality(void **state)
{
    (void)state;
    struct point_set *one = make_set(1, 3), *same = make_set(1, 3), *other = make_set(2, 3);
    struct assignment *assignment = make_assignment(one, other), *copy = make_assignment(same, other);
    struct assignment *turned = make_assignment(other, one), *alone = make_assignment(one, NULL),
                      *held = NULL;
    assert_true(assignment_equals(assignment, copy));
    assert_false(assignment_equals(assignment, turned));
    assert_false(assignment_equals(assignment, alone));
    assert_false(assignment_equals(assignment, NULL));
    assert_false(assignment_equals(NULL, assignment));
    assert_true(assignment_equals(NULL, NULL));
    assignment_replace(&held, assignment);
    assignment_release(assignment);
    assert_true(assignment_equals(held, copy));
    assignment_replace(&held, NULL);
    assignment_release(copy);
    assignment_release(turned);
    assignment_release(alone);
    point_set_release(one);
    point_set_release(same);
    point_set_release(other);
}

/* -- the state machine, with sets of their own for HSDirs --------------------------------------------- */

/* Three backends at 06:00, of whose points each HSDir has them all, but in an order of its own. */
static struct story *story_of_own_sets(void)
{
    struct story *story = story_new();
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    for (size_t i = 0; i < 3; i++)
        story_add_backend(story, true);
    story_add_frontend(story, 3);
    publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_DISTINCT, story->now);
    story_set_network(story, 0, 6);
    for (size_t i = 0; i < 3; i++)
        story_reach(story, i);
    story_run(story, MINUTE);
    return story;
}

/* The set that an upload was to carry, by the frontend's assignment. */
static const struct point_set *find_wanted(const struct story *story, const struct story_upload *upload)
{
    const struct publisher_frontend *frontend = &story->publisher->frontends[0];
    return find(frontend->assignment, frontend->descriptors[upload->slot].period_number, upload->hsdir);
}

/* Each of the uploads written down has just the points of its HSDir's set. Returns how many have the very set
 * of the first one. */
static size_t count_first_set(const struct story *story)
{
    size_t count = 0;
    for (size_t i = 0; i < story->upload_count; i++) {
        const struct story_upload *upload = &story->uploads[i];
        const struct point_set *wanted = find_wanted(story, upload);
        assert_int_equal(upload->point_count, wanted->count);
        for (size_t j = 0; j < wanted->count; j++)
            assert_int_equal(upload->points[j], model_point_number(&wanted->entries[j].point));
        count += point_set_equals(wanted, find_wanted(story, &story->uploads[0]));
    }
    return count;
}

static void test_each_hsdir_gets_its_own(void **state)
{
    (void)state;
    struct story *story = story_of_own_sets();
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_in_range(count_first_set(story), 1, BOTH_DESCRIPTORS - 1);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_true(publisher_is_settled(story->publisher, story->now));
    assert_int_equal(assignment_count_points(story->publisher->frontends[0].assignment), 9);
    story_free(story);
}

/* A change at a backend is for the HSDirs whose set it is in; the others are sent their own again, in the
 * same round. */
static void test_a_change_is_where_it_is(void **state)
{
    (void)state;
    struct story *story = story_of_own_sets();
    size_t first = count_first_set(story);
    story_forget(story);
    story_change_points(story, 0, 50);
    story_run(story, 10000);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_int_equal(count_first_set(story), first);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_forget(story);
    story_change_points(story, 2, 250);
    story_run(story, 10000);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_int_equal(count_first_set(story), first);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* It is not published before each HSDir has its own set, and is again when that has been taken; refreshes
 * change nothing. */
static void test_published_is_each_its_own(void **state)
{
    (void)state;
    struct story *story = story_of_own_sets();
    story->hsdirs_answer = false;
    story_change_points(story, 0, 50);
    story_run(story, 2000);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story->hsdirs_answer = true;
    story_run(story, 30 * MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_forget(story);
    story_run(story, 10 * HOUR);
    assert_true(story->upload_count >= 5 * BOTH_DESCRIPTORS / 2);
    count_first_set(story);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* HSDirs that come and go get the set that is theirs, and the others of the descriptor their own again. */
static void test_hsdirs_come_and_go(void **state)
{
    (void)state;
    struct story *story = story_of_own_sets();
    story_forget(story);
    story->hsdir_count = 60;
    story_set_network(story, 0, 7);
    story_run(story, MINUTE);
    assert_true(story->upload_count > 0 && story->upload_count % (BOTH_DESCRIPTORS / 2) == 0);
    count_first_set(story);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_for_all),
        cmocka_unit_test(test_each_that_is_named),
        cmocka_unit_test(test_equality),
        cmocka_unit_test(test_each_hsdir_gets_its_own),
        cmocka_unit_test(test_a_change_is_where_it_is),
        cmocka_unit_test(test_published_is_each_its_own),
        cmocka_unit_test(test_hsdirs_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
