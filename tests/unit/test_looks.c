/* Tests looks story by story: when HSDirs are asked what they hand out, and what follows from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/model.h"
#include "helper_story.h"
#include "publish/descriptors.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define ONE_DESCRIPTOR 8
#define BOTH_DESCRIPTORS 16
#define ASKED_HSDIRS 6 /* of one descriptor, by clients */
#define FOREIGN_POINT 7000
#define HSDIRS_MAX 80

/* What all HSDirs hand out, or only one of them, the others having ours. */
struct view {
    struct look_result result;
    struct descriptor *descriptor;
    int64_t age;   /* of another's */
    uint32_t only; /* HSDIRS_MAX: all */
    unsigned asked[HSDIRS_MAX];
};

static void answer_look(struct story *story, const struct publisher_action *action,
                        struct look_result *result)
{
    struct view *view = story->look_context;
    uint32_t hsdir = model_hsdir_number(action->fingerprints[0]);
    view->asked[hsdir]++;
    if (view->only == HSDIRS_MAX || view->only == hsdir) {
        *result = view->result;
        result->descriptor = view->descriptor;
        if (result->finding == LOOK_FINDING_OTHERS)
            result->made_at = story->now - view->age;
        return;
    }
    result->finding = LOOK_FINDING_NO_ANSWER;
}

static void set_view(struct story *story, struct view *view, enum look_finding finding,
                     const uint64_t *points, size_t point_count)
{
    descriptor_free(view->descriptor);
    *view = (struct view){.result = {.finding = finding, .made_at = MOMENT_NONE}, .only = HSDIRS_MAX};
    if (points != NULL)
        view->descriptor = model_make_descriptor(19999, 1, points, point_count);
    story->answer_look = answer_look;
    story->look_context = view;
}

static void set_ours(struct story *story, struct view *view)
{
    static const uint64_t points[] = {0, 1, 2};
    set_view(story, view, LOOK_FINDING_OURS, points, 3);
    view->result.made_at = INT64_MAX; /* the last one */
}

static void set_foreign(struct story *story, struct view *view)
{
    static const uint64_t points[] = {FOREIGN_POINT, 1};
    set_view(story, view, LOOK_FINDING_OTHERS, points, 2);
    view->result.is_newer = true;
}

static const struct frontend_looks *looks_of(const struct story *story)
{
    return &story->publisher->frontends[0].looks;
}

static void end(struct story *story, struct view *view)
{
    descriptor_free(view->descriptor);
    story_free(story);
}

/* A few an hour, at HSDirs that clients ask, each in its turn. */
static void test_come_round(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_ours(story, &view);
    story_run(story, 6 * HOUR);
    size_t hsdirs = 0;
    for (size_t i = 0; i < HSDIRS_MAX; i++) {
        hsdirs += view.asked[i] > 0;
        assert_true(view.asked[i] == 0 || view.asked[i] >= 2);
    }
    assert_int_equal(hsdirs, ASKED_HSDIRS);
    assert_in_range(story->looks, 6 * 3, 6 * 6);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_in_range(story->upload_count, 3 * BOTH_DESCRIPTORS, 6 * BOTH_DESCRIPTORS);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    assert_int_equal(story->publisher->looks[LOOK_CURRENT], story->looks);
    end(story, &view);
}

/* An HSDir that has nothing is seen twice before that is believed; then all get a new one, once. */
static void test_one_has_none(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_NONE, NULL, 0);
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_run(story, MINUTE);
    assert_int_equal(story->looks, 1);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_run(story, 4 * MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    story_run(story, 11 * HOUR);
    /* ASKED_HSDIRS of them can say that once each. */
    assert_in_range(story->upload_count, BOTH_DESCRIPTORS, 24 * BOTH_DESCRIPTORS);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    end(story, &view);
}

/* One that has an older one of ours is given the new one, and does not count as having it until then. */
static void test_one_has_an_older(void **state)
{
    (void)state;
    static const uint64_t older[] = {900, 901};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OURS, older, 2);
    view.result.made_at = story->now - 10 * MINUTE;
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_settle(story);
    assert_int_equal(story->publisher->looks[LOOK_OLDER], 1);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    set_ours(story, &view);
    story_run(story, 2 * MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    end(story, &view);
}

/* Whose points are all ours is no stranger, whatever his counter. */
static void test_recognised(void **state)
{
    (void)state;
    static const uint64_t points[] = {2, 0, 1};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 3);
    view.result.is_newer = true;
    story_run(story, 3 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    assert_true(story->upload_count <= 4 * BOTH_DESCRIPTORS); /* refreshes alone */
    set_ours(story, &view);
    story_run(story, 4 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    end(story, &view);
}

/* Points that a source had until of late are still known. */
static void test_recognised_by_older_points(void **state)
{
    (void)state;
    static const uint64_t points[] = {2, 0, 1};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_ours(story, &view);
    story_change_points(story, 0, 50);
    story_run(story, MINUTE);
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 3);
    view.result.is_newer = true;
    story_run(story, 3 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED);
    end(story, &view);
}

/* With points that no source has the sources are asked, and a second look decides; the same with what it
 * takes for all HSDirs to be clean again, and for him not to have come back. */
static void test_stranger(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_foreign(story, &view);
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_run(story, SECOND);
    assert_int_equal(looks_of(story)->others, OTHERS_SUSPECTED);
    assert_int_equal(looks_of(story)->evidence, STRANGER_POINTS);
    assert_int_equal(story->backends[0].fetches[0], 1);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    story_run(story, 2 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_SUSPECTED);
    story_run(story, 2 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    set_ours(story, &view);
    story_run(story, 130 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER); /* he may have his next refresh before him */
    story_run(story, 40 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    end(story, &view);
}

/* Somebody who publishes like a tor, every 90 minutes: an HSDir has what came last, of him or of us. */
struct rival {
    struct view foreign;
    int64_t came_at;
};

static void answer_with_last(struct story *story, const struct publisher_action *action,
                             struct look_result *result)
{
    struct rival *rival = story->look_context;
    uint32_t hsdir = model_hsdir_number(action->fingerprints[0]);
    result->finding = LOOK_FINDING_OTHERS;
    for (size_t i = 0; i < story->upload_count; i++) {
        const struct story_upload *upload = &story->uploads[i];
        if (upload->hsdir == hsdir && upload->slot == action->slot && upload->at > rival->came_at)
            result->finding = LOOK_FINDING_NONE;
    }
    if (result->finding == LOOK_FINDING_NONE) {
        result->finding = LOOK_FINDING_OURS;
        result->made_at = INT64_MAX;
        result->descriptor = rival->foreign.descriptor;
        return;
    }
    result->descriptor = rival->foreign.descriptor;
    result->made_at = rival->came_at;
    result->is_newer = true;
}

/* That ours takes the place of a stranger's does not hide the stranger. */
static void test_stranger_who_refreshes(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct rival rival = {.foreign = {.only = HSDIRS_MAX}};
    unsigned times = 0;
    set_foreign(story, &rival.foreign);
    story->answer_look = answer_with_last;
    story->look_context = &rival;
    for (int minute = 0; minute < 9 * 60; minute++) {
        if (minute % 90 == 0)
            rival.came_at = story->now;
        enum others_state before = looks_of(story)->others;
        story_run(story, MINUTE);
        times += before != OTHERS_STRANGER && looks_of(story)->others == OTHERS_STRANGER;
    }
    assert_int_equal(times, 1); /* and never seems to have gone */
    end(story, &rival.foreign);
}

/* Another publisher's with the points of one backend alone has room for those of the others, however many
 * ours has. */
static void test_others_lack_backends(void **state)
{
    (void)state;
    static const uint64_t points[] = {0, 1, 2};
    struct story *story = story_new_published(7, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 3);
    view.result.is_newer = true;
    story_forget(story);
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_run(story, 2 * MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    end(story, &view);
}

/* An HSDir that has lost it does not count as having it, also while the next upload does not get through. */
static void test_none_while_uploads_fail(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    story->hsdirs_refuse = UPLOAD_FAILURE_CIRCUIT;
    story_run(story, 125 * MINUTE);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    set_view(story, &view, LOOK_FINDING_NONE, NULL, 0);
    story_run(story, 45 * MINUTE);
    assert_false(publisher_is_published(story->publisher, 0, story->now));
    end(story, &view);
}

/* The other publisher has only heard earlier. */
static void test_no_stranger(void **state)
{
    (void)state;
    static const uint64_t points[] = {60, 61, 62};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 3);
    view.result.is_newer = true;
    for (int from = 0; from < 2; from++) {
        story->backends[0].counter[from]++;
        for (size_t i = 0; i < 3; i++)
            story->backends[0].points[from][i] = 60 + i;
    }
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_settle(story);
    assert_int_equal(looks_of(story)->others, OTHERS_SUSPECTED);
    story_run(story, 5 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED);
    end(story, &view);
}

/* Nobody publishes what is older than what we have made: an HSDir has kept it. */
static void test_old_copy(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_foreign(story, &view);
    view.result.is_newer = false;
    story_run(story, 2 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED);
    end(story, &view);
}

/* A counter that no clock makes is enough, also with our own points. */
static void test_stranger_by_counter(void **state)
{
    (void)state;
    static const uint64_t points[] = {0, 1, 2};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 3);
    view.result.is_newer = view.result.is_ahead = true;
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_settle(story);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    assert_int_equal(looks_of(story)->evidence, STRANGER_COUNTER);
    end(story, &view);
}

/* While clients may use other descriptors by another consensus, points tell nothing. */
static void test_other_half(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_foreign(story, &view);
    view.result.is_of_other_half = true;
    story_run(story, 2 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    view.result.is_of_other_half = false;
    story_run(story, HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    end(story, &view);
}

/* One HSDir may lie that it has something which can't be read; three don't. */
static void test_broken(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_BROKEN, NULL, 0);
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_settle(story);
    for (uint32_t i = 0; i < HSDIRS_MAX; i++) {
        if (view.asked[i] > 0)
            view.only = i;
    }
    story_run(story, 3 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    view.only = HSDIRS_MAX;
    story_run(story, 2 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    assert_int_equal(looks_of(story)->evidence, STRANGER_BROKEN);
    end(story, &view);
}

/* HSDirs that refuse for long, and no look that is answered. */
static void test_kept_out(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_change_points(story, 0, 50);
    story_run(story, 10 * SECOND);
    assert_int_not_equal(story->looks, 0); /* at once */
    story_run(story, 20 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    story_run(story, 2 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    assert_int_equal(looks_of(story)->evidence, STRANGER_REFUSALS);
    story->hsdirs_refuse = UPLOAD_FAILURE_NONE;
    story_run(story, 2 * HOUR); /* by now only refreshes are tried */
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    story_free(story);
}

/* How many HSDirs count as refusing what they are sent. */
static size_t count_refusing(const struct story *story)
{
    size_t count = 0;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &story->publisher->frontends[0].descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++)
            count += descriptor->uploads[i].look.refusals > 0;
    }
    return count;
}

/* Clients get ours though the HSDirs did not say so. */
static void test_taken_without_an_answer(void **state)
{
    (void)state;
    static const uint64_t points[] = {50, 51, 52};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_view(story, &view, LOOK_FINDING_OURS, points, 3);
    view.result.made_at = INT64_MAX;
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_change_points(story, 0, 50);
    story_run(story, SECOND);
    assert_int_equal(story->publisher->looks[LOOK_CURRENT], 0);
    story_run(story, 10 * MINUTE);
    size_t taken = 0;
    for (size_t i = 0; i < ONE_DESCRIPTOR; i++)
        taken += story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST].uploads[i].state == UPLOAD_DONE;
    assert_int_not_equal(taken, 0);
    assert_true(taken + count_refusing(story) <= BOTH_DESCRIPTORS);
    end(story, &view);
}

/* What HSDirs refuse since they have it, from a try whose answer was lost, is no sign of anybody else. */
static void test_lost_answers(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    static const uint64_t points[] = {50, 51, 52};
    set_view(story, &view, LOOK_FINDING_OURS, points, 3);
    view.result.made_at = INT64_MAX;
    story->loses_answers = true;
    story_change_points(story, 0, 50);
    story_run(story, 12 * HOUR);
    assert_true(story->upload_count > 4 * BOTH_DESCRIPTORS);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    assert_int_equal(count_refusing(story), 0);
    end(story, &view);
}

/* But where no look is answered for all that, and they go on refusing, it is one in the end. */
static void test_lost_answers_unseen(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    story->loses_answers = true;
    story_change_points(story, 0, 50);
    story_run(story, 30 * MINUTE);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    story_run(story, 12 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    assert_int_equal(looks_of(story)->evidence, STRANGER_REFUSALS);
    story->loses_answers = false;
    story_run(story, 3 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    assert_int_equal(count_refusing(story), 0);
    story_free(story);
}

/* HSDirs that refuse for long, until looks show that what they have is ours. */
static void test_refused_and_seen(void **state)
{
    (void)state;
    static const uint64_t points[] = {50, 51, 52};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    story->hsdirs_refuse = UPLOAD_FAILURE_REJECTED;
    story_change_points(story, 0, 50);
    story_run(story, 2 * HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    set_view(story, &view, LOOK_FINDING_OURS, points, 3);
    view.result.made_at = INT64_MAX;
    story_run(story, HOUR);
    for (size_t i = 0; i < ONE_DESCRIPTOR; i++)
        story->publisher->frontends[0].descriptors[DESCRIPTOR_SECOND].uploads[i].look.refusals = 0;
    looks_want(story->publisher, 0, NULL, 0, story->now);
    story_settle(story);
    assert_int_equal(looks_of(story)->others, OTHERS_NONE);
    end(story, &view);
}

/* An upload whose circuit broke at the HSDir: a look tells whether the HSDir has it, and if not it is sent
 * again.
 */
static void test_unanswered(void **state)
{
    (void)state;
    static const uint64_t new_points[] = {50, 51, 52}, old_points[] = {0, 1, 2};
    for (int has_arrived = 0; has_arrived < 2; has_arrived++) {
        struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
        struct view view = {0};
        set_view(story, &view, LOOK_FINDING_OURS, has_arrived ? new_points : old_points, 3);
        view.result.made_at = has_arrived ? INT64_MAX : 0;
        publisher_note_tor_tells_ends(story->publisher, 0);
        story->hsdirs_answer = false;
        story_change_points(story, 0, 50);
        story_run(story, SECOND);
        struct hsdir hsdir;
        size_t number = 0;
        while (story->uploads[number].slot != DESCRIPTOR_FIRST)
            number++;
        model_make_hsdir(&hsdir, story->uploads[number].hsdir);
        struct publisher_upload *upload = publisher_descriptor_find_upload(
            &story->publisher->frontends[0].descriptors[DESCRIPTOR_FIRST], hsdir.fingerprint);
        publisher_note_upload_reached(story->publisher, 0, DESCRIPTOR_FIRST, hsdir.fingerprint, story->now);
        publisher_note_upload(story->publisher, 0, DESCRIPTOR_FIRST, hsdir.fingerprint,
                              UPLOAD_FAILURE_CIRCUIT, "the circuit to it broke", story->now);
        assert_int_equal(upload->state, UPLOAD_UNANSWERED);
        story->hsdirs_answer = true;
        uint64_t round = upload->round;
        story_run(story, 9 * SECOND); /* so soon nothing else is tried again */
        assert_int_equal(upload->state, UPLOAD_DONE);
        assert_int_equal(upload->round, round);
        assert_int_equal(upload->attempts, has_arrived ? 1 : 2);
        end(story, &view);
    }
}

/* -- without a live backend ------------------------------------------------------------------------- */

/* The only backend is lost, and nobody hears of it again; so is what is known when its grace is over. */
static struct story *begin_blind(struct view *view)
{
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    set_ours(story, view);
    publisher_note_unreachable(story->publisher, 0, "lost", SOURCE_LOST, story->now);
    story_run(story, 2 * MINUTE);
    assert_true(story->publisher->frontends[0].is_frozen);
    story_forget(story);
    return story;
}

static void test_blind_refreshes_ours(void **state)
{
    (void)state;
    struct view view = {0};
    struct story *story = begin_blind(&view);
    story_run(story, 5 * HOUR);
    assert_in_range(story->upload_count, 4 * ONE_DESCRIPTOR, 10 * ONE_DESCRIPTOR);
    end(story, &view);
}

/* What another publisher has put there stays, for as long as that one refreshes it; all else is as ever. */
static void test_blind_leaves_a_newer_one(void **state)
{
    (void)state;
    static const uint64_t points[] = {300, 301, 302, 303};
    struct view view = {0};
    struct story *story = begin_blind(&view);
    story->publisher->rules.has_other_publishers = true;
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 4);
    view.result.is_newer = true;
    story_run(story, 6 * HOUR);
    assert_int_equal(story->upload_count, 0);
    assert_int_equal(looks_of(story)->others, OTHERS_RECOGNISED); /* named, and it may know more */
    view.age = 140 * MINUTE;                                      /* it refreshes no more */
    story_run(story, 3 * HOUR);
    assert_in_range(story->upload_count, BOTH_DESCRIPTORS, 4 * BOTH_DESCRIPTORS);
    story_forget(story);
    view.age = MINUTE;
    story_run(story, 3 * HOUR);
    assert_int_equal(story->upload_count, 0);
    story_reach(story, 0);
    story_run(story, 11 * MINUTE);
    assert_in_range(story->upload_count, BOTH_DESCRIPTORS, 2 * BOTH_DESCRIPTORS); /* it sees again */
    end(story, &view);
}

static void test_blind_and_nobody_answers(void **state)
{
    (void)state;
    struct view view = {0};
    struct story *story = begin_blind(&view);
    story->answer_look = NULL;
    story_run(story, 5 * HOUR);
    assert_in_range(story->upload_count, 4 * ONE_DESCRIPTOR, 10 * ONE_DESCRIPTOR);
    end(story, &view);
}

/* That of another publisher which has not refreshed it for too long is no reason to wait. */
static void test_blind_and_an_older_one(void **state)
{
    (void)state;
    static const uint64_t points[] = {300, 301, 302, 303};
    struct view view = {0};
    struct story *story = begin_blind(&view);
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 4);
    view.age = 140 * MINUTE;
    story_run(story, 5 * HOUR);
    assert_in_range(story->upload_count, 4 * ONE_DESCRIPTOR, 10 * ONE_DESCRIPTOR);
    end(story, &view);
}

/* With nobody named, points that nobody here can know are a stranger's also for who sees nothing. */
static void test_blind_and_nobody_named(void **state)
{
    (void)state;
    struct view view = {0};
    struct story *story = begin_blind(&view);
    set_foreign(story, &view);
    story_run(story, HOUR);
    assert_int_equal(looks_of(story)->others, OTHERS_STRANGER);
    end(story, &view);
}

/* The points of a live backend put in their place what has dead ones. */
static void test_overwritten_by_the_blind(void **state)
{
    (void)state;
    static const uint64_t points[] = {0, 1, 2};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct view view = {0};
    set_ours(story, &view);
    story_change_points(story, 0, 50);
    story_run(story, MINUTE);
    set_view(story, &view, LOOK_FINDING_OTHERS, points, 3);
    view.result.is_newer = true;
    story_forget(story);
    story_run(story, 24 * MINUTE); /* the next look, and the next minute */
    assert_in_range(story->upload_count, BOTH_DESCRIPTORS, 2 * BOTH_DESCRIPTORS);
    assert_true(story_all_have(story, 50));
    end(story, &view);
}

/* Only so many are under way at once; one that is never answered gives its permit back. */
static void test_permits(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    for (size_t i = 0; i < 30; i++)
        story_add_frontend(story, 1);
    story_run(story, 5 * MINUTE);
    struct publisher_action action;
    publisher_look_at_all(story->publisher, story->now);
    assert_true(publisher_is_looking(story->publisher));
    for (int times = 0; times < 2; times++) {
        size_t count = 0;
        while (publisher_next_action(story->publisher, &action, story->now))
            count += action.type == PUBLISHER_LOOK;
        assert_int_equal(count, publisher_rules_default.look_permits);
        assert_true(publisher_next_moment(story->publisher) > story->now);
        story->now += 61 * SECOND;
    }
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_come_round),
        cmocka_unit_test(test_one_has_none),
        cmocka_unit_test(test_one_has_an_older),
        cmocka_unit_test(test_recognised),
        cmocka_unit_test(test_recognised_by_older_points),
        cmocka_unit_test(test_stranger),
        cmocka_unit_test(test_stranger_who_refreshes),
        cmocka_unit_test(test_others_lack_backends),
        cmocka_unit_test(test_none_while_uploads_fail),
        cmocka_unit_test(test_no_stranger),
        cmocka_unit_test(test_old_copy),
        cmocka_unit_test(test_stranger_by_counter),
        cmocka_unit_test(test_other_half),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_kept_out),
        cmocka_unit_test(test_taken_without_an_answer),
        cmocka_unit_test(test_lost_answers),
        cmocka_unit_test(test_lost_answers_unseen),
        cmocka_unit_test(test_refused_and_seen),
        cmocka_unit_test(test_unanswered),
        cmocka_unit_test(test_blind_refreshes_ours),
        cmocka_unit_test(test_blind_leaves_a_newer_one),
        cmocka_unit_test(test_blind_and_nobody_answers),
        cmocka_unit_test(test_blind_and_an_older_one),
        cmocka_unit_test(test_blind_and_nobody_named),
        cmocka_unit_test(test_overwritten_by_the_blind),
        cmocka_unit_test(test_permits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
