/* A set of introduction points as a value: the points of one superdescriptor, what it says of the service as
 * a whole, and which source each point is from.
 *
 * A point set never changes once it is made, and is counted: whoever keeps one shares it, and releases it in
 * the end. Two sets with the same content are the same, whichever memory they lie in; no set at all is NULL,
 * which is the same as NULL alone.
 */
#ifndef OBPUB_PUBLISH_POINT_SET_H
#define OBPUB_PUBLISH_POINT_SET_H

#include "crypto/hash.h"
#include "onion/authorized_clients.h"
#include "onion/descriptor.h"
#include "onion/introduction_point.h"
#include "onion/pow_params.h"

/* What a superdescriptor says of the service as a whole. */
struct point_set_features {
    /* Who alone may read it; NULL: everybody may. Held by the set that has the features. */
    struct authorized_clients *clients;
    bool is_single_onion_service;
    struct flow_control flow_control;
    struct pow_params pow_params;
    /* Clients are to fetch the descriptor again so long after it was made (milliseconds), if its pow-params
     * don't have them do so earlier; 0: when these end. */
    int64_t pow_lifetime;
    /* To what length the descriptor's middle layer is padded at least, in bytes, so that HSDirs that have
     * different sets of one descriptor have texts of one length; 0: as its content takes. */
    size_t middle_length;
};

/* One introduction point, and the number of the source that it is from. */
struct point_set_entry {
    struct introduction_point point;
    uint64_t source;
};

struct point_set {
    unsigned holders;
    uint8_t digest[SHA256_SIZE]; /* names the content, without the sources' numbers */
    struct point_set_features features;
    size_t count;                     /* 1 to INTRODUCTION_POINTS_MAX */
    struct point_set_entry entries[]; /* in the order in which the points are to stand */
};

/* Makes a set with one holder from count entries (1 to INTRODUCTION_POINTS_MAX), which are copied; release it
 * with point_set_release(). */
struct point_set *point_set_new(const struct point_set_entry *entries, size_t count,
                                const struct point_set_features *features);

/* Holds a set once more, and returns it; NULL for NULL. */
struct point_set *point_set_share(struct point_set *set);

/* Has one holder less; the last one frees the set. NULL is fine. */
void point_set_release(struct point_set *set);

/* Has the descriptors of sets, count of them, NULL or not, be of one length: replaces those that would be
 * shorter.
 */
void point_sets_equalise_lengths(struct point_set **sets, size_t count);

/* Has *held be this set, shared, in the place of the one that it was. */
void point_set_replace(struct point_set **held, struct point_set *set);

/* True when both have the same points in the same order with the same features, for the same clients, or both
 * are NULL. Which source gave what does not matter: a visitor sees nothing of that. */
bool point_set_equals(const struct point_set *one, const struct point_set *other);

/* True when a set says just this of the service, to the same clients. */
bool point_set_has_features(const struct point_set *set, const struct point_set_features *features);

/* How many of a set's points are from a source. NULL has none. */
size_t point_set_count_of(const struct point_set *set, uint64_t source);

/* True when the set has this very point, by its authentication key. NULL has none. */
bool point_set_has_point(const struct point_set *set, const struct introduction_point *point);

#endif
