/* What a source offers for a frontend's descriptors. */
#ifndef OBPUB_PUBLISH_OFFER_H
#define OBPUB_PUBLISH_OFFER_H

#include "onion/descriptor.h"
#include "onion/introduction_point.h"

#define CHOICE_SEED_SIZE 32

/* Since when a source has offered a point (milliseconds): its authentication key, and any point at its relay.
 * All that a source had when it was first heard of counts as from one moment on. */
struct point_claim {
    int64_t key_since, relay_since;
    bool is_of_unknown_relay; /* the consensus does not have it, yet or any more */
};

/* The introduction points that one live source offers. */
struct choice_offer {
    const uint8_t *identity_key; /* of the source, 32 bytes */
    const struct introduction_point *points;
    const struct point_claim *claims; /* of each point; NULL when all have the same */
    size_t point_count;
    uint64_t source;                     /* its number */
    const struct descriptor *descriptor; /* tells the features of its service */
    unsigned weight;                     /* of its share among the others, 1 or more; 0 counts as 1 */
    double owed; /* places that it has had less than it wanted, where HSDirs have points of their own */
};

#endif
