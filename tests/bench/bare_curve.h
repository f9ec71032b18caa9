/* What the library alone does that obpub was built with for the curve: the bare limit's share of it. Each
 * function returns 0 when it has worked. Keys and signatures are those of both libraries: a secret key is the
 * seed and the public key. */
#ifndef OBPUB_TESTS_BARE_CURVE_H
#define OBPUB_TESTS_BARE_CURVE_H

#include <stddef.h>
#include <stdint.h>

#define BARE_MESSAGE_MAX ((size_t)1 << 19)

int bare_curve_sign(uint8_t signature[64], const uint8_t *message, size_t length,
                    const uint8_t secret_key[64]);
int bare_curve_verify(const uint8_t signature[64], const uint8_t *message, size_t length,
                      const uint8_t public_key[32]);
/* A point checked, and multiplied. */
int bare_curve_multiply(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32]);
int bare_curve_multiply_base(uint8_t product[32], const uint8_t scalar[32]);
int bare_curve_x25519_base(uint8_t product[32], const uint8_t scalar[32]);
int bare_curve_check_point(const uint8_t point[32]);

#endif
