/* What both libraries' sides of the curve need to find out whether a point is in the group of prime order. */
#ifndef OBPUB_CRYPTO_CURVE_ORDER_H
#define OBPUB_CRYPTO_CURVE_ORDER_H

#include "crypto/curve.h"

/* The order of the group less one. */
extern const uint8_t curve_order_minus_one[CURVE_SCALAR_SIZE];

/* True when product, a point times the order less one, is the point with the other sign, as it is for those
 * of the group; of the identity, which has no sign, it is not. */
bool curve_product_is_opposite(const uint8_t product[CURVE_POINT_SIZE],
                               const uint8_t point[CURVE_POINT_SIZE]);

#endif
