/* Which introduction points of which sources go into a superdescriptor. */
#include "publish/choice.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onion/superdescriptor.h"
#include "publish/apportionment.h"
#include "publish/ranked_offers.h"

/* The places of a set, and the points that have them. */
struct places {
    const struct ranked_point *taken[INTRODUCTION_POINTS_MAX];
    size_t count, maximum;
};

/* -- who gets a place ----------------------------------------------------------------------------- */

/* Gives a point a place, unless one at its relay has one and was there first. One that was not loses its
 * place to it: *loser is the offer that it was of. */
static bool take_place(struct places *places, const struct ranked_point *point, struct ranked_offer **loser)
{
    size_t place = 0;
    while (place < places->count && !ranked_points_share_relay(point, places->taken[place]))
        place++;
    *loser = NULL;
    if (place < places->count) {
        const struct ranked_point *taken = places->taken[place];
        if (!ranked_point_was_first_at_relay(point, taken))
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

/* Says how many places each source may have. order: that of the ranks, in which nothing but chance puts one
 * before another. */
static void set_most(struct ranked_offer *const *order, size_t count, size_t maximum)
{
    struct share_claim *claims = memory_allocate(count, sizeof(*claims));
    size_t *places = memory_allocate(count, sizeof(*places));
    for (size_t i = 0; i < count; i++)
        claims[i] = ranked_offer_claim(order[i]);
    bool have_weights = shares_differ(claims, count);
    size_t share_max = shares_find_most(claims, count);
    if (have_weights)
        apportionment_find(claims, count, maximum, places);
    for (size_t i = 0; i < count; i++)
        order[i]->most = have_weights ? places[i] : share_max;
    free(places);
    free(claims);
}

/* One more point for each source with every pass, until there is no room or nothing left, or each has what it
 * may have. */
static void take_one_each(struct places *places, struct ranked_offer *const *order, size_t count,
                          bool of_unknown_relays)
{
    for (size_t pass = 0; pass < places->maximum; pass++) {
        for (size_t i = 0; i < count && places->count < places->maximum; i++) {
            if (order[i]->taken <= pass && order[i]->taken < order[i]->most)
                offer_take(places, order[i], of_unknown_relays);
        }
    }
}

/* Takes the points, in the order in which they are to stand. */
static void pick_points(struct places *places, struct ranked_offer *ranked, size_t offer_count)
{
    struct ranked_offer **order = memory_allocate(offer_count, sizeof(struct ranked_offer *));
    for (size_t i = 0; i < offer_count; i++)
        order[i] = &ranked[i];
    qsort(order, offer_count, sizeof(struct ranked_offer *), ranked_offers_compare);
    set_most(order, offer_count, places->maximum);
    take_one_each(places, order, offer_count, false);
    take_one_each(places, order, offer_count, true);
    qsort(places->taken, places->count, sizeof(places->taken[0]), ranked_points_compare);
    free(order);
}

void choice_merge_features(struct point_set_features *features, const struct choice_offer *offers,
                           size_t offer_count, struct authorized_clients *clients)
{
    const struct descriptor **descriptors = memory_allocate(offer_count, sizeof(const struct descriptor *));
    struct superdescriptor merged;
    for (size_t i = 0; i < offer_count; i++)
        descriptors[i] = offers[i].descriptor;
    superdescriptor_merge_features(&merged, descriptors, offer_count);
    memset(features, 0, sizeof(*features));
    features->is_single_onion_service = merged.is_single_onion_service;
    features->flow_control = merged.flow_control;
    features->clients = clients;
    free(descriptors);
}

struct point_set *choice_make_set(const struct choice_offer *offers, size_t offer_count, size_t maximum,
                                  struct authorized_clients *clients, const uint8_t seed[CHOICE_SEED_SIZE])
{
    struct places places = {.maximum = maximum < INTRODUCTION_POINTS_MAX ? maximum : INTRODUCTION_POINTS_MAX};
    struct point_set_entry entries[INTRODUCTION_POINTS_MAX];
    struct point_set_features features;
    struct point_set *set = NULL;
    struct ranked_offer *ranked = ranked_offers_make(offers, offer_count, seed);
    pick_points(&places, ranked, offer_count);
    for (size_t i = 0; i < places.count; i++)
        entries[i] = (struct point_set_entry){*places.taken[i]->point, places.taken[i]->offer->source};
    if (places.count > 0) {
        choice_merge_features(&features, offers, offer_count, clients);
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
