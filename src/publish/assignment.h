/* Which point set each HSDir of a frontend's descriptors is to have.
 *
 * An assignment never changes once it is made, and is counted like a point set. It has one set for all
 * HSDirs; or it names HSDirs, and which of its sets each of these has. An upload has the set that it is told.
 * No assignment at all is NULL, and gives no HSDir anything.
 */
#ifndef OBPUB_PUBLISH_ASSIGNMENT_H
#define OBPUB_PUBLISH_ASSIGNMENT_H

#include "onion/consensus.h"
#include "onion/network.h"
#include "publish/point_set.h"

/* An HSDir of the descriptor of a time period, and the number of the set that it has. */
struct assignment_place {
    uint64_t period_number;
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    size_t set;
};

struct assignment {
    unsigned holders;
    uint64_t turn;                   /* of the allotments that the places are from */
    struct assignment_place *places; /* the assignment's; NULL: no HSDir is named */
    size_t place_count;
    /* What the sets of each descriptor are made from, where HSDirs have their own (distinct.h); else 0. */
    uint8_t bases[DESCRIPTOR_SLOTS][SHA3_256_SIZE];
    size_t count;             /* 1 or more */
    struct point_set *sets[]; /* each held by the assignment */
};

/* Makes an assignment that gives all HSDirs one set, which it shares; NULL for NULL. */
struct assignment *assignment_new_same(struct point_set *set);

/* Makes one that names the HSDirs that have something: others have nothing. It takes the places, place_count
 * of them, which were allocated with memory_allocate(). Returns NULL when there are none. */
struct assignment *assignment_new_with_places(struct point_set *const *sets, size_t count,
                                              struct assignment_place *places, size_t place_count,
                                              uint64_t turn);

/* Hold an assignment once more; have one holder less, the last of which frees it. NULL is fine. */
struct assignment *assignment_share(struct assignment *assignment);
void assignment_release(struct assignment *assignment);

/* Has *held be this assignment, shared, in the place of the one that it was. */
void assignment_replace(struct assignment **held, struct assignment *assignment);

/* The set that an HSDir is to have of the descriptor of a time period; NULL for no assignment, and for an
 * HSDir that is not named where others are. It stays the assignment's. */
struct point_set *assignment_find(const struct assignment *assignment, uint64_t period_number,
                                  const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* True when it names HSDirs. */
bool assignment_names_hsdirs(const struct assignment *assignment);

/* True when two HSDirs of one descriptor have different sets. */
bool assignment_is_distinct(const struct assignment *assignment);

/* True when both give every HSDir the same, or both are NULL. */
bool assignment_equals(const struct assignment *one, const struct assignment *other);

/* True when both give the HSDirs of the descriptor of a time period the same, or both are NULL. */
bool assignment_gives_same(const struct assignment *one, const struct assignment *other,
                           uint64_t period_number);

/* How many different introduction points there are in all sets, and how many of them are from one source. */
size_t assignment_count_points(const struct assignment *assignment);
size_t assignment_count_points_from(const struct assignment *assignment, uint64_t source);

/* True when every set says that the service has flow control; false for no assignment. */
bool assignment_has_flow_control(const struct assignment *assignment);

#endif
