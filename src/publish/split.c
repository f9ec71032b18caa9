/* A frontend whose twins verify proof of work: each HSDir that clients ask has the points of one twin alone.
 */
#include "publish/split.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/allotment.h"
#include "publish/lead.h"
#include "publish/own_points.h"
#include "publish/pace.h"
#include "publish/source_work.h"
#include "publish/weights.h"

/* Where there is no lead, clients that may find more twins come again so many milliseconds after they got
 * something (scaled). */
#define EARLY_END (45 * 60 * 1000)

/* -- whether it is ----------------------------------------------------------------------------------- */

/* True when a member's points can be used, and it is not left out because it is drained. */
static bool is_usable(const struct publisher *publisher, const struct publisher_frontend *frontend,
                      const struct publisher_member *member)
{
    return member->is_in && publisher_member_source(publisher, member)->points.count > 0 &&
           weights_find(frontend, member) > 0;
}

/* True when a member can have a part. */
static bool is_verifying(const struct publisher *publisher, const struct publisher_frontend *frontend,
                         const struct publisher_member *member)
{
    return is_usable(publisher, frontend, member) &&
           source_verifies_work(publisher_member_source(publisher, member));
}

bool split_update(const struct publisher *publisher, struct publisher_frontend *frontend)
{
    bool was_split = frontend->is_split;
    size_t usable = 0, verifying = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        usable += is_usable(publisher, frontend, member);
        verifying += is_verifying(publisher, frontend, member);
    }
    if (!frontend->takes_proof_of_work)
        frontend->is_split = false;
    else if (usable > 0 && !(frontend->is_frozen && was_split)) /* who comes back will verify again */
        frontend->is_split = was_split && frontend->has_started ? verifying > 0 : verifying == usable;
    return frontend->is_split != was_split;
}

static size_t count_asked(const struct publisher_descriptor *descriptor)
{
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++)
        count += descriptor->uploads[i].is_asked;
    return count;
}

bool split_takes_turns(const struct publisher *publisher, const struct publisher_frontend *frontend)
{
    size_t verifying = 0;
    for (size_t i = 0; i < frontend->member_count; i++)
        verifying += is_verifying(publisher, frontend, &frontend->members[i]);
    return frontend->is_split && (verifying > count_asked(&frontend->descriptors[DESCRIPTOR_FIRST]) ||
                                  verifying > count_asked(&frontend->descriptors[DESCRIPTOR_SECOND]));
}

bool split_leaves_out(const struct publisher *publisher, const struct publisher_frontend *frontend,
                      const struct publisher_member *member)
{
    return frontend->is_split && is_usable(publisher, frontend, member) &&
           !is_verifying(publisher, frontend, member);
}

/* -- what each has ----------------------------------------------------------------------------------- */

/* An assignment in the making. */
struct draft {
    const struct publisher *publisher;
    const struct publisher_frontend *frontend;
    const uint8_t *seed;
    uint64_t *sources; /* the numbers of those that have a part */
    size_t source_count;
    struct point_set **sets;
    size_t set_count;
    struct assignment_place *places;
    size_t place_count;
};

static void add_sources(struct draft *draft, bool (*has_part)(const struct publisher *publisher,
                                                              const struct publisher_frontend *frontend,
                                                              const struct publisher_member *member))
{
    const struct publisher_frontend *frontend = draft->frontend;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        if (has_part(draft->publisher, frontend, member))
            draft->sources[draft->source_count++] = member->source;
    }
}

/* While no source is live none may verify any more: of each another process may run that says nothing yet.
 * Then the last good points stay, for which there is nothing to be solved. */
static void list_sources(struct draft *draft)
{
    draft->sources = memory_allocate(draft->frontend->member_count, sizeof(*draft->sources));
    add_sources(draft, is_verifying);
    if (draft->source_count == 0 && draft->frontend->is_frozen)
        add_sources(draft, is_usable);
}

/* True when what some source has made for a time period is not known. */
static bool lacks_own(const struct draft *draft, uint64_t period_number)
{
    const struct descriptor *descriptor;
    for (size_t i = 0; i < draft->source_count; i++) {
        const struct source *source = publisher_find_source(draft->publisher, draft->sources[i]);
        if (own_points_find(source, period_number, &descriptor) == NULL)
            return true;
    }
    return false;
}

/* How long after it was made the pow-params of a descriptor are to end early: when it is as old as it may
 * become before there is a newer one in any case. */
static int64_t find_early_end(const struct draft *draft)
{
    int64_t lead = lead_find(draft->publisher, draft->frontend);
    return lead > 0 ? lead : publisher_scale(draft->publisher, EARLY_END);
}

/* A source's own points, with its pow-params. Where they are not known its tor answers for those it has now,
 * too, but verifies nothing there: so clients are not to solve anything. Those of other tors fetch the
 * descriptor again early then, since they may find more tors in it; those that get it without pow-params keep
 * it. */
static struct point_set *make_set(const struct draft *draft, const struct source *source,
                                  uint64_t period_number, bool is_early)
{
    const struct descriptor *descriptor = source->descriptor;
    const struct source_points *own = own_points_find(source, period_number, &descriptor);
    const struct source_points *points = own != NULL ? own : &source->points;
    const struct choice_offer offer = {
        .identity_key = source->identity_key,
        .points = points->points,
        .claims = points->claims,
        .point_count = points->count,
        .source = source->number,
        .descriptor = own != NULL ? descriptor : source->descriptor,
    };
    struct point_set *set =
        choice_make_set(&offer, 1, draft->frontend->points_max, draft->frontend->clients, draft->seed);
    if (set == NULL || own == NULL || !source_offers_work(source))
        return set;
    struct point_set_features features = set->features;
    features.pow_params = source->pow_params;
    features.pow_lifetime = is_early ? find_early_end(draft) : 0;
    struct point_set *with_work = point_set_new(set->entries, set->count, &features);
    point_set_release(set);
    return with_work;
}

/* What was allotted for a descriptor before; NULL for nothing. Release with free(). */
static struct allotment *recall(const struct assignment *assignment, uint64_t period_number)
{
    if (assignment == NULL || assignment->places == NULL)
        return NULL;
    struct allotment *allotment =
        memory_allocate(1, sizeof(*allotment) + assignment->place_count * sizeof(struct allotted_hsdir));
    allotment->period_number = period_number;
    allotment->turn = assignment->turn;
    for (size_t i = 0; i < assignment->place_count; i++) {
        const struct assignment_place *place = &assignment->places[i];
        if (place->period_number != period_number)
            continue;
        struct allotted_hsdir *hsdir = &allotment->hsdirs[allotment->count++];
        memcpy(hsdir->fingerprint, place->fingerprint, RELAY_FINGERPRINT_SIZE);
        hsdir->source = assignment->sets[place->set]->entries[0].source;
    }
    return allotment;
}

/* Lists the numbers of those sources that are left out because they are drained, and could have a part. */
static size_t list_drained(const struct draft *draft, uint64_t period_number, uint64_t *parts)
{
    const struct publisher_frontend *frontend = draft->frontend;
    size_t count = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(draft->publisher, member);
        if (member->is_in && source->points.count > 0 && weights_find(frontend, member) == 0 &&
            source_verifies_work(source) && own_points_has_part(source, period_number))
            parts[count++] = member->source;
    }
    return count;
}

/* Lists the numbers of the sources that have a part in the descriptor of a time period, and where there are
 * none those that are drained; release with free(). Returns how many. */
static size_t list_parts(const struct draft *draft, uint64_t period_number, uint64_t **parts)
{
    size_t count = 0;
    *parts = memory_allocate(draft->frontend->member_count, sizeof(**parts));
    for (size_t i = 0; i < draft->source_count; i++) {
        const struct source *source = publisher_find_source(draft->publisher, draft->sources[i]);
        if (own_points_has_part(source, period_number))
            (*parts)[count++] = draft->sources[i];
    }
    return count > 0 ? count : list_drained(draft, period_number, *parts);
}

static struct allotment *allot(const struct draft *draft, const struct publisher_descriptor *descriptor)
{
    uint8_t(*asked)[RELAY_FINGERPRINT_SIZE] =
        memory_allocate(descriptor->upload_count, RELAY_FINGERPRINT_SIZE);
    size_t count = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        if (descriptor->uploads[i].is_asked)
            memcpy(asked[count++], descriptor->uploads[i].fingerprint, RELAY_FINGERPRINT_SIZE);
    }
    uint64_t *parts;
    size_t part_count = list_parts(draft, descriptor->period_number, &parts);
    struct allotment *before = recall(draft->frontend->assignment, descriptor->period_number);
    struct allotment *allotment =
        allotment_make(before, descriptor->period_number, draft->frontend->turn,
                       (const uint8_t(*)[RELAY_FINGERPRINT_SIZE])asked, count, parts, part_count);
    free(parts);
    free(before);
    free(asked);
    return allotment;
}

/* The number of the set of a source in a descriptor, which is made if that was not before. */
static size_t find_set(struct draft *draft, size_t first, uint64_t number, uint64_t period_number,
                       bool is_early)
{
    for (size_t i = first; i < draft->set_count; i++) {
        if (draft->sets[i]->entries[0].source == number)
            return i;
    }
    const struct source *source = publisher_find_source(draft->publisher, number);
    draft->sets[draft->set_count] = make_set(draft, source, period_number, is_early);
    return draft->set_count++;
}

/* Adds the places of a descriptor. */
static void add_descriptor(struct draft *draft, const struct publisher_descriptor *descriptor)
{
    struct allotment *allotment = allot(draft, descriptor);
    bool is_early = lacks_own(draft, descriptor->period_number);
    size_t first = draft->set_count;
    for (size_t i = 0; allotment != NULL && i < allotment->count; i++) {
        struct assignment_place *place = &draft->places[draft->place_count++];
        place->period_number = descriptor->period_number;
        memcpy(place->fingerprint, allotment->hsdirs[i].fingerprint, RELAY_FINGERPRINT_SIZE);
        place->set = find_set(draft, first, allotment->hsdirs[i].source, descriptor->period_number, is_early);
    }
    point_sets_equalise_lengths(draft->sets + first, draft->set_count - first);
    free(allotment);
}

struct assignment *split_make_assignment(const struct publisher *publisher,
                                         const struct publisher_frontend *frontend,
                                         const uint8_t seed[CHOICE_SEED_SIZE])
{
    struct draft draft = {.publisher = publisher, .frontend = frontend, .seed = seed};
    size_t hsdirs = 0;
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        hsdirs += frontend->descriptors[slot].upload_count;
    list_sources(&draft);
    draft.sets = memory_allocate(hsdirs, sizeof(struct point_set *));
    draft.places = memory_allocate(hsdirs, sizeof(*draft.places));
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        add_descriptor(&draft, &frontend->descriptors[slot]);
    struct assignment *assignment = assignment_new_with_places(draft.sets, draft.set_count, draft.places,
                                                               draft.place_count, frontend->turn);
    for (size_t i = 0; i < draft.set_count; i++)
        point_set_release(draft.sets[i]);
    free(draft.sets);
    free(draft.sources);
    return assignment;
}
