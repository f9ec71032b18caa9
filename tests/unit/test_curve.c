/* Tests of the arithmetic of Curve25519, whichever library does it: hard cases of verification, edges of
 * points and scalars, X25519. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "crypto/curve.h"
#include "helper_curve.h"
#include "vectors.h"

static const uint8_t zero[CURVE_SCALAR_SIZE];
static const uint8_t one[CURVE_SCALAR_SIZE] = {1};
static const uint8_t identity[CURVE_POINT_SIZE] = {1};
static const char base_point[] = "5866666666666666666666666666666666666666666666666666666666666666";
static const char order_minus_one[] = "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
static const char order[] = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

static void check_hard_signature(char **words)
{
    helper_curve_check_verdict(words, curve_verify);
}

static void test_hard_signatures(void **state)
{
    (void)state;
    vectors_for_each("ed25519_hard_signatures.txt", HELPER_CURVE_HARD_WORDS, check_hard_signature);
}

static void check_point(char **words)
{
    uint8_t point[CURVE_POINT_SIZE], product[CURVE_POINT_SIZE];
    vectors_decode_hex(words[1], point, sizeof(point));
    const bool is_good = strcmp(words[0], "good") == 0;
    if (curve_point_is_valid(point) != is_good)
        fail_msg("the %s point %s is judged wrongly", words[0], words[1]);
    if (!is_good)
        return;
    assert_int_equal(curve_multiply_point(product, one, point), 0);
    assert_memory_equal(product, point, sizeof(product));
}

static void test_points(void **state)
{
    (void)state;
    vectors_for_each("ed25519_points.txt", 2, check_point);
}

static void test_base_point(void **state)
{
    (void)state;
    uint8_t base[CURVE_POINT_SIZE], last[CURVE_SCALAR_SIZE], point[CURVE_POINT_SIZE];
    vectors_decode_hex(base_point, base, sizeof(base));
    vectors_decode_hex(order_minus_one, last, sizeof(last));
    assert_int_equal(curve_multiply_base(point, one), 0);
    assert_memory_equal(point, base, sizeof(point));
    assert_int_equal(curve_multiply_base(point, zero), -1);
    assert_memory_equal(point, identity, sizeof(point));
    assert_int_equal(curve_multiply_base(point, last), 0);
    base[31] |= 0x80; /* its negative */
    assert_memory_equal(point, base, sizeof(point));
}

/* Where two ways lead to a point they have to meet. */
static void test_products(void **state)
{
    (void)state;
    for (uint8_t number = 0; number < 100; number++) {
        uint8_t seed[randombytes_SEEDBYTES] = {number}, wide[2][CURVE_WIDE_SCALAR_SIZE], product[32];
        uint8_t first[32], second[32], point[32], found[32], expected[32];
        randombytes_buf_deterministic(wide, sizeof(wide), seed);
        curve_reduce_scalar(first, wide[0]);
        curve_reduce_scalar(second, wide[1]);
        curve_multiply_scalars(product, first, second);
        assert_int_equal(curve_multiply_base(point, first), 0);
        assert_true(curve_point_is_valid(point));
        assert_int_equal(curve_multiply_base(expected, product), 0);
        assert_int_equal(curve_multiply_point(found, second, point), 0);
        assert_memory_equal(found, expected, sizeof(found));
        /* The top bit does not count, those below that do, though the number is larger than the order then.
         */
        second[31] |= 0x80;
        assert_int_equal(curve_multiply_point(found, second, point), 0);
        assert_memory_equal(found, expected, sizeof(found));
        memset(wide[0], 0, sizeof(wide[0]));
        memcpy(wide[0], wide[1], CURVE_SCALAR_SIZE);
        wide[0][31] |= 0xc0;
        assert_int_equal(curve_multiply_point(found, wide[0], point), 0);
        wide[0][31] &= 0x7f;
        curve_reduce_scalar(second, wide[0]);
        curve_multiply_scalars(product, first, second);
        assert_int_equal(curve_multiply_base(expected, product), 0);
        assert_memory_equal(found, expected, sizeof(found));
    }
}

static void test_product_is_no_identity(void **state)
{
    (void)state;
    uint8_t base[CURVE_POINT_SIZE], number[CURVE_SCALAR_SIZE], product[CURVE_POINT_SIZE];
    vectors_decode_hex(base_point, base, sizeof(base));
    assert_int_equal(curve_multiply_point(product, zero, base), -1);
    vectors_decode_hex(order, number, sizeof(number));
    assert_int_equal(curve_multiply_point(product, number, base), -1);
    number[31] |= 0x80;
    assert_int_equal(curve_multiply_point(product, number, base), -1);
    vectors_decode_hex(order_minus_one, number, sizeof(number));
    assert_int_equal(curve_multiply_point(product, number, base), 0);
    assert_int_equal(curve_multiply_point(product, one, identity), -1);
}

/* Factors need not be reduced. */
static void test_products_of_large_numbers(void **state)
{
    (void)state;
    uint8_t large[32], wide[CURVE_WIDE_SCALAR_SIZE] = {0}, reduced[32], found[32], expected[32];
    memset(large, 0xff, sizeof(large));
    memcpy(wide, large, sizeof(large));
    curve_reduce_scalar(reduced, wide);
    assert_memory_not_equal(reduced, large, sizeof(reduced));
    memset(expected, 0, sizeof(expected));
    for (int i = 0; i < 3; i++)
        curve_add_scalars(expected, expected, reduced);
    const uint8_t three[32] = {3};
    curve_multiply_scalars(found, three, large);
    assert_memory_equal(found, expected, sizeof(found));
    curve_multiply_scalars(found, large, large);
    curve_multiply_scalars(expected, reduced, reduced);
    assert_memory_equal(found, expected, sizeof(found));
}

/* RFC 7748 section 5.2: the two single ones, and a thousand on top of each other. */
static void test_x25519_of_the_rfc(void **state)
{
    (void)state;
    static const char *const rows[][3] = {
        {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
         "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
         "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    };
    uint8_t scalar[32], key[32], expected[32], product[32];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        vectors_decode_hex(rows[i][0], scalar, sizeof(scalar));
        vectors_decode_hex(rows[i][1], key, sizeof(key));
        vectors_decode_hex(rows[i][2], expected, sizeof(expected));
        assert_int_equal(curve_x25519(product, scalar, key), 0);
        assert_memory_equal(product, expected, sizeof(product));
    }
    memset(scalar, 0, sizeof(scalar));
    scalar[0] = 9;
    memcpy(key, scalar, sizeof(key));
    for (int round = 0; round < 1000; round++) {
        assert_int_equal(curve_x25519(product, scalar, key), 0);
        memcpy(key, scalar, sizeof(key));
        memcpy(scalar, product, sizeof(scalar));
    }
    vectors_decode_hex("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", expected, 32);
    assert_memory_equal(product, expected, sizeof(product));
}

static void test_x25519_base_is_nine(void **state)
{
    (void)state;
    const uint8_t nine[CURVE_X25519_SIZE] = {9};
    for (uint8_t number = 0; number < 100; number++) {
        uint8_t seed[randombytes_SEEDBYTES] = {number}, scalar[32], found[32], expected[32];
        randombytes_buf_deterministic(scalar, sizeof(scalar), seed);
        curve_x25519_base(found, scalar);
        assert_int_equal(curve_x25519(expected, scalar, nine), 0);
        assert_memory_equal(found, expected, sizeof(found));
        scalar[0] ^= 7; /* what clamping does away with */
        scalar[31] ^= 0x80;
        curve_x25519_base(found, scalar);
        assert_memory_equal(found, expected, sizeof(found));
    }
}

static void check_x25519_of_low_order(char **words)
{
    for (int top_bit = 0; top_bit <= 1; top_bit++) {
        uint8_t key[32], product[32], scalar[32];
        vectors_decode_hex(words[0], key, sizeof(key));
        key[31] |= top_bit == 0 ? 0 : 0x80;
        for (int byte = 0; byte < 256; byte += 5) {
            memset(scalar, byte, sizeof(scalar));
            memset(product, 0x77, sizeof(product));
            assert_int_equal(curve_x25519(product, scalar, key), -1);
            assert_memory_equal(product, zero, sizeof(product));
        }
    }
}

/* All ways to write a point of low order, on the curve and on its twist: refused, and zeros are left. */
static void test_x25519_of_low_order(void **state)
{
    (void)state;
    vectors_for_each("x25519_low_order.txt", 1, check_x25519_of_low_order);
}

/* A key that is not reduced, or has its top bit set, is the one that it is modulo the prime. */
static void test_x25519_of_odd_encodings(void **state)
{
    (void)state;
    for (uint8_t u = 2; u < 19; u++) {
        uint8_t key[32] = {u}, unreduced[32], scalar[32] = {0x58, u}, expected[32], found[32];
        memset(unreduced, 0xff, sizeof(unreduced));
        unreduced[0] = (uint8_t)(0xed + u);
        unreduced[31] = 0x7f;
        assert_int_equal(curve_x25519(expected, scalar, key), 0);
        assert_int_equal(curve_x25519(found, scalar, unreduced), 0);
        assert_memory_equal(found, expected, sizeof(found));
        unreduced[31] |= 0x80;
        assert_int_equal(curve_x25519(found, scalar, unreduced), 0);
        assert_memory_equal(found, expected, sizeof(found));
    }
}

static void test_name(void **state)
{
    (void)state;
    char name[CURVE_NAME_SIZE];
    assert_ptr_equal(curve_write_name(name), name);
    assert_non_null(strstr(name, sodium_version_string()));
    assert_true(strlen(name) < sizeof(name) - 1);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hard_signatures),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_base_point),
        cmocka_unit_test(test_products),
        cmocka_unit_test(test_product_is_no_identity),
        cmocka_unit_test(test_products_of_large_numbers),
        cmocka_unit_test(test_x25519_of_the_rfc),
        cmocka_unit_test(test_x25519_base_is_nine),
        cmocka_unit_test(test_x25519_of_low_order),
        cmocka_unit_test(test_x25519_of_odd_encodings),
        cmocka_unit_test(test_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
