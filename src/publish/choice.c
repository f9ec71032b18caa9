/* Which introduction points of which sources go into a superdescriptor. */
#include "publish/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"
#include "onion/consensus.h"
#include "onion/superdescriptor.h"

/* Introduction points of a tor that is not told otherwise (HiddenServiceNumIntroductionPoints). */
#define DEFAULT_POINTS 3

/* A point, or a source, at the position among its like that the seed gives it. */
struct ranked {
    uint8_t rank[SHA3_256_SIZE];
    const void *thing;
    uint64_t source; /* whose it is */
};

static void set_rank(struct ranked *ranked, const uint8_t seed[CHOICE_SEED_SIZE], const uint8_t key[32],
                     const void *thing, uint64_t source)
{
    const struct span pieces[] = {{seed, CHOICE_SEED_SIZE}, {key, 32}};
    hash_sha3_256(ranked->rank, pieces, 2);
    ranked->thing = thing;
    ranked->source = source;
}

static int compare_ranks(const void *one, const void *other)
{
    const struct ranked *left = one, *right = other;
    int order = memcmp(left->rank, right->rank, sizeof(left->rank));
    if (order != 0)
        return order;
    return (left->source > right->source) - (left->source < right->source); /* sources of one address */
}

/* One source's usable points in the order of their rank, and the next one that has not been looked at. */
struct ranked_offer {
    struct ranked points[INTRODUCTION_POINTS_MAX];
    size_t count, next;
};

static void offer_rank(struct ranked_offer *own, const struct choice_offer *offer,
                       const uint8_t seed[CHOICE_SEED_SIZE])
{
    for (size_t i = 0; i < offer->point_count && own->count < INTRODUCTION_POINTS_MAX; i++) {
        const struct introduction_point *point = &offer->points[i];
        if (!point->has_legacy_key)
            set_rank(&own->points[own->count++], seed, point->auth_key, point, offer->source);
    }
    qsort(own->points, own->count, sizeof(own->points[0]), compare_ranks);
}

/* True when the point itself is taken, which another source may offer too, or one at the same relay. */
static bool is_taken(const struct introduction_point *point, const struct ranked *taken, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (introduction_point_equals(point, taken[i].thing))
            return true;
    }
    uint8_t relay[RELAY_FINGERPRINT_SIZE], other[RELAY_FINGERPRINT_SIZE];
    if (!introduction_point_fingerprint(point, relay))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (introduction_point_fingerprint(taken[i].thing, other) && memcmp(relay, other, sizeof(relay)) == 0)
            return true;
    }
    return false;
}

/* A source's next point at a relay that is still free, or NULL. */
static const struct ranked *offer_take(struct ranked_offer *own, const struct ranked *taken, size_t count)
{
    while (own->next < own->count) {
        const struct ranked *point = &own->points[own->next++];
        if (!is_taken(point->thing, taken, count))
            return point;
    }
    return NULL;
}

static int compare_counts(const void *one, const void *other)
{
    const size_t *left = one, *right = other;
    return (*left > *right) - (*left < *right);
}

/* The most points that one source gets: twice as many as the middle one has, so that none draws the clients
 * of the others to itself by naming many; but never less than twice what a tor has by default. */
static size_t find_share_max(const struct ranked_offer *ranked, size_t count)
{
    size_t *counts = memory_allocate(count, sizeof(*counts)), offering = 0;
    for (size_t i = 0; i < count; i++) {
        if (ranked[i].count > 0)
            counts[offering++] = ranked[i].count;
    }
    qsort(counts, offering, sizeof(*counts), compare_counts);
    size_t middle = offering > 0 ? counts[(offering - 1) / 2] : 0;
    free(counts);
    if (offering < 2)
        return INTRODUCTION_POINTS_MAX;
    return 2 * (middle > DEFAULT_POINTS ? middle : DEFAULT_POINTS);
}

/* One more point from each source with every pass, until there is no room or nothing left. */
static size_t take_one_each(struct ranked taken[INTRODUCTION_POINTS_MAX], size_t maximum,
                            struct ranked_offer *ranked, const struct ranked *order, size_t count)
{
    size_t total = 0, share_max = find_share_max(ranked, count);
    bool took_one = true;
    for (size_t pass = 0; took_one && pass < share_max && total < maximum; pass++) {
        took_one = false;
        for (size_t i = 0; i < count && total < maximum; i++) {
            struct ranked_offer *own = &ranked[(const struct ranked_offer *)order[i].thing - ranked];
            const struct ranked *point = offer_take(own, taken, total);
            if (point != NULL) {
                taken[total++] = *point;
                took_one = true;
            }
        }
    }
    return total;
}

/* Takes the points, in the order in which they are to stand. */
static size_t pick_points(struct ranked taken[INTRODUCTION_POINTS_MAX], const struct choice_offer *offers,
                          size_t offer_count, size_t maximum, const uint8_t seed[CHOICE_SEED_SIZE])
{
    struct ranked_offer *ranked = memory_allocate(offer_count, sizeof(*ranked));
    struct ranked *order = memory_allocate(offer_count, sizeof(*order));
    for (size_t i = 0; i < offer_count; i++) {
        offer_rank(&ranked[i], &offers[i], seed);
        set_rank(&order[i], seed, offers[i].identity_key, &ranked[i], offers[i].source);
    }
    qsort(order, offer_count, sizeof(*order), compare_ranks);
    size_t count = take_one_each(taken, maximum, ranked, order, offer_count);
    qsort(taken, count, sizeof(taken[0]), compare_ranks);
    free(order);
    free(ranked);
    return count;
}

/* What all sources have in common, for a superdescriptor of theirs. */
static void merge_features(struct point_set_features *features, const struct choice_offer *offers,
                           size_t offer_count)
{
    const struct descriptor **descriptors = memory_allocate(offer_count, sizeof(const struct descriptor *));
    struct superdescriptor merged;
    for (size_t i = 0; i < offer_count; i++)
        descriptors[i] = offers[i].descriptor;
    superdescriptor_merge_features(&merged, descriptors, offer_count);
    memset(features, 0, sizeof(*features));
    features->is_single_onion_service = merged.is_single_onion_service;
    features->flow_control = merged.flow_control;
    free(descriptors);
}

struct point_set *choice_make_set(const struct choice_offer *offers, size_t offer_count, size_t maximum,
                                  const uint8_t seed[CHOICE_SEED_SIZE])
{
    struct ranked taken[INTRODUCTION_POINTS_MAX];
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    struct point_set_features features;
    if (maximum > INTRODUCTION_POINTS_MAX)
        maximum = INTRODUCTION_POINTS_MAX;
    size_t count = pick_points(taken, offers, offer_count, maximum, seed);
    if (count == 0)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        entries[i].point = *(const struct introduction_point *)taken[i].thing;
        entries[i].source = taken[i].source;
    }
    merge_features(&features, offers, offer_count);
    return point_set_new(entries, count, &features);
}
