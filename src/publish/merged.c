/* A frontend whose HSDirs have points of several sources each: all the same ones, or each its own. */
#include "publish/merged.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/distinct.h"
#include "publish/own_points.h"
#include "publish/pace.h"
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
        offer->owed = member->owed_in_turn;
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

/* -- each HSDir has points of its own, or each descriptor -------------------------------------------- */

/* An assignment in the making. */
struct draft {
    const struct publisher *publisher;
    struct publisher_frontend *frontend;
    const uint8_t *seed;
    const struct publisher_descriptor *turning;
    bool is_distinct; /* it is known already that one set does not do */
    struct point_set **sets;
    struct assignment_place *places;
    size_t place_count; /* and as many sets */
    uint8_t bases[DESCRIPTOR_SLOTS][SHA3_256_SIZE];
};

static void add_place(struct draft *draft, uint64_t period_number, const uint8_t *fingerprint,
                      struct point_set *set)
{
    struct assignment_place *place = &draft->places[draft->place_count];
    place->period_number = period_number;
    memcpy(place->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE);
    place->set = draft->place_count;
    draft->sets[draft->place_count++] = set;
}

/* The HSDirs of a descriptor, and the sets that they have now; release with free(). */
static struct distinct_hsdir *list_hsdirs(const struct draft *draft,
                                          const struct publisher_descriptor *descriptor)
{
    struct distinct_hsdir *hsdirs = memory_allocate(descriptor->upload_count, sizeof(*hsdirs));
    const struct assignment *before = draft->frontend->assignment;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        hsdirs[i].fingerprint = upload->fingerprint;
        hsdirs[i].is_asked = upload->is_asked;
        hsdirs[i].before = assignment_find(before, descriptor->period_number, upload->fingerprint);
    }
    return hsdirs;
}

/* Says what each member wants, which has an offer; both are in the same order. */
static void set_wanted(struct publisher_frontend *frontend, const struct choice_offer *offers, size_t count,
                       const double *wanted)
{
    struct publisher_member *member = frontend->members;
    for (size_t i = 0; i < count; i++) {
        while (member->source != offers[i].source)
            member++;
        member->wanted = wanted[i];
    }
}

static void add_distinct(struct draft *draft, const struct publisher_descriptor *descriptor,
                         const struct choice_offer *offers, size_t count)
{
    double *wanted = memory_allocate(count, sizeof(*wanted));
    struct point_set **sets = memory_allocate(descriptor->upload_count, sizeof(struct point_set *));
    struct distinct_hsdir *hsdirs = list_hsdirs(draft, descriptor);
    size_t slot = (size_t)(descriptor - draft->frontend->descriptors);
    if (draft->frontend->assignment != NULL)
        memcpy(draft->bases[slot], draft->frontend->assignment->bases[slot], SHA3_256_SIZE);
    distinct_make_sets(offers, count, hsdirs, descriptor->upload_count, descriptor == draft->turning,
                       draft->frontend->points_max, draft->frontend->clients, draft->seed, draft->bases[slot],
                       sets, wanted);
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (sets[i] != NULL)
            add_place(draft, descriptor->period_number, hsdirs[i].fingerprint, sets[i]);
    }
    set_wanted(draft->frontend, offers, count, wanted);
    free(hsdirs);
    free(sets);
    free(wanted);
}

/* True when a source has fewer than two places in a set, and has more points that could have one. */
static bool is_short(const struct point_set *set, const struct choice_offer *offer)
{
    size_t has = point_set_count_of(set, offer->source), lacks = 0;
    for (size_t i = 0; has < 2 && i < offer->point_count; i++)
        lacks += !offer->points[i].has_legacy_key && !point_set_has_point(set, &offer->points[i]);
    return lacks > 0;
}

/* True when one set for all HSDirs does. */
static bool is_enough(const struct publisher_frontend *frontend, const struct point_set *set,
                      const struct choice_offer *offers, size_t count)
{
    if (frontend->descriptors_policy != DESCRIPTORS_AUTO || set == NULL)
        return frontend->descriptors_policy != DESCRIPTORS_DISTINCT;
    for (size_t i = 0; i < count; i++) {
        if (is_short(set, &offers[i]))
            return false;
    }
    return true;
}

static void add_descriptor(struct draft *draft, const struct publisher_descriptor *descriptor,
                           const struct choice_offer *offers, size_t count)
{
    struct point_set *same = NULL;
    if (!draft->is_distinct)
        same = choice_make_set(offers, count, draft->frontend->points_max, draft->frontend->clients,
                               draft->seed);
    if (draft->is_distinct || !is_enough(draft->frontend, same, offers, count))
        add_distinct(draft, descriptor, offers, count);
    else
        for (size_t i = 0; same != NULL && i < descriptor->upload_count; i++)
            add_place(draft, descriptor->period_number, descriptor->uploads[i].fingerprint,
                      point_set_share(same));
    point_set_release(same);
}

/* Names each HSDir. */
static struct assignment *make_with_places(struct draft *draft)
{
    struct publisher_frontend *frontend = draft->frontend;
    size_t hsdirs = 0;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        hsdirs += frontend->descriptors[slot].upload_count;
    draft->places = memory_allocate(hsdirs, sizeof(*draft->places));
    draft->sets = memory_allocate(hsdirs, sizeof(struct point_set *));
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        struct choice_offer *offers;
        size_t count = list_offers(draft->publisher, frontend, &descriptor->period_number, &offers);
        add_descriptor(draft, descriptor, offers, count);
        free(offers);
    }
    struct assignment *assignment = assignment_new_with_places(draft->sets, draft->place_count, draft->places,
                                                               draft->place_count, frontend->turn);
    if (assignment != NULL)
        memcpy(assignment->bases, draft->bases, sizeof(assignment->bases));
    for (size_t i = 0; i < draft->place_count; i++)
        point_set_release(draft->sets[i]);
    free(draft->sets);
    return assignment;
}

/* One set for all HSDirs, whichever these are; NULL where it would not do. */
static bool make_same(const struct publisher *publisher, const struct publisher_frontend *frontend,
                      const uint8_t seed[CHOICE_SEED_SIZE], struct assignment **assignment)
{
    struct choice_offer *offers;
    size_t count = list_offers(publisher, frontend, NULL, &offers);
    struct point_set *set = choice_make_set(offers, count, frontend->points_max, frontend->clients, seed);
    *assignment = assignment_new_same(set);
    bool does = is_enough(frontend, set, offers, count);
    point_set_release(set);
    free(offers);
    return does;
}

struct assignment *merged_make_assignment(const struct publisher *publisher,
                                          struct publisher_frontend *frontend,
                                          const uint8_t seed[CHOICE_SEED_SIZE],
                                          const struct publisher_descriptor *turning)
{
    struct draft draft = {.publisher = publisher, .frontend = frontend, .seed = seed, .turning = turning};
    struct assignment *assignment;
    for (size_t i = 0; i < frontend->member_count; i++)
        frontend->members[i].wanted = 0;
    if (twin_on_hsdirs_find(publisher, frontend) != NULL) /* it has other points for each descriptor */
        return make_with_places(&draft);
    bool does = make_same(publisher, frontend, seed, &assignment);
    if (does || frontend_is_waiting(publisher, frontend)) /* nothing of it goes out before all are heard of */
        return assignment;
    assignment_release(assignment);
    draft.is_distinct = true;
    return make_with_places(&draft);
}

/* Nobody is owed more than two places, so that one who could not have any for long does not get all then. */
#define OWED_MAX 2.0

/* How many places a member has at the HSDirs that clients ask for a descriptor. */
static size_t count_places(const struct publisher_descriptor *descriptor, uint64_t source)
{
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (descriptor->uploads[i].is_asked)
            count += point_set_count_of(upload_find_set(descriptor, &descriptor->uploads[i]), source);
    }
    return count;
}

void merged_note_places(const struct publisher *publisher, struct publisher_frontend *frontend, int64_t now)
{
    const struct publisher_descriptor *descriptor = &frontend->descriptors[publisher->network->client_slot];
    const struct publisher_rules *rules = &publisher->rules;
    int64_t turn = publisher_scale(publisher, (rules->refresh_min + rules->refresh_max) / 2);
    int64_t since = frontend->places_noted_at;
    frontend->places_noted_at = now;
    if (since == MOMENT_NONE || turn <= 0 || !assignment_names_hsdirs(descriptor->round.assignment))
        return;
    double part = (double)(now - since) / (double)turn;
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct publisher_member *member = &frontend->members[i];
        if (member->wanted <= 0) /* it can't have any */
            continue;
        double lack = member->wanted - (double)count_places(descriptor, member->source);
        double owed = member->owed + part * lack;
        member->owed = owed > OWED_MAX ? OWED_MAX : owed < -OWED_MAX ? -OWED_MAX : owed;
    }
}
