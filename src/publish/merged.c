/* A frontend whose HSDirs all have the points of all its sources. */
#include "publish/merged.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/own_points.h"
#include "publish/twin_on_hsdirs.h"
#include "publish/weights.h"

/* What a source has to offer, whichever time period that is for. */
static struct choice_offer make_offer(const struct source *source, unsigned weight)
{
    return (struct choice_offer){
        .identity_key = source->identity_key,
        .points = source->points.points,
        .claims = source->points.claims,
        .point_count = source->points.count,
        .source = source->number,
        .weight = weight,
        .descriptor = source->descriptor,
    };
}

/* What it has to offer for the descriptor of a time period; nothing where it has no part in that. */
static struct choice_offer make_offer_for(const struct source *source, unsigned weight,
                                          uint64_t period_number)
{
    struct choice_offer offer = make_offer(source, weight);
    if (!source_policy(source->kind)->is_at_spares)
        return offer;
    const struct source_points *own = own_points_find(source, period_number, &offer.descriptor);
    offer.points = own != NULL ? own->points : NULL;
    offer.claims = own != NULL ? own->claims : NULL;
    offer.point_count = own != NULL ? own->count : 0;
    return offer;
}

/* Lists what the members that are in offer: those that have a weight now, or the others. */
static size_t list_some(const struct publisher *publisher, const struct publisher_frontend *frontend,
                        const uint64_t *period_number, bool are_weighted, struct choice_offer *offers)
{
    size_t count = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(publisher, member);
        unsigned weight = weights_find(frontend, member);
        if (!member->is_in || (weight > 0) != are_weighted)
            continue;
        struct choice_offer *offer = &offers[count];
        *offer = period_number != NULL ? make_offer_for(source, weight, *period_number)
                                       : make_offer(source, weight);
        count += offer->point_count > 0;
    }
    return count;
}

/* Lists what the members that are in offer, for the descriptor of a time period or for any; release with
 * free(). Those that are drained offer nothing, but where the others have no part in that descriptor. Returns
 * how many there are. */
static size_t list_offers(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          const uint64_t *period_number, struct choice_offer **offers)
{
    *offers = memory_allocate(frontend->member_count, sizeof(**offers));
    size_t count = list_some(publisher, frontend, period_number, true, *offers);
    return count > 0 ? count : list_some(publisher, frontend, period_number, false, *offers);
}

/* Adds a set to the list, and the HSDirs of a descriptor to the places. */
static void add_descriptor(const struct publisher_descriptor *descriptor, struct point_set *set,
                           struct point_set **sets, size_t *set_count, struct assignment_place *places,
                           size_t *place_count)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        struct assignment_place *place = &places[(*place_count)++];
        place->period_number = descriptor->period_number;
        memcpy(place->fingerprint, descriptor->uploads[i].fingerprint, RELAY_FINGERPRINT_SIZE);
        place->set = *set_count;
    }
    sets[(*set_count)++] = set;
}

/* Each of the two descriptors has a set of its own. */
static struct assignment *make_for_each(const struct publisher *publisher,
                                        const struct publisher_frontend *frontend,
                                        const uint8_t seed[CHOICE_SEED_SIZE])
{
    struct point_set *sets[DESCRIPTOR_SLOTS];
    size_t set_count = 0, place_count = 0, hsdirs = 0;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        hsdirs += frontend->descriptors[slot].upload_count;
    struct assignment_place *places = memory_allocate(hsdirs, sizeof(*places));
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        struct choice_offer *offers;
        size_t count = list_offers(publisher, frontend, &descriptor->period_number, &offers);
        add_descriptor(descriptor, choice_make_set(offers, count, INTRODUCTION_POINTS_MAX, seed), sets,
                       &set_count, places, &place_count);
        free(offers);
    }
    struct assignment *assignment =
        assignment_new_with_places(sets, set_count, places, place_count, frontend->turn);
    for (size_t i = 0; i < set_count; i++)
        point_set_release(sets[i]);
    return assignment;
}

struct assignment *merged_make_assignment(const struct publisher *publisher,
                                          const struct publisher_frontend *frontend,
                                          const uint8_t seed[CHOICE_SEED_SIZE])
{
    if (twin_on_hsdirs_find(publisher, frontend) != NULL)
        return make_for_each(publisher, frontend, seed);
    struct choice_offer *offers;
    size_t count = list_offers(publisher, frontend, NULL, &offers);
    struct assignment *assignment = publisher->rules.assign(offers, count, seed);
    free(offers);
    return assignment;
}
