/* Which time period a descriptor is of: for the file that decodes one alone. */
#ifndef OBPUB_ONION_DESCRIPTOR_PERIOD_H
#define OBPUB_ONION_DESCRIPTOR_PERIOD_H

#include "onion/descriptor.h"

/* Finds the time period whose blinded key of the expected service is this one, among those that are possible
 * now. Returns 0 or -1. */
int descriptor_find_period(uint64_t *period_number, const struct descriptor_expectation *expectation,
                           const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], struct error *error);

#endif
