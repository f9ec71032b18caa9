/* What HSDirs keep: for each blinded key the descriptor with the highest counter, for three hours. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "world.h"

#define LIFETIME (3 * HOUR)

static size_t find_place(const struct store *store, uint32_t relay, const uint8_t *key)
{
    uint64_t hash;
    memcpy(&hash, key, sizeof(hash));
    hash = (hash ^ relay) * 0x9e3779b97f4a7c15u;
    size_t place = (size_t)(hash >> 20) & (store->size - 1);
    while (store->places[place].is_used &&
           (store->places[place].relay != relay || memcmp(store->places[place].key, key, 8) != 0))
        place = (place + 1) & (store->size - 1);
    return place;
}

static int64_t lifetime(void)
{
    return world_is_broken("lifetime") ? LIFETIME / 4 : LIFETIME;
}

/* Makes the table anew, larger where needed, without what is too old. */
static void rebuild(struct world *world)
{
    struct store old = world->store;
    size_t live = 0;
    for (size_t i = 0; i < old.size; i++)
        live += old.places[i].is_used && world->now - old.places[i].at < lifetime();
    world->store.size = 256;
    while (world->store.size < 4 * live)
        world->store.size *= 2;
    world->store.places = memory_allocate(world->store.size, sizeof(*old.places));
    world->store.count = live;
    for (size_t i = 0; i < old.size; i++) {
        const struct stored *stored = &old.places[i];
        if (stored->is_used && world->now - stored->at < lifetime())
            world->store.places[find_place(&world->store, stored->relay, stored->key)] = *stored;
    }
    free(old.places);
}

struct stored *store_find_key(struct world *world, uint32_t relay, const uint8_t key[8])
{
    if (world->store.size == 0)
        return NULL;
    struct stored *stored = &world->store.places[find_place(&world->store, relay, key)];
    return stored->is_used && stored->point_count > 0 && world->now - stored->at < lifetime() ? stored : NULL;
}

struct stored *store_find(struct world *world, uint32_t relay, const uint8_t *blinded_key)
{
    return store_find_key(world, relay, blinded_key);
}

void store_sign(struct descriptor *descriptor, const struct stored *maker)
{
    uint32_t key[] = {maker->obpub, maker->run, maker->obpub == OF_A_TOR ? maker->backend : 0,
                      (uint32_t)descriptor->period_number};
    memcpy(descriptor->signing_key, key, sizeof(key));
}

struct descriptor *store_make_descriptor(const struct world *world, const struct stored *stored)
{
    struct descriptor *descriptor =
        model_make_descriptor(stored->period_number, stored->counter, stored->points, stored->point_count);
    store_sign(descriptor, stored);
    work_describe(descriptor, &stored->work);
    backend_place_points(world, descriptor);
    return descriptor;
}

bool store_put(struct world *world, const struct stored *stored)
{
    if (2 * (world->store.count + 1) > world->store.size)
        rebuild(world);
    const struct stored *known = store_find(world, stored->relay, stored->key);
    if (known != NULL && stored->counter <= known->counter)
        return false;
    struct stored *place = &world->store.places[find_place(&world->store, stored->relay, stored->key)];
    world->store.count += !place->is_used;
    *place = *stored;
    place->is_used = true;
    place->at = world->now;
    return true;
}

void store_forget_relay(struct world *world, uint32_t relay)
{
    for (size_t i = 0; i < world->store.size; i++) {
        if (world->store.places[i].relay == relay)
            world->store.places[i].point_count = 0; /* the place stays taken, for those behind it */
    }
}

void store_clear(struct world *world)
{
    free(world->store.places);
    memset(&world->store, 0, sizeof(world->store));
}
