/* What lib25519 alone does. */
#include "bare_curve.h"

#include <string.h>

#include <lib25519.h>
#include <sodium.h>

#define SIGNATURE_SIZE 64

/* Behind a point there is a byte that says whether all arguments were good. */
#define RESULT_SIZE 33

/* A signature and the message behind it, which is how lib25519 has them, and what comes of verifying. */
static uint8_t signed_message[SIGNATURE_SIZE + BARE_MESSAGE_MAX], opened[SIGNATURE_SIZE + BARE_MESSAGE_MAX];

/* Where lib25519's signing has its randomness from; the archive leaves that to another library. */
void randombytes_internal_void_voidstar_longlong(void *bytes, long long length);
void randombytes_internal_void_voidstar_longlong(void *bytes, long long length)
{
    randombytes_buf(bytes, (size_t)length);
}

int bare_curve_sign(uint8_t signature[64], const uint8_t *message, size_t length,
                    const uint8_t secret_key[64])
{
    long long signed_length;
    lib25519_sign(signed_message, &signed_length, message, (long long)length, secret_key);
    memcpy(signature, signed_message, SIGNATURE_SIZE);
    return 0;
}

int bare_curve_verify(const uint8_t signature[64], const uint8_t *message, size_t length,
                      const uint8_t public_key[32])
{
    long long opened_length;
    memcpy(signed_message, signature, SIGNATURE_SIZE);
    memcpy(signed_message + SIGNATURE_SIZE, message, length);
    return lib25519_sign_open(opened, &opened_length, signed_message, (long long)(SIGNATURE_SIZE + length),
                              public_key);
}

static int multiply(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32])
{
    uint8_t result[RESULT_SIZE];
    lib25519_multiscalar_ed25519(result, scalar, point, 1);
    memcpy(product, result, 32);
    return result[RESULT_SIZE - 1] == 1 ? 0 : -1;
}

int bare_curve_multiply(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32])
{
    return multiply(product, scalar, point);
}

int bare_curve_multiply_base(uint8_t product[32], const uint8_t scalar[32])
{
    lib25519_nG_merged25519(product, scalar);
    return 0;
}

int bare_curve_x25519_base(uint8_t product[32], const uint8_t scalar[32])
{
    lib25519_nG_montgomery25519(product, scalar);
    return 0;
}

int bare_curve_check_point(const uint8_t point[32])
{
    static const uint8_t order_minus_one[32] = {
        0xec, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
    };
    uint8_t negative[32];
    if (multiply(negative, order_minus_one, point) != 0)
        return -1;
    negative[31] ^= 0x80;
    return memcmp(negative, point, sizeof(negative)) == 0 ? 0 : -1;
}
