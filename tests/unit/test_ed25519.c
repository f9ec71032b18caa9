/* Tests of Ed25519 with expanded and blinded keys: keys, signing, verifying, points. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "crypto/ed25519.h"
#include "vectors.h"

#define MESSAGE_MAX 512

/* Reads scalar and nonce prefix, as tor keeps them. */
static void decode_secret_key(struct ed25519_secret_key *secret_key, const char *word)
{
    uint8_t bytes[64];
    vectors_decode_hex(word, bytes, sizeof(bytes));
    memcpy(secret_key->scalar, bytes, 32);
    memcpy(secret_key->nonce_prefix, bytes + 32, 32);
}

/* Reads a message, "-" being the empty one. Returns its length. */
static size_t decode_message(uint8_t message[MESSAGE_MAX], const char *word)
{
    if (strcmp(word, "-") == 0)
        return 0;
    assert_true(strlen(word) / 2 <= MESSAGE_MAX);
    vectors_decode_hex(word, message, strlen(word) / 2);
    return strlen(word) / 2;
}

/* A key pair to play with. */
static void make_key(struct ed25519_secret_key *secret_key, uint8_t public_key[32], uint8_t number)
{
    uint8_t seed[ED25519_SEED_SIZE] = {number};
    ed25519_expand_seed(secret_key, seed);
    ed25519_derive_public_key(public_key, secret_key);
}

static void check_key(char **words)
{
    uint8_t seed[32], expected_public[32], x25519_key[32], expected_signature[64];
    struct ed25519_secret_key expected_secret, secret_key;
    vectors_decode_hex(words[0], seed, sizeof(seed));
    decode_secret_key(&expected_secret, words[1]);
    vectors_decode_hex(words[2], expected_public, sizeof(expected_public));
    vectors_decode_hex(words[3], x25519_key, sizeof(x25519_key));
    vectors_decode_hex(words[4], expected_signature, sizeof(expected_signature));

    ed25519_expand_seed(&secret_key, seed);
    assert_memory_equal(secret_key.scalar, expected_secret.scalar, 32);
    assert_memory_equal(secret_key.nonce_prefix, expected_secret.nonce_prefix, 32);
    uint8_t public_key[32];
    ed25519_derive_public_key(public_key, &secret_key);
    assert_memory_equal(public_key, expected_public, 32);
    uint8_t signature[64];
    const struct span message = {public_key, sizeof(public_key)};
    assert_int_equal(ed25519_sign(signature, &message, 1, &secret_key, public_key), 0);
    assert_memory_equal(signature, expected_signature, 64);

    expected_public[31] &= 0x7f;
    assert_true(ed25519_matches_x25519(expected_public, x25519_key));
    for (size_t bit = 0; bit < 256; bit++) {
        expected_public[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_false(ed25519_matches_x25519(expected_public, x25519_key));
        expected_public[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_keys_of_tor(void **state)
{
    (void)state;
    vectors_for_each("ed25519_keys.txt", 5, check_key);
}

static void check_signature(char **words)
{
    struct ed25519_secret_key secret_key;
    uint8_t expected_public[32], message[MESSAGE_MAX], expected[64];
    decode_secret_key(&secret_key, words[1]);
    vectors_decode_hex(words[2], expected_public, sizeof(expected_public));
    size_t length = decode_message(message, words[3]);
    vectors_decode_hex(words[4], expected, sizeof(expected));

    uint8_t public_key[32];
    ed25519_derive_public_key(public_key, &secret_key);
    assert_memory_equal(public_key, expected_public, 32);
    for (size_t cut = 0; cut <= length; cut++) {
        const struct span pieces[] = {{message, cut}, {message + cut, length - cut}};
        uint8_t signature[64];
        assert_int_equal(ed25519_sign(signature, pieces, 2, &secret_key, public_key), 0);
        assert_memory_equal(signature, expected, sizeof(expected));
    }
    assert_int_equal(ed25519_verify(expected, message, length, public_key), 0);
}

static void test_signatures_of_every_kind_of_key(void **state)
{
    (void)state;
    vectors_for_each("ed25519_signatures.txt", 5, check_signature);
}

/* libsodium signs with seeds; of the same seed it has to make the same signature, also where long messages
 * are hashed in another way. */
static void test_signatures_of_every_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 895, 896, 959, 960, 991, 992, 1023, 1024, 1025, 50000};
    static uint8_t message[50000];
    uint8_t seed[32] = {9}, libsodium_key[64], public_key[32];
    struct ed25519_secret_key secret_key;
    crypto_sign_seed_keypair(public_key, libsodium_key, seed);
    ed25519_expand_seed(&secret_key, seed);
    randombytes_buf_deterministic(message, sizeof(message), seed);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t expected[64], signature[64];
        crypto_sign_detached(expected, NULL, message, lengths[i], libsodium_key);
        const struct span pieces[] = {
            {message, lengths[i] / 3}, {message + lengths[i] / 3, lengths[i] - lengths[i] / 3}, {message, 0}};
        assert_int_equal(ed25519_sign(signature, pieces, 3, &secret_key, public_key), 0);
        assert_memory_equal(signature, expected, sizeof(expected));
        assert_int_equal(ed25519_verify(signature, message, lengths[i], public_key), 0);
    }
}

static void test_too_many_pieces_are_not_signed(void **state)
{
    (void)state;
    struct ed25519_secret_key secret_key;
    uint8_t public_key[32], signature[64];
    make_key(&secret_key, public_key, 1);
    const struct span pieces[ED25519_SIGN_PIECES_MAX + 1] = {{"obpub", 5}};
    assert_int_equal(ed25519_sign(signature, pieces, ED25519_SIGN_PIECES_MAX, &secret_key, public_key), 0);
    assert_int_equal(ed25519_sign(signature, pieces, ED25519_SIGN_PIECES_MAX + 1, &secret_key, public_key),
                     -1);
}

/* Two keys with one scalar: were the nonces made of anything but the prefix, they would be the same. */
static void test_nonce_comes_from_prefix(void **state)
{
    (void)state;
    struct ed25519_secret_key secret_key;
    uint8_t public_key[32];
    make_key(&secret_key, public_key, 1);
    struct ed25519_secret_key other = secret_key;
    const struct span message = {"obpub", 5};
    uint8_t signature[64];
    assert_int_equal(ed25519_sign(signature, &message, 1, &secret_key, public_key), 0);
    for (size_t i = 0; i < sizeof(other.nonce_prefix); i++) {
        other.nonce_prefix[i] ^= 1;
        uint8_t other_public_key[32];
        uint8_t other_signature[64];
        ed25519_derive_public_key(other_public_key, &other);
        assert_memory_equal(other_public_key, public_key, 32);
        assert_int_equal(ed25519_sign(other_signature, &message, 1, &other, public_key), 0);
        assert_memory_not_equal(other_signature, signature, 32);
        assert_memory_not_equal(other_signature + 32, signature + 32, 32);
        assert_int_equal(ed25519_verify(other_signature, "obpub", 5, public_key), 0);
        other.nonce_prefix[i] ^= 1;
    }
}

static void test_nonce_comes_from_message(void **state)
{
    (void)state;
    struct ed25519_secret_key secret_key;
    uint8_t public_key[32], first[64], second[64];
    make_key(&secret_key, public_key, 1);
    assert_int_equal(ed25519_sign(first, &(struct span){"a", 1}, 1, &secret_key, public_key), 0);
    assert_int_equal(ed25519_sign(second, &(struct span){"b", 1}, 1, &secret_key, public_key), 0);
    assert_memory_not_equal(first, second, 32);
}

/* Signed with an abstract of itself a message has the signature that it always has. */
static void test_abstract_makes_nonce(void **state)
{
    (void)state;
    struct ed25519_secret_key secret_key;
    uint8_t public_key[32], whole[64], signature[64], other[64];
    make_key(&secret_key, public_key, 1);
    const struct span message[] = {{"ob", 2}, {"pub", 3}}, abstract = {"obpub", 5},
                      other_abstract = {"obpu", 4};
    assert_int_equal(ed25519_sign(whole, message, 2, &secret_key, public_key), 0);
    assert_int_equal(ed25519_sign_long(signature, message, 2, &abstract, 1, &secret_key, public_key), 0);
    assert_memory_equal(signature, whole, sizeof(signature));
    assert_int_equal(ed25519_sign_long(other, message, 2, &other_abstract, 1, &secret_key, public_key), 0);
    assert_memory_not_equal(other, whole, 32);
    assert_int_equal(ed25519_verify(other, "obpub", 5, public_key), 0);
    const struct span pieces[ED25519_SIGN_PIECES_MAX + 1] = {{"obpub", 5}};
    assert_int_equal(
        ed25519_sign_long(other, message, 2, pieces, ED25519_SIGN_PIECES_MAX + 1, &secret_key, public_key),
        -1);
}

static void test_zero_prefix_never_signs(void **state)
{
    (void)state;
    struct ed25519_secret_key secret_key;
    uint8_t public_key[32], signature[64], untouched[64];
    make_key(&secret_key, public_key, 1);
    memset(secret_key.nonce_prefix, 0, sizeof(secret_key.nonce_prefix));
    memset(signature, 0x77, sizeof(signature));
    memset(untouched, 0x77, sizeof(untouched));
    assert_int_equal(ed25519_sign(signature, &(struct span){"obpub", 5}, 1, &secret_key, public_key), -1);
    assert_memory_equal(signature, untouched, sizeof(signature));
}

static void test_verify_refuses_every_changed_bit(void **state)
{
    (void)state;
    struct ed25519_secret_key secret_key;
    /* public key, signature, message */
    uint8_t bytes[32 + 64 + 8] = {0};
    make_key(&secret_key, bytes, 1);
    assert_int_equal(ed25519_sign(bytes + 32, &(struct span){bytes + 96, 8}, 1, &secret_key, bytes), 0);
    assert_int_equal(ed25519_verify(bytes + 32, bytes + 96, 8, bytes), 0);
    assert_int_equal(ed25519_verify(bytes + 32, bytes + 96, 7, bytes), -1);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(ed25519_verify(bytes + 32, bytes + 96, 8, bytes), -1);
        bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void check_bad_signature(char **words)
{
    uint8_t public_key[32], message[MESSAGE_MAX], signature[64];
    vectors_decode_hex(words[1], public_key, sizeof(public_key));
    size_t length = decode_message(message, words[2]);
    vectors_decode_hex(words[3], signature, sizeof(signature));
    if (ed25519_verify(signature, message, length, public_key) != -1)
        fail_msg("%s was taken", words[0]);
}

static void test_verify_refuses_what_fits_the_equation_alone(void **state)
{
    (void)state;
    vectors_for_each("ed25519_bad_signatures.txt", 4, check_bad_signature);
}

static void check_point(char **words)
{
    uint8_t point[32];
    vectors_decode_hex(words[1], point, sizeof(point));
    bool good = strcmp(words[0], "good") == 0;
    if (ed25519_public_key_is_valid(point) != good)
        fail_msg("the %s key %s is judged wrongly", words[0], words[1]);
}

static void test_only_good_points_are_valid(void **state)
{
    (void)state;
    vectors_for_each("ed25519_points.txt", 2, check_point);
}

static void test_x25519_map_edges(void **state)
{
    (void)state;
    const uint8_t zero[32] = {0}, one[32] = {1};
    uint8_t minus_one[32]; /* p - 1, where u + 1 vanishes */
    memset(minus_one, 0xff, sizeof(minus_one));
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    assert_false(ed25519_matches_x25519(zero, minus_one));
    assert_false(ed25519_matches_x25519(one, minus_one));
    assert_false(ed25519_matches_x25519(minus_one, minus_one));

    /* u = 9 is the base point, whose y is 4/5: the bytes 58 66 66 ... 66. */
    uint8_t base_point[32];
    memset(base_point, 0x66, sizeof(base_point));
    base_point[0] = 0x58;
    uint8_t nine[32] = {9};
    assert_true(ed25519_matches_x25519(base_point, nine));
    nine[31] = 0x80; /* the top bit does not count */
    assert_true(ed25519_matches_x25519(base_point, nine));
    base_point[31] |= 0x80; /* that of the Ed25519 key does */
    assert_false(ed25519_matches_x25519(base_point, nine));
    base_point[31] &= 0x7f;

    /* 9 + p, not reduced. */
    uint8_t unreduced[32];
    memset(unreduced, 0xff, sizeof(unreduced));
    unreduced[0] = 0xf6;
    unreduced[31] = 0x7f;
    assert_true(ed25519_matches_x25519(base_point, unreduced));

    /* u = 1 maps to y = 0, u = 0 to y = -1; p is not the canonical 0. */
    assert_true(ed25519_matches_x25519(zero, one));
    assert_true(ed25519_matches_x25519(minus_one, zero));
    minus_one[0]++;
    assert_false(ed25519_matches_x25519(minus_one, one));
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys_of_tor),
        cmocka_unit_test(test_signatures_of_every_kind_of_key),
        cmocka_unit_test(test_signatures_of_every_length),
        cmocka_unit_test(test_too_many_pieces_are_not_signed),
        cmocka_unit_test(test_nonce_comes_from_prefix),
        cmocka_unit_test(test_nonce_comes_from_message),
        cmocka_unit_test(test_abstract_makes_nonce),
        cmocka_unit_test(test_zero_prefix_never_signs),
        cmocka_unit_test(test_verify_refuses_every_changed_bit),
        cmocka_unit_test(test_verify_refuses_what_fits_the_equation_alone),
        cmocka_unit_test(test_only_good_points_are_valid),
        cmocka_unit_test(test_x25519_map_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
