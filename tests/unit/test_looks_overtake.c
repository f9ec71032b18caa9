/* Tests two publishers of one frontend, of which the other one's clock is ahead: when a round is to be above
 * that one's counter, and how soon.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define OTHERS_COUNTER 777
#define SOON (25 * SECOND) /* the spread after a look, and a bit */
#define FOREIGN_POINT 7000

/* What all HSDirs hand out: the other publisher's, which is newer, or ours. */
struct others {
    struct descriptor *descriptor;
    bool is_older, is_ahead;
    bool is_over; /* they have ours */
};

static void answer_look(struct story *story, const struct publisher_action *action,
                        struct look_result *result)
{
    struct others *others = story->look_context;
    (void)action;
    result->finding = others->is_over ? LOOK_FINDING_OURS : LOOK_FINDING_OTHERS;
    result->descriptor = others->descriptor;
    result->is_newer = !others->is_older;
    result->is_ahead = others->is_ahead;
    result->made_at = others->is_over ? INT64_MAX : story->now - MINUTE;
}

static void set_others(struct story *story, struct others *others, uint64_t counter, const uint64_t *points,
                       size_t point_count)
{
    descriptor_free(others->descriptor);
    *others = (struct others){.descriptor = model_make_descriptor(19999, counter, points, point_count)};
    story->answer_look = answer_look;
    story->look_context = others;
}

static void end(struct story *story, struct others *others)
{
    descriptor_free(others->descriptor);
    story_free(story);
}

/* The rounds written down of a descriptor, and of these the ones that are to be above a counter. */
static size_t count_rounds(const struct story *story, enum descriptor_slot slot, uint64_t above)
{
    size_t count = 0;
    uint64_t last = 0;
    for (size_t i = 0; i < story->upload_count; i++) {
        const struct story_upload *upload = &story->uploads[i];
        if (upload->slot != slot || upload->round == last)
            continue;
        last = upload->round;
        count += above == 0 || upload->above == above;
    }
    return count;
}

static bool nothing_is_above(const struct story *story)
{
    for (size_t i = 0; i < story->upload_count; i++) {
        if (story->uploads[i].above != 0)
            return false;
    }
    return true;
}

/* A story in which a change is refused, because of another publisher's descriptor that has the old points. */
static struct story *begin_refused(struct others *others)
{
    static const uint64_t points[] = {0, 1, 2};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    set_others(story, others, OTHERS_COUNTER, points, 3);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_change_points(story, 0, 50);
    return story;
}

/* The change goes out once more, above the other publisher's, within a minute; only of the descriptor that
 * clients use at first, and not in each round after that. */
static void test_refused_change(void **state)
{
    (void)state;
    struct others others = {0};
    struct story *story = begin_refused(&others);
    while (story->looks == 0)
        story_run(story, SECOND / 10);
    assert_int_equal(count_rounds(story, DESCRIPTOR_FIRST, 0), 1);
    assert_true(nothing_is_above(story));
    story_forget(story);
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    story_run(story, SOON);
    assert_int_equal(count_rounds(story, DESCRIPTOR_FIRST, OTHERS_COUNTER), 1);
    assert_true(story_all_have(story, 50));
    others.is_over = true;
    story_run(story, MINUTE); /* the other descriptor as well */
    story_forget(story);
    story_run(story, 3 * HOUR);
    assert_in_range(count_rounds(story, DESCRIPTOR_FIRST, 0), 1, 4);
    assert_true(nothing_is_above(story));
    end(story, &others);
}

/* A counter that was seen beside the same points is no reason for anything, until there is something to say:
 * then that goes out above it at once. */
static void test_known_counter(void **state)
{
    (void)state;
    static const uint64_t points[] = {0, 1, 2};
    struct others others = {0};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    set_others(story, &others, OTHERS_COUNTER, points, 3);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_run(story, 3 * HOUR);
    assert_in_range(count_rounds(story, DESCRIPTOR_FIRST, 0), 2, 12);
    assert_true(nothing_is_above(story));
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    others.is_over = true;
    story_forget(story);
    story_change_points(story, 0, 50);
    story_run(story, 5 * SECOND);
    assert_int_equal(count_rounds(story, DESCRIPTOR_FIRST, OTHERS_COUNTER), 1);
    assert_int_equal(count_rounds(story, DESCRIPTOR_FIRST, 0), 1);
    /* That was the counter of one time period. */
    assert_int_equal(count_rounds(story, DESCRIPTOR_SECOND, 0), 1);
    assert_int_equal(count_rounds(story, DESCRIPTOR_SECOND, OTHERS_COUNTER), 0);
    end(story, &others);
}

/* A story with a backend that has nine points, 0 to 8, of which six are used, and another one. */
static struct story *begin_choice(void)
{
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct story_backend *backend = &story->backends[0];
    for (int from = 0; from < 2; from++) {
        backend->counter[from]++;
        backend->point_count[from] = 9;
        for (uint64_t i = 0; i < 9; i++)
            backend->points[from][i] = i;
    }
    story_announce(story, 0, false, 0);
    story_run(story, 2 * MINUTE);
    return story;
}

static uint64_t find_unused(const struct story *story)
{
    uint64_t point = 0;
    while (story_all_have(story, point))
        point++;
    assert_true(point < 9);
    return point;
}

/* Another publisher that knows the change has only chosen otherwise: nothing is to be said. */
static void test_another_choice(void **state)
{
    (void)state;
    struct others others = {0};
    struct story *story = begin_choice();
    uint64_t points[] = {find_unused(story), 60, 61, 62, 0, 0, 0, 0, 0};
    for (uint64_t i = 0, count = 4; count < 9; i++) {
        if (i != points[0])
            points[count++] = i;
    }
    set_others(story, &others, OTHERS_COUNTER, points, 9);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_forget(story);
    story_change_points(story, 1, 60);
    story_run(story, 2 * HOUR);
    assert_int_not_equal(story->publisher->looks[LOOK_OTHERS], 0);
    assert_int_not_equal(count_rounds(story, DESCRIPTOR_FIRST, 0), 0);
    assert_true(nothing_is_above(story));
    end(story, &others);
}

/* Where each HSDir has points of its own, another publisher gives one HSDir those of other sources than this
 * one does: neither counts above the other for that. A source that is to be everywhere is something to say.
 */
static void test_other_places(void **state)
{
    (void)state;
    static const uint64_t points[] = {0, 100, 400, 401, 402};
    for (int is_everywhere = 0; is_everywhere < 2; is_everywhere++) {
        struct others others = {0};
        struct story *story = story_new_published(5, DESCRIPTOR_FIRST);
        publisher_set_weights(story->publisher, 0, (const unsigned[]){10, 10, 10, 10, 40}, story->now);
        publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_DISTINCT, story->now);
        story_run(story, 5 * MINUTE);
        assert_true(assignment_is_distinct(story->publisher->frontends[0].assignment));
        set_others(story, &others, OTHERS_COUNTER, points, is_everywhere ? 2 : 5);
        story_forget(story);
        for (int i = 0; i < 20; i++) {
            looks_want(story->publisher, 0, NULL, 0, story->now);
            story_run(story, 3 * MINUTE);
        }
        assert_int_not_equal(story->publisher->looks[LOOK_OTHERS], 0);
        assert_int_equal(nothing_is_above(story), !is_everywhere);
        end(story, &others);
    }
}

/* A source that has come back is something to say; that there are as many others is not. */
static void test_fewer_points(void **state)
{
    (void)state;
    static const uint64_t fewer[] = {0, 1, 2}, as_many[] = {0, 1, 2, 100, 101, 102};
    for (int is_there = 0; is_there < 2; is_there++) {
        struct others others = {0};
        struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
        publisher_note_unreachable(story->publisher, 1, "refused", SOURCE_GONE, story->now);
        story_run(story, MINUTE);
        set_others(story, &others, OTHERS_COUNTER, is_there ? as_many : fewer, is_there ? 6 : 3);
        story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
        story_forget(story);
        story_reach(story, 1);
        story_run(story, 2 * MINUTE);
        assert_int_equal(count_rounds(story, DESCRIPTOR_FIRST, OTHERS_COUNTER), is_there ? 0 : 1);
        end(story, &others);
    }
}

/* Nobody counts above what no clock near ours makes, what a stranger has put there, or what is older. */
static void test_not_on_purpose(void **state)
{
    (void)state;
    static const uint64_t foreign[] = {FOREIGN_POINT, 1, 2};
    for (int kind = 0; kind < 3; kind++) {
        struct others others = {0};
        struct story *story = begin_refused(&others);
        if (kind == 2)
            set_others(story, &others, OTHERS_COUNTER, foreign, 3);
        others.is_ahead = kind == 0;
        others.is_older = kind == 1;
        story_run(story, 2 * HOUR);
        assert_int_not_equal(story->looks, 0);
        assert_true(nothing_is_above(story));
        end(story, &others);
    }
}

/* Without a live source there is nothing to say that another publisher would not know better. */
static void test_blind(void **state)
{
    (void)state;
    struct others others = {0};
    struct story *story = begin_refused(&others);
    while (!story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].overtakes)
        story_run(story, SECOND / 10);
    publisher_note_unreachable(story->publisher, 0, "gone", SOURCE_GONE, story->now);
    assert_true(story->publisher->frontends[0].is_frozen);
    story_forget(story);
    story->answer_look = NULL; /* so that nothing holds uploads up for long */
    story_run(story, 6 * HOUR);
    assert_int_not_equal(count_rounds(story, DESCRIPTOR_FIRST, 0), 0);
    assert_true(nothing_is_above(story));
    end(story, &others);
}

/* Another publisher that keeps ahead, with points that are dead here, is not followed again and again,
 * whether there are changes or none. */
static void test_chase(void **state)
{
    (void)state;
    for (int has_changes = 0; has_changes < 2; has_changes++) {
        struct others others = {0};
        struct story *story = begin_refused(&others);
        for (int i = 0; i < 2 * 60; i++) {
            others.descriptor->revision_counter++;
            if (has_changes && i % 3 == 0)
                story_change_points(story, 0, 60 + 10 * (uint64_t)i);
            story_run(story, MINUTE);
        }
        size_t above = 0, changes = has_changes ? 1 + 2 * 60 / 3 : 1;
        for (uint64_t i = 0; i <= 2 * 60; i++)
            above += count_rounds(story, DESCRIPTOR_FIRST, OTHERS_COUNTER + i);
        assert_true(above >= 2);
        /* One for each change, and one in ten minutes beside them. */
        assert_in_range(count_rounds(story, DESCRIPTOR_FIRST, 0), changes, changes + 2 * 6);
        end(story, &others);
    }
}

/* A point dies that was none of ours but may be one of the other publisher's: somebody looks, and ours take
 * the place of those. */
static void test_others_choice(void **state)
{
    (void)state;
    struct others others = {0};
    struct story *story = begin_choice();
    struct story_backend *backend = &story->backends[0];
    uint64_t dead = find_unused(story);
    const uint64_t points[] = {dead, 100, 101, 102};
    set_others(story, &others, OTHERS_COUNTER, points, 4);
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_run(story, MINUTE);
    story_forget(story);
    for (int from = 0; from < 2; from++) {
        backend->counter[from]++;
        backend->points[from][dead] = 90;
    }
    unsigned looks = story->looks;
    story_announce(story, 0, false, 0);
    story_run(story, 30 * SECOND);
    assert_in_range(story->looks - looks, 1, 2);
    assert_int_equal(count_rounds(story, DESCRIPTOR_FIRST, OTHERS_COUNTER), 1);
    end(story, &others);
}

/* What clients go over to could not be looked at before. */
static void test_other_half(void **state)
{
    (void)state;
    static const uint64_t points[] = {0, 1, 2};
    struct others others = {0};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    set_others(story, &others, OTHERS_COUNTER, points, 3);
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_run(story, MINUTE);
    unsigned looks = story->looks;
    story_set_network(story, 0, 12);
    story_run(story, MINUTE);
    assert_in_range(story->looks - looks, 1, 2);
    end(story, &others);
}

/* One of three HSDirs has the other publisher's, the others have ours still: it is on its way, and stays. */
static void answer_one_by_one(struct story *story, const struct publisher_action *action,
                              struct look_result *result)
{
    struct others *others = story->look_context;
    others->is_over = story->looks != 3 && story->looks < 4;
    answer_look(story, action, result);
    result->made_at = story->now - MINUTE;
}

static void test_blind_in_doubt(void **state)
{
    (void)state;
    static const uint64_t points[] = {0, 1, 2};
    struct others others = {0};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_run(story, 2 * MINUTE);
    assert_true(story->publisher->frontends[0].is_frozen);
    set_others(story, &others, OTHERS_COUNTER, points, 3);
    story->answer_look = answer_one_by_one;
    story->publisher->rules.look_min = story->publisher->rules.look_max = 10 * HOUR; /* none in its turn */
    story->publisher->frontends[0].looks.next_at = story->now + 10 * HOUR;
    story->looks = 0;
    story_forget(story);
    story_run(story, 4 * HOUR);
    assert_true(story->looks > 6);
    assert_int_equal(story->upload_count, 0);
    end(story, &others);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_change), cmocka_unit_test(test_known_counter),
        cmocka_unit_test(test_other_places),   cmocka_unit_test(test_fewer_points),
        cmocka_unit_test(test_not_on_purpose), cmocka_unit_test(test_blind),
        cmocka_unit_test(test_chase),          cmocka_unit_test(test_others_choice),
        cmocka_unit_test(test_other_half),     cmocka_unit_test(test_blind_in_doubt),
        cmocka_unit_test(test_another_choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
