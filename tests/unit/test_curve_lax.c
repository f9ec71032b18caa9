/* Tests of src/crypto/curve_sodium.c on libsodiums that take more than this machine's: one that takes points
 * with a part of order two for valid (CVE-2025-69277), and verifies without looking at the equation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "helper_curve.h"
#include "vectors.h"

/* (0, -1), the point of order two. */
static const uint8_t point_of_order_two[] = {
    0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
};

static bool is_of_twice_the_order(const uint8_t *point)
{
    uint8_t other[crypto_core_ed25519_BYTES];
    return crypto_core_ed25519_add(other, point, point_of_order_two) == 0 &&
           crypto_core_ed25519_is_valid_point(other) == 1;
}

static int lax_is_valid_point(const uint8_t *point)
{
    return crypto_core_ed25519_is_valid_point(point) == 1 || is_of_twice_the_order(point);
}

static int lax_multiply(uint8_t *product, const uint8_t *scalar, const uint8_t *point)
{
    if (!is_of_twice_the_order(point))
        return crypto_scalarmult_ed25519_noclamp(product, scalar, point);
    uint8_t part[crypto_core_ed25519_BYTES];
    if (crypto_core_ed25519_add(part, point, point_of_order_two) != 0 ||
        crypto_scalarmult_ed25519_noclamp(product, scalar, part) != 0)
        return -1;
    return scalar[0] % 2 == 0 ? 0 : crypto_core_ed25519_add(product, product, point_of_order_two);
}

/* Takes whatever S and encodings are right, so that the equation is somebody else's to check. */
static int lax_verify(const uint8_t *signature, const uint8_t *message, unsigned long long length,
                      const uint8_t *public_key)
{
    static const uint8_t small[][32] = {
        {0},
        {1},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
         0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
         0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    (void)message;
    (void)length;
    uint8_t sum[crypto_core_ed25519_BYTES], reduced[32], wide[64] = {0};
    memcpy(wide, signature + 32, 32);
    crypto_core_ed25519_scalar_reduce(reduced, wide);
    if (memcmp(reduced, signature + 32, 32) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        uint8_t key[32], commitment[32];
        memcpy(key, public_key, sizeof(key));
        memcpy(commitment, signature, sizeof(commitment));
        key[31] &= 0x7f;
        commitment[31] &= 0x7f;
        if (memcmp(key, small[i], sizeof(key)) == 0 || memcmp(commitment, small[i], sizeof(commitment)) == 0)
            return -1;
    }
    /* Adding nothing shows whether the encoding was canonical. */
    return crypto_core_ed25519_add(sum, public_key, small[1]) == 0 &&
                   memcmp(sum, public_key, sizeof(sum)) == 0
               ? 0
               : -1;
}

#define crypto_core_ed25519_is_valid_point lax_is_valid_point
#define crypto_scalarmult_ed25519_noclamp lax_multiply
#define crypto_sign_verify_detached lax_verify
#define curve_write_name lax_curve_write_name
#define curve_multiply_base lax_curve_multiply_base
#define curve_x25519_base lax_curve_x25519_base
#define curve_x25519 lax_curve_x25519
#define curve_point_is_valid lax_curve_point_is_valid
#define curve_multiply_point lax_curve_multiply_point
#define curve_verify lax_curve_verify
#include "../../src/crypto/curve_sodium.c"

static void check_hard_signature(char **words)
{
    helper_curve_check_verdict(words, lax_curve_verify);
}

static void test_hard_signatures(void **state)
{
    (void)state;
    vectors_for_each("ed25519_hard_signatures.txt", HELPER_CURVE_HARD_WORDS, check_hard_signature);
    assert_true(library.takes_mixed_r);
}

static size_t lax_points;

static void check_point(char **words)
{
    uint8_t point[32];
    vectors_decode_hex(words[1], point, sizeof(point));
    const bool is_good = strcmp(words[0], "good") == 0;
    lax_points += !is_good && lax_is_valid_point(point);
    if (lax_curve_point_is_valid(point) != is_good)
        fail_msg("the %s point %s is judged wrongly", words[0], words[1]);
}

static void test_points(void **state)
{
    (void)state;
    vectors_for_each("ed25519_points.txt", 2, check_point);
    assert_true(library.takes_twice_the_order && lax_points > 0);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard_signatures),
        cmocka_unit_test(test_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
