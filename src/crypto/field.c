/* Numbers modulo 2^255 - 19, in limbs of 51 bits. */
#include "crypto/field.h"

#include <stddef.h>
#include <string.h>

#if FIELD_IS_AVAILABLE

#define LIMB_BITS 51
#define LIMB_MASK (((uint64_t)1 << LIMB_BITS) - 1)
/* 2^255 modulo the prime. */
#define WRAPPED 19

__extension__ typedef unsigned __int128 uint128;

static const struct field_number one_itself = {{1, 0, 0, 0, 0}};
/* Its square is -1. */
static const struct field_number root_of_minus_one = {
    {0x61b274a0ea0b0, 0x0d5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};

static uint64_t read_uint64(const uint8_t *bytes)
{
    uint64_t number = 0;
    for (int i = 7; i >= 0; i--)
        number = number << 8 | bytes[i];
    return number;
}

/* Brings limbs of any size below 2^52. */
static void shorten(struct field_number *number)
{
    uint64_t *limb = number->limb;
    uint64_t above = 0;
    for (size_t i = 0; i < FIELD_LIMBS; i++) {
        limb[i] += above;
        above = limb[i] >> LIMB_BITS;
        limb[i] &= LIMB_MASK;
    }
    limb[0] += WRAPPED * above;
}

/* Makes the form the only one that is less than the prime. */
static void reduce(struct field_number *number)
{
    uint64_t *limb = number->limb;
    shorten(number);
    shorten(number);
    /* Now the number is less than 2^255 + 19. If it is not less than the prime, 19 more reach 2^255. */
    uint64_t above = WRAPPED;
    for (size_t i = 0; i < FIELD_LIMBS; i++)
        above = (limb[i] + above) >> LIMB_BITS;
    limb[0] += WRAPPED * above;
    for (size_t i = 0; i + 1 < FIELD_LIMBS; i++) {
        limb[i + 1] += limb[i] >> LIMB_BITS;
        limb[i] &= LIMB_MASK;
    }
    limb[FIELD_LIMBS - 1] &= LIMB_MASK;
}

bool field_read(struct field_number *number, const uint8_t bytes[FIELD_SIZE])
{
    /* Where each limb begins: bit 0, 51, 102, 153, 204. */
    number->limb[0] = read_uint64(bytes) & LIMB_MASK;
    number->limb[1] = read_uint64(bytes + 6) >> 3 & LIMB_MASK;
    number->limb[2] = read_uint64(bytes + 12) >> 6 & LIMB_MASK;
    number->limb[3] = read_uint64(bytes + 19) >> 1 & LIMB_MASK;
    number->limb[4] = read_uint64(bytes + 24) >> 12 & LIMB_MASK;
    struct field_number reduced = *number;
    reduce(&reduced);
    return memcmp(&reduced, number, sizeof(reduced)) == 0;
}

bool field_equals(const struct field_number *one, const struct field_number *other)
{
    struct field_number reduced_one = *one, reduced_other = *other;
    reduce(&reduced_one);
    reduce(&reduced_other);
    return memcmp(&reduced_one, &reduced_other, sizeof(reduced_one)) == 0;
}

void field_add(struct field_number *sum, const struct field_number *one, const struct field_number *other)
{
    for (size_t i = 0; i < FIELD_LIMBS; i++)
        sum->limb[i] = one->limb[i] + other->limb[i];
    shorten(sum);
}

void field_subtract(struct field_number *difference, const struct field_number *one,
                    const struct field_number *other)
{
    /* Four times the prime, which keeps each limb from going below zero. */
    static const uint64_t multiple[FIELD_LIMBS] = {4 * (LIMB_MASK - WRAPPED + 1), 4 * LIMB_MASK,
                                                   4 * LIMB_MASK, 4 * LIMB_MASK, 4 * LIMB_MASK};
    for (size_t i = 0; i < FIELD_LIMBS; i++)
        difference->limb[i] = one->limb[i] + multiple[i] - other->limb[i];
    shorten(difference);
}

/* Makes limbs of the columns of a product, each less than 2^112 and the last one less than 2^107. */
static inline void join_columns(struct field_number *number, uint128 column0, uint128 column1,
                                uint128 column2, uint128 column3, uint128 column4)
{
    column1 += column0 >> LIMB_BITS;
    column2 += column1 >> LIMB_BITS;
    column3 += column2 >> LIMB_BITS;
    column4 += column3 >> LIMB_BITS;
    const uint64_t lowest = ((uint64_t)column0 & LIMB_MASK) + WRAPPED * (uint64_t)(column4 >> LIMB_BITS);
    number->limb[0] = lowest & LIMB_MASK;
    number->limb[1] = ((uint64_t)column1 & LIMB_MASK) + (lowest >> LIMB_BITS);
    number->limb[2] = (uint64_t)column2 & LIMB_MASK;
    number->limb[3] = (uint64_t)column3 & LIMB_MASK;
    number->limb[4] = (uint64_t)column4 & LIMB_MASK;
}

void field_multiply(struct field_number *product, const struct field_number *one,
                    const struct field_number *other)
{
    const uint64_t *a = one->limb, *b = other->limb;
    const uint64_t wrapped1 = WRAPPED * b[1], wrapped2 = WRAPPED * b[2], wrapped3 = WRAPPED * b[3],
                   wrapped4 = WRAPPED * b[4];
    join_columns(product,
                 (uint128)a[0] * b[0] + (uint128)a[1] * wrapped4 + (uint128)a[2] * wrapped3 +
                     (uint128)a[3] * wrapped2 + (uint128)a[4] * wrapped1,
                 (uint128)a[0] * b[1] + (uint128)a[1] * b[0] + (uint128)a[2] * wrapped4 +
                     (uint128)a[3] * wrapped3 + (uint128)a[4] * wrapped2,
                 (uint128)a[0] * b[2] + (uint128)a[1] * b[1] + (uint128)a[2] * b[0] +
                     (uint128)a[3] * wrapped4 + (uint128)a[4] * wrapped3,
                 (uint128)a[0] * b[3] + (uint128)a[1] * b[2] + (uint128)a[2] * b[1] + (uint128)a[3] * b[0] +
                     (uint128)a[4] * wrapped4,
                 (uint128)a[0] * b[4] + (uint128)a[1] * b[3] + (uint128)a[2] * b[2] + (uint128)a[3] * b[1] +
                     (uint128)a[4] * b[0]);
}

/* Squares a number so many times in turn. */
static void square_times(struct field_number *square, const struct field_number *number, int times)
{
    struct field_number a = *number;
    while (times-- > 0) {
        const uint64_t double0 = 2 * a.limb[0], double1 = 2 * a.limb[1], double2 = 2 * a.limb[2],
                       double3 = 2 * a.limb[3];
        const uint64_t wrapped3 = WRAPPED * a.limb[3], wrapped4 = WRAPPED * a.limb[4];
        join_columns(
            &a, (uint128)a.limb[0] * a.limb[0] + (uint128)double1 * wrapped4 + (uint128)double2 * wrapped3,
            (uint128)double0 * a.limb[1] + (uint128)double2 * wrapped4 + (uint128)a.limb[3] * wrapped3,
            (uint128)double0 * a.limb[2] + (uint128)a.limb[1] * a.limb[1] + (uint128)double3 * wrapped4,
            (uint128)double0 * a.limb[3] + (uint128)double1 * a.limb[2] + (uint128)a.limb[4] * wrapped4,
            (uint128)double0 * a.limb[4] + (uint128)double1 * a.limb[3] + (uint128)a.limb[2] * a.limb[2]);
    }
    *square = a;
}

void field_square(struct field_number *square, const struct field_number *number)
{
    square_times(square, number, 1);
}

/* With number to the power of 2^n - 1: to that of 2^(n + m) - 1, other being number to the power of 2^m - 1.
 */
static void lengthen(struct field_number *power, const struct field_number *other, int m)
{
    square_times(power, power, m);
    field_multiply(power, power, other);
}

/* number to the power of 2^250 - 1, which all exponents here begin with. */
static void raise_250(struct field_number *power, const struct field_number *number)
{
    struct field_number ones5, ones10, ones50, longer;
    *power = *number;
    for (int i = 1; i < 5; i++)
        lengthen(power, number, 1);
    ones5 = *power;
    lengthen(power, &ones5, 5);
    ones10 = *power;
    lengthen(power, &ones10, 10);
    longer = *power;
    lengthen(power, &longer, 20);
    lengthen(power, &ones10, 10);
    ones50 = *power;
    lengthen(power, &ones50, 50);
    longer = *power;
    lengthen(power, &longer, 100);
    lengthen(power, &ones50, 50);
}

bool field_root(struct field_number *root, const struct field_number *number)
{
    /* To the power of (prime + 3) / 8 = 4 * (2^250 - 1) + 2: the square of that is the number, where it is a
     * square, or its negative. */
    struct field_number candidate, square;
    raise_250(&candidate, number);
    square_times(&candidate, &candidate, 2);
    field_square(&square, number);
    field_multiply(&candidate, &candidate, &square);
    field_square(&square, &candidate);
    if (!field_equals(&square, number)) {
        field_multiply(&candidate, &candidate, &root_of_minus_one);
        field_square(&square, &candidate);
    }
    const bool is_root = field_equals(&square, number);
    *root = candidate;
    return is_root;
}

bool field_is_fourth_power(const struct field_number *number)
{
    /* To the power of (prime - 1) / 4 = 8 * (2^250 - 1) + 3. */
    struct field_number power, cube;
    raise_250(&power, number);
    square_times(&power, &power, 3);
    field_square(&cube, number);
    field_multiply(&cube, &cube, number);
    field_multiply(&power, &power, &cube);
    return field_equals(&power, &one_itself);
}

#endif
