/* Tests that the first publication of a frontend that was taken away and is back is no reaction. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "../sim/model.h"
#include "helper_story.h"
#include "publish/reaction.h"

static uint64_t count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        count += histogram->buckets[i];
    return count;
}

static void test_frontend_that_is_back(void **state)
{
    (void)state;
    struct reactions reactions = {0};
    struct histogram histogram = {0};
    struct story *story = story_new_published(2, DESCRIPTOR_FIRST);
    struct publisher *publisher = story->publisher;
    reactions_note_upload(&reactions, publisher, 0, story->now, &histogram);
    assert_int_equal(count(&histogram), 0);
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    memcpy(key, publisher->frontends[0].identity_key, sizeof(key));
    const uint64_t source = publisher->frontends[0].members[0].source;
    publisher_remove_frontend(publisher, 0);
    reactions_forget(&reactions, 0);
    story_run(story, 60000);
    assert_int_equal(publisher_add_frontend(publisher, key, NULL, &source, 1, story->now), 0);
    story_run(story, 60000);
    assert_true(publisher_is_published(publisher, 0, story->now));
    reactions_note_upload(&reactions, publisher, 0, story->now, &histogram);
    assert_int_equal(count(&histogram), 0);
    reactions_clear(&reactions);
    story_free(story);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_frontend_that_is_back)};
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
