/* libsodium's curve beside lib25519's in one program, where that is built in: src/crypto/curve.h under other
 * names. */
#ifndef OBPUB_TESTS_SECOND_CURVE_H
#define OBPUB_TESTS_SECOND_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int second_curve_multiply_base(uint8_t point[32], const uint8_t scalar[32]);
void second_curve_x25519_base(uint8_t product[32], const uint8_t scalar[32]);
int second_curve_x25519(uint8_t product[32], const uint8_t scalar[32], const uint8_t key[32]);
bool second_curve_point_is_valid(const uint8_t point[32]);
int second_curve_multiply_point(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32]);
int second_curve_verify(const uint8_t signature[64], const void *message, size_t length,
                        const uint8_t public_key[32]);

#endif
