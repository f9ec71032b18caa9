/* What sources offer, in the order in which it is looked at, and which of two sources was first with a point.
 */
#include "publish/ranked_offers.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/hash.h"

static void set_rank(uint8_t rank[SHA3_256_SIZE], struct hasher *hasher, const uint8_t seed[CHOICE_SEED_SIZE],
                     const uint8_t key[32])
{
    const struct span pieces[] = {{seed, CHOICE_SEED_SIZE}, {key, 32}};
    hasher_sha3_256(hasher, rank, pieces, 2);
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

int ranked_points_compare(const void *one, const void *other)
{
    return compare_points(*(const struct ranked_point *const *)one,
                          *(const struct ranked_point *const *)other);
}

int ranked_offers_compare(const void *one, const void *other)
{
    const struct ranked_offer *left = *(struct ranked_offer *const *)one;
    const struct ranked_offer *right = *(struct ranked_offer *const *)other;
    return compare_ranks(left->rank, left->source, right->rank, right->source);
}

static void offer_rank(struct ranked_offer *own, const struct choice_offer *offer, struct hasher *hasher,
                       const uint8_t seed[CHOICE_SEED_SIZE])
{
    set_rank(own->rank, hasher, seed, offer->identity_key);
    own->source = offer->source;
    own->offer = offer;
    for (size_t i = 0; i < offer->point_count && own->count < INTRODUCTION_POINTS_MAX; i++) {
        const struct introduction_point *point = &offer->points[i];
        if (point->has_legacy_key)
            continue;
        struct ranked_point *ranked = &own->points[own->count++];
        set_rank(ranked->rank, hasher, seed, point->auth_key);
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

struct ranked_offer *ranked_offers_make(const struct choice_offer *offers, size_t offer_count,
                                        const uint8_t seed[CHOICE_SEED_SIZE])
{
    struct ranked_offer *ranked = memory_allocate(offer_count, sizeof(*ranked));
    struct hasher *hasher = hasher_new();
    for (size_t i = 0; i < offer_count; i++)
        offer_rank(&ranked[i], &offers[i], hasher, seed);
    hasher_free(hasher);
    mark_copies(ranked, offer_count);
    for (size_t i = 0; i < offer_count; i++)
        order_points(&ranked[i]);
    return ranked;
}

struct share_claim ranked_offer_claim(const struct ranked_offer *ranked)
{
    unsigned weight = ranked->offer->weight;
    return (struct share_claim){weight > 0 ? weight : 1, ranked->count};
}

bool ranked_points_share_relay(const struct ranked_point *one, const struct ranked_point *other)
{
    return one->has_relay && other->has_relay && memcmp(one->relay, other->relay, sizeof(one->relay)) == 0;
}

bool ranked_point_was_first_at_relay(const struct ranked_point *point, const struct ranked_point *other)
{
    return came_first(point, point->claim.relay_since, other, other->claim.relay_since);
}
