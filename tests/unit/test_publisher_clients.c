/* Tests who may read a frontend's descriptors, story by story: what goes out when that changes, how soon, and
 * that nothing ever goes out for others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_clients.h"
#include "helper_story.h"

#define SECOND 1000
#define MINUTE (60 * SECOND)
#define BOTH_DESCRIPTORS 16 /* HSDirs of both */
#define AT_ONCE (5 * SECOND)
#define PERMITS 2

/* Every upload written down from first on was for these clients. */
static void assert_for(const struct story *story, size_t first, const struct authorized_clients *clients)
{
    assert_true(story->upload_count > first);
    for (size_t i = first; i < story->upload_count; i++) {
        assert_int_equal(story->uploads[i].client_count, clients != NULL ? clients->count : 0);
        if (clients != NULL)
            assert_memory_equal(story->uploads[i].clients, clients->digest, sizeof(clients->digest));
    }
}

static void set_clients(struct story *story, struct authorized_clients *clients)
{
    publisher_set_clients(story->publisher, 0, clients, story->now);
}

/* What goes out first is for its clients already. */
static void test_begins_restricted(void **state)
{
    (void)state;
    struct story *story = story_new();
    story->clients = clients_make(0, 2);
    publisher_note_tor(story->publisher, 0, TOR_READY, story->now);
    story_add_backend(story, true);
    story_add_frontend(story, 1);
    story_set_network(story, 0, 6);
    story_reach(story, 0);
    story_run(story, MINUTE);
    assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
    assert_for(story, 0, story->clients);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    story_free(story);
}

/* A client more, one less, other ones, none, and some again: each time both descriptors go out within
 * seconds, once. */
static void test_changes_go_out(void **state)
{
    (void)state;
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct authorized_clients *sets[] = {
        clients_make(0, 2), clients_make(0, 3), clients_make(0, 2), clients_make(1, 2), NULL,
        clients_make(0, 2)};
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
        story_forget(story);
        set_clients(story, sets[i]);
        assert_false(publisher_is_published(story->publisher, 0, story->now)); /* from the first moment on */
        story_run(story, AT_ONCE);
        assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
        assert_for(story, 0, sets[i]);
        assert_true(publisher_is_published(story->publisher, 0, story->now));
    }
    for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
        authorized_clients_release(sets[i]);
    story_free(story);
}

/* The same clients, in another set, are no change. */
static void test_same_clients(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct authorized_clients *one = clients_make(0, 3), *other = clients_make(0, 3);
    set_clients(story, one);
    story_run(story, MINUTE);
    story_forget(story);
    set_clients(story, other);
    story_run(story, 10 * MINUTE);
    assert_int_equal(story->upload_count, 0);
    authorized_clients_release(one);
    authorized_clients_release(other);
    story_free(story);
}

/* However often clients change, it goes out: no allowance is waited for. */
static void test_many_changes(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    for (size_t i = 0; i < 60; i++) {
        struct authorized_clients *clients = clients_make(i, 1);
        story_forget(story);
        set_clients(story, clients);
        story_run(story, AT_ONCE);
        assert_int_equal(story->upload_count, BOTH_DESCRIPTORS);
        assert_for(story, 0, clients);
        authorized_clients_release(clients);
    }
    story_free(story);
}

/* What waits for a permit, for clients of before, is not sent to any HSDir any more. */
static void test_old_uploads_are_not_sent(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct authorized_clients *before = clients_make(0, 2), *after = clients_make(1, 1);
    story->publisher->rules.tor_permits = PERMITS;
    story->hsdirs_answer = false;
    set_clients(story, before);
    story_run(story, AT_ONCE);
    assert_int_equal(story->upload_count, PERMITS);
    assert_for(story, 0, before);
    story->publisher->rules.death_spread = 3 * SECOND; /* so long it takes until there is something else */
    set_clients(story, after);
    story_answer(story, &story->uploads[0], UPLOAD_FAILURE_NONE);
    story_settle(story); /* a permit is free */
    assert_int_equal(story->upload_count, PERMITS);
    story->hsdirs_answer = true;
    story_run(story, 10 * MINUTE);
    assert_for(story, PERMITS, after);
    assert_true(publisher_is_published(story->publisher, 0, story->now));
    authorized_clients_release(before);
    authorized_clients_release(after);
    story_free(story);
}

/* Without a live backend the last points stay up, for the clients of now. */
static void test_no_live_backend(void **state)
{
    (void)state;
    struct story *story = story_new_published(1, DESCRIPTOR_FIRST);
    struct authorized_clients *clients = clients_make(0, 1);
    story->backends[0].answers = false;
    publisher_note_unreachable(story->publisher, 0, "refused", SOURCE_GONE, story->now);
    story_run(story, 5 * MINUTE);
    assert_true(story->publisher->frontends[0].is_frozen);
    story_forget(story);
    set_clients(story, clients);
    story_run(story, 5 * MINUTE); /* it looks for another publisher first */
    assert_for(story, 0, clients);
    assert_true(story_all_have(story, 0));
    authorized_clients_release(clients);
    story_free(story);
}

/* Twins that verify proof of work, and points of their own for each HSDir: each set is for the clients. */
static void test_every_policy(void **state)
{
    (void)state;
    for (int twins = 0; twins < 2; twins++) {
        struct story *story =
            twins ? story_new_published_twins(3, DESCRIPTOR_FIRST) : story_new_published(3, DESCRIPTOR_FIRST);
        struct authorized_clients *clients = clients_make(0, 20);
        publisher_set_descriptors(story->publisher, 0, DESCRIPTORS_DISTINCT, story->now);
        story_run(story, MINUTE);
        story_forget(story);
        set_clients(story, clients);
        story_run(story, AT_ONCE);
        assert_for(story, 0, clients);
        size_t length = story->uploads[0].middle_length;
        for (size_t i = 0; i < story->upload_count; i++)
            assert_int_equal(story->uploads[i].middle_length, length);
        story_run(story, 24 * 60 * (int64_t)MINUTE);
        assert_for(story, 0, clients);
        authorized_clients_release(clients);
        story_free(story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begins_restricted),
        cmocka_unit_test(test_changes_go_out),
        cmocka_unit_test(test_same_clients),
        cmocka_unit_test(test_many_changes),
        cmocka_unit_test(test_old_uploads_are_not_sent),
        cmocka_unit_test(test_no_live_backend),
        cmocka_unit_test(test_every_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
