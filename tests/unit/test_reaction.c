/* Tests of the reaction time: which hints count, and from when to when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "helper_report.h"
#include "publish/reaction.h"

struct fixture {
    struct report_fixture report;
    struct reactions reactions;
    struct histogram histogram;
};

/* Begins with the first frontend published. */
static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    report_fixture_make(&fixture->report);
    report_fixture_publish(&fixture->report);
    reactions_note_upload(&fixture->reactions, fixture->report.publisher, 0, REPORT_NOW, &fixture->histogram);
}

static void end(struct fixture *fixture)
{
    reactions_clear(&fixture->reactions);
    report_fixture_clear(&fixture->report);
}

static void note_hint(struct fixture *fixture, int64_t now)
{
    reactions_note_hint(&fixture->reactions, fixture->report.publisher, 0, now);
}

static void change(struct fixture *fixture, uint8_t first, int64_t now)
{
    report_fixture_give_points(fixture->report.publisher, 0, 3, first, now);
}

static void note_upload(struct fixture *fixture, int64_t now)
{
    reactions_note_upload(&fixture->reactions, fixture->report.publisher, 0, now, &fixture->histogram);
}

static void publish(struct fixture *fixture, int64_t now)
{
    report_fixture_publish(&fixture->report);
    note_upload(fixture, now);
}

static uint64_t count(const struct histogram *histogram)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
        count += histogram->buckets[i];
    return count;
}

static void check(const struct fixture *fixture, uint64_t expected_count, int64_t expected_sum)
{
    assert_int_equal(count(&fixture->histogram), expected_count);
    assert_int_equal(fixture->histogram.sum, expected_sum);
}

static void test_from_hint_to_all(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    check(&fixture, 0, 0); /* the first publication is no reaction */
    note_hint(&fixture, REPORT_NOW + 1000);
    note_hint(&fixture, REPORT_NOW + 1200); /* the same one: to another HSDir */
    change(&fixture, 0x60, REPORT_NOW + 1500);
    note_upload(&fixture, REPORT_NOW + 2500); /* one of several */
    check(&fixture, 0, 0);
    publish(&fixture, REPORT_NOW + 3500);
    check(&fixture, 1, 2500);
    assert_int_equal(fixture.histogram.buckets[3], 1); /* 2 s to 3 s */
    note_upload(&fixture, REPORT_NOW + 4000);          /* a refresh */
    check(&fixture, 1, 2500);
    end(&fixture);
}

static void test_change_without_hint(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    change(&fixture, 0x60, REPORT_NOW + 1500);
    publish(&fixture, REPORT_NOW + 2000);
    check(&fixture, 1, 500);
    end(&fixture);
}

/* A backend's tor uploads every hour or two, mostly the same points. */
static void test_hint_without_change(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    note_hint(&fixture, REPORT_NOW + 1000);
    note_upload(&fixture, REPORT_NOW + 5000);
    check(&fixture, 0, 0);
    change(&fixture, 0x60, REPORT_NOW + 600000);
    publish(&fixture, REPORT_NOW + 600700);
    check(&fixture, 1, 700);

    note_hint(&fixture, REPORT_NOW + 700000);
    note_hint(&fixture, REPORT_NOW + 800000);
    change(&fixture, 0x70, REPORT_NOW + 800100);
    publish(&fixture, REPORT_NOW + 800400);
    check(&fixture, 2, 700 + 400);
    end(&fixture);
}

/* Until the last change is everywhere, the first hint counts. */
static void test_changes_one_after_the_other(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    note_hint(&fixture, REPORT_NOW + 1000);
    change(&fixture, 0x60, REPORT_NOW + 1500);
    note_upload(&fixture, REPORT_NOW + 2000);
    note_hint(&fixture, REPORT_NOW + 50000);
    change(&fixture, 0x70, REPORT_NOW + 50100);
    publish(&fixture, REPORT_NOW + 51000);
    check(&fixture, 1, 50000);
    end(&fixture);
}

/* What was changed and changed back before it was everywhere is no reaction. */
static void test_change_taken_back(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    note_hint(&fixture, REPORT_NOW + 1000);
    change(&fixture, 0x60, REPORT_NOW + 1500);
    note_upload(&fixture, REPORT_NOW + 2000);
    change(&fixture, 0x31, REPORT_NOW + 2500);
    publish(&fixture, REPORT_NOW + 3000);
    check(&fixture, 0, 0);
    change(&fixture, 0x70, REPORT_NOW + 90000);
    publish(&fixture, REPORT_NOW + 90300);
    check(&fixture, 1, 300);
    end(&fixture);
}

/* A number that another frontend has now begins anew. */
static void test_other_frontend(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    memset(fixture.report.publisher->frontends[0].identity_key, 0x77, ED25519_PUBLIC_KEY_SIZE);
    reactions_forget(&fixture.reactions, 0);
    change(&fixture, 0x60, REPORT_NOW + 1500);
    publish(&fixture, REPORT_NOW + 2000);
    check(&fixture, 0, 0);
    end(&fixture);
}

static void test_histogram(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_note(&histogram, 0);
    histogram_note(&histogram, 500); /* bounds belong to the bucket below */
    histogram_note(&histogram, 501);
    histogram_note(&histogram, 300000);
    histogram_note(&histogram, 300001);
    assert_int_equal(histogram.buckets[0], 2);
    assert_int_equal(histogram.buckets[1], 1);
    assert_int_equal(histogram.buckets[HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(histogram.buckets[HISTOGRAM_BOUNDS], 1);
    assert_int_equal(histogram.sum, 601002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_hint_to_all),    cmocka_unit_test(test_change_without_hint),
        cmocka_unit_test(test_hint_without_change), cmocka_unit_test(test_changes_one_after_the_other),
        cmocka_unit_test(test_change_taken_back),   cmocka_unit_test(test_other_frontend),
        cmocka_unit_test(test_histogram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
