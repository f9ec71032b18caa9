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
};

/* One source's usable points: those at known relays first, each kind in the order of their rank. */
struct ranked_offer {
    uint8_t rank[SHA3_256_SIZE];
    uint64_t source;
    struct ranked_point points[INTRODUCTION_POINTS_MAX];
    size_t count;
    size_t next;  /* the one that is to be looked at next */
    size_t taken; /* how many have a place */
};

/* The places of a set, and the points that have them. */
struct places {
    const struct ranked_point *taken[INTRODUCTION_POINTS_MAX];
    size_t count, maximum;
};

static void set_rank(uint8_t rank[SHA3_256_SIZE], const uint8_t seed[CHOICE_SEED_SIZE], const uint8_t key[32])
{
    const struct span pieces[] = {{seed, CHOICE_SEED_SIZE}, {key, 32}};
    hash_sha3_256(rank, pieces, 2);
}

/* By rank; sources of one address, and what they offer, may have the same. */
static int compare_ranks(const uint8_t *one, uint64_t one_source, const uint8_t *other, uint64_t other_source)
{
    int order = memcmp(one, other, SHA3_256_SIZE);
    return order != 0 ? order : (one_source > other_source) - (one_source < other_source);
}

static int compare_points(const struct ranked_point *one, const struct ranked_point *other)
{
    return compare_ranks(one->rank, one->offer->source, other->rank, other->offer->source);
}

static int compare_own(const void *one, const void *other)
{
    const struct ranked_point *left = one, *right = other;
    int order = left->claim.is_of_unknown_relay - right->claim.is_of_unknown_relay;
    return order != 0 ? order : compare_points(left, right);
}

static int compare_taken(const void *one, const void *other)
{
    return compare_points(*(const struct ranked_point *const *)one,
                          *(const struct ranked_point *const *)other);
}

static int compare_offers(const void *one, const void *other)
{
    const struct ranked_offer *left = *(struct ranked_offer *const *)one;
    const struct ranked_offer *right = *(struct ranked_offer *const *)other;
    return compare_ranks(left->rank, left->source, right->rank, right->source);
}

static void offer_rank(struct ranked_offer *own, const struct choice_offer *offer,
                       const uint8_t seed[CHOICE_SEED_SIZE])
{
    set_rank(own->rank, seed, offer->identity_key);
    own->source = offer->source;
    for (size_t i = 0; i < offer->point_count && own->count < INTRODUCTION_POINTS_MAX; i++) {
        const struct introduction_point *point = &offer->points[i];
        if (point->has_legacy_key)
            continue;
        struct ranked_point *ranked = &own->points[own->count++];
        set_rank(ranked->rank, seed, point->auth_key);
        ranked->point = point;
        ranked->offer = own;
        ranked->has_relay = introduction_point_fingerprint(point, ranked->relay);
        if (offer->claims != NULL)
            ranked->claim = offer->claims[i];
    }
}

/* -- who was first ----------------------------------------------------------------------------- */

/* True when a point's source was first with something that another's has, too. Where both came at once, the
 * source that has less to go on with is taken for the first. */
static bool came_first(const struct ranked_point *point, int64_t since, const struct ranked_point *other,
                       int64_t other_since)
{
    return since != other_since ? since < other_since : point->offer->count < other->offer->count;
}

/* In the order of their keys, the first with a key before the others that have it. */
static int compare_keys(const void *one, const void *other)
{
    const struct ranked_point *left = *(struct ranked_point *const *)one;
    const struct ranked_point *right = *(struct ranked_point *const *)other;
    int order = memcmp(left->point->auth_key, right->point->auth_key, sizeof(left->point->auth_key));
    if (order != 0)
        return order;
    if (came_first(left, left->claim.key_since, right, right->claim.key_since))
        return -1;
    if (came_first(right, right->claim.key_since, left, left->claim.key_since))
        return 1;
    return compare_ranks(left->offer->rank, left->offer->source, right->offer->rank, right->offer->source);
}

/* Marks each point whose key another source had first. */
static void mark_copies(struct ranked_offer *ranked, size_t count)
{
    size_t total = 0, filled = 0;
    for (size_t i = 0; i < count; i++)
        total += ranked[i].count;
    struct ranked_point **all = memory_allocate(total, sizeof(struct ranked_point *));
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < ranked[i].count; j++)
            all[filled++] = &ranked[i].points[j];
    }
    qsort(all, total, sizeof(struct ranked_point *), compare_keys);
    for (size_t i = 1; i < total; i++)
        all[i]->is_copy = introduction_point_equals(all[i]->point, all[i - 1]->point);
    free(all);
}

/* Leaves out an offer's copies, and puts its own points in the order in which they are looked at. */
static void order_points(struct ranked_offer *own)
{
    size_t kept = 0;
    for (size_t i = 0; i < own->count; i++) {
        if (!own->points[i].is_copy)
            own->points[kept++] = own->points[i];
    }
    own->count = kept;
    qsort(own->points, own->count, sizeof(own->points[0]), compare_own);
}

/* -- who gets a place ----------------------------------------------------------------------------- */

/* Gives a point a place, unless one at its relay has one and was there first. One that was not loses its
 * place to it: *loser is the offer that it was of. */
static bool take_place(struct places *places, const struct ranked_point *point, struct ranked_offer **loser)
{
    size_t place = 0;
    while (place < places->count &&
           !(point->has_relay && places->taken[place]->has_relay &&
             memcmp(point->relay, places->taken[place]->relay, sizeof(point->relay)) == 0))
        place++;
    *loser = NULL;
    if (place < places->count) {
        const struct ranked_point *taken = places->taken[place];
        if (!came_first(point, point->claim.relay_since, taken, taken->claim.relay_since))
            return false;
        *loser = taken->offer;
        taken->offer->taken--;
    } else {
        places->count++;
    }
    places->taken[place] = point;
    point->offer->taken++;
    return true;
}

/* Gives an offer a place for the next of its points that can have one; then the offer whose point has lost
 * its place by that, and so on. Each point is looked at once: so it ends. */
static void offer_take(struct places *places, struct ranked_offer *offer, bool of_unknown_relays)
{
    while (offer != NULL) {
        struct ranked_offer *loser = NULL;
        bool has_place = false;
        while (!has_place && offer->next < offer->count &&
               (of_unknown_relays || !offer->points[offer->next].claim.is_of_unknown_relay))
            has_place = take_place(places, &offer->points[offer->next++], &loser);
        offer = loser;
    }
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

/* One more point for each source with every pass, until there is no room or nothing left. */
static void take_one_each(struct places *places, struct ranked_offer *const *order, size_t count,
                          size_t share_max, bool of_unknown_relays)
{
    for (size_t pass = 0; pass < share_max; pass++) {
        for (size_t i = 0; i < count && places->count < places->maximum; i++) {
            if (order[i]->taken <= pass)
                offer_take(places, order[i], of_unknown_relays);
        }
    }
}

/* Takes the points, in the order in which they are to stand. */
static void pick_points(struct places *places, struct ranked_offer *ranked, const struct choice_offer *offers,
                        size_t offer_count, const uint8_t seed[CHOICE_SEED_SIZE])
{
    struct ranked_offer **order = memory_allocate(offer_count, sizeof(struct ranked_offer *));
    for (size_t i = 0; i < offer_count; i++) {
        offer_rank(&ranked[i], &offers[i], seed);
        order[i] = &ranked[i];
    }
    mark_copies(ranked, offer_count);
    for (size_t i = 0; i < offer_count; i++)
        order_points(&ranked[i]);
    qsort(order, offer_count, sizeof(struct ranked_offer *), compare_offers);
    size_t share_max = find_share_max(ranked, offer_count);
    take_one_each(places, order, offer_count, share_max, false);
    take_one_each(places, order, offer_count, share_max, true);
    qsort(places->taken, places->count, sizeof(places->taken[0]), compare_taken);
    free(order);
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
    struct places places = {.maximum = maximum < INTRODUCTION_POINTS_MAX ? maximum : INTRODUCTION_POINTS_MAX};
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    struct point_set_features features;
    struct point_set *set = NULL;
    struct ranked_offer *ranked = memory_allocate(offer_count, sizeof(*ranked));
    pick_points(&places, ranked, offers, offer_count, seed);
    for (size_t i = 0; i < places.count; i++)
        entries[i] = (struct point_set_entry){*places.taken[i]->point, places.taken[i]->offer->source};
    if (places.count > 0) {
        merge_features(&features, offers, offer_count);
        set = point_set_new(entries, places.count, &features);
    }
    free(ranked);
    return set;
}

bool choice_is_taken(const struct point_set *set, const struct introduction_point *point)
{
    uint8_t relay[RELAY_FINGERPRINT_SIZE], other[RELAY_FINGERPRINT_SIZE];
    bool has_relay = introduction_point_fingerprint(point, relay);
    for (size_t i = 0; set != NULL && i < set->count; i++) {
        const struct introduction_point *taken = &set->entries[i].point;
        if (introduction_point_equals(point, taken) ||
            (has_relay && introduction_point_fingerprint(taken, other) &&
             memcmp(relay, other, sizeof(relay)) == 0))
            return true;
    }
    return false;
}
