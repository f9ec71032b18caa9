/* Tests time periods and shared-random runs against tor's figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onion/time_period.h"
#include "vectors.h"

/* Reads "2016-04-13T11:00:00" (UTC). */
static int64_t read_moment(const char *text)
{
    struct tm fields = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &fields);
    if (end == NULL || *end != '\0')
        fail_msg("not a time: %s", text);
    return timegm(&fields);
}

static struct time_schedule read_schedule(char **words)
{
    struct time_schedule schedule;
    struct error error = {.text = ""};
    if (time_schedule_set(&schedule, strtol(words[0], NULL, 10), 0, words[1][0] == '1', &error) != 0)
        fail_msg("%s", error.text);
    return schedule;
}

static void check_period(char **words)
{
    struct time_schedule schedule = read_schedule(words);
    int64_t moment = read_moment(words[2]);
    uint64_t number = time_period_number(&schedule, moment);
    if (words[3][0] != '-')
        assert_int_equal(number, strtoull(words[3], NULL, 10));
    if (words[4][0] != '-')
        assert_int_equal(time_period_start(&schedule, number + 1), read_moment(words[4]));
    assert_true(time_period_start(&schedule, number) <= moment);
    assert_true(time_period_start(&schedule, number + 1) > moment);
    assert_int_equal(time_period_number(&schedule, time_period_start(&schedule, number)), number);
    assert_int_equal(time_period_number(&schedule, time_period_start(&schedule, number) - 1), number - 1);
}

static void test_periods(void **state)
{
    (void)state;
    vectors_for_each("time_period.txt", 5, check_period);
}

static void check_run(char **words)
{
    struct time_schedule schedule = read_schedule(words);
    int64_t valid_after = read_moment(words[2]);
    int64_t run_start = shared_random_run_start(&schedule, valid_after);
    assert_true(run_start <= valid_after && valid_after - run_start < shared_random_run_length(&schedule));
    if (words[3][0] != '-')
        assert_int_equal(run_start, read_moment(words[3]));
    if (words[4][0] != '-')
        assert_int_equal(time_is_between_period_and_shared_random(&schedule, valid_after),
                         words[4][0] == '1');
}

static void test_runs(void **state)
{
    (void)state;
    vectors_for_each("shared_random_run.txt", 5, check_run);
}

/* Through a whole day, hour by hour: one new shared random value, one new time period, twelve hours apart. */
static void test_a_day(void **state)
{
    (void)state;
    struct time_schedule schedule;
    assert_int_equal(time_schedule_set(&schedule, 3600, 1440, false, NULL), 0);
    assert_int_equal(shared_random_run_length(&schedule), 86400);
    int64_t midnight = read_moment("2026-11-22T00:00:00");
    uint64_t number = time_period_number(&schedule, midnight);
    for (int hour = 0; hour < 24; hour++) {
        int64_t moment = midnight + (int64_t)hour * 3600;
        assert_int_equal(time_is_between_period_and_shared_random(&schedule, moment), hour >= 12);
        assert_int_equal(time_period_number(&schedule, moment), hour >= 12 ? number + 1 : number);
        assert_int_equal(shared_random_run_start(&schedule, moment), midnight);
    }
}

/* From when a period's counters count: half a run before it begins. */
static void test_run_of_a_period(void **state)
{
    (void)state;
    struct time_schedule schedule;
    int64_t run_start;
    assert_int_equal(time_schedule_set(&schedule, 3600, 1440, false, NULL), 0);
    const uint64_t number = time_period_number(&schedule, read_moment("2026-11-22T12:00:00"));
    assert_true(time_period_find_run_start(&schedule, number, &run_start));
    assert_int_equal(run_start, read_moment("2026-11-22T00:00:00"));
    assert_true(time_period_find_run_start(&schedule, number - 1, &run_start));
    assert_int_equal(run_start, read_moment("2026-11-21T00:00:00"));
    assert_int_equal(time_schedule_set(&schedule, 20, 1440, true, NULL), 0);
    assert_true(time_period_find_run_start(&schedule, 1000, &run_start));
    assert_int_equal(run_start, 1000 * 480);
    /* Where a run has two periods its start does not tell them apart. */
    assert_int_equal(time_schedule_set(&schedule, 3600, 720, false, NULL), 0);
    assert_false(time_period_find_run_start(&schedule, 1000, &run_start));
}

/* On a testing network of 20 seconds a run and a period are eight minutes, whatever hsdir_interval says. */
static void test_a_testing_network(void **state)
{
    (void)state;
    struct time_schedule schedule;
    assert_int_equal(time_schedule_set(&schedule, 20, 1440, true, NULL), 0);
    assert_int_equal(schedule.period_length, 8);
    assert_int_equal(shared_random_run_length(&schedule), 480);
    int64_t start = shared_random_run_start(&schedule, read_moment("2026-11-22T02:16:00"));
    uint64_t number = time_period_number(&schedule, start);
    for (int round = 0; round < SHARED_RANDOM_RUN_ROUNDS; round++) {
        int64_t moment = start + (int64_t)round * 20;
        bool is_late = round >= SHARED_RANDOM_PHASE_ROUNDS;
        assert_int_equal(time_is_between_period_and_shared_random(&schedule, moment), is_late);
        assert_int_equal(time_period_number(&schedule, moment), is_late ? number + 1 : number);
    }
}

/* Figures that are not whole minutes: tor cuts the length of a period and its offset to minutes for the
 * number, and takes the offset in seconds for the start. */
static void test_broken_minutes(void **state)
{
    (void)state;
    struct time_schedule schedule;
    assert_int_equal(time_schedule_set(&schedule, 12, 1440, true, NULL), 0);
    assert_int_equal(schedule.period_length, 4); /* 288 s */
    assert_int_equal(time_period_number(&schedule, 1000000000), (1000000000 / 60 - 144 / 60) / 4);
    assert_int_equal(time_period_start(&schedule, 1000), 1000 * 4 * 60 + 144);
}

/* A consensus that is not valid from a whole interval on: tor lets its run start off by as much. */
static void test_broken_intervals(void **state)
{
    (void)state;
    struct time_schedule schedule;
    assert_int_equal(time_schedule_set(&schedule, 3600, 1440, false, NULL), 0);
    int64_t midnight = read_moment("2026-11-22T00:00:00");
    assert_int_equal(shared_random_run_start(&schedule, midnight + 1800), midnight + 1800);
    assert_int_equal(shared_random_run_start(&schedule, midnight + 3599), midnight + 3599);
    assert_int_equal(shared_random_run_start(&schedule, midnight + 3601), midnight + 1);
    assert_int_equal(shared_random_run_start(&schedule, midnight - 1), midnight - 23 * 3600 - 1);
}

static void test_schedule_bounds(void **state)
{
    (void)state;
    static const struct {
        int64_t voting_interval, hsdir_interval;
        bool is_testing_network;
        int result;
    } cases[] = {
        {3600, 1440, false, 0},   {3600, 0, false, 0},      {300, 1440, false, 0},
        {299, 1440, false, -1},   {10, 1440, true, 0},      {9, 1440, true, -1},
        {0, 1440, true, -1},      {-3600, 1440, false, -1}, {86400, 1440, false, 0},
        {86401, 1440, false, -1}, {86401, 1440, true, -1},  {3600, 4, false, -1},
        {3600, 5, false, 0},      {3600, 14400, false, 0},  {3600, 14401, false, -1},
        {3600, -1, false, -1},    {INT64_MAX, 5, true, -1}, {INT64_MIN, 5, true, -1},
        {20, 1440, false, -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct time_schedule schedule;
        struct error error = {.text = ""};
        int result = time_schedule_set(&schedule, cases[i].voting_interval, cases[i].hsdir_interval,
                                       cases[i].is_testing_network, &error);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(error.text[0] != '\0', result != 0);
    }
}

static void test_the_beginning_of_time(void **state)
{
    (void)state;
    struct time_schedule schedule;
    assert_int_equal(time_schedule_set(&schedule, 3600, 1440, false, NULL), 0);
    assert_int_equal(schedule.period_length, 1440);
    assert_int_equal(time_period_start(&schedule, 0), 43200);
    assert_int_equal(time_period_number(&schedule, 0), 0);
    assert_int_equal(time_period_number(&schedule, -1000000), 0);
    assert_int_equal(time_period_number(&schedule, INT64_MIN), 0);
    assert_int_equal(time_period_number(&schedule, 43200 + 86400), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_periods),
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_a_day),
        cmocka_unit_test(test_run_of_a_period),
        cmocka_unit_test(test_a_testing_network),
        cmocka_unit_test(test_broken_minutes),
        cmocka_unit_test(test_broken_intervals),
        cmocka_unit_test(test_schedule_bounds),
        cmocka_unit_test(test_the_beginning_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
