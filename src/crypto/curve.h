/* The arithmetic of Curve25519 in both of its shapes, Ed25519's points and X25519's keys: all of obpub comes
 * to the library that does it through here. Which library that is was chosen when obpub was built
 * (OBPUB_CURVE); each gives the same results to the bit, and refuses the same. */
#ifndef OBPUB_CRYPTO_CURVE_H
#define OBPUB_CRYPTO_CURVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CURVE_SCALAR_SIZE 32 /* little-endian */
#define CURVE_WIDE_SCALAR_SIZE 64
#define CURVE_POINT_SIZE 32 /* an Edwards point, RFC 8032 section 5.1.2 */
#define CURVE_SIGNATURE_SIZE 64
#define CURVE_X25519_SIZE 32

/* Room for what curve_write_name() writes. */
#define CURVE_NAME_SIZE 256

/* Writes the library and its version, and which of its implementations for this processor it has taken if it
 * can say so: "libsodium 1.0.18". Returns name. */
const char *curve_write_name(char name[CURVE_NAME_SIZE]);

/* For secrets: neither the time nor the addresses that these use depend on the numbers. Below, the order is
 * that of the prime-order group. */

/* A number modulo the order. */
void curve_reduce_scalar(uint8_t scalar[CURVE_SCALAR_SIZE], const uint8_t wide[CURVE_WIDE_SCALAR_SIZE]);

/* The sum of two scalars that are less than the order, and the product of any two, modulo the order. */
void curve_add_scalars(uint8_t sum[CURVE_SCALAR_SIZE], const uint8_t first[CURVE_SCALAR_SIZE],
                       const uint8_t second[CURVE_SCALAR_SIZE]);
void curve_multiply_scalars(uint8_t product[CURVE_SCALAR_SIZE], const uint8_t first[CURVE_SCALAR_SIZE],
                            const uint8_t second[CURVE_SCALAR_SIZE]);

/* The base point times a scalar that is less than the order. Returns -1 where that is zero, after having
 * written the identity. */
int curve_multiply_base(uint8_t point[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE]);

/* X25519, RFC 7748 section 5, of the base point and of any: the scalar is clamped, the top bit of a key
 * ignored. Returns -1, with zeros, where the key is of low order. */
void curve_x25519_base(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE]);
int curve_x25519(uint8_t product[CURVE_X25519_SIZE], const uint8_t scalar[CURVE_X25519_SIZE],
                 const uint8_t key[CURVE_X25519_SIZE]);

/* For what is public: the time may depend on everything. */

/* True for the canonical encoding of a point of the prime-order group other than its identity. */
bool curve_point_is_valid(const uint8_t point[CURVE_POINT_SIZE]);

/* A valid point times a number of 255 bits (the top bit is ignored). That the point is valid has been seen
 * before: what comes of another depends on the library. Returns -1 where the product is the identity; product
 * is not to be used then. */
int curve_multiply_point(uint8_t product[CURVE_POINT_SIZE], const uint8_t scalar[CURVE_SCALAR_SIZE],
                         const uint8_t point[CURVE_POINT_SIZE]);

/* Ed25519's verification of a signature, R and S, of length bytes of message. Returns 0 when it is good:
 * - S is less than the order, and public key and R are not of small order;
 * - the public key is canonically encoded, and on the curve;
 * - R is, byte for byte, the encoding of S times the base point less SHA-512(R, key, message) times the key:
 *   there is no multiplication by the cofactor, and a non-canonical R never matches;
 * otherwise -1. A key or an R outside of the prime-order group is not refused for that. */
int curve_verify(const uint8_t signature[CURVE_SIGNATURE_SIZE], const void *message, size_t length,
                 const uint8_t public_key[CURVE_POINT_SIZE]);

#endif
