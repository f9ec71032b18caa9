/* Whether a point is in the group of prime order, without multiplying the point.
 *
 * The points of the curve are a cyclic group of 8 L points, L prime, so those of order L and 1 are the
 * points that are 8 times another one. On the curve in Montgomery's form, v^2 = u (u^2 + A u + 1) with A =
 * 486662, a point P is twice another one if u is a square: only (0, 0) has order 2. Then P has a preimage
 *     P' = (u', v'),  u' = 2 u + A + 2 s,  v' = 2 u' g,  with g^2 = u and s^2 = u^2 + A u + 1,
 * under the isogeny of degree 2 from v'^2 = u' (u'^2 - 2 A u' + A^2 - 4); and P is 8 times another point if
 * the Tate pairing of P' with a certain point T of order 4 is 1. This T doubles to (c^2, 0), c^2 = A + 2, and
 * the sign of c is the one for which the pairing does not depend on which of both preimages P' is. The
 * pairing is 1 if the following is a fourth power: the square of the tangent in T, at P', through u' - c^2.
 * (Koshelev, "Subgroup membership testing on elliptic curves via the Tate pairing", 2022; Pornin,
 * "Point-Halving and Subgroup Membership in Twisted Edwards Curves", 2022.)
 *
 * From Edwards' form there is u = (1 + y) / (1 - y). With m = 1 - y, a^2 = 1 - y^2 and b^2 = 1 + d y^2,
 *     g = a / m,  s = c b / m,  u' - c^2 = e / m with e = 2 (2 y + c b),
 * and times a power of m^4 the number is (2 a (e + c^2 m) - (c + 2) e m)^2 e^3 m. The x of the point is not
 * needed: -P is where P is. But there has to be one: as x^2 = -(1 - y^2) / (1 + d y^2), and -1 is a square,
 * that is so where both roots exist. For the points whose order divides 8 the number is none or zero. */
#include "crypto/prime_order_group.h"

#if FIELD_IS_AVAILABLE

static const struct field_number one = {{1, 0, 0, 0, 0}};
/* Of the curve, RFC 8032: -x^2 + y^2 = 1 + d x^2 y^2. */
static const struct field_number d = {
    {0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
static const struct field_number c_squared = {{486664, 0, 0, 0, 0}};
static const struct field_number c = {
    {0x5b7106377bbd8, 0x71af6ad9382cb, 0x2d64427297b8, 0x6a81ef02c4294, 0x141b0b6806563}};
static const struct field_number c_plus_two = {
    {0x5b7106377bbda, 0x71af6ad9382cb, 0x2d64427297b8, 0x6a81ef02c4294, 0x141b0b6806563}};

static void twice(struct field_number *number)
{
    field_add(number, number, number);
}

/* The number whose fourth root is asked for. */
static void pair(struct field_number *pairing, const struct field_number *y, const struct field_number *a,
                 const struct field_number *b)
{
    struct field_number m, e, tangent, product;
    field_subtract(&m, &one, y);
    field_multiply(&e, &c, b);
    field_add(&e, &e, y);
    field_add(&e, &e, y);
    twice(&e);
    field_multiply(&tangent, &c_squared, &m);
    field_add(&tangent, &tangent, &e);
    field_multiply(&tangent, &tangent, a);
    twice(&tangent);
    field_multiply(&product, &c_plus_two, &e);
    field_multiply(&product, &product, &m);
    field_subtract(&tangent, &tangent, &product);
    field_multiply(pairing, &tangent, &e);
    field_square(pairing, pairing);
    field_multiply(pairing, pairing, &e);
    field_multiply(pairing, pairing, &m);
}

bool prime_order_group_has(const uint8_t point[FIELD_SIZE])
{
    struct field_number y, square, a, b, pairing;
    if (!field_read(&y, point))
        return false;
    field_square(&square, &y);
    field_subtract(&a, &one, &square);
    field_multiply(&b, &d, &square);
    field_add(&b, &one, &b);
    if (!field_root(&a, &a) || !field_root(&b, &b))
        return false;
    pair(&pairing, &y, &a, &b);
    return field_is_fourth_power(&pairing);
}

#endif
