/* Tests weights and drained backends in thousands of random orders of commands, deaths and returns: what
 * always holds, whatever happened before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_draws.h"
#include "helper_story.h"
#include "publish/source_life.h"
#include "publish/weights.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define BACKENDS 5
#define STORIES 12
#define STEPS 60
#define LEAD (45 * MINUTE)

static uint64_t random_state;

static size_t draw(size_t below)
{
    return draws_next(&random_state, below);
}

static const struct publisher_frontend *frontend_of(const struct story *story)
{
    return &story->publisher->frontends[0];
}

static bool is_live(const struct story *story, size_t member)
{
    const struct source *source =
        publisher_member_source(story->publisher, &frontend_of(story)->members[member]);
    return source_is_in(source) && source->points.count > 0;
}

/* Live members of the frontend: all, or those that are drained or not. */
static size_t count_live(const struct story *story, bool are_drained)
{
    size_t count = 0;
    for (size_t i = 0; i < BACKENDS; i++)
        count += is_live(story, i) && member_is_drained(&frontend_of(story)->members[i]) == are_drained;
    return count;
}

/* What holds at every moment. */
static void check_always(const struct story *story)
{
    const struct publisher_frontend *frontend = frontend_of(story);
    size_t drained = count_live(story, true), others = count_live(story, false);
    if (drained + others == 0) {
        assert_true(frontend->is_frozen && frontend->assignment != NULL);
        return;
    }
    assert_non_null(frontend->assignment);
    assert_int_equal(frontend->uses_drained, others == 0);
    for (size_t i = 0; i < BACKENDS; i++) {
        const struct publisher_member *member = &frontend->members[i];
        size_t points = assignment_count_points_from(frontend->assignment, member->source);
        if (member_is_drained(member) && others > 0)
            assert_int_equal(points, 0);
        else if (is_live(story, i))
            assert_true(points > 0);
    }
}

/* One that is drained as the command does it leaves somebody for visitors. */
static void drain(struct story *story, size_t backend)
{
    bool is_drained = draw(2);
    if (is_drained && !publisher_may_drain(story->publisher, 0, backend))
        return;
    publisher_set_drained(story->publisher, 0, backend, is_drained, story->now);
    assert_true(!is_drained || count_live(story, false) > 0);
}

static void set_weights(struct story *story)
{
    unsigned weights[BACKENDS];
    for (size_t i = 0; i < BACKENDS; i++)
        weights[i] = draw(3) == 0 ? 0 : (unsigned)(10 * draw(4));
    weights[draw(BACKENDS)] = 10; /* the config has one at least */
    publisher_set_weights(story->publisher, 0, weights, story->now);
}

static void die_or_come_back(struct story *story, size_t backend)
{
    bool comes = !story->backends[backend].answers;
    story->backends[backend].answers = comes;
    if (comes)
        story_reach(story, backend);
    else
        publisher_note_unreachable(story->publisher, backend, "refused", draw(2) ? SOURCE_GONE : SOURCE_LOST,
                                   story->now);
}

static void step(struct story *story)
{
    size_t backend = draw(BACKENDS);
    switch (draw(6)) {
    case 0:
    case 1:
        drain(story, backend);
        break;
    case 2:
        set_weights(story);
        break;
    case 3:
        if (story->backends[backend].answers)
            story_change_points(story, backend, backend * 100 + draw(50));
        break;
    default:
        die_or_come_back(story, backend);
    }
}

/* So long after the last thing that has happened, HSDirs have what is wanted. */
static void check_at_rest(struct story *story)
{
    story_run(story, 15 * MINUTE);
    check_always(story);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
}

static void play(struct story *story)
{
    for (size_t i = 0; i < STEPS; i++) {
        step(story);
        check_always(story);
        story_forget(story);
        story_run(story, (int64_t)draw(3) * (int64_t)draw(40) * SECOND);
        check_always(story);
        if (i % 20 == 19)
            check_at_rest(story);
    }
}

static void test_backends(void **state)
{
    (void)state;
    static const enum descriptors_policy policies[] = {DESCRIPTORS_SAME, DESCRIPTORS_AUTO,
                                                       DESCRIPTORS_DISTINCT};
    for (size_t i = 0; i < STORIES; i++) {
        random_state = 1 + i;
        struct story *story = story_new_published(BACKENDS, i % 2 ? DESCRIPTOR_FIRST : DESCRIPTOR_SECOND);
        publisher_set_descriptors(story->publisher, 0, policies[i % 3], story->now);
        play(story);
        story_free(story);
    }
}

/* Twins, each of which has HSDirs of its own while all that count have proof of work on. */
static void test_twins(void **state)
{
    (void)state;
    for (size_t i = 0; i < STORIES; i++) {
        random_state = 100 + i;
        struct story *story = story_new_published_twins(BACKENDS, DESCRIPTOR_FIRST);
        publisher_set_twins(story->publisher, 0, LEAD, true, story->now);
        for (size_t j = 0; j < BACKENDS; j++)
            story->backends[j].seed = (uint8_t)(j + 1);
        story_run(story, 2 * MINUTE);
        play(story);
        story_free(story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backends),
        cmocka_unit_test(test_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
