/* What the operators of crowds do: weights, drains, and reloads of the config. */
#include <stdlib.h>

#include "base/memory.h"
#include "world.h"

#define WEIGHT_SLOW 5u /* of weights that differ: machines of three sizes */

static void draw_weights(struct world *world, struct frontend *frontend)
{
    for (size_t i = 0; i < frontend->backend_count; i++) {
        unsigned size = world->plan.has_weights ? (unsigned)chance_draw(&world->chance, 0, 2) : 1;
        frontend->crowd[i].weight = WEIGHT_SLOW << size;
    }
}

static void set_weights(struct world *world, struct obpub *obpub, size_t number)
{
    const struct frontend *frontend = &world->frontends[number];
    unsigned *weights = memory_allocate(frontend->backend_count, sizeof(*weights));
    for (size_t i = 0; i < frontend->backend_count; i++)
        weights[i] = frontend->crowd[i].weight;
    publisher_set_weights(obpub->publisher, number, weights, world->now);
    free(weights);
}

void operators_configure(struct world *world, struct obpub *obpub, size_t number)
{
    const struct frontend *frontend = &world->frontends[number];
    publisher_set_descriptors(obpub->publisher, number, frontend->descriptors, world->now);
    publisher_set_points_max(obpub->publisher, number, frontend->points_max, world->now);
    publisher_set_clients(obpub->publisher, number, frontend->clients, world->now);
    if (frontend->crowd != NULL)
        set_weights(world, obpub, number);
}

/* -- what they do by chance -------------------------------------------------------------------------- */

/* Nothing is promised of a frontend for a while. */
static void note_command(struct world *world, size_t number)
{
    world->frontends[number].commanded_at = world->now;
}

/* Clients come and go: a set with one more, one with one less, everybody. Two obpubs can't read each other's
 * descriptors then, of whom nothing is promised but what holds for each alone. */
static void change_clients(struct world *world, struct frontend *frontend)
{
    if (world->plan.has_two_obpubs)
        return;
    size_t chosen = frontend->client_changes++ % (CLIENT_SETS + 1);
    frontend->clients = chosen < CLIENT_SETS ? world->client_sets[chosen] : NULL;
}

static void make_client_sets(struct world *world)
{
    uint8_t keys[CLIENT_SETS][X25519_PUBLIC_KEY_SIZE];
    struct error error;
    for (size_t i = 0; i < CLIENT_SETS; i++) {
        const uint8_t secret_key[X25519_SECRET_KEY_SIZE] = {(uint8_t)(i + 1)};
        x25519_derive_public_key(keys[i], secret_key);
    }
    for (size_t i = 0; i < CLIENT_SETS; i++)
        world->client_sets[i] =
            authorized_clients_new((const uint8_t(*)[X25519_PUBLIC_KEY_SIZE])keys, i % 2 + 1, &error);
}

/* Another config, at all obpubs. one is the frontend. */
static void reload(struct world *world, const struct happening *happening)
{
    struct frontend *frontend = &world->frontends[happening->one];
    world_add(world, chance_wait(&world->chance, world->plan.reloads), *happening);
    frontend->descriptors = (enum descriptors_policy)chance_draw(&world->chance, 0, 2);
    if (chance_once_in(&world->chance, 2))
        draw_weights(world, frontend);
    if (chance_once_in(&world->chance, 4))
        frontend->points_max = (size_t)chance_draw(&world->chance, 1, INTRODUCTION_POINTS_MAX);
    change_clients(world, frontend);
    world_trace(world, "frontend %u: reload, descriptors %d of %zu points", happening->one,
                (int)frontend->descriptors, frontend->points_max);
    note_command(world, happening->one);
    for (size_t i = 0; i < OBPUBS; i++) {
        if (!world->obpubs[i].is_running)
            continue;
        operators_configure(world, &world->obpubs[i], happening->one);
        obpub_run(world, &world->obpubs[i]);
    }
}

/* Drains a backend at all obpubs, or ends that, which a restart forgets. one is the frontend. */
static void drain(struct world *world, const struct happening *happening)
{
    const struct frontend *frontend = &world->frontends[happening->one];
    world_add(world, chance_wait(&world->chance, world->plan.drains), *happening);
    size_t chosen = (size_t)chance_draw(&world->chance, 0, (int64_t)frontend->backend_count - 1);
    bool is_drained = chance_once_in(&world->chance, 2);
    world_trace(world, "frontend %u: backend %zu is %s", happening->one, (size_t)frontend->backends[chosen],
                is_drained ? "drained" : "no longer drained");
    note_command(world, happening->one);
    for (size_t i = 0; i < OBPUBS; i++) {
        struct obpub *obpub = &world->obpubs[i];
        uint64_t source = frontend->backends[chosen];
        if (!obpub->is_running ||
            (is_drained && !publisher_may_drain(obpub->publisher, happening->one, source)))
            continue;
        publisher_set_drained(obpub->publisher, happening->one, source, is_drained, world->now);
        obpub_run(world, obpub);
    }
}

void operators_begin(struct world *world)
{
    if (world->plan.reloads > 0)
        make_client_sets(world);
    for (uint32_t i = 0; i < world->plan.frontend_count; i++) {
        struct frontend *frontend = &world->frontends[i];
        frontend->descriptors = world->plan.descriptors;
        frontend->points_max = world->plan.points_max > 0 ? world->plan.points_max : INTRODUCTION_POINTS_MAX;
        frontend->commanded_at = LONG_AGO;
        if (!world->plan.is_crowd)
            continue;
        frontend->crowd = memory_allocate(frontend->backend_count, sizeof(*frontend->crowd));
        draw_weights(world, frontend);
        for (size_t j = 0; j < frontend->backend_count; j++)
            frontend->crowd[j].out_of = frontend->crowd[j].heaped_since = NEVER;
        if (world->plan.reloads > 0)
            world_add(world, chance_wait(&world->chance, world->plan.reloads),
                      (struct happening){.function = reload, .one = i});
        if (world->plan.drains > 0)
            world_add(world, chance_wait(&world->chance, world->plan.drains),
                      (struct happening){.function = drain, .one = i});
    }
}

void operators_clear(struct world *world)
{
    for (size_t i = 0; i < world->plan.frontend_count; i++)
        free(world->frontends[i].crowd);
    for (size_t i = 0; i < CLIENT_SETS; i++)
        authorized_clients_release(world->client_sets[i]);
}
