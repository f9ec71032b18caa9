/* The HSDir hash ring: which relays are to keep a descriptor (rend-spec-v3 [HASHRING]). */
#ifndef OBPUB_ONION_HSDIR_RING_H
#define OBPUB_ONION_HSDIR_RING_H

#include "crypto/ed25519.h"
#include "onion/consensus.h"
#include "onion/time_period.h"

#define HSDIR_INDEX_SIZE 32
/* Most HSDirs one descriptor can have: the largest values tor allows for replicas and spread. */
#define HSDIR_REPLICAS_MAX 16
#define HSDIR_SPREAD_MAX 128
#define HSDIR_RESPONSIBLE_MAX (HSDIR_REPLICAS_MAX * HSDIR_SPREAD_MAX)

/* A relay of the ring. */
struct hsdir {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    uint8_t ed25519_identity[ED25519_PUBLIC_KEY_SIZE];
};

struct hsdir_ring_entry {
    uint8_t index[HSDIR_INDEX_SIZE];
    uint32_t hsdir; /* its position in the array the ring was built from */
};

/* All HSDirs in the order of their index for one time period and shared random value. */
struct hsdir_ring {
    struct hsdir_ring_entry *entries;
    size_t count;
    uint64_t period_number;
    uint32_t period_length; /* minutes */
};

/* The value that stands in for a shared random value a consensus does not have (rend-spec-v3
 * [PUB-SHAREDRANDOM]). */
void hsdir_ring_disaster_value(uint8_t value[SHARED_RANDOM_VALUE_SIZE], uint64_t period_number,
                               uint32_t period_length);

/* Builds a ring of count HSDirs. Release with hsdir_ring_clear(). */
void hsdir_ring_build(struct hsdir_ring *ring, const struct hsdir *hsdirs, size_t count,
                      const uint8_t shared_random_value[SHARED_RANDOM_VALUE_SIZE], uint64_t period_number,
                      uint32_t period_length);
void hsdir_ring_clear(struct hsdir_ring *ring);

/* The HSDirs that are responsible for a blinded key: for each replica the next spread ones on the ring that
 * were not taken yet. Writes their ring entries in tor's order and returns how many (at most replicas *
 * spread, and at most HSDIR_RESPONSIBLE_MAX, for which responsible must have room). */
size_t hsdir_ring_find_responsible(const struct hsdir_ring *ring,
                                   const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], uint32_t replicas,
                                   uint32_t spread, const struct hsdir_ring_entry **responsible);

#endif
