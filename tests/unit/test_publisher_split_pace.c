/* How often the descriptors of a frontend go out whose twins verify proof of work, and for how long what is
 * in them counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "helper_split.h"

/* -- for how long clients use it ----------------------------------------------------------------------- */

/* The latest moment at which pow-params of a descriptor are to be published anew; checks that some are to
 * end early, and that all are for so long. */
static int64_t check_lifetimes(const struct story *story, int64_t lifetime)
{
    const struct story_upload *last[ASKED + SPARE];
    size_t count = split_list_last(story, DESCRIPTOR_SECOND, last), early = 0;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(last[i]->pow_lifetime, last[i]->seed != 0 ? lifetime : 0);
        early += last[i]->pow_lifetime > 0;
    }
    assert_true(early > 0);
    return last[0]->at + lifetime;
}

/* While some twin's own points are not known clients are to come again soon, whether or not there is a lead;
 * and what they get does not expire before there is something newer. */
static void test_early_ends(void **state)
{
    (void)state;
    static const struct {
        int64_t lead, lifetime;
    } rows[] = {{0, 45 * MINUTE}, {10 * MINUTE, 10 * MINUTE}, {45 * MINUTE, 45 * MINUTE}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct story *story = split_begin(2, 2, DESCRIPTOR_SECOND);
        publisher_set_twins(story->publisher, 0, rows[i].lead, true, story->now);
        story_run(story, 60 * MINUTE);
        split_upload_next(story, 0, 1000);
        story_run(story, MINUTE);
        for (unsigned times = 0; times < 5; times++) {
            int64_t end = check_lifetimes(story, rows[i].lifetime);
            story_run(story, end - story->now);
            assert_true(check_lifetimes(story, rows[i].lifetime) > end);
        }
        story_free(story);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_early_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
