/* Relays that come and go, the consensuses that tell of them, and who hears of one when. */
#include <string.h>

#include "crypto/blinding.h"
#include "world.h"

static void adopt_by_backend(struct world *world, const struct happening *happening)
{
    struct backend *backend = &world->backends[happening->one];
    if (happening->two <= backend->consensus)
        return;
    backend->consensus = happening->two;
    backend_see_consensus(world, happening->one);
}

static void adopt_by_obpub(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = &world->obpubs[happening->one];
    if (happening->two <= obpub->consensus || world->now < obpub->ignores_consensus_until)
        return;
    obpub->consensus = happening->two;
    obpub_see_consensus(world, obpub);
}

int64_t consensus_interval(const struct world *world)
{
    return world->plan.schedule.voting_interval * SECOND;
}

const struct consensus_view *consensus_view(const struct world *world, uint32_t serial)
{
    const struct consensus_view *view = &world->consensuses[serial % CONSENSUSES_KEPT];
    return view->serial == serial && view->network != NULL ? view : NULL;
}

static void draw_shared_random(struct world *world)
{
    memcpy(world->shared_random[0], world->shared_random[1], SHARED_RANDOM_VALUE_SIZE);
    world->has_shared_random[0] = world->has_shared_random[1];
    for (size_t i = 0; i < SHARED_RANDOM_VALUE_SIZE; i += 8) {
        uint64_t number = chance_next(&world->chance);
        memcpy(world->shared_random[1] + i, &number, 8);
    }
    world->has_shared_random[1] = !chance_millionths(&world->chance, world->plan.no_shared_random);
}

static void move_relays(struct world *world)
{
    double interval = (double)consensus_interval(world) / (double)HOUR;
    for (uint32_t i = 0; i < world->plan.relay_count; i++) {
        struct relay *relay = &world->relays[i];
        double rate = relay->is_listed ? world->plan.relay_leaves : world->plan.relay_returns;
        if (chance_millionths(&world->chance, (int64_t)(rate * interval * 1e6)))
            relay->is_listed = !relay->is_listed;
    }
    world->relays[chance_draw(&world->chance, 0, world->plan.relay_count - 1)].is_listed = true;
}

static void publish(struct world *world)
{
    struct hsdir hsdirs[RELAYS_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < world->plan.relay_count; i++) {
        if (world->relays[i].is_listed)
            hsdirs[count++] = world->relays[i].hsdir;
    }
    const struct model_consensus consensus = {
        .schedule = world->plan.schedule,
        .valid_after = world->now / SECOND,
        .previous_shared_random = world->has_shared_random[0] ? world->shared_random[0] : NULL,
        .current_shared_random = world->has_shared_random[1] ? world->shared_random[1] : NULL,
        .hsdirs = hsdirs,
        .hsdir_count = count,
    };
    uint32_t serial = world->consensus_count++;
    struct consensus_view *view = &world->consensuses[serial % CONSENSUSES_KEPT];
    network_free(view->network);
    *view = (struct consensus_view){serial, world->now, model_make_network(&consensus)};
}

/* Tors fetch a consensus within nearly three hours of its beginning; those of some obpubs do so at once. */
static void tell(struct world *world)
{
    uint32_t serial = world->consensus_count - 1;
    int64_t latest = consensus_interval(world) * 14 / 5;
    for (size_t i = 0; i < world->plan.backend_count; i++)
        world_add(world, chance_draw(&world->chance, 0, latest),
                  (struct happening){.function = adopt_by_backend, .one = (uint32_t)i, .two = serial});
    for (uint32_t i = 0; i < OBPUBS; i++) {
        struct obpub *obpub = &world->obpubs[i];
        if (chance_millionths(&world->chance, world->plan.misses_consensus))
            obpub->ignores_consensus_until =
                world->now + chance_draw(&world->chance, 1, 6) * consensus_interval(world);
        int64_t delay = chance_draw(&world->chance, 0, world->plan.is_prompt ? 10 * SECOND : latest);
        world_add(world, delay, (struct happening){.function = adopt_by_obpub, .one = i, .two = serial});
    }
}

static void vote(struct world *world, const struct happening *happening)
{
    (void)happening;
    world_add(world, consensus_interval(world), (struct happening){.function = vote});
    int64_t run = 24 * consensus_interval(world);
    bool is_new_run = world->now % run == 0;
    if (is_new_run)
        draw_shared_random(world);
    move_relays(world);
    /* A run that begins without a consensus would leave the model without its shared random value. */
    if (!is_new_run && chance_millionths(&world->chance, world->plan.no_consensus))
        return;
    publish(world);
    tell(world);
}

static void restart_relay(struct world *world, const struct happening *happening)
{
    uint32_t number = (uint32_t)chance_draw(&world->chance, 0, world->plan.relay_count - 1);
    world->relays[number].restarted_at = world->now;
    store_forget_relay(world, number);
    world_add(world, chance_wait(&world->chance, world->plan.relay_restarts * world->plan.relay_count),
              *happening);
}

void consensuses_begin(struct world *world)
{
    for (uint32_t i = 0; i < world->plan.relay_count; i++) {
        model_make_hsdir(&world->relays[i].hsdir, i);
        world->relays[i].is_listed = !chance_once_in(&world->chance, 5);
        world->relays[i].restarted_at = LONG_AGO;
    }
    world->has_shared_random[0] = world->has_shared_random[1] = true;
    draw_shared_random(world);
    draw_shared_random(world);
    move_relays(world);
    publish(world); /* serial 0 is known to nobody: numbers below mean "none yet" */
    vote(world, NULL);
    if (world->plan.relay_restarts > 0)
        world_add(world, 0, (struct happening){.function = restart_relay});
}

void consensuses_clear(struct world *world)
{
    for (size_t i = 0; i < CONSENSUSES_KEPT; i++)
        network_free(world->consensuses[i].network);
}

void service_derive_key(const struct world *world, const struct service_keys *keys, uint64_t period_number,
                        uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE])
{
    (void)blinding_derive_public_key(blinded_key, keys->identity_key, period_number,
                                     world->plan.schedule.period_length);
}

const struct responsible *service_find_responsible(const struct world *world, struct service_keys *keys,
                                                   uint32_t serial, enum descriptor_slot slot)
{
    struct responsible *known = &keys->responsible[slot][serial % 8];
    if (known->serial == serial + 1)
        return known;
    const struct network *network = consensus_view(world, serial)->network;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    service_derive_key(world, keys, network->period_number[slot], blinded_key);
    known->serial = serial + 1;
    for (int to_fetch = 0; to_fetch < 2; to_fetch++) {
        const struct hsdir_ring_entry *entries[HSDIR_RESPONSIBLE_MAX];
        known->count[to_fetch] = network_find_responsible(network, slot, blinded_key, to_fetch == 1, entries);
        for (size_t i = 0; i < known->count[to_fetch]; i++)
            known->relays[to_fetch][i] = model_hsdir_number(network->hsdirs[entries[i]->hsdir].fingerprint);
    }
    return known;
}
