/* Tests bundles as bytes: what was encoded is decoded, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "helper_bundle.h"
#include "vectors.h"

#define NOW 1790000123

/* Where the fields are. */
#define VERSION 16
#define VOTING_INTERVAL 20
#define PERIOD_LENGTH 24
#define CREATED 28
#define FIRST_HOUR 36
#define LAST_HOUR 40
#define FIRST_PERIOD 44
#define PERIOD_COUNT 52
#define CERTIFICATE_COUNT 56
#define IDENTITY_KEY 60
#define BLINDED_KEY 0
#define SIGNING_SEED 32
#define FIRST_CERTIFICATE_HOUR 96
#define PERIOD_CERTIFICATES 100

static uint8_t *good;
static size_t good_length;

static int set_up(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    good = encode_bundle(make_bundle(1, &schedule_public, NOW, 4), &good_length);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    secret_free(good);
    return 0;
}

/* A copy with nothing behind it; release with free(). */
static uint8_t *copy_good(void)
{
    uint8_t *bytes = memory_allocate(good_length, 1);
    memcpy(bytes, good, good_length);
    return bytes;
}

static void assert_refused(const uint8_t *bytes, size_t length, const char *reason)
{
    struct error error = {.text = ""};
    struct bundle *bundle = bundle_decode(bytes, length, &error);
    assert_null(bundle);
    assert_string_not_equal(error.text, "");
    if (reason != NULL && strstr(error.text, reason) == NULL)
        fail_msg("\"%s\" is not in: %s", reason, error.text);
}

static void test_it_survives_a_round_trip(void **state)
{
    (void)state;
    const struct time_schedule *schedules[] = {&schedule_public, &schedule_testing};
    for (size_t i = 0; i < 2; i++) {
        size_t length, again_length;
        struct error error;
        uint8_t *bytes = encode_bundle(make_bundle(1, schedules[i], NOW, 1), &length);
        assert_true(bundle_is_encoded(bytes, length));
        struct bundle *bundle = bundle_decode(bytes, length, &error);
        assert_non_null(bundle);
        assert_int_equal(bundle->plan.created, NOW);
        assert_memory_equal(&bundle->plan.schedule, schedules[i], sizeof(bundle->plan.schedule));
        uint8_t *again = encode_bundle(bundle, &again_length);
        assert_int_equal(length, again_length);
        assert_memory_equal(bytes, again, length);
        secret_free(bytes);
        secret_free(again);
    }
}

static void test_each_flipped_bit_is_refused(void **state)
{
    (void)state;
    uint8_t *bytes = copy_good();
    for (size_t bit = 0; bit < good_length * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_refused(bytes, good_length, NULL);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(bytes);
}

static void test_it_is_refused_when_cut_short_anywhere(void **state)
{
    (void)state;
    for (size_t length = 0; length < good_length; length++) {
        uint8_t *bytes = memory_allocate(length, 1);
        memcpy(bytes, good, length);
        assert_refused(bytes, length, length < BUNDLE_MAGIC_SIZE ? "is no bundle" : "cut short");
        free(bytes);
    }
}

static void test_trailing_bytes_are_refused(void **state)
{
    (void)state;
    uint8_t *bytes = memory_allocate(good_length + 1, 1);
    memcpy(bytes, good, good_length);
    assert_refused(bytes, good_length + 1, "too much");
    correct_checksum(bytes, good_length + 1);
    assert_refused(bytes, good_length + 1, "too much");
    free(bytes);
}

/* Refused although somebody has taken care that the checksum fits. */
static void assert_change_refused(size_t place, const char *change, size_t size, const char *reason)
{
    uint8_t *bytes = copy_good();
    memcpy(bytes + place, change, size);
    correct_checksum(bytes, good_length);
    assert_refused(bytes, good_length, reason);
    free(bytes);
}

static void test_other_versions_are_refused(void **state)
{
    (void)state;
    assert_change_refused(VERSION, "\0\0\0\3", 4, "newer obpub");
    assert_change_refused(VERSION, "\0\0\0\1", 4, "older obpub");
    assert_change_refused(VERSION, "\377\377\377\377", 4, "newer obpub");
    assert_change_refused(VERSION, "\0\0\0\0", 4, "damaged");
}

static void test_figures_that_can_not_be_are_refused(void **state)
{
    (void)state;
    static const char zero[8], all[8] = "\377\377\377\377\377\377\377\377";
    static const struct {
        size_t place, size;
    } fields[] = {{VOTING_INTERVAL, 4}, {PERIOD_LENGTH, 4}, {CREATED, 8},      {FIRST_HOUR, 4},
                  {LAST_HOUR, 4},       {FIRST_PERIOD, 8},  {PERIOD_COUNT, 4}, {CERTIFICATE_COUNT, 4}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        assert_change_refused(fields[i].place, all, fields[i].size, "can't be");
        assert_change_refused(fields[i].place, zero, fields[i].size, "can't be");
    }
    assert_change_refused(CREATED, "\0\0\1\0\0\0\0\0", 8, "can't be");
    assert_change_refused(CREATED, "\200", 1, "can't be");
    assert_change_refused(CREATED, "\0\0\0\0\0\0\16\20", 8, "can't be"); /* in 1970's second hour */
    /* The first hour follows from the day that it was made on, and that is no more than a year before the
     * last. */
    assert_change_refused(FIRST_HOUR + 3, (const char[]){(char)(good[FIRST_HOUR + 3] + 1)}, 1, "can't be");
    assert_change_refused(FIRST_HOUR + 3, (const char[]){(char)(good[FIRST_HOUR + 3] - 1)}, 1, "can't be");
    assert_change_refused(CREATED + 5, (const char[]){(char)(good[CREATED + 5] + 1)}, 1, "can't be");
    assert_change_refused(LAST_HOUR + 2, (const char[]){(char)(good[LAST_HOUR + 2] + 36)}, 1, "can't be");
    assert_change_refused(PERIOD_COUNT, "\0\0\0\1", 4, "too much");
    assert_change_refused(CERTIFICATE_COUNT, "\0\0\0\1", 4, "too much");
    assert_change_refused(PERIOD_LENGTH, "\0\0\5\241", 4, "blinded key"); /* 1441 minutes */
}

/* The hours of the first period's certificates. */
static void test_hours_that_can_not_be_are_refused(void **state)
{
    (void)state;
    size_t record = BUNDLE_HEADER_SIZE;
    assert_change_refused(record + FIRST_CERTIFICATE_HOUR, "\0\0\0\0", 4, "the hours");
    assert_change_refused(record + FIRST_CERTIFICATE_HOUR, "\377\377\377\377", 4, "the hours");
    assert_change_refused(record + PERIOD_CERTIFICATES, "\0\0\0\0", 4, "the hours");
    assert_change_refused(record + PERIOD_CERTIFICATES, "\377\377\377\377", 4, "the hours");
    /* One less: then there is one too many for the others. */
    const char fewer[] = {0, 0, 0, (char)(good[record + PERIOD_CERTIFICATES + 3] - 1)};
    assert_change_refused(record + PERIOD_CERTIFICATES, fewer, 4, "of no time period");
}

static void test_foreign_keys_are_refused(void **state)
{
    (void)state;
    uint8_t other[ED25519_PUBLIC_KEY_SIZE];
    secret_free(make_master_key(2, other));
    size_t record = BUNDLE_HEADER_SIZE;
    assert_change_refused(IDENTITY_KEY, (const char *)other, sizeof(other), "not the frontend's");
    assert_change_refused(record + BLINDED_KEY, (const char *)other, sizeof(other), "not the frontend's");
    assert_change_refused(record + SIGNING_SEED, (const char *)other, sizeof(other), "bad signature");
}

/* Nobody looks at the frontend's key again. */
static void check_point(char **words)
{
    uint8_t point[ED25519_PUBLIC_KEY_SIZE];
    vectors_decode_hex(words[1], point, sizeof(point));
    if (strcmp(words[0], "good") != 0)
        assert_change_refused(IDENTITY_KEY, (const char *)point, sizeof(point), "the frontend's key in it");
}

static void test_what_is_no_key_is_refused(void **state)
{
    (void)state;
    vectors_for_each("ed25519_points.txt", 2, check_point);
}

/* The first of each period at once, the others when all are checked. */
static void test_each_signature_is_checked(void **state)
{
    (void)state;
    uint8_t *bytes = copy_good();
    struct error error;
    struct bundle *bundle = bundle_decode(good, good_length, &error);
    assert_non_null(bundle);
    assert_int_equal(bundle_check_certificates(bundle, &error), 0);
    size_t begin = BUNDLE_HEADER_SIZE + bundle->plan.period_count * BUNDLE_PERIOD_SIZE;
    assert_true(bundle->plan.certificate_count > 50);
    for (size_t i = 0; i < bundle->plan.certificate_count; i++) {
        bool is_first = false;
        for (size_t j = 0; j < bundle->plan.period_count; j++)
            is_first = is_first || bundle->periods[j].first_certificate == i;
        size_t place = begin + i * ED25519_SIGNATURE_SIZE + i % ED25519_SIGNATURE_SIZE;
        bytes[place] ^= 1;
        correct_checksum(bytes, good_length);
        struct bundle *changed = bundle_decode(bytes, good_length, &error);
        assert_int_equal(changed == NULL, is_first);
        if (changed != NULL)
            assert_int_equal(bundle_check_certificates(changed, &error), -1);
        assert_non_null(strstr(error.text, "bad signature"));
        bundle_free(changed);
        bytes[place] ^= 1;
    }
    bundle_free(bundle);
    free(bytes);
}

static void test_other_files_are_no_bundles(void **state)
{
    (void)state;
    static const uint8_t pem[] = "-----BEGIN PRIVATE KEY-----\n";
    assert_false(bundle_is_encoded(pem, sizeof(pem)));
    assert_refused(pem, sizeof(pem), "is no bundle");
    assert_false(bundle_is_encoded(good, BUNDLE_MAGIC_SIZE - 1));
    assert_true(bundle_is_encoded(good, BUNDLE_MAGIC_SIZE));
}

/* Piece by piece it becomes the same, and takes no piece too many. */
static void test_pieces_make_the_whole(void **state)
{
    (void)state;
    struct error error = {.text = ""};
    const uint8_t *byte = good;
    struct bundle *bundle = bundle_begin(byte, &error);
    assert_non_null(bundle);
    byte += BUNDLE_HEADER_SIZE;
    for (size_t i = 0; i < bundle->plan.period_count; i++, byte += BUNDLE_PERIOD_SIZE) {
        assert_false(bundle_is_whole(bundle));
        assert_int_equal(bundle_add_period(bundle, byte, &error), 0);
    }
    assert_int_equal(bundle_add_period(bundle, byte - BUNDLE_PERIOD_SIZE, &error), -1);
    for (size_t i = 0; i < bundle->plan.certificate_count; i++, byte += ED25519_SIGNATURE_SIZE) {
        assert_false(bundle_is_whole(bundle));
        assert_int_equal(bundle_add_signature(bundle, byte), 0);
    }
    assert_int_equal(bundle_add_signature(bundle, byte - ED25519_SIGNATURE_SIZE), -1);
    assert_true(bundle_is_whole(bundle));
    size_t length;
    uint8_t *again = encode_bundle(bundle, &length);
    assert_int_equal(length, good_length);
    assert_memory_equal(again, good, length);
    secret_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_survives_a_round_trip),
        cmocka_unit_test(test_each_flipped_bit_is_refused),
        cmocka_unit_test(test_it_is_refused_when_cut_short_anywhere),
        cmocka_unit_test(test_trailing_bytes_are_refused),
        cmocka_unit_test(test_other_versions_are_refused),
        cmocka_unit_test(test_figures_that_can_not_be_are_refused),
        cmocka_unit_test(test_hours_that_can_not_be_are_refused),
        cmocka_unit_test(test_foreign_keys_are_refused),
        cmocka_unit_test(test_what_is_no_key_is_refused),
        cmocka_unit_test(test_each_signature_is_checked),
        cmocka_unit_test(test_other_files_are_no_bundles),
        cmocka_unit_test(test_pieces_make_the_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
