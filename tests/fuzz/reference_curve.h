/* Ed25519's and X25519's arithmetic by OpenSSL's numbers, slowly and straight from the definitions: what
 * src/crypto/curve.h promises, by nothing that its implementations use. Secrets are not safe in it. */
#ifndef OBPUB_TESTS_REFERENCE_CURVE_H
#define OBPUB_TESTS_REFERENCE_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each does what the function of src/crypto/curve.h with that name does. */
int reference_multiply_base(uint8_t point[32], const uint8_t scalar[32]);
bool reference_point_is_valid(const uint8_t point[32]);
int reference_multiply_point(uint8_t product[32], const uint8_t scalar[32], const uint8_t point[32]);
int reference_x25519(uint8_t product[32], const uint8_t scalar[32], const uint8_t key[32]);
int reference_verify(const uint8_t signature[64], const void *message, size_t length,
                     const uint8_t public_key[32]);

/* scalar times the base point and part times a point of order eight, in one. */
void reference_mixed_point(uint8_t point[32], const uint8_t scalar[32], unsigned part);

#endif
