/* How an obpub hears of backends: control connections, and fetches through them or through its local tor. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "world.h"

#define CONNECT_DELAY 1000
#define COUNTER_ERROR (5 * MINUTE) /* when a descriptor was made is known from its counter to this */

/* A fetch under way. */
struct fetch {
    uint64_t number; /* the last one of its link counts */
    bool from_hsdirs;
    size_t hsdir_count;
    uint32_t relays[PUBLISHER_ACTION_HSDIRS_MAX];
};

static struct obpub *obpub_of(struct world *world, const struct happening *happening)
{
    return &world->obpubs[happening->two];
}

/* True when what was begun in this epoch (run and link) is still of interest. */
static bool is_current(const struct obpub *obpub, const struct happening *happening)
{
    return obpub->is_running && obpub->links[happening->one].epoch == happening->number;
}

static void move(struct world *world, struct obpub *obpub, uint32_t number)
{
    world_trace(world, "obpub %u: the link to backend %u moves", obpub_number(world, obpub), number);
    obpub->links[number].epoch++;
    obpub->links[number].moved_at = world->now;
    obpub_note_static(world, obpub, number);
}

static void note_down(struct world *world, struct obpub *obpub, uint32_t number, bool is_gone)
{
    struct link *link = &obpub->links[number];
    if (!world->backends[number].has_control || world_is_broken("deaf"))
        return;
    move(world, obpub, number);
    link->is_up = false;
    link->is_gone = is_gone;
    publisher_note_unreachable(obpub->publisher, number, is_gone ? "refused" : "lost",
                               is_gone ? SOURCE_GONE : SOURCE_LOST, world->now);
    obpub_run(world, obpub);
    obpub_note_static(world, obpub, number);
}

static void schedule_connect(struct world *world, struct obpub *obpub, uint32_t number, int64_t delay);

/* Tries to connect; number is the link's epoch. */
static void connect_link(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    uint32_t number = happening->one;
    const struct backend *backend = &world->backends[number];
    if (!is_current(obpub, happening) || obpub->links[number].is_up)
        return;
    struct link *link = &obpub->links[number];
    if (backend->is_running && backend->has_route && !backend->is_hung && !obpub->is_blind) {
        move(world, obpub, number);
        bool is_new = link->process != backend->process;
        link->is_up = true;
        link->is_gone = false;
        link->process = backend->process;
        publisher_note_reachable(obpub->publisher, number, is_new, world->now - backend->started_at,
                                 world->now);
        if (backend->twin.is_twin)
            publisher_note_uploading(obpub->publisher, number, backend->twin.uploads, world->now);
        obpub_run(world, obpub);
        obpub_note_static(world, obpub, number);
        return;
    }
    if (!backend->is_running && !link->is_gone && !obpub->is_blind)
        note_down(world, obpub, number, true);
    schedule_connect(world, obpub, number, chance_draw(&world->chance, CONNECT_DELAY, CONNECT_DELAY * 3 / 2));
}

static void schedule_connect(struct world *world, struct obpub *obpub, uint32_t number, int64_t delay)
{
    world_add(world, delay,
              (struct happening){.function = connect_link,
                                 .one = number,
                                 .two = obpub_number(world, obpub),
                                 .number = obpub->links[number].epoch});
}

void links_begin(struct world *world, struct obpub *obpub)
{
    for (uint32_t i = 0; i < world->plan.backend_count; i++) {
        struct link *link = &obpub->links[i];
        uint32_t epoch = link->epoch + 1;
        *link = (struct link){.epoch = epoch, .moved_at = world->now, .fetch_fault_at = LONG_AGO};
        if (world->backends[i].has_control)
            schedule_connect(world, obpub, i, chance_draw(&world->chance, 1, 300));
    }
}

/* -- what becomes of a backend ----------------------------------------------------------------------- */

void link_backend_died(struct world *world, uint32_t number)
{
    for (size_t i = 0; i < OBPUBS; i++) {
        struct obpub *obpub = &world->obpubs[i];
        if (!obpub->is_running || !obpub->links[number].is_up || obpub->is_blind)
            continue;
        note_down(world, obpub, number, false);
        schedule_connect(world, obpub, number,
                         chance_draw(&world->chance, CONNECT_DELAY, CONNECT_DELAY * 3 / 2));
    }
}

/* The engine notices after a while that nobody answers. number is the link's epoch, three the process. */
static void notice_silence(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    const struct backend *backend = &world->backends[happening->one];
    if (!is_current(obpub, happening) || !obpub->links[happening->one].is_up ||
        (!backend->is_hung && backend->has_route && !obpub->is_blind))
        return;
    note_down(world, obpub, happening->one, false);
    schedule_connect(world, obpub, happening->one, CONNECT_DELAY);
}

/* An obpub's link to a backend carries nothing any more. */
static void fall_silent(struct world *world, const struct obpub *obpub, uint32_t number)
{
    if (obpub->is_running && obpub->links[number].is_up)
        world_add(world, chance_draw(&world->chance, 5 * SECOND, 40 * SECOND),
                  (struct happening){.function = notice_silence,
                                     .one = number,
                                     .two = obpub_number(world, obpub),
                                     .number = obpub->links[number].epoch});
}

void link_backend_silent(struct world *world, uint32_t number)
{
    for (size_t i = 0; i < OBPUBS; i++)
        fall_silent(world, &world->obpubs[i], number);
}

void link_blinded(struct world *world, struct obpub *obpub)
{
    for (uint32_t i = 0; i < world->plan.backend_count; i++)
        fall_silent(world, obpub, i);
}

void link_announce(struct world *world, uint32_t number, enum source_upload what, uint32_t relay,
                   const uint8_t *blinded_key)
{
    for (size_t i = 0; i < OBPUBS; i++) {
        struct obpub *obpub = &world->obpubs[i];
        if (!obpub->is_running || twin_is_unseen(world, number) || !obpub->links[number].is_up ||
            obpub->is_blind || world_is_broken("mute"))
            continue;
        publisher_note_source_upload(obpub->publisher, number, what, world->relays[relay].hsdir.fingerprint,
                                     blinded_key, world->now);
        obpub_run(world, obpub);
    }
}

/* -- fetches ----------------------------------------------------------------------------------------- */

/* The tor of a backend with a control port is asked to, but for a twin the local tor. */
static struct descriptor *ask_hsdirs(struct world *world, const struct obpub *obpub, uint32_t number,
                                     const struct fetch *fetch)
{
    struct backend *backend = &world->backends[number];
    bool is_asked_by_own = backend->has_control && !backend->twin.is_twin;
    uint32_t serial = is_asked_by_own ? backend->consensus : obpub->consensus;
    const struct network *network = consensus_view(world, serial)->network;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    service_derive_key(world, &backend->keys, network->period_number[network->client_slot], blinded_key);
    const struct stored *best = NULL;
    for (size_t i = 0; i < fetch->hsdir_count; i++) {
        const struct stored *stored = store_find(world, fetch->relays[i], blinded_key);
        if (stored != NULL && (best == NULL || stored->counter > best->counter))
            best = stored;
    }
    return best != NULL ? store_make_descriptor(world, best) : NULL;
}

/* True when this very process of an obpub has made a descriptor. */
static bool is_own_make(const struct world *world, const struct obpub *obpub,
                        const struct descriptor *descriptor)
{
    struct descriptor own = {.period_number = descriptor->period_number};
    store_sign(&own, &(struct stored){.obpub = obpub_number(world, obpub), .run = obpub->run});
    return memcmp(own.signing_key, descriptor->signing_key, sizeof(own.signing_key)) == 0;
}

/* A spare HSDir has answered about a twin that is only seen there. When what it has was made is known from
 * the counter, more or less. */
static void note_spare(struct world *world, const struct obpub *obpub, uint32_t number,
                       struct descriptor *descriptor)
{
    int64_t seconds = rules_seconds(world, obpub, descriptor->period_number);
    int64_t made_at = world->now - (seconds - (int64_t)descriptor->revision_counter) * SECOND;
    made_at += chance_draw(&world->chance, -COUNTER_ERROR, COUNTER_ERROR);
    publisher_note_found(obpub->publisher, number, descriptor, made_at, world->now);
}

/* The answer to a fetch; number is the link's epoch. */
static void answer(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    uint32_t number = happening->one;
    const struct fetch *fetch = happening->thing;
    const struct backend *backend = &world->backends[number];
    struct link *link = &obpub->links[number];
    if (!is_current(obpub, happening) || fetch->number != link->fetches)
        return;
    if (backend->has_control && (backend->is_hung || !backend->has_route || obpub->is_blind)) {
        struct happening later = *happening; /* it may yet answer, if the link lasts until then */
        later.thing = memory_allocate(1, sizeof(*fetch));
        memcpy(later.thing, fetch, sizeof(*fetch));
        world_add(world, SECOND, later);
        return;
    }
    struct descriptor *descriptor = NULL;
    if (chance_millionths(&world->chance, world->plan.fetch_fails))
        link->fetch_fault_at = world->now;
    else if (fetch->from_hsdirs && !(world_is_broken("unseen") && backend->twin.is_twin))
        descriptor = ask_hsdirs(world, obpub, number, fetch);
    else if (!fetch->from_hsdirs)
        descriptor = backend_answer(world, number);
    if (descriptor != NULL)
        descriptor->decoded_at = world->now / SECOND;
    obpub_note_static(world, obpub, number);
    world_trace(world, "obpub %u: %s of backend %u: period %llu, counter %llu", happening->two,
                fetch->from_hsdirs ? "HSDirs" : "its tor", number,
                (unsigned long long)(descriptor != NULL ? descriptor->period_number : 0),
                (unsigned long long)(descriptor != NULL ? descriptor->revision_counter : 0));
    for (size_t i = 0; world_is_traced && descriptor != NULL && i < descriptor->point_count; i++)
        world_trace(world, "    point %llu", (unsigned long long)model_point_number(&descriptor->points[i]));
    bool is_unseen = twin_is_unseen(world, number);
    if (is_unseen && descriptor != NULL && is_own_make(world, obpub, descriptor)) {
        descriptor_free(descriptor);
        descriptor = NULL;
    }
    if (descriptor != NULL && is_unseen)
        note_spare(world, obpub, number, descriptor);
    else if (descriptor != NULL)
        publisher_note_descriptor(obpub->publisher, number, descriptor, world->now);
    else if (fetch->from_hsdirs && link->fetch_fault_at != world->now)
        publisher_note_hsdirs_answered(obpub->publisher, number, world->now);
    if (descriptor == NULL)
        publisher_note_fetch_failed(obpub->publisher, number, "nothing there", !fetch->from_hsdirs,
                                    world->now);
    obpub_run(world, obpub);
}

void link_fetch(struct world *world, struct obpub *obpub, const struct publisher_action *action)
{
    struct fetch *fetch = memory_allocate(1, sizeof(*fetch));
    fetch->number = ++obpub->links[action->source].fetches;
    fetch->from_hsdirs = action->from_hsdirs;
    fetch->hsdir_count = action->hsdir_count;
    for (size_t i = 0; i < action->hsdir_count; i++)
        fetch->relays[i] = model_hsdir_number(action->fingerprints[i]);
    world->figures.fetches++;
    int64_t delay =
        fetch->from_hsdirs ? chance_draw(&world->chance, 300, 4000) : chance_draw(&world->chance, 2, 50);
    world_add(world, delay,
              (struct happening){.function = answer,
                                 .one = (uint32_t)action->source,
                                 .two = obpub_number(world, obpub),
                                 .number = obpub->links[action->source].epoch,
                                 .thing = fetch});
}
