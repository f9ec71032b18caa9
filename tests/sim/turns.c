/* Two obpubs of the same frontends on two machines: each in its turn is killed, or loses its way to all
 * backends, and comes back. What clients get has to be the points of the one that sees. */
#include "world.h"

#define TURN_MIN (40 * MINUTE)
#define TURN_MAX (4 * HOUR)
#define CHECK_INTERVAL (20 * SECOND)
/* Who is blind notices it, and until then may put its old points over the other one's; the look that shows
 * these, and the uploads after it, take so long. */
#define BLIND_NOTICED (30 * MINUTE)
/* Until an obpub has heard of a change: its tor tells of its upload, and is asked, within two seconds. */
#define CHANGE_HEARD (2 * SECOND)
/* An upload is answered within so long, and waits for the one of the other descriptor to the same HSDir. */
#define UPLOAD_TAKES (3 * SECOND)
/* So much later than with one obpub alone a change is out at most: HSDirs may have what the other one's clock
 * has made, which is ahead, and refuse it; or the other one's dead point is one that it does not use itself;
 * or the other one is just about to notice that it is blind, and puts its last points over it once more. Each
 * time a look finds that, and another round overtakes the other obpub's. */
#define SECOND_ROUND MINUTE
#define NEW_CONSENSUS (6 * MINUTE)

/* A change is out after so long. All that one obpub alone needs for it is here what follows: no upload fails,
 * no backend is lost without being gone, and changes are so rare that none waits for its allowance. */
static int64_t change_time(void)
{
    const struct publisher_rules *rules = &publisher_rules_default;
    return CHANGE_HEARD + rules->gather + rules->death_spread + 2 * UPLOAD_TAKES + SECOND_ROUND;
}

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

/* True when an obpub goes by a consensus by which clients use the descriptor that they use by the newest,
 * too. Another one that does may have points out that this one can't know. */
static bool is_up_to_date(const struct world *world, const struct obpub *obpub)
{
    const struct network *newest = consensus_view(world, world->consensus_count - 1)->network;
    const struct network *network = obpub->publisher->network;
    return network->period_number[network->client_slot] == newest->period_number[newest->client_slot];
}

/* True when nothing has happened to an obpub that would excuse it. */
static bool sees(const struct world *world, const struct obpub *obpub)
{
    return obpub->is_running && obpub->is_tor_up && !obpub->is_blind &&
           world->now - obpub->turned_at > BLIND_NOTICED && world->now - obpub->started_at > BLIND_NOTICED &&
           world->now - obpub->consensus_since > NEW_CONSENSUS && is_up_to_date(world, obpub);
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
        if (point->gone_at != NEVER && world->now - point->gone_at > change_time())
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
