/* Looks: what an obpub is told that an HSDir hands out of a frontend. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/lead.h"
#include "world.h"

/* A look under way. */
struct look {
    uint32_t frontend, relay;
    uint64_t period_number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
};

/* The last counter that an obpub has used for a time period, 0 for none. */
static int64_t find_last_counter(const struct frontend_record *record, uint64_t period_number)
{
    for (size_t i = 0; i < REFRESHES; i++) {
        if (record->period[i].period_number == period_number)
            return record->period[i].last_seconds;
    }
    return 0;
}

/* A restricted one can be read by who has made it, for as long as that has the cookie. */
static void note_readers(const struct world *world, const struct look *look, bool is_ours,
                         const struct stored *stored, struct descriptor *descriptor)
{
    if (stored->clients == NULL)
        return;
    descriptor->is_restricted =
        is_ours && authorized_clients_equal(stored->clients, world->frontends[look->frontend].clients);
    descriptor->is_closed = !descriptor->is_restricted;
    if (descriptor->is_closed)
        descriptor->point_count = 0;
}

static struct descriptor *find_descriptor(struct world *world, struct obpub *obpub, const struct look *look,
                                          struct look_result *result)
{
    const struct stored *stored = store_find(world, look->relay, look->blinded_key);
    result->finding = LOOK_FINDING_NONE;
    if (stored == NULL)
        return NULL;
    int64_t lead = lead_find_longest(obpub->publisher, &obpub->publisher->frontends[look->frontend]);
    bool is_ours = stored->obpub == obpub_number(world, obpub) && stored->run == obpub->run;
    result->finding = is_ours ? LOOK_FINDING_OURS : LOOK_FINDING_OTHERS;
    int64_t seconds = rules_seconds(world, obpub, look->period_number) + lead / SECOND;
    result->made_at = is_ours ? stored->made_at : world->now - (seconds - (int64_t)stored->counter) * SECOND;
    result->is_newer =
        !is_ours &&
        (int64_t)stored->counter > find_last_counter(&obpub->frontends[look->frontend], look->period_number);
    result->is_of_other_half = network_may_be_of_other_half(obpub->publisher->network, world->now / SECOND);
    struct descriptor *descriptor = store_make_descriptor(world, stored);
    note_readers(world, look, is_ours, stored, descriptor);
    return descriptor;
}

/* True when all obpubs go by consensuses by which clients use the same descriptors. */
static bool have_same_half(const struct world *world)
{
    const struct network *networks[OBPUBS];
    for (size_t i = 0; i < OBPUBS; i++)
        networks[i] = world->obpubs[i].is_running ? world->obpubs[i].publisher->network : NULL;
    return networks[0] == NULL || networks[1] == NULL ||
           (networks[0]->client_slot == networks[1]->client_slot &&
            networks[0]->period_number[DESCRIPTOR_FIRST] == networks[1]->period_number[DESCRIPTOR_FIRST]);
}

/* True when the other obpub can't have points that this one has never heard of: no fetch fails, and none came
 * and went while it was away. */
static bool has_heard_all(const struct world *world, const struct obpub *obpub)
{
    return world->plan.fetch_fails == 0 && have_same_half(world) &&
           world->now - obpub->started_at > 3 * HOUR && world->now - obpub->tor_since > 3 * HOUR;
}

/* one is the obpub, number the epoch of its tor, two 1 when nothing comes of it. */
static void answer(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = &world->obpubs[happening->one];
    const struct look *look = happening->thing;
    struct look_result result = {.finding = LOOK_FINDING_NO_ANSWER, .made_at = MOMENT_NONE};
    if (!obpub->is_running || obpub->tor_epoch != happening->number)
        return;
    struct descriptor *descriptor = happening->two == 0 ? find_descriptor(world, obpub, look, &result) : NULL;
    result.descriptor = descriptor;
    const struct frontend_looks *looks = &obpub->publisher->frontends[look->frontend].looks;
    enum others_state before = looks->others;
    if (looks->held_since != MOMENT_NONE)
        obpub->frontends[look->frontend].held_at = world->now;
    if (looks->held_since != MOMENT_NONE && result.finding == LOOK_FINDING_OTHERS)
        obpub->frontends[look->frontend].left_at = world->now;
    publisher_note_look(obpub->publisher, look->frontend, look->period_number,
                        world->relays[look->relay].hsdir.fingerprint, &result, world->now);
    descriptor_free(descriptor);
    world_trace(world, "obpub %u sees at relay %u of frontend %u: %d", happening->one, look->relay,
                look->frontend, (int)result.finding);
    if (before != OTHERS_STRANGER && looks->others == OTHERS_STRANGER && has_heard_all(world, obpub))
        world_fail(world, "frontend %u: obpub %u takes another obpub for a stranger", look->frontend,
                   happening->one);
    obpub_run(world, obpub);
}

void looks_perform(struct world *world, struct obpub *obpub, const struct publisher_action *action)
{
    const struct publisher_descriptor *descriptor =
        &obpub->publisher->frontends[action->frontend].descriptors[action->slot];
    struct look *look = memory_allocate(1, sizeof(*look));
    look->frontend = (uint32_t)action->frontend;
    look->relay = model_hsdir_number(action->fingerprints[0]);
    look->period_number = descriptor->period_number;
    memcpy(look->blinded_key, descriptor->blinded_key, sizeof(look->blinded_key));
    world->figures.looks_by_obpubs++;
    if (obpub->publisher->frontends[action->frontend].looks.held_since != MOMENT_NONE)
        obpub->frontends[action->frontend].held_at = world->now;
    bool fails = world_is_broken("blind") || chance_millionths(&world->chance, world->plan.fetch_fails);
    world_add(world, fails ? 20 * SECOND : chance_draw(&world->chance, 300, 4000),
              (struct happening){.function = answer,
                                 .one = obpub_number(world, obpub),
                                 .two = fails,
                                 .number = obpub->tor_epoch,
                                 .thing = look});
}
