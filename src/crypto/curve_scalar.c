/* Numbers modulo the order of the prime-order group: libsodium's, whichever library does the points. */
#include <string.h>

#include <sodium.h>

#include "crypto/curve_order.h"

const uint8_t curve_order_minus_one[CURVE_SCALAR_SIZE] = {
    0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
};

bool curve_product_is_opposite(const uint8_t product[CURVE_POINT_SIZE], const uint8_t point[CURVE_POINT_SIZE])
{
    uint8_t opposite[CURVE_POINT_SIZE];
    memcpy(opposite, product, sizeof(opposite));
    opposite[CURVE_POINT_SIZE - 1] ^= 0x80;
    return memcmp(opposite, point, sizeof(opposite)) == 0;
}

void curve_reduce_scalar(uint8_t scalar[CURVE_SCALAR_SIZE], const uint8_t wide[CURVE_WIDE_SCALAR_SIZE])
{
    crypto_core_ed25519_scalar_reduce(scalar, wide);
}

void curve_add_scalars(uint8_t sum[CURVE_SCALAR_SIZE], const uint8_t first[CURVE_SCALAR_SIZE],
                       const uint8_t second[CURVE_SCALAR_SIZE])
{
    crypto_core_ed25519_scalar_add(sum, first, second);
}

void curve_multiply_scalars(uint8_t product[CURVE_SCALAR_SIZE], const uint8_t first[CURVE_SCALAR_SIZE],
                            const uint8_t second[CURVE_SCALAR_SIZE])
{
    crypto_core_ed25519_scalar_mul(product, first, second);
}
