/* Tors that share a frontend's key: their seeds and efforts, their uploads, and what becomes of these. */
#include "twins.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "world.h"

/* tor: hs_pow.h and hs_service.c. */
#define SEED_MIN (105 * MINUTE)
#define SEED_MAX (120 * MINUTE)
#define EFFORT_INTERVAL (300 * SECOND)

#define SWITCHED_WITHIN (10 * MINUTE) /* the twins of a frontend, one after the other */

static struct twin *twin_of(struct world *world, uint32_t number)
{
    return &world->backends[number].twin;
}

bool twin_is_unseen(const struct world *world, size_t number)
{
    return world->backends[number].twin.is_twin && !world->backends[number].has_control;
}

/* -- proof of work ----------------------------------------------------------------------------------- */

static void upload_both(struct world *world, uint32_t number)
{
    if (!world->backends[number].has_descriptors)
        return;
    backend_note_news(world, number);
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        backend_upload(world, number, slot);
}

static void rotate_seed(struct world *world, const struct happening *happening);

/* number is when the seed ends, by which it is known. */
static void draw_seed(struct world *world, uint32_t number)
{
    struct work *work = &twin_of(world, number)->work;
    work->seed = chance_next(&world->chance) << 8 | (number + 1); /* whose it is, for the rules */
    work->expires_at = world->now + chance_draw(&world->chance, SEED_MIN, SEED_MAX);
    work->expires_at -= work->expires_at % SECOND;
    world_add(
        world, work->expires_at - world->now,
        (struct happening){.function = rotate_seed, .one = number, .number = (uint64_t)work->expires_at});
}

static void rotate_seed(struct world *world, const struct happening *happening)
{
    const struct backend *backend = &world->backends[happening->one];
    struct twin *twin = twin_of(world, happening->one);
    if (!backend->is_running || twin->work.expires_at != (int64_t)happening->number)
        return;
    if (backend->is_hung) {
        world_add(world, SECOND, *happening);
        return;
    }
    twin->old_seed = twin->work.seed;
    twin->work.effort = twin->effort;
    draw_seed(world, happening->one);
    world_trace(world, "backend %u has another seed", happening->one);
    upload_both(world, happening->one);
}

/* Its seeds are thrown away, and begin anew if it is to have any. */
static void begin_work(struct world *world, uint32_t number)
{
    struct twin *twin = twin_of(world, number);
    twin->work = (struct work){.seed = 0};
    twin->old_seed = 0;
    twin->effort = 0;
    twin->seeds_of = world->now;
    if (twin->has_work)
        draw_seed(world, number);
    twin->first_work = twin->work;
}

void twin_note_start(struct world *world, uint32_t number)
{
    begin_work(world, number);
}

/* Every five minutes; an effort that differs by less than 15 percent is not uploaded. */
static void look_at_load(struct world *world, const struct happening *happening)
{
    struct twin *twin = twin_of(world, happening->one);
    world_add(world, EFFORT_INTERVAL, *happening);
    if (!world->backends[happening->one].has_descriptors || world->backends[happening->one].is_hung ||
        !twin->has_work)
        return;
    if (twin->busy > 0) {
        twin->busy--;
        twin->effort += (uint32_t)chance_draw(&world->chance, 1, 1 + twin->effort);
    } else if (twin->effort > 0) {
        twin->effort = 2 * twin->effort / 3;
    } else if (chance_once_in(&world->chance, world->plan.busy)) {
        twin->busy = (unsigned)chance_draw(&world->chance, 1, 6);
    }
    if (100 * twin->effort >= 85 * twin->work.effort && 100 * twin->effort <= 115 * twin->work.effort)
        return;
    twin->work.effort = twin->effort;
    upload_both(world, happening->one);
}

/* Its operator has it read its config again. */
static void is_hupped(struct world *world, const struct happening *happening)
{
    world_add(world, chance_wait(&world->chance, world->plan.hups), *happening);
    const struct backend *backend = &world->backends[happening->one];
    if (!backend->has_descriptors || backend->is_hung || !twin_of(world, happening->one)->has_work)
        return;
    world_trace(world, "backend %u throws its seeds away", happening->one);
    begin_work(world, happening->one);
    upload_both(world, happening->one);
}

/* Its proof of work is switched on or off, as two says. */
static void set_work(struct world *world, const struct happening *happening)
{
    const struct backend *backend = &world->backends[happening->one];
    struct twin *twin = twin_of(world, happening->one);
    if (backend->is_hung) {
        world_add(world, SECOND, *happening);
        return;
    }
    if (twin->has_work == (happening->two == 1))
        return;
    world_trace(world, "backend %u has its proof of work %s", happening->one, happening->two ? "on" : "off");
    twin->has_work = happening->two == 1;
    if (!backend->has_descriptors)
        return;
    begin_work(world, happening->one);
    upload_both(world, happening->one);
}

/* Once for all twins of all frontends. */
static void switch_work(struct world *world, const struct happening *happening)
{
    world_add(world, chance_wait(&world->chance, world->plan.switches_work), *happening);
    uint32_t are_on = (uint32_t)chance_draw(&world->chance, 0, 1);
    for (uint32_t i = 0; i < world->plan.backend_count; i++)
        world_add(world, chance_draw(&world->chance, 0, SWITCHED_WITHIN),
                  (struct happening){.function = set_work, .one = i, .two = are_on});
}

void work_describe(struct descriptor *descriptor, const struct work *work)
{
    struct pow_params *params = &descriptor->pow_params;
    params->is_present = work->seed != 0;
    memcpy(params->seed, &work->seed, sizeof(work->seed));
    params->suggested_effort = work->effort;
    params->expires_at = work->expires_at / SECOND;
}

/* -- uploads ----------------------------------------------------------------------------------------- */

uint64_t twin_count(const struct world *world, uint32_t number, uint64_t period_number)
{
    const struct network *network = consensus_view(world, world->backends[number].consensus)->network;
    enum descriptor_slot slot = DESCRIPTOR_FIRST;
    if (period_number != network->period_number[slot])
        slot = DESCRIPTOR_SECOND;
    return (uint64_t)network_revision_seconds(network, slot, world->now / SECOND);
}

void twin_fill(const struct world *world, uint32_t number, struct stored *stored)
{
    stored->obpub = OF_A_TOR;
    stored->backend = number;
    stored->run = world->backends[number].process;
    stored->made_at = world->now;
    if (world->backends[number].twin.has_work)
        stored->work = world->backends[number].twin.work;
}

void twin_answer(const struct world *world, uint32_t number, struct descriptor *descriptor)
{
    const struct twin *twin = &world->backends[number].twin;
    struct work work = twin->work;
    if (world_is_broken("seeds") && twin->has_work)
        work = twin->first_work;
    work_describe(descriptor, &work);
    store_sign(descriptor, &(struct stored){
                               .obpub = OF_A_TOR, .backend = number, .run = world->backends[number].process});
}

/* What its tor tells over its control port, if the connection lasts until then. number is the epoch of the
 * link, two whether it was taken, three the relay. */
static void tell(struct world *world, const struct happening *happening)
{
    const struct backend *backend = &world->backends[happening->one];
    const struct obpub *obpub = &world->obpubs[0];
    if (!backend->is_running || !obpub->is_running || obpub->links[happening->one].epoch != happening->number)
        return;
    if (backend->is_hung)
        world_add(world, SECOND, *happening);
    else
        link_announce(world, happening->one, happening->two ? SOURCE_UPLOAD_TAKEN : SOURCE_UPLOAD_REFUSED,
                      happening->three, NULL);
}

void twin_arrive(struct world *world, uint32_t number, const struct stored *stored)
{
    struct stored *known = store_find_key(world, stored->relay, stored->key);
    struct stored before = {.relay = 0};
    bool had_one = known != NULL;
    if (had_one)
        before = *known;
    bool is_taken = store_put(world, stored);
    twin_rules_note_arrival(world, number, stored, is_taken, had_one ? &before : NULL);
    world_trace(world, "relay %u %s what backend %u has for period %llu, counter %llu", stored->relay,
                is_taken ? "takes" : "refuses", number, (unsigned long long)stored->period_number,
                (unsigned long long)stored->counter);
    world->figures.own_uploads[is_taken]++;
    tell(world, &(struct happening){.function = tell,
                                    .one = number,
                                    .two = is_taken,
                                    .three = stored->relay,
                                    .number = world->obpubs[0].links[number].epoch});
}

void twin_break(struct world *world, size_t number, struct stored *stored)
{
    const struct frontend *frontend = &world->frontends[number];
    const struct backend *first = &world->backends[frontend->backends[0]];
    const struct obpub *obpub = &world->obpubs[0];
    if (!obpub->publisher->frontends[number].is_split)
        return;
    if (world_is_broken("owner") && stored->work.seed != 0)
        stored->work = first->twin.work;
    for (size_t slot = 0; world_is_broken("uneven") && slot < DESCRIPTOR_SLOTS; slot++) {
        const struct service_descriptor *descriptor = &first->descriptors[slot];
        if (descriptor->period_number != stored->period_number || descriptor->point_count == 0)
            continue;
        stored->point_count = descriptor->point_count;
        memcpy(stored->points, descriptor->points, sizeof(descriptor->points));
        stored->work = first->twin.work;
    }
    if (!world_is_broken("spare"))
        return;
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct service_keys *keys = &world->frontends[number].keys;
        const struct responsible *all = service_find_responsible(world, keys, obpub->consensus, slot);
        if (obpub->publisher->network->period_number[slot] != stored->period_number)
            continue;
        for (size_t i = 0; i < all->count[0]; i++) {
            struct stored copy = *stored;
            copy.relay = all->relays[0][i];
            if (rules_find_sent(&world->obpubs[0].frontends[number], copy.period_number, copy.relay) == NULL)
                store_put(world, &copy);
        }
    }
}

/* -- beginning --------------------------------------------------------------------------------------- */

static bool draw_some(struct world *world, enum some some)
{
    return some == SOME_ALL || (some == SOME_SOME && chance_once_in(&world->chance, 2));
}

void twin_begin(struct world *world, uint32_t number)
{
    struct backend *backend = &world->backends[number];
    struct twin *twin = &backend->twin;
    model_make_identity_key(backend->keys.identity_key, number / world->plan.members);
    backend->has_control =
        !world->plan.has_unseen_twins || number % world->plan.members != world->plan.members - 1;
    backend->points_wanted = 3;
    twin->is_twin = true;
    twin->uploads = draw_some(world, world->plan.uploads);
    twin->has_work = draw_some(world, world->plan.work);
    twin->seeds_of = LONG_AGO;
    world_add(world, chance_draw(&world->chance, 0, EFFORT_INTERVAL),
              (struct happening){.function = look_at_load, .one = number});
    if (world->plan.hups > 0)
        world_add(world, chance_wait(&world->chance, world->plan.hups),
                  (struct happening){.function = is_hupped, .one = number});
    if (number == 0 && world->plan.switches_work > 0)
        world_add(world, chance_wait(&world->chance, world->plan.switches_work),
                  (struct happening){.function = switch_work});
}
