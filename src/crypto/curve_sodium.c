/* The curve by libsodium alone. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "crypto/curve.h"

const char *curve_write_name(char name[CURVE_NAME_SIZE])
{
    snprintf(name, CURVE_NAME_SIZE, "libsodium %s", sodium_version_string());
    return name;
}

int curve_multiply_base(uint8_t point[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE])
{
    return crypto_scalarmult_ed25519_base_noclamp(point, scalar);
}

void curve_x25519_base(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE])
{
    crypto_scalarmult_curve25519_base(product, scalar);
}

int curve_x25519(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE],
                 const uint8_t key[CURVE_X25519_SIZE])
{
    if (crypto_scalarmult_curve25519(product, scalar, key) == 0)
        return 0;
    memset(product, 0, CURVE_X25519_SIZE); /* some of its implementations leave what was there */
    return -1;
}

bool curve_point_is_valid(const uint8_t point[CURVE_POINT_SIZE])
{
    return crypto_core_ed25519_is_valid_point(point) == 1;
}

int curve_multiply_point(uint8_t product[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE],
                         const uint8_t point[CURVE_POINT_SIZE])
{
    return crypto_scalarmult_ed25519_noclamp(product, scalar, point);
}

int curve_verify(const uint8_t signature[CURVE_SIGNATURE_SIZE], const void *message, size_t length,
                 const uint8_t public_key[CURVE_POINT_SIZE])
{
    return crypto_sign_verify_detached(signature, message, length, public_key);
}
