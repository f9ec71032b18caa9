/* What libsodium alone does. */
#include "bare_curve.h"

#include <sodium.h>

int bare_curve_sign(uint8_t signature[64], const uint8_t *message, size_t length,
                    const uint8_t secret_key[64])
{
    return crypto_sign_detached(signature, NULL, message, length, secret_key);
}

int bare_curve_verify(const uint8_t signature[64], const uint8_t *message, size_t length,
                      const uint8_t public_key[32])
{
    return crypto_sign_verify_detached(signature, message, length, public_key);
}

int bare_curve_multiply(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32])
{
    return crypto_scalarmult_ed25519_noclamp(product, scalar, point);
}

int bare_curve_multiply_base(uint8_t product[32], const uint8_t scalar[32])
{
    return crypto_scalarmult_ed25519_base_noclamp(product, scalar);
}

int bare_curve_x25519_base(uint8_t product[32], const uint8_t scalar[32])
{
    return crypto_scalarmult_curve25519_base(product, scalar);
}

int bare_curve_check_point(const uint8_t point[32])
{
    return crypto_core_ed25519_is_valid_point(point) == 1 ? 0 : -1;
}
