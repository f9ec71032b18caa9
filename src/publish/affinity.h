/* How much an HSDir is for one of several things that HSDirs are given. */
#ifndef OBPUB_PUBLISH_AFFINITY_H
#define OBPUB_PUBLISH_AFFINITY_H

#include "crypto/hash.h"
#include "onion/consensus.h"

/* How much an HSDir is, in a time period, for the thing with this number: as good as random, and always the
 * same. An HSDir that has the thing with which this is greatest, byte by byte, keeps it when others come and
 * go. */
struct affinity {
    uint8_t bytes[SHA3_256_SIZE];
};
struct affinity affinity_find(uint64_t period_number, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                              uint64_t number);

/* True when the first is greater than the second. */
bool affinity_is_greater(const struct affinity *one, const struct affinity *other);

#endif
