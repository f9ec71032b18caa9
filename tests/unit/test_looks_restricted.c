/* Tests looks at a restricted frontend, story by story: our own descriptors are known by what they are for,
 * another publisher's can't be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../sim/model.h"
#include "helper_clients.h"
#include "helper_story.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define BOTH_DESCRIPTORS 16
#define OTHERS_PERIOD 19999
#define OTHERS_COUNTER 5000

/* What all HSDirs hand out. */
struct view {
    struct look_result result;
    struct descriptor *descriptor;
};

static void answer_look(struct story *story, const struct publisher_action *action,
                        struct look_result *result)
{
    const struct view *view = story->look_context;
    (void)action;
    *result = view->result;
    result->descriptor = view->descriptor;
    if (result->finding == LOOK_FINDING_OTHERS)
        result->made_at = story->now;
}

/* With the points of the story's first backend; restricted, open or closed. */
static void set_view(struct story *story, struct view *view, enum look_finding finding, bool is_restricted,
                     bool is_closed)
{
    static const uint64_t points[] = {0, 1, 2};
    descriptor_free(view->descriptor);
    *view = (struct view){.result = {.finding = finding, .made_at = INT64_MAX}};
    view->descriptor = model_make_descriptor(OTHERS_PERIOD, OTHERS_COUNTER, points, 3);
    view->descriptor->is_restricted = is_restricted;
    view->descriptor->is_closed = is_closed;
    if (is_closed)
        view->descriptor->point_count = 0;
    view->result.is_newer = finding == LOOK_FINDING_OTHERS;
    story->answer_look = answer_look;
    story->look_context = view;
}

/* A story with one backend, restricted and published. */
static struct story *new_restricted(bool are_twins)
{
    struct story *story =
        are_twins ? story_new_published_twins(1, DESCRIPTOR_FIRST) : story_new_published(1, DESCRIPTOR_FIRST);
    struct authorized_clients *clients = clients_make(0, 2);
    publisher_set_clients(story->publisher, 0, clients, story->now);
    authorized_clients_release(clients);
    story_run(story, MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_forget(story);
    return story;
}

static const struct frontend_looks *looks_of(const struct story *story)
{
    return &story->publisher->frontends[0].looks;
}

static void look(struct story *story)
{
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_settle(story);
}

static void end(struct story *story, struct view *view)
{
    descriptor_free(view->descriptor);
    story_free(story);
}

/* Ours is current if it is for the clients of now: what can't be read with the cookie of now is from before,
 * and so is what everybody can read. */
static void test_ours(void **state)
{
    (void)state;
    static const struct {
        bool is_restricted, is_closed;
        enum look_verdict verdict;
    } rows[] = {{true, false, LOOK_CURRENT}, {false, true, LOOK_OLDER}, {false, false, LOOK_OLDER}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct story *story = new_restricted(false);
        struct view view = {0};
        set_view(story, &view, LOOK_FINDING_OURS, rows[i].is_restricted, rows[i].is_closed);
        if (rows[i].verdict != LOOK_CURRENT)
            view.result.made_at = story->now - 10 * MINUTE;
        look(story);
        assert_int_equal(story->publisher->looks[rows[i].verdict], 1);
        assert_int_equal(publisher_is_published(story->publisher, 0, story->now),
                         rows[i].verdict == LOOK_CURRENT);
        set_view(story, &view, LOOK_FINDING_OURS, true, false);
        story_run(story, 2 * MINUTE);
        assert_int_equal(story->upload_count, rows[i].verdict == LOOK_CURRENT ? 0 : BOTH_DESCRIPTORS);
        assert_int_equal(looks_of(story)->others, OTHERS_NONE);
        end(story, &view);
    }
}

/* An open frontend's own restricted descriptor, from before it was opened. */
static void test_ours_from_before_it_was_open(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OURS, false, true);
    view.result.made_at = story->now - 10 * MINUTE;
    look(story);
    assert_int_equal(story->publisher->looks[LOOK_OLDER], 1);
    set_view(story, &view, LOOK_FINDING_OURS, false, false);
    story_run(story, 2 * MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    end(story, &view);
}

/* What another one has made and nobody can read is a stranger's; first it is looked at once more. */
static void test_closed_stranger(void **state)
{
    (void)state;
    struct story *story = new_restricted(false);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OTHERS, false, true);
    look(story);
    assert_int_equal(looks_of(story)->others, OTHERS_SUSPECTED);
    story_run(story, 5 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    assert_int_equal(looks_of(story)->evidence, STRANGER_CLOSED);
    end(story, &view);
}

/* Of an open frontend it is even where others publish it on purpose: they would have it open. */
static void test_closed_stranger_of_open_frontend(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    story->publisher->rules.has_other_publishers = true;
    set_view(story, &view, LOOK_FINDING_OTHERS, false, true);
    look(story);
    story_run(story, 5 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    assert_int_equal(looks_of(story)->evidence, STRANGER_CLOSED);
    end(story, &view);
}

/* Where others publish it on purpose it is left where it is, and no alarm. */
static void test_closed_on_purpose(void **state)
{
    (void)state;
    struct story *story = new_restricted(false);
    struct view view = {0};
    story->publisher->rules.has_other_publishers = true;
    set_view(story, &view, LOOK_FINDING_OTHERS, false, true);
    look(story);
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED);
    story_run(story, 50 * MINUTE);
    assert_int_equal(story->upload_count, 0); /* it is not time for a refresh */
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED);
    end(story, &view);
}

/* But a change that it keeps out goes out above its counter. */
static void test_closed_is_overtaken(void **state)
{
    (void)state;
    struct story *story = new_restricted(false);
    struct view view = {0};
    story->publisher->rules.has_other_publishers = true;
    set_view(story, &view, LOOK_FINDING_OTHERS, false, true);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_change_points(story, 0, 50);
    story_run(story, 40 * SECOND);
    assert_int_not_equal(story->looks, 0);
    size_t above = 0;
    for (size_t i = 0; i < story->upload_count; i++)
        above += story->uploads[i].above == OTHERS_COUNTER;
    assert_int_not_equal(above, 0);
    end(story, &view);
}

/* One that is not newer than ours is from before, perhaps of this obpub's last run, and may let in who is
 * out: no alarm, and it gets ours. */
static void test_closed_from_before(void **state)
{
    (void)state;
    struct story *story = new_restricted(false);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OTHERS, false, true);
    view.result.is_newer = false;
    look(story);
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story_run(story, 2 * MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    end(story, &view);
}

/* One that everybody can read is an alarm, though it has the points of our backends. */
static void test_open_stranger(void **state)
{
    (void)state;
    struct story *story = new_restricted(false);
    struct view view = {0};
    story->publisher->rules.has_other_publishers = true;
    set_view(story, &view, LOOK_FINDING_OTHERS, false, false);
    look(story);
    assert_int_equal(looks_of(story)->others, OTHERS_SUSPECTED);
    story_run(story, 5 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    assert_int_equal(looks_of(story)->evidence, STRANGER_OPEN);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    end(story, &view);
}

/* A tor that has the frontend's key may have made either. */
static void test_of_twins(void **state)
{
    (void)state;
    for (int is_closed = 0; is_closed < 2; is_closed++) {
        struct story *story = new_restricted(true);
        struct view view = {0};
        story_announce(story, 0, true, 0);
        set_view(story, &view, LOOK_FINDING_OTHERS, false, is_closed);
        look(story);
        assert_in_range(looks_of(story)->others, OTHERS_NONE, OTHERS_RECOGNISED);
        assert_false(publisher_is_published(story->publisher, 0, story->now));
        end(story, &view);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ours),
        cmocka_unit_test(test_ours_from_before_it_was_open),
        cmocka_unit_test(test_closed_stranger),
        cmocka_unit_test(test_closed_stranger_of_open_frontend),
        cmocka_unit_test(test_closed_on_purpose),
        cmocka_unit_test(test_closed_is_overtaken),
        cmocka_unit_test(test_closed_from_before),
        cmocka_unit_test(test_open_stranger),
        cmocka_unit_test(test_of_twins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
