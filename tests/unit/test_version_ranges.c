/* Tests of sets of versions as relays and services write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "onion/version_ranges.h"

static const uint64_t bit = 1;

static int parse(uint64_t *versions, const char *ranges)
{
    return version_ranges_parse(versions, text_from_string(ranges));
}

static void check_good(const char *ranges, uint64_t expected, const char *written)
{
    uint64_t versions = 0;
    char text[VERSION_RANGES_SIZE];
    assert_int_equal(parse(&versions, ranges), 0);
    assert_true(versions == expected);
    version_ranges_format(text, versions);
    assert_string_equal(text, written);
}

static void test_good_ranges(void **state)
{
    (void)state;
    check_good("0", bit, "0");
    check_good("2", bit << 2, "2");
    check_good("1-2", bit << 1 | bit << 2, "1-2");
    check_good("3-3", bit << 3, "3");
    check_good("1,3-4,7", bit << 1 | bit << 3 | bit << 4 | bit << 7, "1,3-4,7");
    check_good("4,1-2,2", bit << 4 | bit << 1 | bit << 2, "1-2,4");
    check_good("63", bit << 63, "63");
    check_good("62-63", bit << 62 | bit << 63, "62-63");
    check_good("0-63", UINT64_MAX, "0-63");
}

static void test_bad_ranges(void **state)
{
    (void)state;
    static const char *const ranges[] = {
        "",   ",",    "1,", ",1",   "1,,2", "-",  "1-", "-1",   "2-1", "1-2-3",  "1--2",
        "64", "0-64", "01", "1-02", "a",    "1 ", " 1", "1, 2", "+1",  "1-2,64", "18446744073709551617"};
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        uint64_t versions = 0;
        assert_int_equal(parse(&versions, ranges[i]), -1);
    }
}

/* The set that takes the most room: every other version. */
static void test_room(void **state)
{
    (void)state;
    char text[VERSION_RANGES_SIZE];
    uint64_t versions = 0;
    version_ranges_format(text, UINT64_C(0x5555555555555555));
    assert_int_equal(parse(&versions, text), 0);
    assert_true(versions == UINT64_C(0x5555555555555555));
    version_ranges_format(text, UINT64_C(0xb6db6db6db6db6db)); /* in pairs */
    assert_int_equal(parse(&versions, text), 0);
    assert_true(versions == UINT64_C(0xb6db6db6db6db6db));
    version_ranges_format(text, 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ranges),
        cmocka_unit_test(test_bad_ranges),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
