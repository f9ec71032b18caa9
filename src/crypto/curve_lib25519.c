/* The curve by lib25519, which is faster. Of its functions only the X25519 ones and the multiplication of a
 * base point take the same time for all numbers; the others are for what is public. */
#include <stdio.h>
#include <string.h>

#include <lib25519.h>
#include <sodium.h>

#include "crypto/curve_order.h"
#include "crypto/hash.h"

/* Behind each result of the functions for public points there is a byte that says whether the arguments were
 * good: numbers less than the order, and canonical encodings of points. */
#define RESULT_SIZE (CURVE_POINT_SIZE + 1)
_Static_assert(RESULT_SIZE == lib25519_mGnP_ed25519_OUTPUTBYTES, "a byte that says whether all was good");
_Static_assert(RESULT_SIZE == lib25519_multiscalar_ed25519_OUTPUTBYTES,
               "a byte that says whether all was good");

static const uint8_t identity[CURVE_POINT_SIZE] = {1};

const char *curve_write_name(char name[CURVE_NAME_SIZE])
{
    snprintf(name, CURVE_NAME_SIZE, "lib25519 %s (nG %s, nP %s, mGnP %s, multiscalar %s), libsodium %s",
             lib25519_version, lib25519_nG_merged25519_implementation(),
             lib25519_nP_montgomery25519_implementation(), lib25519_mGnP_ed25519_implementation(),
             lib25519_multiscalar_ed25519_implementation(), sodium_version_string());
    return name;
}

int curve_multiply_base(uint8_t point[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE])
{
    /* The top bit, which would ask for the X25519 form, is not set in what is less than the order. */
    lib25519_nG_merged25519(point, scalar);
    return sodium_is_zero(scalar, CURVE_SCALAR_SIZE) ? -1 : 0;
}

void curve_x25519_base(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE])
{
    lib25519_nG_montgomery25519(product, scalar);
}

int curve_x25519(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE],
                 const uint8_t key[CURVE_X25519_SIZE])
{
    lib25519_nP_montgomery25519(product, scalar, key);
    /* The scalar being a multiple of 8 that is less than 8 times the order, zero is what comes of low orders,
     * and of nothing else. */
    return sodium_is_zero(product, CURVE_X25519_SIZE) ? -1 : 0;
}

/* A public point times a number that is less than the order. Returns -1 where the point is not on the curve
 * or not canonical. */
static int multiply(uint8_t product[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE],
                    const uint8_t point[CURVE_POINT_SIZE])
{
    uint8_t result[RESULT_SIZE];
    lib25519_multiscalar_ed25519(result, scalar, point, 1);
    memcpy(product, result, CURVE_POINT_SIZE);
    return result[CURVE_POINT_SIZE] == 1 ? 0 : -1;
}

bool curve_point_is_valid(const uint8_t point[CURVE_POINT_SIZE])
{
    uint8_t product[CURVE_POINT_SIZE];
    return multiply(product, curve_order_minus_one, point) == 0 && curve_product_is_opposite(product, point);
}

int curve_multiply_point(uint8_t product[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE],
                         const uint8_t point[CURVE_POINT_SIZE])
{
    uint8_t wide[CURVE_WIDE_SCALAR_SIZE] = {0};
    uint8_t reduced[CURVE_SCALAR_SIZE];
    memcpy(wide, scalar, CURVE_SCALAR_SIZE);
    wide[CURVE_SCALAR_SIZE - 1] &= 0x7f;
    curve_reduce_scalar(reduced, wide);
    if (multiply(product, reduced, point) != 0)
        return -1;
    return memcmp(product, identity, sizeof(identity)) != 0 ? 0 : -1;
}

/* Whether canonical bytes are one of the eight points whose order divides 8. Their y are 0, 1, -1, and one
 * that has two signs; a sign of x that no point has makes no difference. */
static bool is_of_small_order(const uint8_t point[CURVE_POINT_SIZE])
{
    static const uint8_t small[][CURVE_POINT_SIZE] = {
        {0x00},
        {0x01},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
         0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
         0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t y[CURVE_POINT_SIZE];
    memcpy(y, point, sizeof(y));
    y[CURVE_POINT_SIZE - 1] &= 0x7f;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (memcmp(y, small[i], sizeof(y)) == 0)
            return true;
    }
    return false;
}

int curve_verify(const uint8_t signature[CURVE_SIGNATURE_SIZE], const void *message, size_t length,
                 const uint8_t public_key[CURVE_POINT_SIZE])
{
    /* lib25519 takes small orders. */
    if (is_of_small_order(public_key) || is_of_small_order(signature))
        return -1;
    uint8_t challenge[SHA512_SIZE];
    const struct span pieces[] = {
        {signature, CURVE_POINT_SIZE}, {public_key, CURVE_POINT_SIZE}, {message, length}};
    hash_sha512(challenge, pieces, sizeof(pieces) / sizeof(pieces[0]));
    /* S times the base point less the challenge times the key; it says whether the one is less than the order
     * and the other canonical. */
    uint8_t result[RESULT_SIZE];
    lib25519_mGnP_ed25519(result, signature + CURVE_POINT_SIZE, challenge, public_key);
    return result[CURVE_POINT_SIZE] == 1 && memcmp(result, signature, CURVE_POINT_SIZE) == 0 ? 0 : -1;
}
