/* Fuzzes the arithmetic of Curve25519: whatever it is given, its results are those of the definitions, and
 * those of libsodium where another library does it. The first byte says which operation is meant. */
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "crypto/curve.h"
#include "fuzz.h"
#include "reference_curve.h"
#ifdef OBPUB_SECOND_CURVE
#include "second_curve.h"
#endif

/* The first bytes of an input, zeros behind its end. */
static void take(uint8_t *bytes, size_t wanted, const uint8_t **data, size_t *size)
{
    const size_t length = *size < wanted ? *size : wanted;
    memset(bytes, 0, wanted);
    if (length > 0)
        memcpy(bytes, *data, length);
    *data += length;
    *size -= length;
}

static void take_scalar(uint8_t scalar[32], const uint8_t **data, size_t *size)
{
    uint8_t wide[CURVE_WIDE_SCALAR_SIZE];
    take(wide, 32, data, size);
    memset(wide + 32, 0, 32);
    curve_reduce_scalar(scalar, wide);
}

static void verify(const uint8_t signature[64], const uint8_t *message, size_t length, const uint8_t key[32])
{
    const int result = curve_verify(signature, message, length, key);
    FUZZ_REQUIRE(result == reference_verify(signature, message, length, key));
#ifdef OBPUB_SECOND_CURVE
    FUZZ_REQUIRE(result == second_curve_verify(signature, message, length, key));
#endif
}

/* Key, signature and message as they come. */
static void check_any_signature(const uint8_t *data, size_t size)
{
    uint8_t key[32], signature[64];
    take(key, sizeof(key), &data, &size);
    take(signature, sizeof(signature), &data, &size);
    verify(signature, data, size, key);
}

static void add_order(uint8_t scalar[32], unsigned times)
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                                      0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};
    for (unsigned i = 0; i < times; i++)
        sodium_add(scalar, order, sizeof(order));
}

/* A signature that nearly fits: with parts of small order in key and R, S too large, a bit turned over, as
 * the input says. */
static void check_made_signature(const uint8_t *data, size_t size)
{
    uint8_t choice[5], secret[32], nonce[32], key[32], signature[64], digest[64], challenge[32], product[32];
    take(choice, sizeof(choice), &data, &size);
    take_scalar(secret, &data, &size);
    take_scalar(nonce, &data, &size);
    reference_mixed_point(key, secret, choice[0] % 8);
    reference_mixed_point(signature, nonce, choice[1] % 8);
    if (choice[2] % 4 == 3)
        key[31] ^= 0x80;
    const struct span pieces[] = {{signature, 32}, {key, 32}, {data, size}};
    hash_sha512(digest, pieces, 3);
    curve_reduce_scalar(challenge, digest);
    curve_multiply_scalars(product, challenge, secret);
    curve_add_scalars(signature + 32, product, nonce);
    add_order(signature + 32, choice[2] / 4 % 16);
    if (choice[3] % 4 == 3)
        signature[choice[4] % 64] ^= (uint8_t)(1 << choice[3] / 4 % 8);
    verify(signature, data, size, key);
    if (choice[0] % 8 == 0 && choice[1] % 8 == 0 && choice[2] < 3 && choice[3] % 4 != 3 &&
        !sodium_is_zero(secret, sizeof(secret)) && !sodium_is_zero(nonce, sizeof(nonce)))
        FUZZ_REQUIRE(curve_verify(signature, data, size, key) == 0);
}

/* Public keys and signatures of secret keys of all kinds. */
static void check_signing(const uint8_t *data, size_t size)
{
    struct ed25519_secret_key secret_key;
    uint8_t wide[64] = {0}, scalar[32], key[32], expected[32], signature[64];
    take(secret_key.scalar, sizeof(secret_key.scalar), &data, &size);
    take(secret_key.nonce_prefix, sizeof(secret_key.nonce_prefix), &data, &size);
    memcpy(wide, secret_key.scalar, sizeof(secret_key.scalar));
    curve_reduce_scalar(scalar, wide);
    const int result = reference_multiply_base(expected, scalar);
    FUZZ_REQUIRE(curve_multiply_base(key, scalar) == result);
    FUZZ_REQUIRE(memcmp(key, expected, sizeof(key)) == 0);
    ed25519_derive_public_key(key, &secret_key);
    FUZZ_REQUIRE(memcmp(key, expected, sizeof(key)) == 0);
#ifdef OBPUB_SECOND_CURVE
    FUZZ_REQUIRE(second_curve_multiply_base(key, scalar) == result);
    FUZZ_REQUIRE(memcmp(key, expected, sizeof(key)) == 0);
#endif
    if (ed25519_sign(signature, &(struct span){data, size}, 1, &secret_key, key) != 0 || result != 0)
        return;
    FUZZ_REQUIRE(reference_verify(signature, data, size, key) == 0);
    verify(signature, data, size, key);
}

/* A number times a point: one as it comes, or behind an odd byte one that is made of a scalar and a part of
 * small order. */
static void check_product(const uint8_t *data, size_t size)
{
    uint8_t choice[2], scalar[32], point[32], product[32], expected[32];
    take(choice, sizeof(choice), &data, &size);
    take(scalar, sizeof(scalar), &data, &size);
    take(point, sizeof(point), &data, &size);
    if (choice[0] % 2 == 1)
        reference_mixed_point(point, point, choice[1] % 8);
    const bool is_valid = reference_point_is_valid(point);
    FUZZ_REQUIRE(curve_point_is_valid(point) == is_valid);
#ifdef OBPUB_SECOND_CURVE
    FUZZ_REQUIRE(second_curve_point_is_valid(point) == is_valid);
#endif
    if (!is_valid)
        return;
    const int result = reference_multiply_point(expected, scalar, point);
    FUZZ_REQUIRE(curve_multiply_point(product, scalar, point) == result);
    FUZZ_REQUIRE(result != 0 || memcmp(product, expected, sizeof(product)) == 0);
#ifdef OBPUB_SECOND_CURVE
    FUZZ_REQUIRE(second_curve_multiply_point(product, scalar, point) == result);
    FUZZ_REQUIRE(result != 0 || memcmp(product, expected, sizeof(product)) == 0);
#endif
}

static void check_x25519(const uint8_t *data, size_t size)
{
    const uint8_t nine[32] = {9};
    uint8_t scalar[32], key[32], product[32], expected[32];
    take(scalar, sizeof(scalar), &data, &size);
    take(key, sizeof(key), &data, &size);
    const int result = reference_x25519(expected, scalar, key);
    FUZZ_REQUIRE(curve_x25519(product, scalar, key) == result);
    FUZZ_REQUIRE(memcmp(product, expected, sizeof(product)) == 0);
#ifdef OBPUB_SECOND_CURVE
    FUZZ_REQUIRE(second_curve_x25519(product, scalar, key) == result);
    FUZZ_REQUIRE(memcmp(product, expected, sizeof(product)) == 0);
    second_curve_x25519_base(expected, scalar);
    curve_x25519_base(product, scalar);
    FUZZ_REQUIRE(memcmp(product, expected, sizeof(product)) == 0);
#endif
    FUZZ_REQUIRE(reference_x25519(expected, scalar, nine) == 0);
    curve_x25519_base(product, scalar);
    FUZZ_REQUIRE(memcmp(product, expected, sizeof(product)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const operations[])(const uint8_t *data, size_t size) = {
        check_any_signature, check_made_signature, check_signing, check_product, check_x25519};
    fuzz_prepare();
    if (size > 0)
        operations[data[0] % (sizeof(operations) / sizeof(operations[0]))](data + 1, size - 1);
    return 0;
}
