/* What sources offer, in the order in which it is looked at, and which of two sources was first with a point.
 */
#ifndef OBPUB_PUBLISH_RANKED_OFFERS_H
#define OBPUB_PUBLISH_RANKED_OFFERS_H

#include "crypto/hash.h"
#include "onion/consensus.h"
#include "publish/offer.h"
#include "publish/shares.h"

struct ranked_offer;

/* A point at the position among its like that the seed gives it. */
struct ranked_point {
    uint8_t rank[SHA3_256_SIZE];
    const struct introduction_point *point;
    struct point_claim claim;
    bool has_relay;
    uint8_t relay[RELAY_FINGERPRINT_SIZE];
    struct ranked_offer *offer; /* whose it is */
    bool is_copy;               /* of another source's point */
    size_t uses;                /* how many places it has been given */
};

/* One source's usable points: those at known relays first, each kind in the order of their rank. */
struct ranked_offer {
    uint8_t rank[SHA3_256_SIZE];
    uint64_t source;
    const struct choice_offer *offer;
    struct ranked_point points[INTRODUCTION_POINTS_MAX];
    size_t count;
    size_t next;  /* for whoever gives places: the point that is to be looked at next */
    size_t taken; /* likewise: how many places it has, */
    size_t most;  /* and how many it may have in one set */
};

/* Ranks offers, offer_count of them, by a seed. Points with a legacy key are left out, and copies of points
 * that another source had first. The result is one for each offer, in the same order, and points to what is
 * offered; release with free(). */
struct ranked_offer *ranked_offers_make(const struct choice_offer *offers, size_t offer_count,
                                        const uint8_t seed[CHOICE_SEED_SIZE]);

/* What a source claims with what it offers. */
struct share_claim ranked_offer_claim(const struct ranked_offer *ranked);

/* Orders for qsort(): of pointers to offers, and of pointers to points, by their rank. */
int ranked_offers_compare(const void *one, const void *other);
int ranked_points_compare(const void *one, const void *other);

/* True when both are at one relay, so that clients would use only one of them. */
bool ranked_points_share_relay(const struct ranked_point *one, const struct ranked_point *other);

/* True when a point's source was first at the relay that another one's point is at, too. Where both came at
 * once, the source that has less to go on with is taken for the first. */
bool ranked_point_was_first_at_relay(const struct ranked_point *point, const struct ranked_point *other);

#endif
