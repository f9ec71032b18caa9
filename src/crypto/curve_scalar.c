/* Numbers modulo the order of the prime-order group: libsodium's, whichever library does the points. */
#include <sodium.h>

#include "crypto/curve.h"

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
