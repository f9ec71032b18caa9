/* Tests the three machines of a source: where each state leads to, and that every change is told of. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "helper_story.h"
#include "publish/source.h"

#define SECOND INT64_C(1000)
#define CHANGES_MAX 64

/* -- what is told ------------------------------------------------------------------------------------ */

struct heard {
    char texts[CHANGES_MAX][160]; /* "<source> <machine> <from> <to> <why>" */
    size_t count;
};

static void hear(const struct source_change *change, void *context)
{
    struct heard *heard = context;
    assert_true(heard->count < CHANGES_MAX);
    snprintf(heard->texts[heard->count++], sizeof(heard->texts[0]), "%" PRIu64 " %s: %s -> %s: %s",
             change->source, change->machine, change->from, change->to, change->why);
}

static bool has_heard(const struct heard *heard, const char *text)
{
    for (size_t i = 0; i < heard->count; i++) {
        if (strcmp(heard->texts[i], text) == 0)
            return true;
    }
    return false;
}

static void test_all_is_told(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct story *story = story_new();
    publisher_set_observer(story->publisher, hear, &heard);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_add_backend(story, true);
    story_add_frontend(story, 1);
    story_set_network(story, 0, 6);
    assert_int_equal(heard.count, 0);
    story_reach(story, 0);
    assert_true(has_heard(&heard, "0 trust: young -> HSDirs too: its process has been running for long"));
    assert_true(has_heard(&heard, "0 inquiry: closed -> idle: there is somebody to ask"));
    assert_true(has_heard(&heard, "0 inquiry: idle -> hinted: its connection was made"));
    assert_int_equal(heard.count, 3);
    story_settle(story);
    assert_true(has_heard(&heard, "0 inquiry: hinted -> following: its tor is asked"));
    assert_true(has_heard(&heard, "0 life: waiting -> live: a good descriptor came"));
    assert_true(has_heard(&heard, "0 inquiry: following -> idle: the fetch has ended"));
    assert_int_equal(heard.count, 6);
    publisher_note_unreachable(story->publisher, 0, "end of file", SOURCE_LOST, story->now);
    assert_true(has_heard(&heard, "0 inquiry: idle -> closed: end of file"));
    assert_true(has_heard(&heard, "0 life: live -> grace: end of file"));
    story_run(story, publisher_rules_default.grace);
    assert_true(has_heard(&heard, "0 life: grace -> out: end of file"));
    assert_int_equal(heard.count, 9);
    publisher_note_unreachable(story->publisher, 0, "refused", SOURCE_GONE, story->now);
    assert_int_equal(heard.count, 9); /* it stays what it was */
    story_free(story);
}

/* What its tor does not answer costs HSDirs their trust, too. */
static void test_denial_is_told(void **state)
{
    (void)state;
    struct heard heard = {0};
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    publisher_set_observer(story->publisher, hear, &heard);
    story->backends[0].fails = true;
    story_announce(story, 0, false, 3);
    story_run(story, SECOND / 2);
    assert_true(has_heard(&heard, "0 inquiry: idle -> hinted: its tor uploads"));
    assert_true(has_heard(&heard, "0 trust: HSDirs too -> denied: its tor has no good descriptor"));
    assert_true(has_heard(&heard, "0 life: live -> grace: it fails"));
    story_free(story);
}

/* -- where states lead to ---------------------------------------------------------------------------- */

static void test_inquiry(void **state)
{
    (void)state;
    static const struct {
        enum inquiry_state from, after_hint, after_begin, after_end;
        bool is_asked_again;
    } rows[] = {
        {INQUIRY_IDLE, INQUIRY_HINTED, INQUIRY_POLLING, INQUIRY_IDLE, false},
        {INQUIRY_HINTED, INQUIRY_HINTED, INQUIRY_FOLLOWING, INQUIRY_HINTED, false},
        {INQUIRY_POLLING, INQUIRY_OVERTAKEN, INQUIRY_POLLING, INQUIRY_IDLE, false},
        {INQUIRY_OVERTAKEN, INQUIRY_OVERTAKEN, INQUIRY_FOLLOWING_ANEW, INQUIRY_HINTED, true},
        {INQUIRY_FOLLOWING, INQUIRY_FOLLOWING_HINTED, INQUIRY_FOLLOWING, INQUIRY_IDLE, false},
        {INQUIRY_FOLLOWING_ANEW, INQUIRY_FOLLOWING_HINTED, INQUIRY_FOLLOWING_ANEW, INQUIRY_IDLE, true},
        {INQUIRY_FOLLOWING_HINTED, INQUIRY_FOLLOWING_HINTED, INQUIRY_FOLLOWING_HINTED, INQUIRY_HINTED, true},
        {INQUIRY_CLOSED, INQUIRY_CLOSED, INQUIRY_CLOSED, INQUIRY_CLOSED, false},
    };
    assert_int_equal(sizeof(rows) / sizeof(rows[0]), INQUIRY_STATES);
    for (size_t i = 0; i < INQUIRY_STATES; i++) {
        struct source source = {0};
        inquiry_begin(&source, 0);
        source.inquiry.state = rows[i].from;
        inquiry_note_hint(&source, 5, "a hint");
        assert_int_equal(source.inquiry.state, rows[i].after_hint);
        source.inquiry.state = rows[i].from;
        inquiry_note_begun(&source, INQUIRY_OF_HSDIRS);
        assert_int_equal(source.inquiry.state, rows[i].after_begin);
        assert_int_equal(source.inquiry.asked, INQUIRY_OF_HSDIRS);
        assert_int_equal(source.inquiry.ask_at, MOMENT_NEVER);
        source.inquiry.state = rows[i].from;
        inquiry_note_ended(&source, 1000, 10);
        assert_int_equal(source.inquiry.state, rows[i].after_end);
        assert_int_equal(source.inquiry.ask_at, rows[i].is_asked_again ? 10 : 1000);
        inquiry_note_hint(&source, 2000, "one that can wait");
        assert_int_equal(source.inquiry.ask_at, rows[i].is_asked_again ? 10 : 1000);
        inquiry_open(&source);
        assert_int_equal(source.inquiry.state, INQUIRY_IDLE);
        inquiry_close(&source, "lost");
        assert_int_equal(source.inquiry.state, INQUIRY_CLOSED);
    }
}

/* Who has given nothing of use is not asked next; a failure forgets that the other one had answered. */
static void test_targets(void **state)
{
    (void)state;
    struct source source = {0};
    inquiry_begin(&source, 0);
    inquiry_open(&source);
    for (int target = INQUIRY_OF_TOR; target <= INQUIRY_OF_HSDIRS; target++) {
        inquiry_note_begun(&source, (enum inquiry_target)target);
        source.inquiry.is_last_way = true;
        inquiry_note_failed(&source, 10 + target);
        assert_int_not_equal(source.inquiry.wanted, target);
        assert_false(source.inquiry.is_last_way);
    }
    assert_int_equal(source.inquiry.failures, 2);
    assert_int_equal(source.inquiry.failing_since, 10);
    inquiry_open(&source);
    assert_int_equal(source.inquiry.failures, 0);
}

static void test_trust(void **state)
{
    (void)state;
    static const struct {
        enum trust_state from, after_old, after_denial, after_answer;
    } rows[TRUST_STATES] = {
        {TRUST_YOUNG, TRUST_HSDIRS, TRUST_YOUNG_DENIED, TRUST_YOUNG},
        {TRUST_HSDIRS, TRUST_HSDIRS, TRUST_DENIED, TRUST_HSDIRS},
        {TRUST_YOUNG_DENIED, TRUST_DENIED, TRUST_YOUNG_DENIED, TRUST_YOUNG},
        {TRUST_DENIED, TRUST_DENIED, TRUST_DENIED, TRUST_HSDIRS},
    };
    for (size_t i = 0; i < TRUST_STATES; i++) {
        struct source source = {0};
        source.trust.state = rows[i].from;
        trust_note_old(&source);
        assert_int_equal(source.trust.state, rows[i].after_old);
        source.trust.state = rows[i].from;
        trust_note_denial(&source);
        assert_int_equal(source.trust.state, rows[i].after_denial);
        source.trust.state = rows[i].from;
        trust_note_answer(&source);
        assert_int_equal(source.trust.state, rows[i].after_answer);
        source.trust.state = rows[i].from;
        trust_note_taken(&source);
        assert_int_equal(source.trust.state, TRUST_HSDIRS);
        for (int is_young = 0; is_young < 2; is_young++) {
            source.trust.state = rows[i].from;
            trust_note_process(&source, true, is_young != 0, 0);
            assert_int_equal(source.trust.state, is_young ? TRUST_YOUNG : TRUST_HSDIRS);
            trust_set_age(&source, 50);
            assert_int_equal(source.trust.old_at, is_young ? 50 : MOMENT_NEVER);
        }
    }
}

/* The first process that lets us in takes no other one's place; one that stays the same goes on counting. */
static void test_processes(void **state)
{
    (void)state;
    struct source source = {.kind = SOURCE_BACKEND_WITH_CONTROL};
    trust_begin(&source, "it is new");
    assert_true(trust_counters_go_on(&source));
    assert_false(trust_note_process(&source, true, false, 0));
    assert_false(trust_counters_go_on(&source));
    trust_note_descriptor(&source);
    assert_true(trust_counters_go_on(&source));
    assert_false(trust_note_process(&source, false, false, 0));
    assert_true(trust_counters_go_on(&source));
    assert_true(trust_note_process(&source, true, false, 0));
    assert_false(trust_counters_go_on(&source));
    assert_false(trust_note_process(&source, false, false, 0));
    assert_false(trust_counters_go_on(&source)); /* it is the other one still */
}

static void test_life(void **state)
{
    (void)state;
    struct source source = {0};
    source_life_begin(&source, 10);
    source_life_doubt(&source, "silence", 100, 20);
    assert_int_equal(source.life.state, SOURCE_WAITING); /* there is nothing to doubt */
    assert_int_equal(source.news, SOURCE_NEWS_NONE);
    source_life_confirm(&source, 15, 20);
    assert_int_equal(source.life.state, SOURCE_WAITING); /* too old */
    source_life_confirm(&source, MOMENT_NEVER, 30);
    assert_int_equal(source.life.state, SOURCE_LIVE);
    assert_int_equal(source.life.since, 30);
    assert_int_equal(source.news, SOURCE_NEWS_CHANGE);
    source_life_doubt(&source, "silence", 100, 40);
    source_life_doubt(&source, "silence", 200, 50);
    assert_int_equal(source.life.state, SOURCE_GRACE);
    assert_int_equal(source.life.out_at, 100); /* a second doubt gives no more time */
    source_life_prolong(&source, 300);
    assert_int_equal(source.life.out_at, 100);
    assert_true(source_is_in(&source) && !source_is_lost(&source));
    source_life_end(&source, "silence", true, 100);
    assert_true(!source_is_in(&source) && source_is_lost(&source));
    assert_string_equal(source.life.reason, "silence");
    source_life_end(&source, "refused", false, 110);
    assert_int_equal(source.life.since, 100);
    assert_false(source_is_lost(&source));
    source_life_confirm(&source, MOMENT_NEVER, 120);
    assert_string_equal(source.life.reason, "");
    source_life_release(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_told), cmocka_unit_test(test_denial_is_told),
        cmocka_unit_test(test_inquiry),     cmocka_unit_test(test_targets),
        cmocka_unit_test(test_trust),       cmocka_unit_test(test_processes),
        cmocka_unit_test(test_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
