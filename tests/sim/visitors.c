/* Clients of frontends with twins, or crowds: they keep what they have, throw away what is older, and visit
 * now and then. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "world.h"

#define PAUSE_MAX (20 * MINUTE)
#define CLIENT_LAG 3 /* voting intervals that a client's consensus may be old */

struct visitor {
    uint32_t serial; /* of its consensus */
    bool has_one;
    struct stored held;
    int64_t fetched_at;
};

/* -- a visit ----------------------------------------------------------------------------------------- */

/* True when a tor answers for a point under the key of a time period: for its own, and as its own backend
 * (HiddenServiceOnionBalanceInstance) for those of the periods around the one that it goes by. */
static bool answers(const struct world *world, const struct point *point, uint64_t period_number)
{
    const struct network *network = consensus_view(world, world->backends[point->backend].consensus)->network;
    uint64_t now = network->period_number[network->client_slot];
    return point->period_number == period_number || (period_number + 1 >= now && period_number <= now + 1);
}

static bool verifies(const struct world *world, const struct point *point, const struct stored *stored)
{
    const struct twin *twin = &world->backends[point->backend].twin;
    return twin->has_work && point->period_number == stored->period_number &&
           (stored->work.seed == twin->work.seed || stored->work.seed == twin->old_seed);
}

enum visit visitor_try(struct world *world, const struct stored *stored, uint32_t *backend)
{
    size_t first = (size_t)chance_draw(&world->chance, 0, (int64_t)stored->point_count - 1);
    for (size_t i = 0; i < stored->point_count; i++) {
        const struct point *point = &world->points[stored->points[(first + i) % stored->point_count] - 1];
        *backend = point->backend;
        if (point->gone_at != NEVER || world->backends[point->backend].is_hung ||
            !world->backends[point->backend].has_route)
            continue;
        if (stored->work.seed == 0)
            return answers(world, point, stored->period_number) ? VISIT_WORKS : VISIT_REFUSED;
        return verifies(world, point, stored) ? VISIT_WORKS : VISIT_REFUSED;
    }
    return VISIT_DEAD;
}

/* -- what a client does ------------------------------------------------------------------------------ */

static bool visit(struct world *world, size_t frontend, const struct visitor *visitor)
{
    uint32_t backend = 0;
    enum visit result = visitor_try(world, &visitor->held, &backend);
    if (result == VISIT_REFUSED && world->plan.has_twins)
        twin_rules_note_refused(world, frontend, &visitor->held, backend, visitor->fetched_at);
    return result == VISIT_WORKS;
}

/* Takes what an HSDir has, unless it is older than what is here. */
static bool fetch(struct world *world, size_t frontend, struct visitor *visitor, uint32_t relay,
                  const uint8_t *blinded_key)
{
    const struct stored *stored = store_find(world, relay, blinded_key);
    if (stored == NULL || (visitor->has_one && stored->counter < visitor->held.counter))
        return false;
    visitor->held = *stored;
    visitor->has_one = true;
    visitor->fetched_at = world->now;
    if (world->plan.is_crowd)
        crowd_rules_note_fetch(world, frontend, stored);
    return true;
}

/* Asks one HSDir after the other until something works; each only once, as a client does within a quarter of
 * an hour. */
static bool fetch_and_visit(struct world *world, size_t number, struct visitor *visitor)
{
    struct frontend *frontend = &world->frontends[number];
    const struct network *network = consensus_view(world, visitor->serial)->network;
    enum descriptor_slot slot = network->client_slot;
    const struct responsible *asked = service_find_responsible(world, &frontend->keys, visitor->serial, slot);
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    service_derive_key(world, &frontend->keys, network->period_number[slot], blinded_key);
    uint32_t relays[MODEL_REPLICAS * MODEL_SPREAD_STORE];
    memcpy(relays, asked->relays[1], sizeof(relays));
    for (size_t left = asked->count[1]; left > 0; left--) {
        size_t i = (size_t)chance_draw(&world->chance, 0, (int64_t)left - 1);
        if (fetch(world, number, visitor, relays[i], blinded_key) && visit(world, number, visitor))
            return true;
        relays[i] = relays[left - 1];
    }
    return false;
}

/* Goes by a consensus that is some intervals old at most, and never by an older one than before. */
static bool update_consensus(struct world *world, struct visitor *visitor)
{
    uint32_t newest = world->consensus_count - 1;
    uint32_t serial = newest - (uint32_t)chance_draw(&world->chance, 0, CLIENT_LAG);
    if (serial > newest)
        serial = newest;
    serial = serial > visitor->serial ? serial : visitor->serial;
    const struct consensus_view *view = consensus_view(world, serial);
    if (view == NULL || world->now - view->at > CLIENT_LAG * consensus_interval(world))
        serial = newest;
    visitor->serial = serial;
    return serial > 0;
}

/* one is the frontend, two the visitor. */
static void go(struct world *world, const struct happening *happening)
{
    struct visitor *visitor = &world->visitors[happening->two];
    size_t frontend = happening->one;
    world_add(world, chance_draw(&world->chance, SECOND, PAUSE_MAX), *happening);
    if (!update_consensus(world, visitor))
        return;
    const struct network *network = consensus_view(world, visitor->serial)->network;
    visitor->has_one &= visitor->held.period_number == network->period_number[network->client_slot];
    const struct work *work = &visitor->held.work;
    bool is_good = visitor->has_one && (work->seed == 0 || world->now < work->expires_at);
    world->figures.visits++;
    if ((is_good && visit(world, frontend, visitor)) || fetch_and_visit(world, frontend, visitor))
        return;
    world->figures.vain_visits++;
    if (world->plan.has_twins &&
        twin_rules_promise(world, frontend, network->period_number[network->client_slot],
                           visitor->has_one ? &visitor->held : NULL))
        world_fail(world, "frontend %zu: a client with consensus %u, counter %llu, gets nothing that works",
                   frontend, visitor->serial,
                   visitor->has_one ? (unsigned long long)visitor->held.counter : 0);
}

/* Every other one has kept nothing: it asks for the first time. */
static void comes_anew(struct world *world, const struct happening *happening)
{
    world->visitors[happening->two].has_one = false;
    go(world, happening);
}

void visitors_begin(struct world *world)
{
    uint32_t count = (uint32_t)world->plan.visitor_count;
    world->visitors = memory_allocate(world->plan.frontend_count * count, sizeof(*world->visitors));
    for (uint32_t i = 0; i < world->plan.frontend_count * count; i++)
        world_add(world, chance_draw(&world->chance, SECOND, PAUSE_MAX),
                  (struct happening){.function = i % 2 == 0 ? go : comes_anew, .one = i / count, .two = i});
}

void visitors_clear(struct world *world)
{
    free(world->visitors);
    world->visitors = NULL;
}
