/* Tests the machine of a source's health, and when it is checked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "publish/source_health.h"

static const struct health_rules rules = {.interval = 30000, .fall = 3, .rise = 2};

static struct source make_source(void)
{
    struct source source = {.number = 1};
    source_health_begin(&source);
    return source;
}

static void check(struct source *source, bool is_well, bool counts, int64_t now)
{
    source_health_note_begun(source, now);
    assert_true(source_is_checked(source));
    source_health_note_ended(source, is_well ? HEALTH_FINDING_WELL : HEALTH_FINDING_BAD, counts,
                             "it answers 500", now + 1);
    assert_false(source_is_checked(source));
}

static void test_unknown_one_is_not_sick(void **state)
{
    (void)state;
    struct source source = make_source();
    assert_int_equal(source.health.state, HEALTH_UNCHECKED);
    assert_true(source_is_well(&source));
    source_health_set_rules(&source, &rules, false, 100, 0);
    assert_int_equal(source.health.state, HEALTH_UNKNOWN);
    assert_int_equal(source.health.check_at, 100);
    assert_false(source_is_sick(&source) || source_is_well(&source));
    check(&source, true, true, 100);
    assert_int_equal(source.health.state, HEALTH_HEALTHY);
    assert_int_equal(source.health.checked_at, 101);
    source_health_release(&source);
}

/* Only failures one after the other count, and only as many good checks bring it back. */
static void test_fall_and_rise(void **state)
{
    (void)state;
    struct source source = make_source();
    source_health_set_rules(&source, &rules, false, 0, 0);
    check(&source, false, true, 0);
    check(&source, false, true, 10);
    check(&source, true, true, 20);
    check(&source, false, true, 30);
    check(&source, false, true, 40);
    assert_int_equal(source.health.state, HEALTH_HEALTHY);
    check(&source, false, true, 50);
    assert_int_equal(source.health.state, HEALTH_SICK);
    assert_int_equal(source.health.since, 51);
    assert_string_equal(source.health.reason, "it answers 500");
    check(&source, true, true, 60);
    assert_string_equal(source.health.reason, "");
    check(&source, false, true, 70);
    check(&source, true, true, 80);
    assert_int_equal(source.health.state, HEALTH_SICK);
    check(&source, true, true, 90);
    assert_int_equal(source.health.state, HEALTH_HEALTHY);
    source_health_release(&source);
}

/* What is not the source's doing is told, and counts neither way. */
static void test_what_does_not_count(void **state)
{
    (void)state;
    struct source source = make_source();
    source_health_set_rules(&source, &rules, false, 0, 0);
    for (int64_t i = 0; i < 10; i++)
        check(&source, false, false, i * 10);
    assert_int_equal(source.health.state, HEALTH_UNKNOWN);
    assert_string_equal(source.health.reason, "it answers 500");
    check(&source, false, true, 200);
    check(&source, false, false, 210);
    check(&source, false, true, 220);
    check(&source, false, false, 230);
    check(&source, false, true, 240);
    assert_int_equal(source.health.state, HEALTH_SICK);
    source_health_release(&source);
}

/* Other numbers leave what is known; another question does not, nor does the end of all. */
static void test_other_rules(void **state)
{
    (void)state;
    struct source source = make_source();
    const struct health_rules slower = {.interval = 60000, .fall = 1, .rise = 1};
    source_health_set_rules(&source, &rules, false, 100, 0);
    for (int64_t i = 0; i < 3; i++)
        check(&source, false, true, i * 10);
    source.health.check_at = 5000;
    source_health_set_rules(&source, &rules, false, 777, 50);
    assert_int_equal(source.health.check_at, 5000);
    source_health_set_rules(&source, &slower, false, 777, 50);
    assert_int_equal(source.health.check_at, 777);
    assert_int_equal(source.health.state, HEALTH_SICK);
    source_health_set_rules(&source, &slower, true, 888, 60);
    assert_int_equal(source.health.check_at, 777);
    assert_int_equal(source.health.state, HEALTH_UNKNOWN);
    assert_string_equal(source.health.reason, "");
    assert_int_equal(source.health.failed, 0);
    check(&source, false, true, 70);
    assert_int_equal(source.health.state, HEALTH_SICK);
    source_health_set_rules(&source, NULL, false, 0, 80);
    assert_int_equal(source.health.state, HEALTH_UNCHECKED);
    assert_int_equal(source.health.check_at, MOMENT_NEVER);
    source_health_release(&source);
}

static void note_change(const struct source_change *change, void *context)
{
    char *text = context;
    assert_string_equal(change->machine, "health");
    strcat(text, change->from);
    strcat(text, ">");
    strcat(text, change->to);
    strcat(text, ":");
    strcat(text, change->why);
    strcat(text, ";");
}

static void test_changes_are_told(void **state)
{
    (void)state;
    char text[512] = "";
    const struct source_observer observer = {note_change, text};
    struct source source = make_source();
    source.observer = &observer;
    source_health_set_rules(&source, &rules, false, 0, 0);
    assert_int_equal(source.news, SOURCE_NEWS_CHANGE);
    check(&source, true, true, 0);
    for (int64_t i = 1; i < 5; i++)
        check(&source, false, true, i * 10);
    check(&source, true, true, 60);
    check(&source, true, true, 70);
    assert_string_equal(text, "unchecked>unknown:it is to be checked;unknown>healthy:it answers;"
                              "healthy>sick:it answers 500;sick>healthy:it answers;");
    source_health_release(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_one_is_not_sick), cmocka_unit_test(test_fall_and_rise),
        cmocka_unit_test(test_what_does_not_count),     cmocka_unit_test(test_other_rules),
        cmocka_unit_test(test_changes_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
