/* Two obpubs of the same frontends on two machines: each in its turn is killed, or loses its way to all
 * backends, and comes back. What clients get has to be the points of the one that sees. */
#include "world.h"

#define TURN_MIN (40 * MINUTE)
#define TURN_MAX (4 * HOUR)
#define CHECK_INTERVAL (20 * SECOND)
/* Who is blind notices it, and until then may put its old points over the other one's; the look that shows
 * these, and the uploads after it, take so long. */
#define BLIND_NOTICED (30 * MINUTE)
/* A change is out after so long: HSDirs refuse what a clock makes that is behind, until it has caught up, and
 * a round after that goes out some minutes later. */
#define CHANGE_OUT (20 * MINUTE)
#define NEW_CONSENSUS (6 * MINUTE)

/* one is the obpub, two what happens to it: 0 that it is killed, 1 that it goes blind, 2 that all is well
 * again. */
static void take_turn(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = &world->obpubs[happening->one];
    uint32_t other = 1 - happening->one;
    obpub->turned_at = world->now;
    int64_t time = chance_draw(&world->chance, TURN_MIN, TURN_MAX);
    if (happening->two == 0)
        obpub_kill(world, obpub, time);
    else
        obpub_set_sight(world, obpub, happening->two == 2);
    bool is_over = happening->two != 1;
    world_add(world, happening->two == 2 ? chance_draw(&world->chance, MINUTE, HOUR) : time,
              (struct happening){.function = take_turn,
                                 .one = is_over ? other : happening->one,
                                 .two = is_over ? (uint32_t)chance_draw(&world->chance, 0, 1) : 2});
}

/* True when nothing has happened to an obpub that would excuse it. */
static bool sees(const struct world *world, const struct obpub *obpub)
{
    return obpub->is_running && obpub->is_tor_up && !obpub->is_blind &&
           world->now - obpub->turned_at > BLIND_NOTICED && world->now - obpub->started_at > BLIND_NOTICED &&
           world->now - obpub->consensus_since > NEW_CONSENSUS;
}

/* True when an obpub that does not see has had the time to notice it. */
static bool is_out_of_the_way(const struct world *world, const struct obpub *obpub)
{
    return !obpub->is_running || world->now - obpub->turned_at > BLIND_NOTICED;
}

static void check_relay(struct world *world, size_t frontend, const struct obpub *obpub,
                        const struct publisher_upload *upload, const uint8_t *blinded_key)
{
    uint32_t relay = model_hsdir_number(upload->fingerprint);
    const struct stored *stored = store_find(world, relay, blinded_key);
    if (stored == NULL) {
        world_fail(world, "frontend %zu: relay %u has nothing though obpub %u sees", frontend, relay,
                   obpub_number(world, obpub));
        return;
    }
    for (size_t i = 0; i < stored->point_count; i++) {
        const struct point *point = &world->points[stored->points[i] - 1];
        if (point->gone_at != NEVER && world->now - point->gone_at > CHANGE_OUT)
            world_fail(
                world,
                "frontend %zu: relay %u has point %llu of obpub %u, gone for %lld s, though obpub %u sees",
                frontend, relay, (unsigned long long)stored->points[i], stored->obpub,
                (long long)((world->now - point->gone_at) / SECOND), obpub_number(world, obpub));
    }
    world->figures.looks++;
}

static void check(struct world *world, const struct happening *happening)
{
    world_add(world, CHECK_INTERVAL, *happening);
    for (size_t i = 0; i < OBPUBS; i++) {
        const struct obpub *obpub = &world->obpubs[i];
        if (!sees(world, obpub) || !is_out_of_the_way(world, &world->obpubs[1 - i]))
            continue;
        const struct network *network = obpub->publisher->network;
        for (size_t j = 0; j < world->plan.frontend_count; j++) {
            const struct publisher_frontend *frontend = &obpub->publisher->frontends[j];
            const struct publisher_descriptor *descriptor = &frontend->descriptors[network->client_slot];
            if (frontend->is_frozen || world->now - obpub->frontends[j].static_at < BLIND_NOTICED)
                continue; /* all backends are dead: the last points stay */
            for (size_t k = 0; k < descriptor->upload_count; k++)
                check_relay(world, j, obpub, &descriptor->uploads[k], descriptor->blinded_key);
        }
    }
}

void turns_begin(struct world *world)
{
    for (size_t i = 0; i < OBPUBS; i++)
        world->obpubs[i].turned_at = world->now;
    world_add(world, HOUR, (struct happening){.function = take_turn, .one = 0, .two = 1});
    world_add(world, HOUR / 2, (struct happening){.function = check});
}
