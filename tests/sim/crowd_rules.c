/* What is promised of frontends with crowds of backends: that each is in, that none is in a single place only
 * where it could have two, that a change is one round, and that each has its share of what clients fetch. */
#include <math.h>
#include <string.h>

#include "publish/weights.h"
#include "world.h"

#define COMMAND_TAKES (6 * MINUTE) /* until what an operator did is out, or what it held up is */
#define DRAINED_OUT (5 * MINUTE)   /* likewise, and a command is never held up */
#define REFRESH_MAX (2 * HOUR)
#define SAMPLES_MIN 20000
#define SHARE_WITHIN 0.10  /* of what is due, */
#define THERE 0.8          /* to a backend that was there for so much of the time */
#define RELAYS_ENOUGH 2000 /* so that it is rare that points share one */
#define MANY 20            /* so many backends can fill a set with one point each */
#define SOME_BACKENDS 8
#define BACKENDS_MAX 128

static size_t member_of(const struct world *world, size_t frontend, uint32_t backend)
{
    const struct frontend *known = &world->frontends[frontend];
    size_t count = world->plan.backend_count;
    return (backend + count - source_row(known->backends[0])) % count;
}

static const struct publisher_member *find_member(const struct obpub *obpub, size_t frontend, size_t i)
{
    return &obpub->publisher->frontends[frontend].members[i];
}

/* -- a reason for a round ---------------------------------------------------------------------------- */

static uint64_t mix(uint64_t name, uint64_t number)
{
    return (name ^ number) * 1099511628211u;
}

static uint64_t name_knowledge(const struct world *world, const struct obpub *obpub, size_t number)
{
    const struct publisher_frontend *frontend = &obpub->publisher->frontends[number];
    const struct network *network = obpub->publisher->network;
    uint64_t name = 14695981039346656037u;
    name = mix(name, network->period_number[network->client_slot]);
    name = mix(name, (uint64_t)world->frontends[number].commanded_at);
    name = mix(name, frontend->uses_drained);
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(obpub->publisher, member);
        name = mix(name, member->is_in);
        name = mix(name, (uint64_t)source->points_changed_at);
    }
    return name;
}

void crowd_rules_note_knowledge(const struct world *world, struct obpub *obpub, size_t number)
{
    struct frontend_record *record = &obpub->frontends[number];
    uint64_t name = obpub->publisher->network != NULL ? name_knowledge(world, obpub, number) : 0;
    if ((name != record->knowledge && !world_is_broken("forgetful")) ||
        world->plan.point_relays < RELAYS_ENOUGH || world->plan.has_two_obpubs)
        record->news++;
    record->knowledge = name;
    if (obpub->publisher->frontends[number].uses_drained)
        record->used_drained_at = world->now;
}

/* -- shares ------------------------------------------------------------------------------------------ */

static bool lives(const struct backend *backend)
{
    return backend->is_running && backend->has_descriptors && !backend->is_hung && backend->has_route;
}

void crowd_rules_note_fetch(struct world *world, size_t number, const struct stored *stored)
{
    struct frontend *frontend = &world->frontends[number];
    double weights = 0;
    for (size_t i = 0; i < frontend->backend_count; i++)
        weights += lives(&world->backends[source_row(frontend->backends[i])]) ? frontend->crowd[i].weight : 0;
    for (size_t i = 0; i < frontend->backend_count && weights > 0; i++) {
        if (lives(&world->backends[source_row(frontend->backends[i])]))
            frontend->crowd[i].due += frontend->crowd[i].weight / weights;
    }
    for (size_t i = 0; i < stored->point_count; i++) {
        uint32_t backend = world->points[stored->points[i] - 1].backend;
        frontend->crowd[member_of(world, number, backend)].had += 1 / (double)stored->point_count;
    }
    frontend->samples++;
}

static void check_share(struct world *world, size_t number, size_t i, double weights)
{
    const struct frontend *frontend = &world->frontends[number];
    const struct crowd_member *member = &frontend->crowd[i];
    double off = member->had / member->due - 1;
    world_trace(world, "frontend %zu: member %zu with weight %u was due %.5f and had %.5f", number, i,
                member->weight, member->due / (double)frontend->samples,
                member->had / (double)frontend->samples);
    if (member->due < THERE * member->weight / weights * (double)frontend->samples)
        return;
    world->figures.shares_spread = fmax(world->figures.shares_spread, fabs(off));
    /* The places are whole ones: one for as long as a turn lasts at most is a part that one may lack. */
    double turn = (double)REFRESH_MAX / (double)world->plan.duration * (double)frontend->samples;
    double place = turn / (MODEL_REPLICAS * MODEL_SPREAD_FETCH * (double)frontend->points_max);
    if (fabs(off) > fmax(SHARE_WITHIN, place / member->due))
        world_fail(world, "frontend %zu: backend %zu with weight %u had %+.1f %% of its share", number,
                   source_row(frontend->backends[i]), member->weight, 100 * off);
}

void crowd_rules_end(struct world *world)
{
    for (size_t i = 0; world->plan.is_crowd && i < world->plan.frontend_count; i++) {
        const struct frontend *frontend = &world->frontends[i];
        double weights = 0;
        if (frontend->samples < SAMPLES_MIN || world->plan.reloads > 0 || world->plan.drains > 0)
            continue;
        for (size_t j = 0; j < frontend->backend_count; j++)
            weights += frontend->crowd[j].weight;
        for (size_t j = 0; j < frontend->backend_count; j++)
            check_share(world, i, j, weights);
    }
}

/* -- what all HSDirs have together ------------------------------------------------------------------- */

/* What there is of a member at the HSDirs that clients ask. */
struct presence {
    size_t places, hsdirs;
    size_t last; /* the HSDir that was counted last, counted from 1 */
};

/* What the HSDirs have that clients ask. */
struct outlook {
    size_t asked;
    const struct stored *stored[HSDIR_RESPONSIBLE_MAX];
    struct presence members[BACKENDS_MAX];
};

/* Finds all that the HSDirs have; false when something excuses one of them, or it is not all from an obpub.
 */
static bool find_stored(struct world *world, const struct obpub *obpub, size_t frontend,
                        const struct publisher_descriptor *descriptor, struct outlook *outlook)
{
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        uint32_t relay = model_hsdir_number(descriptor->uploads[i].fingerprint);
        if (!descriptor->uploads[i].is_asked)
            continue;
        const struct stored *stored = store_find(world, relay, descriptor->blinded_key);
        if (stored == NULL || checks_is_excused(world, obpub, frontend, relay) ||
            !checks_is_undisputed(world, frontend, relay, descriptor->period_number))
            return false;
        if (stored->obpub != obpub_number(world, obpub) || stored->run != obpub->run)
            return false;
        outlook->stored[outlook->asked++] = stored;
    }
    return outlook->asked > 0;
}

static void count_places(const struct world *world, size_t frontend, struct outlook *outlook)
{
    for (size_t i = 0; i < outlook->asked; i++) {
        for (size_t j = 0; j < outlook->stored[i]->point_count; j++) {
            const struct point *point = &world->points[outlook->stored[i]->points[j] - 1];
            struct presence *presence = &outlook->members[member_of(world, frontend, point->backend)];
            if (point->gone_at != NEVER)
                continue;
            presence->places++;
            presence->hsdirs += presence->last != i + 1;
            presence->last = i + 1;
        }
    }
}

static bool is_drained(const struct world *world, size_t frontend, size_t i)
{
    for (size_t j = 0; j < OBPUBS; j++) {
        if (world->obpubs[j].is_running && member_is_drained(find_member(&world->obpubs[j], frontend, i)))
            return true;
    }
    return false;
}

/* True when a source has a point at a relay where no other member has one: nobody can have come first. */
static bool has_own_relay(const struct obpub *obpub, size_t number, size_t i)
{
    const struct publisher_frontend *frontend = &obpub->publisher->frontends[number];
    const struct source *source = publisher_member_source(obpub->publisher, &frontend->members[i]);
    for (size_t p = 0; p < source->points.count; p++) {
        uint8_t relay[RELAY_FINGERPRINT_SIZE], others_relay[RELAY_FINGERPRINT_SIZE];
        bool is_own = introduction_point_fingerprint(&source->points.points[p], relay);
        for (size_t j = 0; is_own && j < frontend->member_count; j++) {
            const struct source *other = publisher_member_source(obpub->publisher, &frontend->members[j]);
            for (size_t q = 0; j != i && q < other->points.count; q++)
                is_own &= !introduction_point_fingerprint(&other->points.points[q], others_relay) ||
                          memcmp(relay, others_relay, sizeof(relay)) != 0;
        }
        if (is_own)
            return true;
    }
    return false;
}

/* How many places a member has at least, on average, at so many HSDirs, however many points it has. */
static double find_places_min(const struct world *world, size_t number, size_t asked, size_t i)
{
    const struct frontend *frontend = &world->frontends[number];
    double weights = 0, heaviest = 0, weight = frontend->crowd[i].weight;
    for (size_t j = 0; j < frontend->backend_count; j++) {
        weights += frontend->crowd[j].weight;
        heaviest = fmax(heaviest, frontend->crowd[j].weight);
    }
    double places = fmin((double)frontend->points_max / weights, 3 / heaviest) * weight;
    return (double)asked * fmin(places, 1);
}

static void check_is_in(struct world *world, const struct obpub *obpub, size_t number, size_t i,
                        const struct outlook *outlook)
{
    struct crowd_member *member = &world->frontends[number].crowd[i];
    double places = find_places_min(world, number, outlook->asked, i);
    if (outlook->members[i].places > 0 || !has_own_relay(obpub, number, i)) {
        member->out_of = NEVER;
        return;
    }
    if (member->out_of == NEVER)
        member->out_of = world->now;
    /* Until a moment ago another may have had a point at its relay. */
    int64_t may_wait = places >= 1 ? COMMAND_TAKES : (int64_t)((2 + 2 / places) * (double)REFRESH_MAX);
    if (world->now - member->out_of >= may_wait)
        world_fail(world, "frontend %zu: backend %zu lives, and is in no set (%.2f places)", number,
                   source_row(world->frontends[number].backends[i]), places);
}

/* With several places it is at several HSDirs, where sources come and go not before the next turn. */
static void check_is_spread(struct world *world, size_t number, size_t i, const struct outlook *outlook)
{
    struct crowd_member *member = &world->frontends[number].crowd[i];
    const struct presence *presence = &outlook->members[i];
    if (presence->places < 2 || presence->hsdirs > 1) {
        member->heaped_since = NEVER;
        return;
    }
    member->heaped_since = earlier(member->heaped_since, world->now);
    if (world->now - member->heaped_since > 2 * REFRESH_MAX)
        world_fail(world, "frontend %zu: backend %zu has had all of its %zu places at one HSDir for %lld min",
                   number, source_row(world->frontends[number].backends[i]), presence->places,
                   (long long)((world->now - member->heaped_since) / MINUTE));
}

static bool is_settled(const struct world *world, size_t number, size_t i, uint64_t period_number)
{
    size_t backend = source_row(world->frontends[number].backends[i]);
    return !is_drained(world, number, i) && checks_must_be_in(world, number, backend, period_number);
}

static void check_members(struct world *world, const struct obpub *obpub, size_t number,
                          uint64_t period_number, const struct outlook *outlook)
{
    const struct frontend *frontend = &world->frontends[number];
    const struct assignment *assignment = obpub->publisher->frontends[number].assignment;
    bool is_distinct = assignment_names_hsdirs(assignment);
    for (size_t i = 0; assignment != NULL && i < assignment->count; i++) {
        if (assignment->sets[i]->count > frontend->points_max)
            world_fail(world, "frontend %zu: an HSDir is to have %zu points, where %zu are allowed", number,
                       assignment->sets[i]->count, frontend->points_max);
    }
    bool has_room =
        frontend->descriptors != DESCRIPTORS_SAME || frontend->backend_count <= frontend->points_max;
    for (size_t i = 0; i < frontend->backend_count; i++) {
        if (!is_settled(world, number, i, period_number)) {
            frontend->crowd[i].out_of = frontend->crowd[i].heaped_since = NEVER;
            continue;
        }
        if (has_room)
            check_is_in(world, obpub, number, i, outlook);
        if (is_distinct && outlook->asked > 1 && world->plan.point_relays >= RELAYS_ENOUGH)
            check_is_spread(world, number, i, outlook);
    }
}

/* A backend that is drained is out, as long as there are others. */
static void check_drained(struct world *world, const struct obpub *obpub, size_t number,
                          const struct outlook *outlook)
{
    const struct publisher_frontend *frontend = &obpub->publisher->frontends[number];
    for (size_t i = 0; i < frontend->member_count && !frontend->uses_drained; i++) {
        int64_t since = frontend->members[i].drained_at;
        if (since != MOMENT_NONE)
            since = later(since, obpub->frontends[number].used_drained_at);
        if (outlook->members[i].places > 0 && since != MOMENT_NONE && world->now - since > DRAINED_OUT)
            world_fail(world, "frontend %zu: backend %zu was drained %lld s ago, and has %zu places", number,
                       source_row(frontend->members[i].source), (long long)((world->now - since) / SECOND),
                       outlook->members[i].places);
    }
}

/* Each set has points of several backends, where there is room for so many. */
static void check_sets(struct world *world, size_t frontend, uint64_t period_number,
                       const struct outlook *outlook)
{
    size_t settled = 0;
    for (size_t i = 0; i < world->frontends[frontend].backend_count; i++)
        settled += is_settled(world, frontend, i, period_number);
    for (size_t i = 0; settled >= SOME_BACKENDS && i < outlook->asked; i++) {
        const struct stored *stored = outlook->stored[i];
        bool is_counted[BACKENDS_MAX] = {false};
        size_t backends = 0;
        for (size_t j = 0; j < stored->point_count; j++) {
            bool *is_known =
                &is_counted[member_of(world, frontend, world->points[stored->points[j] - 1].backend)];
            backends += !*is_known;
            *is_known = true;
        }
        bool is_even = !world->plan.has_weights && world->plan.point_relays >= RELAYS_ENOUGH;
        size_t least = settled >= MANY && is_even ? (stored->point_count + 1) / 2 : 3;
        if (world->frontends[frontend].points_max < MANY)
            least = 1;
        if (backends < least)
            world_fail(world, "frontend %zu: relay %u has %zu points of %zu backends, where %zu live",
                       frontend, stored->relay, stored->point_count, backends, settled);
    }
}

void crowd_rules_check(struct world *world, const struct obpub *obpub, size_t frontend,
                       const struct publisher_descriptor *descriptor)
{
    struct outlook outlook = {.asked = 0};
    const struct network *network = obpub->publisher->network;
    bool is_of_clients = descriptor->period_number == network->period_number[network->client_slot];
    if (!is_of_clients || world->now - world->frontends[frontend].commanded_at < COMMAND_TAKES ||
        obpub->publisher->frontends[frontend].is_frozen ||
        !find_stored(world, obpub, frontend, descriptor, &outlook))
        return;
    count_places(world, frontend, &outlook);
    check_sets(world, frontend, descriptor->period_number, &outlook);
    check_members(world, obpub, frontend, descriptor->period_number, &outlook);
    check_drained(world, obpub, frontend, &outlook);
}

/* -- what is wrong on purpose ------------------------------------------------------------------------ */

void crowd_break_upload(struct world *world, size_t frontend, struct stored *stored)
{
    size_t kept = 0;
    const struct stored *known = store_find_key(world, stored->relay, stored->key);
    if (world_is_broken("stale") && known != NULL && stored->relay % 4 == 0) {
        stored->point_count = known->point_count;
        memcpy(stored->points, known->points, sizeof(stored->points));
    }
    uint32_t first = stored->point_count > 0 ? world->points[stored->points[0] - 1].backend : 0;
    for (size_t i = 0; i < stored->point_count; i++) {
        uint32_t backend = world->points[stored->points[i] - 1].backend;
        bool is_left_out = world_is_broken("left-out") && member_of(world, frontend, backend) == 0;
        bool is_not_alone = world_is_broken("alone") && backend != first;
        if (!is_left_out && !is_not_alone)
            stored->points[kept++] = stored->points[i];
    }
    stored->point_count = kept > 0 ? kept : stored->point_count;
}

void crowd_break_memory(struct obpub *obpub, size_t number)
{
    struct publisher_frontend *frontend = &obpub->publisher->frontends[number];
    for (size_t i = 0; world_is_broken("owing") && i < frontend->member_count; i++)
        frontend->members[i].owed = frontend->members[i].owed_in_turn = 0;
}
