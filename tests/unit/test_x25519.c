/* X25519: what two keys agree on, and which public keys somebody can have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "crypto/x25519.h"
#include "vectors.h"

/* RFC 7748, section 6.1. */
static void test_agreement_of_the_rfc(void **state)
{
    (void)state;
    uint8_t alice[32], bob[32], public_key[32], expected[32], agreed[32];
    vectors_decode_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice, 32);
    vectors_decode_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob, 32);
    vectors_decode_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", expected, 32);
    x25519_derive_public_key(public_key, alice);
    assert_memory_equal(public_key, expected, 32);
    vectors_decode_hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", expected, 32);
    assert_int_equal(x25519_agree(agreed, bob, public_key), 0);
    assert_memory_equal(agreed, expected, 32);
    x25519_derive_public_key(public_key, bob);
    assert_int_equal(x25519_agree(agreed, alice, public_key), 0);
    assert_memory_equal(agreed, expected, 32);
}

static void test_public_keys_are_valid(void **state)
{
    (void)state;
    for (uint8_t number = 0; number < 100; number++) {
        uint8_t secret_key[32], public_key[32];
        hash_sha3_256(secret_key, &(struct span){&number, 1}, 1);
        x25519_derive_public_key(public_key, secret_key);
        assert_true(x25519_public_key_is_valid(public_key));
        public_key[31] |= 0x80; /* the same key to X25519, but nobody writes it like that */
        assert_false(x25519_public_key_is_valid(public_key));
    }
}

/* Small numbers as keys; which of them are what was worked out with Python, by the curve's equation and a
 * Montgomery ladder. */
static void test_small_numbers(void **state)
{
    (void)state;
    /* g: in the prime-order group; c: on the curve, but not in the group; t: on the twist. */
    static const char kinds[] = "ccttctcccgcctctcgccctttcttttttctccgtcccc";
    for (uint8_t number = 0; number < sizeof(kinds) - 1; number++) {
        const uint8_t key[32] = {number};
        assert_int_equal(x25519_public_key_is_valid(key), kinds[number] == 'g');
    }
}

static void test_keys_near_the_prime(void **state)
{
    (void)state;
    for (unsigned last = 0xe0; last <= 0xff; last++) {
        uint8_t key[32];
        memset(key, 0xff, sizeof(key));
        key[0] = (uint8_t)last; /* 0xed is the prime itself; 0xf6 would be 9, the base point */
        key[31] = 0x7f;
        if (last >= 0xec)
            assert_false(x25519_public_key_is_valid(key));
        key[31] = 0xff;
        assert_false(x25519_public_key_is_valid(key));
    }
}

static void check_low_order(char **words)
{
    const uint8_t secret_key[32] = {42};
    uint8_t key[32], agreed[32];
    vectors_decode_hex(words[0], key, 32);
    assert_false(x25519_public_key_is_valid(key));
    assert_int_equal(x25519_agree(agreed, secret_key, key), -1);
    key[31] |= 0x80;
    assert_int_equal(x25519_agree(agreed, secret_key, key), -1);
}

static void test_low_order(void **state)
{
    (void)state;
    vectors_for_each("x25519_low_order.txt", 1, check_low_order);
}

/* A secret key of Ed25519, as a seed or as the scalar that tor keeps, is known for one of that public key,
 * and for none of another. */
static void test_ed25519_keys(void **state)
{
    (void)state;
    uint8_t seed[32] = {7}, scalar[64], public_key[32], other_key[32], both[64];
    crypto_sign_seed_keypair(public_key, both, seed);
    memset(other_key, 0, sizeof(other_key));
    crypto_hash_sha512(scalar, seed, sizeof(seed));
    assert_true(x25519_secret_key_is_of(seed, public_key));
    assert_true(x25519_secret_key_is_of(scalar, public_key)); /* the bits that are always so don't count */
    scalar[0] &= 248;
    scalar[31] = (uint8_t)((scalar[31] & 63) | 64);
    assert_true(x25519_secret_key_is_of(scalar, public_key));
    assert_false(x25519_secret_key_is_of(scalar, other_key));
    assert_false(x25519_secret_key_is_of(scalar + 32, public_key));
    scalar[5] ^= 1;
    assert_false(x25519_secret_key_is_of(scalar, public_key));
    seed[5] ^= 1;
    assert_false(x25519_secret_key_is_of(seed, public_key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ed25519_keys),          cmocka_unit_test(test_agreement_of_the_rfc),
        cmocka_unit_test(test_public_keys_are_valid), cmocka_unit_test(test_small_numbers),
        cmocka_unit_test(test_keys_near_the_prime),   cmocka_unit_test(test_low_order),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
