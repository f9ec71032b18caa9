/* Examining descriptors: those of stock tor and of stem pass every check, and one fault is one check that
 * fails, whatever else is looked at behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_descriptor.h"
#include "helper_forge.h"
#include "onion/descriptor_checks.h"
#include "onion/descriptor_wrapping.h"

#define DAY 86400

static const char *const vector_names[] = {
    "descriptor_tor_plain.txt",     "descriptor_tor_pow.txt",        "descriptor_tor_single.txt",
    "descriptor_tor_ten.txt",       "descriptor_tor_twenty.txt",     "descriptor_tor_restricted.txt",
    "descriptor_tor_clients_1.txt", "descriptor_tor_clients_17.txt", "descriptor_stem_twenty.txt",
    "descriptor_stem_none.txt",     "descriptor_stem_points.txt",    "descriptor_stem_previous.txt",
    "descriptor_stem_next.txt",
};
#define VECTORS (sizeof(vector_names) / sizeof(vector_names[0]))

static struct descriptor_examination *examine(const struct descriptor_vector *vector,
                                              const struct descriptor_expectation *expectation)
{
    struct descriptor_expectation with_key = *expectation;
    with_key.known_keys = NULL;
    with_key.verified = NULL;
    if (vector->client_key_count > 0)
        with_key.client_key = vector->client_keys[0];
    return descriptor_examine(vector->text, vector->length, &with_key);
}

static void check_good(const struct descriptor_vector *vector, const char *name)
{
    struct descriptor_examination *examination = examine(vector, &vector->expectation);
    const bool is_open = vector->authorised_clients == 0 || vector->client_key_count > 0;
    if (descriptor_examination_count_failures(examination) != 0)
        fail_msg("%s: a check fails", name);
    assert_int_equal(examination->length, vector->length);
    assert_true(examination->is_middle_open);
    assert_int_equal(examination->descriptor->period_number, vector->expected.period_number);
    assert_memory_equal(examination->descriptor->blinded_key, vector->expected.blinded_key,
                        ED25519_PUBLIC_KEY_SIZE);
    assert_int_equal(examination->descriptor->revision_counter, vector->expected.revision_counter);
    if (is_open && examination->is_inner_open)
        assert_int_equal(examination->points_in_all, vector->expected.point_count);
    descriptor_examination_free(examination);
}

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        struct descriptor_vector vector;
        descriptor_vector_read(&vector, vector_names[i]);
        check_good(&vector, vector_names[i]);
        descriptor_vector_clear(&vector);
    }
}

/* Days later all is still read, and what has run out is said. */
static void test_old(void **state)
{
    (void)state;
    struct descriptor_vector vector;
    descriptor_vector_read(&vector, "descriptor_tor_plain.txt");
    struct descriptor_expectation expectation = vector.expectation;
    expectation.wall_now += 5 * DAY;
    expectation.period_number = time_period_number(&expectation.schedule, expectation.wall_now);
    struct descriptor_examination *examination = examine(&vector, &expectation);
    assert_int_equal(examination->checks[CHECK_TIME_PERIOD].outcome, CHECK_FAILED);
    assert_int_equal(examination->checks[CHECK_SIGNING_KEY_TIMES].outcome, CHECK_FAILED);
    assert_int_equal(examination->checks[CHECK_BLINDED_KEY].outcome, CHECK_PASSED);
    assert_int_equal(examination->checks[CHECK_SIGNING_KEY_SIGNATURE].outcome, CHECK_PASSED);
    assert_true(examination->is_inner_open);
    assert_int_equal(examination->descriptor->period_number, vector.expected.period_number);
    assert_int_equal(examination->point_count, vector.expected.point_count);
    for (size_t i = 0; i < examination->point_count; i++) {
        assert_int_equal(examination->points[i].checks[POINT_CHECK_AUTH_TIMES].outcome, CHECK_FAILED);
        assert_int_equal(examination->points[i].checks[POINT_CHECK_AUTH_SIGNATURE].outcome, CHECK_PASSED);
    }
    assert_int_equal(descriptor_examination_count_failures(examination), 2 + 2 * examination->point_count);
    descriptor_examination_free(examination);
    descriptor_vector_clear(&vector);
}

/* Without an address nothing is known but what HSDirs see. */
static void test_without_address(void **state)
{
    (void)state;
    struct descriptor_vector vector;
    descriptor_vector_read(&vector, "descriptor_tor_plain.txt");
    struct descriptor_expectation expectation = vector.expectation;
    expectation.identity_key = NULL;
    struct descriptor_examination *examination = examine(&vector, &expectation);
    assert_int_equal(descriptor_examination_count_failures(examination), 0);
    for (size_t i = 0; i < DESCRIPTOR_CHECKS; i++)
        assert_int_equal(examination->checks[i].outcome,
                         (descriptor_check_rows[i].makers & CHECKED_BY_HSDIR) != 0 ? CHECK_PASSED
                                                                                   : CHECK_NOT_MADE);
    assert_false(examination->is_middle_open);
    descriptor_examination_free(examination);
    descriptor_vector_clear(&vector);
}

/* Without a client key a restricted one has failed nothing; with another client's key it has. */
static void test_closed(void **state)
{
    (void)state;
    struct descriptor_vector vector;
    const uint8_t foreign_key[X25519_SECRET_KEY_SIZE] = {9, 9};
    descriptor_vector_read(&vector, "descriptor_tor_clients_17.txt");
    struct descriptor_expectation expectation = vector.expectation;
    for (size_t i = 0; i < 2; i++) {
        expectation.client_key = i == 0 ? NULL : foreign_key;
        struct descriptor_examination *examination =
            descriptor_examine(vector.text, vector.length, &expectation);
        assert_int_equal(examination->checks[CHECK_INNER_ENCRYPTION].outcome,
                         i == 0 ? CHECK_NOT_MADE : CHECK_FAILED);
        assert_non_null(strstr(examination->checks[CHECK_INNER_ENCRYPTION].error.text, "client"));
        assert_int_equal(descriptor_examination_count_failures(examination), i);
        assert_true(examination->descriptor->is_closed);
        assert_true(examination->is_middle_open && !examination->is_inner_open);
        assert_int_equal(examination->descriptor->auth_client_count, 32);
        descriptor_examination_free(examination);
    }
    descriptor_vector_clear(&vector);
}

/* The points beyond what a descriptor may have are counted; several faults are all said. */
static void test_several_faults(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    char *inner = forge_inner(&forger, 23),
         *odd = text_replace(inner, "create2-formats 2", "create2-formats 1");
    char *text = forge_around(&forger, odd), *late = text_replace(text, "lifetime 180", "lifetime 9999");
    const struct descriptor_expectation expectation = forger_expectation(&forger);
    struct descriptor_examination *examination = descriptor_examine(late, strlen(late), &expectation);
    static const enum descriptor_check failed[] = {CHECK_LIFETIME, CHECK_SIGNATURE, CHECK_HANDSHAKE,
                                                   CHECK_POINT_COUNT};
    for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++)
        assert_int_equal(examination->checks[failed[i]].outcome, CHECK_FAILED);
    assert_int_equal(descriptor_examination_count_failures(examination), 4);
    assert_int_equal(examination->points_in_all, 23);
    assert_int_equal(examination->point_count, INTRODUCTION_POINTS_MAX);
    descriptor_examination_free(examination);
    free(late);
    free(text);
    free(odd);
    free(inner);
}

/* A failure by others' rules is told rather than one by obpub's alone. */
static void test_stricter(void **state)
{
    (void)state;
    const struct check_row row = {"name", "what", CHECKED_BY_HSDIR};
    struct check_result check = {.outcome = CHECK_NOT_MADE};
    struct error strict, plain;
    error_set_stricter(&strict, "strict");
    error_set(&plain, "plain");
    check_result_note(&check, 0, NULL);
    assert_int_equal(check_result_makers(&check, &row), CHECKED_BY_HSDIR);
    check_result_note(&check, -1, &strict);
    assert_int_equal(check_result_makers(&check, &row), 0);
    assert_string_equal(check.error.text, "strict");
    check_result_note(&check, -1, &plain);
    assert_int_equal(check_result_makers(&check, &row), CHECKED_BY_HSDIR);
    assert_string_equal(check.error.text, "plain");
    check_result_note(&check, -1, &strict);
    assert_int_equal(check_result_makers(&check, &row), CHECKED_BY_HSDIR);
    assert_int_equal(check.failures, 3);
}

static void assert_unwrapped(const char *wrapped, const char *expected)
{
    char *text = text_format("%s", wrapped);
    const size_t length = descriptor_unwrap(text, strlen(text));
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(text, expected, length);
    free(text);
}

static void test_unwrapping(void **state)
{
    (void)state;
    assert_unwrapped("", "");
    assert_unwrapped("\n\n", "\n");
    assert_unwrapped("hs-descriptor 3\n250+x=\na\n.\n", "hs-descriptor 3\n250+x=\na\n.\n");
    assert_unwrapped("hs-descriptor 3\r\na\r\n\r\n", "hs-descriptor 3\na\n");
    assert_unwrapped("hs-descriptor 3\r\na\n", "hs-descriptor 3\r\na\n");
    assert_unwrapped("250 OK\r\n250+x=\r\na\r\n..b\r\n.\r\n250 OK\r\n", "a\n.b\n");
    assert_unwrapped("650+HS_DESC_CONTENT x\na\nb", "a\nb");
    assert_unwrapped("250+x=\n.\n", "250+x=\n.\n");
    assert_unwrapped("250+x=", "250+x=");
    assert_unwrapped("x\ny", "x\ny");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_old),
        cmocka_unit_test(test_without_address),
        cmocka_unit_test(test_closed),
        cmocka_unit_test(test_several_faults),
        cmocka_unit_test(test_stricter),
        cmocka_unit_test(test_unwrapping),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
