/* What each HSDir of a descriptor has where each has points of its own: the policy "distinct". */
#ifndef OBPUB_PUBLISH_DISTINCT_H
#define OBPUB_PUBLISH_DISTINCT_H

#include "crypto/hash.h"
#include "onion/authorized_clients.h"
#include "onion/consensus.h"
#include "publish/offer.h"
#include "publish/point_set.h"

/* How many sets of their own there are at most: a network that has more HSDirs asked than that, which none
 * but a hostile consensus does, would have the sets take many seconds to make. */
#define DISTINCT_SETS_MAX 64

/* An HSDir of the descriptor. */
struct distinct_hsdir {
    const uint8_t *fingerprint; /* RELAY_FINGERPRINT_SIZE bytes */
    bool is_asked;              /* clients ask it; false for a spare HSDir */
    struct point_set *before;   /* the set that it had, as far as it is known; NULL for none */
};

/* Makes a set of at most maximum points (1 to INTRODUCTION_POINTS_MAX) for each of hsdir_count HSDirs, at
 * most HSDIR_RESPONSIBLE_MAX: sets[i], each to be released with point_set_release(). wanted[i] is how many
 * places offer i is to have on average at all HSDirs that clients ask. With no point all sets are NULL, and
 * so they are where there is no HSDir that clients ask.
 *
 * The places at all HSDirs that clients ask are divided as shares_find() says; each source has as many as it
 * wants, rounded down or up. Which ones are rounded up is as it was in the sets before, but where a new turn
 * begins: then those are that are owed the most; one that finds no place leaves that to the next. A source's
 * places are at as many HSDirs as there can be, and all of its points are used about equally often. A set
 * before is changed as little as that allows: where sources come, go, or have other points, no set changes
 * but those that they are in, before or then. Who has several places comes to have them all at one HSDir now
 * and then by that; where a turn begins, or an HSDir is new, others make room for one of them elsewhere.
 *
 * basis, SHA3_256_SIZE bytes, is a digest of all that the sets before were made from, or zeros, and becomes
 * that of what these are made from. Where that is the same, and no turn begins, these are the sets before:
 * where many sources want the same few relays there may be no seating that, made once more, gives itself.
 *
 * The order within a set differs from HSDir to HSDir. Of points at one relay a set has one: that of the
 * source that was there first. But a source that is to have no more than half of the places that its points
 * could have does not keep others out of a relay while they have fewer places for what they want: where there
 * are too few relays for all, each has about as many places as the others. Its features are those that all of
 * its sources have in common, for clients that alone may read it (NULL: everybody). A spare HSDir has the set
 * of one of the others, and so has each asked one above DISTINCT_SETS_MAX. */
void distinct_make_sets(const struct choice_offer *offers, size_t offer_count,
                        const struct distinct_hsdir *hsdirs, size_t hsdir_count, bool begins_turn,
                        size_t maximum, struct authorized_clients *clients,
                        const uint8_t seed[CHOICE_SEED_SIZE], uint8_t basis[SHA3_256_SIZE],
                        struct point_set **sets, double *wanted);

#endif
