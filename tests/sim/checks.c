/* What a client finds that looks now, at every HSDir it may ask, held against what obpub promises. */
#include <stdio.h>
#include <string.h>

#include "world.h"

/* What is promised, and what it takes on the way: an upload under way has to be answered before the next one
 * to that HSDir (up to 3 s here, for each of the two descriptors), and takes as long itself. */
#define SETTLE (3 * MINUTE)          /* after a start, or a new consensus: patience, spread, uploads */
#define DEATH_NOTICED (16 * SECOND)  /* 1.5 s until refused, 0.4 s gathering, 3 s spread, uploads */
#define CHANGE_NOTICED (33 * SECOND) /* the backend's upload, a fetch from its HSDirs, the same */
#define CHANGES_AT_ONCE 2            /* of a backend in the memory below: they don't wait */
#define CHANGES_OF_ALL 5             /* likewise of all backends that are not hostile, in both descriptors */
#define CHANGES_FOR_CLIENTS 20       /* and in the one that clients use */
#define CHANGE_MEMORY (155 * MINUTE) /* the other descriptor has them with its next refresh */
#define CHURN_HOLDS (130 * SECOND)   /* more for a change beyond that, in the descriptor that clients use, */
#define STRAIN_HOLDS (190 * SECOND)  /* and while there are fewer rounds than are kept for quiet backends */
#define STRAIN_MEMORY (10 * MINUTE)
#define POLL (12 * MINUTE)         /* a change of a backend without a control port */
#define COPIES_GONE (210 * MINUTE) /* its death: HSDirs' copies live three hours, then ten fetches fail */
#define UNSEEN_OUT (180 * MINUTE)  /* a point of a twin without one, until its counter has rested too long */
#define BACK_IN (140 * SECOND)     /* with a minute of spread */
#define BACK_IN_BY_POLL (22 * MINUTE)
#define LEFT_EXCUSES (3 * HOUR)    /* what the other one has out may be its last */
#define FAULT_EXCUSES (9 * MINUTE) /* the longest delay between two tries, and the time for an answer */
#define FETCH_FAULT_EXCUSES (20 * MINUTE)
#define KEEPS_WITHOUT_REFRESH (55 * MINUTE) /* three hours less the longest refresh */
#define CLIENT_LAG 3                        /* voting intervals that a client's consensus may be old */

/* In how long all that an obpub does at a start or a new consensus is done. */
static int64_t settle_time(const struct world *world)
{
    return SETTLE + rules_queue_time(world);
}

/* For how long clients find what was published last: on a fast network for half of its day. */
static int64_t keeping_time(const struct world *world)
{
    int64_t half = 12 * consensus_interval(world);
    return half < KEEPS_WITHOUT_REFRESH ? half : KEEPS_WITHOUT_REFRESH;
}

/* Since when an obpub has been in a state to do all it promises. */
static int64_t steady_since(const struct obpub *obpub)
{
    return later(obpub->started_at, obpub->tor_since);
}

static bool is_steady(const struct world *world, const struct obpub *obpub)
{
    return obpub->is_running && obpub->is_tor_up && world->now - steady_since(obpub) > settle_time(world);
}

/* What can be published at all has been. */
bool checks_is_steady_for(const struct world *world, const struct obpub *obpub, size_t frontend)
{
    const struct frontend_record *record = &obpub->frontends[frontend];
    return is_steady(world, obpub) && record->published_at != NEVER &&
           world->now - record->left_at > LEFT_EXCUSES &&
           world->now - record->published_at > settle_time(world);
}

static void note_steady_for(struct world *world, size_t frontend)
{
    for (size_t i = 0; i < OBPUBS; i++) {
        if (world->obpubs[i].is_running && checks_is_steady_for(world, &world->obpubs[i], frontend))
            world->frontends[frontend].steady_at = world->now;
    }
}

void checks_note_steady(struct world *world)
{
    for (size_t i = 0; i < world->plan.frontend_count; i++)
        note_steady_for(world, i);
}

/* -- points ------------------------------------------------------------------------------------------ */

int64_t checks_churn_holds(const struct world *world, const struct obpub *obpub, size_t frontend)
{
    bool is_strained = world->now - obpub->frontends[frontend].strained_at < STRAIN_MEMORY ||
                       world->plan.webs_fail > 0; /* with so many changes of so many kinds */
    int64_t holds = is_strained ? STRAIN_HOLDS : CHURN_HOLDS;
    return world_is_broken("haste") ? holds / 8 : holds;
}

/* How often a backend has changed of late, as far as is known of so many changes. */
static unsigned count_changes(const struct world *world, const struct obpub *obpub, size_t number)
{
    int64_t since = world->now - CHANGE_MEMORY;
    unsigned count = 0;
    for (size_t j = 0; j < 4; j++)
        count += world->backends[number].changes[j] > since;
    count += obpub->publisher->sources[number].points_changed_at > since;
    count += obpub->publisher->sources[number].life.since > since;
    /* It may have gone and come for these, more than once. */
    count += obpub->links[number].fetch_fault_at > since ? 2 : 0;
    count += obpub->links[number].moved_at > since ? 2 : 0;
    return count + webs_count_changes(world, obpub, number, since);
}

/* How often all backends of a frontend have changed that may be taken for quiet ones. */
static unsigned count_all_changes(const struct world *world, const struct obpub *obpub, size_t frontend)
{
    const struct frontend *known = &world->frontends[frontend];
    unsigned count = 0;
    for (size_t i = 0; i < known->backend_count; i++) {
        size_t number = source_row(known->backends[i]);
        if (world->plan.is_patient || number >= world->plan.hostile + world->plan.attacked)
            count += count_changes(world, obpub, number);
    }
    return count;
}

/* How much later changes of a backend may be in a descriptor of a frontend; NEVER: with its next refresh.
 * They are when it has changed more often of late than goes out at once; or when so many others have, once or
 * twice each, that all that goes out at once is used up. */
static int64_t find_delay(const struct world *world, const struct obpub *obpub, size_t frontend,
                          size_t number, uint64_t period_number)
{
    const struct network *network = obpub->publisher->network;
    bool is_clients = network->period_number[network->client_slot] == period_number &&
                      world->now - obpub->consensus_since > SETTLE;
    unsigned at_once = is_clients ? CHANGES_FOR_CLIENTS : CHANGES_OF_ALL;
    if (twin_is_unseen(world, number) && !is_clients) /* it is looked for as clients do */
        return NEVER;
    if (count_changes(world, obpub, number) <= CHANGES_AT_ONCE &&
        count_all_changes(world, obpub, frontend) <= at_once)
        return 0;
    return is_clients ? checks_churn_holds(world, obpub, frontend) : NEVER;
}

/* When a point that is gone, or whose backend can't be reached, has to be out at the latest; NEVER if it may
 * stay. */
static int64_t find_deadline(const struct world *world, const struct obpub *obpub, const struct point *point)
{
    const struct backend *backend = &world->backends[point->backend];
    const struct link *link = &obpub->links[point->backend];
    int64_t grace = publisher_rules_default.grace;
    if (twin_is_unseen(world, point->backend) && point->gone_at == NEVER)
        return NEVER;
    if (twin_is_unseen(world, point->backend)) /* after a while in which nobody could look it has some time */
        return later(later(point->gone_at, link->fetch_fault_at) + UNSEEN_OUT, steady_since(obpub) + POLL);
    if (!backend->has_control) {
        if (point->gone_at == NEVER)
            return NEVER;
        int64_t known = later(later(point->gone_at, steady_since(obpub)), link->fetch_fault_at + POLL);
        bool is_dead = point->is_killed || !backend->is_running || backend->process != point->process;
        return known + (is_dead ? COPIES_GONE : POLL);
    }
    if (point->gone_at == NEVER) {
        if (link->is_up || link->is_gone)
            return NEVER;
        return link->moved_at + grace + DEATH_NOTICED;
    }
    int64_t known = later(point->gone_at, link->moved_at);
    if (!link->is_up && !link->is_gone)
        return known + grace + DEATH_NOTICED;
    if (point->is_killed)
        return known + DEATH_NOTICED;
    /* Another twin's upload can have taken the place of the one that tells of it, until there is the next. */
    if (backend->twin.is_twin && point->period_number != backend->descriptors[DESCRIPTOR_FIRST].period_number)
        return NEVER;
    return later(known, link->fetch_fault_at + FAULT_EXCUSES) + CHANGE_NOTICED;
}

/* The latest deadline of all obpubs: one may know what another does not yet know. */
static int64_t find_last_deadline(const struct world *world, size_t frontend, uint64_t period_number,
                                  const struct point *point)
{
    int64_t last = LONG_AGO;
    for (size_t i = 0; i < OBPUBS; i++) {
        const struct obpub *obpub = &world->obpubs[i];
        if (!obpub->is_running)
            continue;
        int64_t delay = find_delay(world, obpub, frontend, point->backend, period_number);
        if (world->plan.webs_fail > 0 && !world->backends[point->backend].has_control)
            return NEVER; /* it may have been sick when it changed, and not be asked for long */
        if (obpub->publisher->frontends[frontend].is_frozen || delay == NEVER ||
            twin_rules_lacks_seen(world, frontend))
            return NEVER; /* the last good set stays */
        const struct frontend_record *record = &obpub->frontends[frontend];
        int64_t static_at = later(record->static_at, record->held_at);
        int64_t since = later(static_at, steady_since(obpub)) + settle_time(world);
        int64_t deadline = find_deadline(world, obpub, point);
        if (deadline == NEVER)
            return NEVER;
        last = later(last, later(deadline, since) + delay);
    }
    return last;
}

static void check_points(struct world *world, size_t frontend, const struct stored *stored)
{
    for (size_t i = 0; i < stored->point_count; i++) {
        const struct point *point = &world->points[stored->points[i] - 1];
        int64_t deadline = find_last_deadline(world, frontend, stored->period_number, point);
        if (world->now > deadline)
            world_fail(
                world,
                "frontend %zu: relay %u has point %llu of backend %u (%s control) that has been gone for "
                "%lld s and was due to be out %lld s ago",
                frontend, stored->relay, (unsigned long long)stored->points[i], point->backend,
                world->backends[point->backend].has_control ? "with" : "without",
                (long long)((world->now - point->gone_at) / SECOND),
                (long long)((world->now - deadline) / SECOND));
    }
}

/* The same for points of backends whose web servers are dead, though their tors live. */
static void check_webs(struct world *world, const struct obpub *obpub, size_t frontend,
                       const struct stored *stored)
{
    for (size_t i = 0; i < stored->point_count; i++) {
        uint32_t number = world->points[stored->points[i] - 1].backend;
        int64_t delay = find_delay(world, obpub, frontend, number, stored->period_number);
        int64_t deadline = webs_find_deadline(world, obpub, frontend, number);
        if (delay == NEVER || deadline == NEVER)
            continue;
        if (world->now > deadline + delay + DEATH_NOTICED + settle_time(world))
            world_fail(world, "frontend %zu: relay %u has a point of backend %u, whose web server is dead",
                       frontend, stored->relay, number);
    }
}

static bool has_point_of(const struct world *world, const struct stored *stored, size_t backend)
{
    for (size_t i = 0; i < stored->point_count; i++) {
        const struct point *point = &world->points[stored->points[i] - 1];
        if (point->backend == backend && point->gone_at == NEVER)
            return true;
    }
    return false;
}

/* True when a backend has been there, and unchanged, for so long that it must be in. */
static bool must_be_in(const struct world *world, const struct obpub *obpub, size_t number, int64_t delay)
{
    const struct backend *backend = &world->backends[number];
    const struct link *link = &obpub->links[number];
    if (delay == NEVER || !backend->is_running || !backend->has_descriptors || backend->is_hung ||
        !backend->has_route)
        return false;
    if (world->now - link->fetch_fault_at < FETCH_FAULT_EXCUSES ||
        twin_is_unseen(world, number)) /* others' uploads may hide its own: it has its share over days */
        return false;
    int64_t well_since = webs_find_well_since(world, number);
    if (well_since == NEVER)
        return false;
    int64_t since =
        later(later(backend->changed_at, link->moved_at), steady_since(obpub) + settle_time(world));
    since = later(since, well_since);
    if (backend->has_control)
        return link->is_up && world->now - since > BACK_IN + delay;
    return world->now - since > BACK_IN_BY_POLL + delay;
}

/* A backend that is attacked never has only dead points out for longer than changes take at most. */
static void check_attacked(struct world *world, const struct obpub *obpub, size_t frontend,
                           const struct stored *stored)
{
    const struct network *network = obpub->publisher->network;
    if (stored->period_number != network->period_number[network->client_slot] ||
        world->now - obpub->consensus_since < SETTLE)
        return;
    for (size_t number = world->plan.hostile; number < world->plan.hostile + world->plan.attacked; number++) {
        int64_t last_gone = LONG_AGO;
        for (size_t i = 0; i < stored->point_count; i++) {
            const struct point *point = &world->points[stored->points[i] - 1];
            if (point->backend == number)
                last_gone = later(last_gone, point->gone_at);
        }
        if (last_gone != LONG_AGO &&
            world->now - last_gone > CHANGE_NOTICED + checks_churn_holds(world, obpub, frontend))
            world_fail(world,
                       "frontend %zu: at relay %u all points of backend %zu, which is attacked, are dead",
                       frontend, stored->relay, number);
    }
}

bool checks_must_be_in(const struct world *world, size_t frontend, size_t backend, uint64_t period_number)
{
    for (size_t j = 0; j < OBPUBS; j++) {
        const struct obpub *obpub = &world->obpubs[j];
        if (obpub->is_running &&
            !must_be_in(world, obpub, backend, find_delay(world, obpub, frontend, backend, period_number)))
            return false;
    }
    return true;
}

static void check_completeness(struct world *world, size_t frontend, const struct stored *stored)
{
    const struct frontend *known = &world->frontends[frontend];
    for (size_t i = 0; known->backend_count <= known->points_max && i < known->backend_count; i++) {
        size_t backend = source_row(known->backends[i]);
        if (checks_must_be_in(world, frontend, backend, stored->period_number) &&
            !has_point_of(world, stored, backend))
            world_fail(world, "frontend %zu: relay %u has no point of backend %zu (%s control), which lives",
                       frontend, stored->relay, backend,
                       world->backends[backend].has_control ? "with" : "without");
    }
}

/* -- HSDirs ------------------------------------------------------------------------------------------ */

/* True when a spare HSDir that is no longer left to the twins' tors may still wait for what it is to have: it
 * does while there are fewer rounds than are kept for other things. */
static bool is_held_back(const struct world *world, const struct obpub *obpub, size_t frontend,
                         const struct sent *sent)
{
    const struct consensus_view *view = consensus_view(world, obpub->consensus);
    bool is_clients =
        view != NULL && view->network->period_number[view->network->client_slot] == sent->period_number;
    int64_t holds = is_clients ? STRAIN_HOLDS : publisher_rules_default.refresh_max;
    return sent->was_spare && obpub->frontends[frontend].strained_at > sent->since - HOUR &&
           world->now - sent->since < holds + settle_time(world);
}

/* An answer does not say which descriptor it is for, so tricks on either count. */
bool checks_is_excused(const struct world *world, const struct obpub *obpub, size_t frontend, uint32_t relay)
{
    const struct frontend_record *record = &obpub->frontends[frontend];
    int64_t refresh_max = publisher_rules_default.refresh_max + FAULT_EXCUSES;
    if (world->now - world->relays[relay].restarted_at < refresh_max)
        return true;
    if (world->now - record->fault_at[relay] < FAULT_EXCUSES)
        return true;
    for (size_t i = 0; i < record->sent_count; i++) {
        const struct sent *sent = &record->sent[i];
        if (sent->relay == relay &&
            (world->now - sent->since < settle_time(world) || is_held_back(world, obpub, frontend, sent)))
            return true;
    }
    return false;
}

/* True when an obpub counts an HSDir among those of a frontend's descriptor of a time period. */
static bool has_responsible(const struct obpub *obpub, size_t frontend, uint64_t period_number,
                            uint32_t relay)
{
    return rules_find_sent(&((struct obpub *)obpub)->frontends[frontend], period_number, relay) != NULL;
}

/* One that has seen a newer consensus does
 * not mend what it left at HSDirs that it does not count any more. */
bool checks_is_undisputed(const struct world *world, size_t frontend, uint32_t relay, uint64_t period_number)
{
    for (size_t i = 0; i < OBPUBS && world->plan.has_two_obpubs; i++) {
        const struct obpub *obpub = &world->obpubs[i];
        if (!is_steady(world, obpub) || world->now - steady_since(obpub) < 130 * MINUTE ||
            checks_is_excused(world, obpub, frontend, relay) ||
            !has_responsible(obpub, frontend, period_number, relay))
            return false;
    }
    return true;
}

static void check_responsible(struct world *world, const struct obpub *obpub, size_t frontend,
                              const struct publisher_descriptor *descriptor, uint32_t relay)
{
    if (checks_is_excused(world, obpub, frontend, relay) ||
        twin_rules_leaves_alone(world, obpub, frontend, descriptor->period_number))
        return;
    const struct stored *stored = store_find(world, relay, descriptor->blinded_key);
    if (stored == NULL) {
        world_fail(world, "frontend %zu: relay %u has no descriptor of time period %llu", frontend, relay,
                   (unsigned long long)descriptor->period_number);
        return;
    }
    if (world->now - stored->at > publisher_rules_default.refresh_max + settle_time(world))
        world_fail(world, "frontend %zu: relay %u has a descriptor that is %lld min old", frontend, relay,
                   (long long)((world->now - stored->at) / MINUTE));
    if (!checks_is_undisputed(world, frontend, relay, descriptor->period_number))
        return;
    if (stored->obpub != OF_A_TOR)
        check_points(world, frontend, stored);
    if (stored->obpub == obpub_number(world, obpub))
        check_webs(world, obpub, frontend, stored);
    if (world->plan.has_twins)
        twin_rules_check(world, obpub, frontend, stored);
    bool is_merged = !obpub->publisher->frontends[frontend].is_split && stored->obpub != OF_A_TOR &&
                     world->now - world->frontends[frontend].split_at > BACK_IN + STRAIN_HOLDS;
    if (is_merged && !world->plan.is_crowd)
        check_completeness(world, frontend, stored);
    check_attacked(world, obpub, frontend, stored);
}

/* True when a frontend without a live backend waits for looks, and perhaps leaves it to the other obpub; or
 * has just done so. */
static bool is_held_up(const struct world *world, const struct obpub *obpub, size_t frontend)
{
    return obpub->publisher->frontends[frontend].looks.held_since != MOMENT_NONE ||
           world->now - obpub->frontends[frontend].held_at < settle_time(world);
}

static void check_obpub(struct world *world, const struct obpub *obpub, size_t frontend)
{
    const struct publisher_frontend *known = &obpub->publisher->frontends[frontend];
    if (!checks_is_steady_for(world, obpub, frontend) || is_held_up(world, obpub, frontend))
        return;
    if (world->plan.has_twins) /* the spare HSDirs may have come since */
        rules_note_hsdirs(world, (struct obpub *)obpub, frontend);
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &known->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++)
            check_responsible(world, obpub, frontend, descriptor,
                              model_hsdir_number(descriptor->uploads[i].fingerprint));
        if (world->plan.is_crowd)
            crowd_rules_check(world, obpub, frontend, descriptor);
    }
    if (world->plan.has_twins)
        twin_rules_check_shares(world, obpub, frontend);
}

/* True when a relay keeps a point set, and that of this obpub. */
static bool keeps_set(const struct world *world, const struct obpub *obpub, const struct stored *stored,
                      const struct point_set *set)
{
    if (stored == NULL || stored->point_count != set->count)
        return false;
    for (size_t i = 0; i < set->count; i++) {
        if (stored->points[i] != model_point_number(&set->entries[i].point))
            return false;
    }
    return &world->obpubs[stored->obpub] == obpub;
}

/* What an obpub says that HSDirs have is there: that they have forgotten it, or have somebody else's since,
 * and which upload an answer was for where tors don't tell, is all that it can't know. */
static void check_taken(struct world *world, const struct obpub *obpub, size_t frontend)
{
    const struct publisher_frontend *known = &obpub->publisher->frontends[frontend];
    bool is_wrong_on_purpose =
        world_is_broken("uneven") || (world->plan.is_crowd && world_broken_rule != NULL);
    if (world->plan.has_two_obpubs || !world->plan.tells_ends || is_wrong_on_purpose)
        return;
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &known->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            const struct publisher_upload *upload = &descriptor->uploads[i];
            uint32_t relay = model_hsdir_number(upload->fingerprint);
            /* Its answer may have come a minute after it was taken. */
            if (!upload_is_current(upload, world->now + MINUTE) ||
                world->relays[relay].restarted_at >= upload->taken_at - MINUTE)
                continue;
            const struct stored *stored = store_find(world, relay, descriptor->blinded_key);
            bool is_of_twin = stored != NULL && stored->obpub == OF_A_TOR; /* perhaps nobody has told of it */
            if (!is_of_twin && !keeps_set(world, obpub, stored, upload->wanted))
                world_fail(world, "frontend %zu: relay %u does not have what it is said to have", frontend,
                           relay);
        }
    }
}

/* -- clients ----------------------------------------------------------------------------------------- */

/* True when an obpub counts this HSDir among those of that time period and owes it a descriptor. */
static bool is_owed(const struct world *world, size_t frontend, uint64_t period_number, uint32_t relay)
{
    for (size_t i = 0; i < OBPUBS; i++) {
        const struct obpub *obpub = &world->obpubs[i];
        if (obpub->run > 0 && !checks_is_excused(world, obpub, frontend, relay) &&
            has_responsible(obpub, frontend, period_number, relay))
            return true;
    }
    return false;
}

static void look(struct world *world, size_t number, uint32_t serial)
{
    struct frontend *frontend = &world->frontends[number];
    const struct network *network = consensus_view(world, serial)->network;
    enum descriptor_slot slot = network->client_slot;
    uint64_t period_number = network->period_number[slot];
    const struct responsible *asked = service_find_responsible(world, &frontend->keys, serial, slot);
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    service_derive_key(world, &frontend->keys, period_number, blinded_key);
    size_t found = 0, owed = 0;
    for (size_t i = 0; i < asked->count[1]; i++) {
        found += store_find(world, asked->relays[1][i], blinded_key) != NULL;
        owed += is_owed(world, number, period_number, asked->relays[1][i]);
    }
    world->figures.looks++;
    world->figures.unlucky_looks += found == 0;
    if (found == 0 && owed > 0)
        world_fail(world, "frontend %zu: a client with consensus %u finds no descriptor at %zu HSDirs",
                   number, serial, asked->count[1]);
}

static void check_clients(struct world *world, size_t number)
{
    note_steady_for(world, number);
    if (world->now - world->frontends[number].steady_at > keeping_time(world))
        return;
    for (uint32_t serial = world->consensus_count; serial-- > 1;) {
        const struct consensus_view *view = consensus_view(world, serial);
        if (view == NULL || world->now - view->at > CLIENT_LAG * consensus_interval(world))
            break;
        look(world, number, serial);
    }
}

/* -- the round --------------------------------------------------------------------------------------- */

static void check(struct world *world, const struct happening *happening)
{
    size_t count = world->plan.frontends_checked;
    size_t first = 0;
    if (count < world->plan.frontend_count)
        first = (size_t)chance_draw(&world->chance, 0, (int64_t)world->plan.frontend_count - 1);
    for (size_t i = 0; i < count; i++) {
        size_t frontend = (first + i) % world->plan.frontend_count;
        for (size_t j = 0; j < OBPUBS; j++) {
            if (world->obpubs[j].is_running)
                check_obpub(world, &world->obpubs[j], frontend);
            if (world->obpubs[j].is_running)
                check_taken(world, &world->obpubs[j], frontend);
        }
        check_clients(world, frontend);
    }
    world->figures.checks++;
    world_add(world, chance_draw(&world->chance, 1, 2 * world->plan.check_interval), *happening);
}

void checks_begin(struct world *world)
{
    world_add(world, 0, (struct happening){.function = check});
}
