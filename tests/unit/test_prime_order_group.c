/* Tests of the group of prime order, against libsodium. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "crypto/prime_order_group.h"

#if FIELD_IS_AVAILABLE

#define DRAWN 500
/* As many times the prime order the curve has points. */
#define COFACTOR 8

/* A point of order 8. */
static const uint8_t torsion[32] = {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
                                    0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
                                    0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05};

/* (0, -1), which is of order 2. */
static const uint8_t point_of_order_two[32] = {
    0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};

/* What libsodium says. Some of its versions take the sum of a point of the group and (0, -1) for one, too
 * (CVE-2025-69277): if such a sum is what they were asked for, the other point is one, and only that. */
static bool is_known_to_libsodium(const uint8_t point[32])
{
    uint8_t other[32];
    if (crypto_core_ed25519_is_valid_point(point) != 1)
        return false;
    assert_int_equal(crypto_core_ed25519_add(other, point, point_of_order_two), 0);
    return crypto_core_ed25519_is_valid_point(other) != 1 || !prime_order_group_has(other);
}

static void check(const uint8_t point[32], bool expected)
{
    assert_int_equal(prime_order_group_has(point), expected);
    assert_int_equal(is_known_to_libsodium(point), expected);
}

/* Of a point of the group and the seven that differ from it by one of small order, the first is the only one.
 */
static void test_cosets(void **state)
{
    (void)state;
    for (int i = 0; i < DRAWN; i++) {
        uint8_t scalar[32], point[32];
        crypto_core_ed25519_scalar_random(scalar);
        assert_int_equal(crypto_scalarmult_ed25519_base_noclamp(point, scalar), 0);
        for (int multiple = 0; multiple < COFACTOR; multiple++) {
            check(point, multiple == 0);
            point[31] ^= 0x80; /* the point with the other sign */
            check(point, multiple == 0);
            point[31] ^= 0x80;
            assert_int_equal(crypto_core_ed25519_add(point, point, torsion), 0);
        }
        check(point, true);
    }
}

static void test_small_orders(void **state)
{
    (void)state;
    uint8_t point[32];
    memcpy(point, torsion, sizeof(point));
    for (int multiple = 1; multiple <= COFACTOR; multiple++) {
        check(point, false);
        point[31] ^= 0x80;
        check(point, false);
        point[31] ^= 0x80;
        assert_int_equal(crypto_core_ed25519_add(point, point, torsion), 0);
    }
}

/* Of bytes that were drawn half are no point, and of points one in eight is in the group. */
static void test_drawn(void **state)
{
    (void)state;
    int found = 0;
    for (int i = 0; i < COFACTOR * DRAWN; i++) {
        uint8_t bytes[32];
        randombytes_buf(bytes, sizeof(bytes));
        const bool is_in = prime_order_group_has(bytes);
        assert_int_equal(is_in, is_known_to_libsodium(bytes));
        found += is_in;
    }
    assert_in_range(found, DRAWN / 4, DRAWN); /* some DRAWN / 2 */
}

/* The largest y that there are, some of points of the group; and what is too large, so that a small y has a
 * second encoding. */
static void test_encodings(void **state)
{
    (void)state;
    int found = 0;
    for (unsigned int last = 0; last < 256; last++) {
        uint8_t bytes[32];
        memset(bytes, 0xff, sizeof(bytes));
        bytes[0] = (uint8_t)last;
        const bool is_in = is_known_to_libsodium(bytes);
        assert_true(last < 0xed || !is_in);
        check(bytes, is_in);
        bytes[31] = 0x7f; /* the other sign */
        check(bytes, is_in);
        found += is_in;
    }
    assert_true(found > 0);
}

static int start_libsodium(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cosets),
        cmocka_unit_test(test_small_orders),
        cmocka_unit_test(test_drawn),
        cmocka_unit_test(test_encodings),
    };
    return cmocka_run_group_tests(tests, start_libsodium, NULL);
}

#else

int main(void)
{
    return 0; /* nothing to test */
}

#endif
