/* How many places each source is to have in a descriptor's sets, by its weight. */
#ifndef OBPUB_PUBLISH_SHARES_H
#define OBPUB_PUBLISH_SHARES_H

#include <stdbool.h>
#include <stddef.h>

/* Introduction points that a tor has at least, and if it is not told otherwise
 * (HiddenServiceNumIntroductionPoints). */
#define SHARES_DEFAULT_POINTS 3

/* What a source claims. */
struct share_claim {
    unsigned weight; /* 1 or more */
    size_t points;   /* that it offers: it has at most one place for each in every set */
};

/* Says how many places each of count sources is to have in all of so many sets together, each of which has
 * room for maximum points: places[i] is a real number, since it is what a source is to have on average. Their
 * sum is at most sets * maximum, and places[i] is at most sets * claims[i].points.
 *
 * Where all weights are the same each has as many as the others, or as many as it has points for, and what is
 * left goes to those with more; but none has more than twice as many as the middle one could (nor than twice
 * what a tor has by default, if that is more), so that none draws the clients of the others to itself by
 * naming many. Where weights differ the places are as these are, and so there are no more of them than the
 * source with the fewest points for its weight allows. A source that offers fewer than tors do by default
 * counts there as if it offered these: it has just begun, or wants to push the others out. */
void shares_find(const struct share_claim *claims, size_t count, size_t sets, size_t maximum, double *places);

/* The most places that a source has in one set where all weights are the same: see above. */
size_t shares_find_most(const struct share_claim *claims, size_t count);

/* True when not all weights are the same. */
bool shares_differ(const struct share_claim *claims, size_t count);

#endif
