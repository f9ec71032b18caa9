/* Networks, keys and descriptors made by hand, for whoever plays the state machine without a tor. */
#ifndef OBPUB_TESTS_SIM_MODEL_H
#define OBPUB_TESTS_SIM_MODEL_H

#include "onion/descriptor.h"
#include "onion/network.h"

#define MODEL_REPLICAS 2
#define MODEL_SPREAD_STORE 4
#define MODEL_SPREAD_FETCH 3

/* A network's state at one consensus. */
struct model_consensus {
    struct time_schedule schedule;
    int64_t valid_after;                   /* seconds since the epoch */
    const uint8_t *previous_shared_random; /* NULL where the consensus lacks it */
    const uint8_t *current_shared_random;
    const struct hsdir *hsdirs;
    size_t hsdir_count;
};

/* Release with network_free(). */
struct network *model_make_network(const struct model_consensus *consensus);
struct network *model_copy_network(const struct network *network);

/* The public identity key of that number: a valid point. */
void model_make_identity_key(uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t number);

/* The HSDir of that number, which model_hsdir_number() gives back from its fingerprint. */
void model_make_hsdir(struct hsdir *hsdir, uint32_t number);
uint32_t model_hsdir_number(const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* A descriptor with the introduction points of these numbers, which model_point_number() gives back. Only
 * what the state machine looks at is filled in. */
struct descriptor *model_make_descriptor(uint64_t period_number, uint64_t revision_counter,
                                         const uint64_t *points, size_t point_count);

/* Puts a point at the relay of that number. */
void model_place_point(struct introduction_point *point, uint32_t relay);
uint64_t model_point_number(const struct introduction_point *point);

#endif
