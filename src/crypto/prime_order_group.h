/* The group of prime order among the points of Ed25519's curve, which has eight times as many. */
#ifndef OBPUB_CRYPTO_PRIME_ORDER_GROUP_H
#define OBPUB_CRYPTO_PRIME_ORDER_GROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/field.h"

/* True when 32 bytes are the canonical encoding of a point of that group other than its identity. For what is
 * public: the time depends on the point. Where FIELD_IS_AVAILABLE. */
bool prime_order_group_has(const uint8_t point[FIELD_SIZE]);

#endif
