/* Tests of key blinding: parameters, both halves of a key, subcredentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/blinding.h"
#include "crypto/blinding_parameter.h"
#include "vectors.h"

/* Reads scalar and nonce prefix, as tor keeps them. */
static void decode_secret_key(struct ed25519_secret_key *secret_key, const char *word)
{
    uint8_t bytes[64];
    vectors_decode_hex(word, bytes, sizeof(bytes));
    memcpy(secret_key->scalar, bytes, 32);
    memcpy(secret_key->nonce_prefix, bytes + 32, 32);
}

static void assert_secret_keys_equal(const struct ed25519_secret_key *left,
                                     const struct ed25519_secret_key *right)
{
    assert_memory_equal(left->scalar, right->scalar, 32);
    assert_memory_equal(left->nonce_prefix, right->nonce_prefix, 32);
}

static void check_parameter(char **words)
{
    struct ed25519_secret_key secret_key, expected_secret, blinded_secret;
    uint8_t public_key[32], parameter[32], expected_public[32], blinded_key[32];
    decode_secret_key(&secret_key, words[0]);
    vectors_decode_hex(words[1], public_key, 32);
    vectors_decode_hex(words[2], parameter, 32);
    decode_secret_key(&expected_secret, words[3]);
    vectors_decode_hex(words[4], expected_public, 32);

    blinding_apply_to_secret_key(&blinded_secret, &secret_key, parameter);
    assert_secret_keys_equal(&blinded_secret, &expected_secret);
    assert_int_equal(blinding_apply_to_public_key(blinded_key, public_key, parameter), 0);
    assert_memory_equal(blinded_key, expected_public, 32);
    ed25519_derive_public_key(blinded_key, &blinded_secret);
    assert_memory_equal(blinded_key, expected_public, 32);
    /* A key may be blinded where it is. */
    blinding_apply_to_secret_key(&secret_key, &secret_key, parameter);
    assert_secret_keys_equal(&secret_key, &expected_secret);
}

static void test_given_parameters(void **state)
{
    (void)state;
    vectors_for_each("blinding_parameter.txt", 5, check_parameter);
}

static void check_period(char **words)
{
    struct ed25519_secret_key secret_key, expected_secret, blinded_secret;
    uint8_t public_key[32], expected_parameter[32], expected_public[32], expected_subcredential[32];
    decode_secret_key(&secret_key, words[0]);
    vectors_decode_hex(words[1], public_key, 32);
    uint64_t number = strtoull(words[2], NULL, 10);
    uint64_t length = strtoull(words[3], NULL, 10);
    vectors_decode_hex(words[4], expected_parameter, 32);
    vectors_decode_hex(words[5], expected_public, 32);
    vectors_decode_hex(words[6], expected_subcredential, 32);
    decode_secret_key(&expected_secret, words[7]);

    uint8_t parameter[32], blinded_key[32], subcredential[SUBCREDENTIAL_SIZE];
    blinding_compute_parameter(parameter, public_key, number, length);
    assert_memory_equal(parameter, expected_parameter, 32);
    assert_int_equal(blinding_derive_public_key(blinded_key, public_key, number, length), 0);
    assert_memory_equal(blinded_key, expected_public, 32);
    blinding_derive_secret_key(&blinded_secret, &secret_key, public_key, number, length);
    assert_secret_keys_equal(&blinded_secret, &expected_secret);
    blinding_derive_subcredential(subcredential, public_key, blinded_key);
    assert_memory_equal(subcredential, expected_subcredential, 32);

    /* What the blinded secret key signs, the blinded public key verifies. */
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    assert_int_equal(ed25519_sign(signature, &(struct span){"obpub", 5}, 1, &blinded_secret, blinded_key), 0);
    assert_int_equal(ed25519_verify(signature, "obpub", 5, blinded_key), 0);
    assert_int_equal(ed25519_verify(signature, "obpub", 5, public_key), -1);
}

static void test_time_period_of_tor(void **state)
{
    (void)state;
    vectors_for_each("blinding_tor_period.txt", 8, check_period);
}

static void test_time_periods(void **state)
{
    (void)state;
    vectors_for_each("blinding_period.txt", 8, check_period);
}

/* The blinded nonce prefix must neither be the identity key's nor be left out. */
static void test_nonce_prefix_is_blinded(void **state)
{
    (void)state;
    const uint8_t seed[ED25519_SEED_SIZE] = {5};
    struct ed25519_secret_key secret_key, blinded, other_blinded;
    uint8_t public_key[32];
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(public_key, &secret_key);
    blinding_derive_secret_key(&blinded, &secret_key, public_key, 1, 1440);
    assert_memory_not_equal(blinded.nonce_prefix, secret_key.nonce_prefix, 32);
    assert_false(sodium_is_zero(blinded.nonce_prefix, 32));
    secret_key.nonce_prefix[31] ^= 0x80;
    blinding_derive_secret_key(&other_blinded, &secret_key, public_key, 1, 1440);
    assert_memory_equal(other_blinded.scalar, blinded.scalar, 32);
    assert_memory_not_equal(other_blinded.nonce_prefix, blinded.nonce_prefix, 32);
}

/* A key that lost its prefix must not get a new one that anybody can work out. */
static void test_lost_nonce_prefix_stays_lost(void **state)
{
    (void)state;
    const uint8_t seed[ED25519_SEED_SIZE] = {5};
    struct ed25519_secret_key secret_key, blinded;
    uint8_t public_key[32], blinded_key[32], signature[ED25519_SIGNATURE_SIZE];
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(public_key, &secret_key);
    memset(secret_key.nonce_prefix, 0, sizeof(secret_key.nonce_prefix));
    memset(&blinded, 0xff, sizeof(blinded));
    blinding_derive_secret_key(&blinded, &secret_key, public_key, 1, 1440);
    ed25519_derive_public_key(blinded_key, &blinded);
    assert_int_equal(ed25519_sign(signature, &(struct span){"obpub", 5}, 1, &blinded, blinded_key), -1);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given_parameters),
        cmocka_unit_test(test_time_period_of_tor),
        cmocka_unit_test(test_time_periods),
        cmocka_unit_test(test_nonce_prefix_is_blinded),
        cmocka_unit_test(test_lost_nonce_prefix_stays_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
