/* Numbers modulo 2^255 - 19, over which Curve25519 is defined. For what is public: the time may depend on the
 * numbers. */
#ifndef OBPUB_CRYPTO_FIELD_H
#define OBPUB_CRYPTO_FIELD_H

#include <stdbool.h>
#include <stdint.h>

/* Products of 64 bits each need 128, which not every processor's compiler has. */
#ifdef __SIZEOF_INT128__
#define FIELD_IS_AVAILABLE 1
#else
#define FIELD_IS_AVAILABLE 0
#endif

#define FIELD_SIZE 32 /* bytes, little-endian */
#define FIELD_LIMBS 5

/* The sum of limb[i] * 2^(51 * i), each limb less than 2^52. A number has several such forms; results may be
 * written over arguments. */
struct field_number {
    uint64_t limb[FIELD_LIMBS];
};

/* Reads 255 bits, and ignores the one above. False where they are not less than 2^255 - 19. */
bool field_read(struct field_number *number, const uint8_t bytes[FIELD_SIZE]);

bool field_equals(const struct field_number *one, const struct field_number *other);

void field_add(struct field_number *sum, const struct field_number *one, const struct field_number *other);
void field_subtract(struct field_number *difference, const struct field_number *one,
                    const struct field_number *other);
void field_multiply(struct field_number *product, const struct field_number *one,
                    const struct field_number *other);
void field_square(struct field_number *square, const struct field_number *number);

/* One of the two square roots, either. False where there is none. */
bool field_root(struct field_number *root, const struct field_number *number);

/* True when a number that is not zero is the fourth power of another. */
bool field_is_fourth_power(const struct field_number *number);

#endif
