/* Signatures that are remembered: exactly those that were found good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "crypto/verified_signatures.h"

#define TEXT_SIZE 76

struct sample {
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], signature[ED25519_SIGNATURE_SIZE], text[TEXT_SIZE];
};

/* A good signature, of another key and text for each number. */
static struct sample make_sample(uint8_t number)
{
    struct sample sample = {.text = {number}};
    struct ed25519_secret_key secret_key;
    const uint8_t seed[ED25519_SEED_SIZE] = {number};
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(sample.public_key, &secret_key);
    const struct span pieces[] = {{sample.text, TEXT_SIZE}};
    assert_int_equal(ed25519_sign(sample.signature, pieces, 1, &secret_key, sample.public_key), 0);
    return sample;
}

static int verify(struct verified_signatures *verified, const struct sample *sample, size_t length)
{
    return verified_signatures_verify(verified, sample->signature, sample->text, length, sample->public_key);
}

static void test_good_ones(void **state)
{
    (void)state;
    struct verified_signatures verified = {.count = 0};
    for (int round = 0; round < 2; round++) {
        for (uint8_t i = 1; i <= 5; i++) {
            const struct sample sample = make_sample(i);
            assert_int_equal(verify(NULL, &sample, TEXT_SIZE), 0);
            assert_int_equal(verify(&verified, &sample, TEXT_SIZE), 0);
            assert_int_equal(verified.count, round == 0 ? i : 5);
        }
    }
    verified_signatures_clear(&verified);
    assert_int_equal(verified.count, 0);
}

/* Any bit of a known one changed makes it bad, and bad ones are not remembered. */
static void test_bad_ones(void **state)
{
    (void)state;
    struct verified_signatures verified = {.count = 0};
    struct sample sample = make_sample(1);
    uint8_t *bytes = (uint8_t *)&sample;
    assert_int_equal(verify(&verified, &sample, TEXT_SIZE), 0);
    for (size_t i = 0; i < 8 * sizeof(sample); i++) {
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(verify(&verified, &sample, TEXT_SIZE), -1);
        assert_int_equal(verify(&verified, &sample, TEXT_SIZE), -1);
        bytes[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_int_equal(verify(&verified, &sample, TEXT_SIZE - 1), -1);
    assert_int_equal(verified.count, 1);
    verified_signatures_clear(&verified);
}

/* True when it is remembered: where the digests are the same as before, in whatever order. */
static bool is_known(const struct verified_signatures *verified, const struct sample *sample)
{
    struct verified_signatures alone = {.count = 0};
    bool is_there = false;
    assert_int_equal(verify(&alone, sample, TEXT_SIZE), 0);
    for (size_t i = 0; i < verified->count; i++)
        is_there = is_there || memcmp(verified->digests[i], alone.digests[0], SHA3_256_SIZE) == 0;
    verified_signatures_clear(&alone);
    return is_there;
}

static void test_the_newest_stay(void **state)
{
    (void)state;
    struct verified_signatures verified = {.count = 0};
    struct sample samples[4];
    for (uint8_t i = 0; i < 4; i++) {
        samples[i] = make_sample((uint8_t)(i + 1));
        assert_int_equal(verify(&verified, &samples[i], TEXT_SIZE), 0);
    }
    assert_int_equal(verify(&verified, &samples[0], TEXT_SIZE), 0); /* used again */
    verified_signatures_trim(&verified, 9);
    assert_int_equal(verified.count, 4);
    verified_signatures_trim(&verified, 2);
    assert_int_equal(verified.count, 2);
    assert_true(is_known(&verified, &samples[0]) && is_known(&verified, &samples[3]));
    assert_false(is_known(&verified, &samples[1]) || is_known(&verified, &samples[2]));
    verified_signatures_clear(&verified);
}

static void test_so_many_at_most(void **state)
{
    (void)state;
    struct verified_signatures verified = {.count = 0};
    for (size_t i = 0; i < VERIFIED_SIGNATURES_MAX + 20; i++) {
        const struct sample sample = make_sample((uint8_t)i);
        assert_int_equal(verify(&verified, &sample, TEXT_SIZE), 0);
        assert_true(verified.count <= VERIFIED_SIGNATURES_MAX);
        assert_true(is_known(&verified, &sample));
    }
    verified_signatures_clear(&verified);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ones),
        cmocka_unit_test(test_bad_ones),
        cmocka_unit_test(test_the_newest_stay),
        cmocka_unit_test(test_so_many_at_most),
    };
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
