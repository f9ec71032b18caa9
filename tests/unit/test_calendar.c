/* Tests of moments as dates and times of day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/calendar.h"

#define DAY INT64_C(86400)

static void test_writing(void **state)
{
    (void)state;
    char text[CALENDAR_TEXT_SIZE];
    assert_int_equal(calendar_format_minute(text, 1797919259), 0);
    assert_string_equal(text, "2026-12-22 06:00");
    assert_int_equal(calendar_format_second(text, 1797919259), 0);
    assert_string_equal(text, "2026-12-22 06:00:59");
    assert_int_equal(calendar_format_stamp(text, 1797919259), 0);
    assert_string_equal(text, "2026-12-22T06:00:59");
    assert_int_equal(calendar_format_second(text, INT64_MAX), -1);
    assert_string_equal(text, "an unknown time");
}

static void check_same(int64_t seconds)
{
    char text[CALENDAR_TEXT_SIZE];
    int64_t parsed = -1;
    assert_int_equal(calendar_format_second(text, seconds), 0);
    assert_int_equal(calendar_parse_second(text_from_string(text), &parsed), 0);
    assert_true(parsed == seconds);
    parsed = -1;
    assert_int_equal(calendar_format_stamp(text, seconds), 0);
    assert_int_equal(calendar_parse_stamp(text_from_string(text), &parsed), 0);
    assert_true(parsed == seconds);
}

/* libc's calendar and this one agree on every day there is. */
static void test_what_is_written_can_be_read(void **state)
{
    (void)state;
    const int64_t end = INT64_C(253402300800); /* the beginning of the year 10000 */
    for (int64_t day = 0; day < end; day += DAY)
        check_same(day + day / DAY % DAY);
    check_same(end - 1);
    char text[CALENDAR_TEXT_SIZE];
    int64_t seconds;
    calendar_format_second(text, end);
    assert_int_equal(calendar_parse_second(text_from_string(text), &seconds), -1);
    calendar_format_second(text, -1);
    assert_int_equal(calendar_parse_second(text_from_string(text), &seconds), -1);
}

static void test_what_is_no_time(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026-12-22",
        "2026-12-22 06:00",
        "2026-12-22T06:00:00",
        "2026-12-22 06:00:00 ",
        " 2026-12-22 06:00:0",
        "2026-12-22 06:00:60",
        "2026-12-22 06:60:00",
        "2026-12-22 24:00:00",
        "2026-12-32 06:00:00",
        "2026-11-31 06:00:00",
        "2026-02-29 06:00:00",
        "2100-02-29 06:00:00",
        "2026-00-22 06:00:00",
        "2026-13-22 06:00:00",
        "2026-12-00 06:00:00",
        "1969-12-31 23:59:59",
        "2026-12-22 06:00:0a",
        "2026-12-22 +6:00:00",
        "2026/12/22 06:00:00",
        "2026-12-22 06.00.00",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t seconds;
        assert_int_equal(calendar_parse_second(text_from_string(texts[i]), &seconds), -1);
    }
}

static void test_what_is_no_stamp(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026-12-22T",
        "2026-12-22 06:00:00",
        "2026-12-22t06:00:00",
        "2026-12-22T06:00:00Z",
        "2026-02-29T06:00:00",
        "1969-12-31T23:59:59",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t seconds;
        assert_int_equal(calendar_parse_stamp(text_from_string(texts[i]), &seconds), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_what_is_written_can_be_read),
        cmocka_unit_test(test_what_is_no_time),
        cmocka_unit_test(test_what_is_no_stamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
