/* Reading and writing pow-params lines: what clients take, what they refuse, and what tor writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "onion/pow_params.h"

#define SEED "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"    /* the bytes 0 to 31 */
#define LINE "pow-params v1 " SEED "= 10 2023-11-15T00:00:00" /* as tor writes it */
#define LINE_EXPIRES_AT 1700006400

static void assert_counting_seed(const uint8_t seed[POW_SEED_SIZE])
{
    for (uint8_t i = 0; i < POW_SEED_SIZE; i++)
        assert_int_equal(seed[i], i);
}

/* Takes the lines of a text one after the other. Returns what the first one that is refused gives, or 0. */
static int take_lines(struct pow_params *pow_params, const char *lines, struct error *error)
{
    struct document_reader reader;
    struct document_item item;
    document_reader_init(&reader, lines, strlen(lines));
    while (document_reader_next(&reader, &item, NULL) == 1) {
        if (pow_params_take(pow_params, &item, error) != 0)
            return -1;
    }
    assert_ptr_equal(reader.next, reader.end);
    return 0;
}

static void test_good_lines(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint32_t effort;
        int64_t expires_at;
    } rows[] = {
        {LINE, 10, LINE_EXPIRES_AT},
        {"pow-params v1 " SEED " 10 2023-11-15T00:00:00", 10, LINE_EXPIRES_AT},
        {"pow-params\tv1  " SEED " \t10 2023-11-15T00:00:00 ", 10, LINE_EXPIRES_AT},
        {LINE " what may come one day", 10, LINE_EXPIRES_AT},
        {"pow-params v2 x\n" LINE "\npow-params v3\npow-params V1 y", 10, LINE_EXPIRES_AT},
        {"pow-params v1 " SEED " 0 1970-01-01T00:00:00", 0, 0},
        {"pow-params v1 " SEED " 4294967295 9999-12-31T23:59:59", UINT32_MAX, INT64_C(253402300799)},
        {"pow-params v1 " SEED " 2147483648 2024-02-29T23:59:59", UINT32_C(1) << 31, 1709251199},
        {"pow-params v1 " SEED " 0000000000000000000000007 2038-01-19T03:14:08", 7, INT64_C(1) << 31},
        {"pow-params v1 " SEED " 000 2038-01-19T03:14:08", 0, INT64_C(1) << 31},
        {"pow-params v1 " SEED " +12 2106-02-07T06:28:16", 12, INT64_C(1) << 32},
        {"pow-params v1 " SEED " +0 2106-02-07T06:28:16", 0, INT64_C(1) << 32},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pow_params pow_params = {.is_present = false};
        struct error error = {.text = ""};
        if (take_lines(&pow_params, rows[i].lines, &error) != 0)
            fail_msg("\"%s\" is refused: %s", rows[i].lines, error.text);
        assert_true(pow_params.is_present);
        assert_counting_seed(pow_params.seed);
        assert_int_equal(pow_params.suggested_effort, rows[i].effort);
        assert_true(pow_params.expires_at == rows[i].expires_at);
    }
}

static void test_other_types_change_nothing(void **state)
{
    (void)state;
    struct pow_params pow_params = {.is_present = false};
    assert_int_equal(take_lines(&pow_params,
                                "pow-params v2 " SEED " 10 2023-11-15T00:00:00\npow-params v11\n"
                                "pow-params v\npow-params v2 again\npow-params 1 x",
                                NULL),
                     0);
    assert_false(pow_params.is_present);
}

static void test_bad_lines(void **state)
{
    (void)state;
    static const char seed[] = "base64 of 32 bytes", effort[] = "no number from 0 to 4294967295",
                      expiry[] = "not of the form";
    static const struct {
        const char *arguments, *words;
    } rows[] = {
        {"", "only 1 of 4 arguments"},
        {SEED, "only 2 of 4 arguments"},
        {SEED " 10", "only 3 of 4 arguments"},
        {SEED "A 10 2023-11-15T00:00:00", seed},
        {SEED "== 10 2023-11-15T00:00:00", seed},
        {SEED "=A 10 2023-11-15T00:00:00", seed},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg 10 2023-11-15T00:00:00", seed},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g 10 2023-11-15T00:00:00", seed},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9 10 2023-11-15T00:00:00", seed}, /* spare bits */
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH-8 10 2023-11-15T00:00:00", seed},
        {"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdH_8 10 2023-11-15T00:00:00", seed},
        {"*AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 10 2023-11-15T00:00:00", seed},
        {"= 10 2023-11-15T00:00:00", seed},
        {SEED " 4294967296 2023-11-15T00:00:00", effort},
        {SEED " 18446744073709551616 2023-11-15T00:00:00", effort},
        {SEED " 18446744073709551626 2023-11-15T00:00:00", effort},
        {SEED " -1 2023-11-15T00:00:00", effort},
        {SEED " -0 2023-11-15T00:00:00", effort},
        {SEED " -18446744073709551615 2023-11-15T00:00:00", effort},
        {SEED " + 2023-11-15T00:00:00", effort},
        {SEED " ++1 2023-11-15T00:00:00", effort},
        {SEED " +-1 2023-11-15T00:00:00", effort},
        {SEED " 0x10 2023-11-15T00:00:00", effort},
        {SEED " 10a 2023-11-15T00:00:00", effort},
        {SEED " 1.0 2023-11-15T00:00:00", effort},
        {SEED " 1e1 2023-11-15T00:00:00", effort},
        {SEED " 10 2023-11-15", expiry},
        {SEED " 10 2023-11-15 00:00:00", expiry},
        {SEED " 10 2023-11-15t00:00:00", expiry},
        {SEED " 10 2023-11-15T00:00:00Z", expiry},
        {SEED " 10 2023-11-15T00:00:00.0", expiry},
        {SEED " 10 2023-11-15T00:00", expiry},
        {SEED " 10 1700006400", expiry},
        {SEED " 10 2023-02-29T00:00:00", expiry},
        {SEED " 10 2100-02-29T00:00:00", expiry},
        {SEED " 10 2023-11-31T00:00:00", expiry},
        {SEED " 10 2023-13-01T00:00:00", expiry},
        {SEED " 10 2023-00-15T00:00:00", expiry},
        {SEED " 10 2023-11-00T00:00:00", expiry},
        {SEED " 10 2023-11-15T24:00:00", expiry},
        {SEED " 10 2023-11-15T00:60:00", expiry},
        {SEED " 10 2023-11-15T00:00:60", expiry},
        {SEED " 10 1969-12-31T23:59:59", expiry},
        {SEED " 10 0000-01-01T00:00:00", expiry},
        {SEED " 10 10000-01-01T00:00:00", expiry},
        {SEED " 10 -2023-11-15T00:00:00", expiry},
        {SEED " 10 +023-11-15T00:00:00", expiry},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static const struct pow_params untouched;
        struct pow_params pow_params;
        memcpy(&pow_params, &untouched, sizeof(pow_params));
        struct error error = {.text = ""};
        char line[256];
        snprintf(line, sizeof(line), "pow-params v1 %s", rows[i].arguments);
        if (take_lines(&pow_params, line, &error) == 0)
            fail_msg("\"%s\" is taken", line);
        if (strstr(error.text, rows[i].words) == NULL)
            fail_msg("\"%s\" gives \"%s\", which does not say \"%s\"", line, error.text, rows[i].words);
        assert_memory_equal(&pow_params, &untouched, sizeof(untouched));
    }
}

/* Another line of v1 is refused, be it the same or bad itself, and the first one stays. */
static void test_two_lines(void **state)
{
    (void)state;
    static const char *const texts[] = {LINE "\n" LINE, LINE "\npow-params v2 x\npow-params v1 x",
                                        LINE "\npow-params v1 x 1 y"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct pow_params pow_params = {.is_present = false};
        struct error error = {.text = ""};
        assert_int_equal(take_lines(&pow_params, texts[i], &error), -1);
        assert_non_null(strstr(error.text, "there twice"));
        assert_true(pow_params.is_present);
        assert_counting_seed(pow_params.seed);
        assert_int_equal(pow_params.suggested_effort, 10);
    }
}

/* Writes params and reads them again, where they can be written. */
static void check_round_trip(const struct pow_params *pow_params, bool is_writable)
{
    char line[POW_PARAMS_LINE_SIZE];
    struct pow_params taken = {.is_present = false};
    assert_int_equal(pow_params_format(line, pow_params), is_writable ? 0 : -1);
    if (!is_writable)
        return;
    assert_int_equal(take_lines(&taken, line, NULL), 0);
    assert_true(taken.is_present);
    assert_memory_equal(taken.seed, pow_params->seed, POW_SEED_SIZE);
    assert_int_equal(taken.suggested_effort, pow_params->suggested_effort);
    assert_true(taken.expires_at == pow_params->expires_at);
}

static void test_round_trips(void **state)
{
    (void)state;
    static const struct {
        int64_t expires_at;
        bool is_writable;
    } times[] = {
        {0, true},
        {1, true},
        {1700006400, true},
        {INT64_C(1) << 31, true},
        {INT64_C(253402300799), true},
        {INT64_C(253402300800), false},
        {-1, false},
        {-INT64_C(62135596801), false}, /* the year 0 */
        {INT64_MAX, false},
        {INT64_MIN, false},
    };
    static const uint32_t efforts[] = {0, 1, 9, 10, 1000000, UINT32_C(1) << 31, UINT32_MAX};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        for (size_t j = 0; j < sizeof(efforts) / sizeof(efforts[0]); j++) {
            struct pow_params pow_params = {
                .is_present = true, .suggested_effort = efforts[j], .expires_at = times[i].expires_at};
            memset(pow_params.seed, (int)(251 + i + j), sizeof(pow_params.seed));
            check_round_trip(&pow_params, times[i].is_writable);
        }
    }
}

static void test_line_of_tor(void **state)
{
    (void)state;
    char line[POW_PARAMS_LINE_SIZE];
    struct pow_params pow_params = {.is_present = false};
    assert_int_equal(take_lines(&pow_params, LINE, NULL), 0);
    assert_int_equal(pow_params_format(line, &pow_params), 0);
    assert_string_equal(line, LINE "\n");
    memset(pow_params.seed, 0xff, sizeof(pow_params.seed));
    pow_params.suggested_effort = UINT32_MAX;
    pow_params.expires_at = INT64_C(253402300799);
    assert_int_equal(pow_params_format(line, &pow_params), 0);
    assert_string_equal(
        line, "pow-params v1 //////////////////////////////////////////8= 4294967295 9999-12-31T23:59:59\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_lines),  cmocka_unit_test(test_other_types_change_nothing),
        cmocka_unit_test(test_bad_lines),   cmocka_unit_test(test_two_lines),
        cmocka_unit_test(test_round_trips), cmocka_unit_test(test_line_of_tor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
