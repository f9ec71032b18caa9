/* Tests of revision counters: equal to tor's, in order, the same by seeking as by walking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/aes_ctr.h"
#include "crypto/revision_counter.h"
#include "vectors.h"

#define SECONDS_MAX REVISION_COUNTER_SECONDS_MAX

static struct revision_counter *make_counter(const uint8_t key[REVISION_COUNTER_KEY_SIZE])
{
    struct revision_counter *revision_counter = secret_allocate(sizeof(*revision_counter));
    revision_counter_set_key(revision_counter, key);
    return revision_counter;
}

/* The counter for seconds under a key, made from nothing. */
static uint64_t encrypt_with_key(const uint8_t key[REVISION_COUNTER_KEY_SIZE], const char *seconds)
{
    uint64_t counter = 0;
    struct revision_counter *revision_counter = make_counter(key);
    assert_int_equal(revision_counter_encrypt(revision_counter, strtoll(seconds, NULL, 10), &counter), 0);
    secret_free(revision_counter);
    return counter;
}

static void check_counter_of_tor(char **words)
{
    uint8_t key[REVISION_COUNTER_KEY_SIZE];
    vectors_decode_hex(words[0], key, sizeof(key));
    assert_int_equal(encrypt_with_key(key, words[1]), strtoull(words[2], NULL, 10));
    key[8]++;
    assert_int_not_equal(encrypt_with_key(key, words[1]), strtoull(words[2], NULL, 10));
}

static void test_counters_of_tor(void **state)
{
    (void)state;
    vectors_for_each("revision_counter_tor.txt", 3, check_counter_of_tor);
}

static void check_counter_of_key(char **words)
{
    uint8_t bytes[64], expected_key[REVISION_COUNTER_KEY_SIZE], key[REVISION_COUNTER_KEY_SIZE];
    vectors_decode_hex(words[0], bytes, sizeof(bytes));
    vectors_decode_hex(words[1], expected_key, sizeof(expected_key));
    struct ed25519_secret_key secret_key;
    memcpy(secret_key.scalar, bytes, 32);
    memcpy(secret_key.nonce_prefix, bytes + 32, 32);
    revision_counter_derive_key(key, &secret_key);
    assert_memory_equal(key, expected_key, sizeof(key));
    assert_int_equal(encrypt_with_key(key, words[2]), strtoull(words[3], NULL, 10));
}

static void test_counters_of_secret_keys(void **state)
{
    (void)state;
    vectors_for_each("revision_counter.txt", 4, check_counter_of_key);
}

/* However far it was walked before, and under whatever key, it counts as one made from nothing does. */
static void test_any_order_and_another_key(void **state)
{
    (void)state;
    static const char *const seconds[] = {"129601", "1",    "262144", "1023",   "1024",
                                          "2047",   "2049", "8192",   "200000", "64000"};
    struct revision_counter *revision_counter = make_counter((const uint8_t[REVISION_COUNTER_KEY_SIZE]){9});
    for (uint8_t first = 1; first <= 3; first++) {
        const uint8_t key[REVISION_COUNTER_KEY_SIZE] = {first};
        revision_counter_set_key(revision_counter, key);
        for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
            uint64_t counter = 0;
            assert_int_equal(
                revision_counter_encrypt(revision_counter, strtoll(seconds[i], NULL, 10), &counter), 0);
            assert_int_equal(counter, encrypt_with_key(key, seconds[i]));
        }
    }
    secret_free(revision_counter);
}

static void test_seconds_out_of_range(void **state)
{
    (void)state;
    const uint8_t key[REVISION_COUNTER_KEY_SIZE] = {1};
    const int64_t outside[] = {INT64_MIN, -1, 0, SECONDS_MAX + 1, INT64_C(1) << 32, INT64_MAX};
    struct revision_counter *revision_counter = make_counter(key);
    for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
        uint64_t counter = 77;
        assert_int_equal(revision_counter_encrypt(revision_counter, outside[i], &counter), -1);
        assert_int_equal(counter, 77);
    }
    uint64_t counter = 0;
    assert_int_equal(revision_counter_encrypt(revision_counter, 1, &counter), 0);
    assert_true(counter >= 1 && counter <= 65536);
    assert_int_equal(revision_counter_encrypt(revision_counter, SECONDS_MAX, &counter), 0);
    secret_free(revision_counter);
}

/* Every second of a run: in order, and equal to a sum that walks the key stream from its start. */
static void test_seeking_equals_walking(void **state)
{
    (void)state;
    const uint8_t key[REVISION_COUNTER_KEY_SIZE] = "a key for every second of a run";
    const uint8_t iv[AES_CTR_IV_SIZE] = {0};
    uint8_t *stream = memory_allocate(SECONDS_MAX, 2);
    aes_ctr_apply(stream, stream, (size_t)SECONDS_MAX * 2, key, iv);
    struct revision_counter *revision_counter = make_counter(key);
    uint64_t sum = 0;
    for (int64_t seconds = 1; seconds <= SECONDS_MAX; seconds++) {
        const uint8_t *sample = stream + 2 * (seconds - 1);
        uint64_t next = sum + sample[0] + 256 * (uint64_t)sample[1] + 1;
        uint64_t counter = 0;
        assert_true(next > sum);
        if (revision_counter_encrypt(revision_counter, seconds, &counter) != 0 || counter != next)
            fail_msg("second %lld: %llu, not %llu", (long long)seconds, (unsigned long long)counter,
                     (unsigned long long)next);
        sum = next;
    }
    secret_free(revision_counter);
    free(stream);
}

/* Without the key: when a counter was made, and whether any clock made it. */
static void test_without_the_key(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 20; i++) {
        const uint8_t key[REVISION_COUNTER_KEY_SIZE] = {i, 1};
        struct revision_counter *revision_counter = make_counter(key);
        for (int64_t seconds = 1; seconds <= SECONDS_MAX; seconds += 9973) {
            uint64_t counter = 0;
            assert_int_equal(revision_counter_encrypt(revision_counter, seconds, &counter), 0);
            assert_in_range(revision_counter_estimate(counter) + 15 * 60, seconds, seconds + 30 * 60);
            assert_false(revision_counter_is_ahead(counter, seconds));
            assert_false(revision_counter_is_ahead(counter, seconds > 3600 ? seconds - 3600 : 0));
            if (seconds > 3 * 3600)
                assert_true(revision_counter_is_ahead(counter, seconds - 3 * 3600));
        }
        secret_free(revision_counter);
    }
    assert_true(revision_counter_is_ahead(UINT64_C(1) << 63, SECONDS_MAX));
    assert_true(revision_counter_is_ahead(UINT64_MAX, SECONDS_MAX));
    assert_false(revision_counter_is_ahead(0, 1));
    assert_int_equal(revision_counter_estimate(UINT64_MAX), SECONDS_MAX);
    assert_int_equal(revision_counter_estimate(0), 0);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters_of_tor),           cmocka_unit_test(test_counters_of_secret_keys),
        cmocka_unit_test(test_any_order_and_another_key), cmocka_unit_test(test_seconds_out_of_range),
        cmocka_unit_test(test_seeking_equals_walking),    cmocka_unit_test(test_without_the_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
