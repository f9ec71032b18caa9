/* Tors that run the backends' onion services: two descriptors each, with introduction points of their own. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "world.h"

#define UPLOAD_MIN (60 * MINUTE)
#define UPLOAD_MAX (120 * MINUTE)

static struct backend *backend_of(struct world *world, const struct happening *happening)
{
    return &world->backends[happening->one];
}

void backend_note_news(struct world *world, uint32_t number)
{
    struct backend *backend = &world->backends[number];
    memmove(backend->changes + 1, backend->changes, 3 * sizeof(backend->changes[0]));
    backend->changes[0] = world->now;
}

/* Something about it is other than it was, at this moment. */
static void note_change(struct world *world, struct backend *backend)
{
    backend_note_news(world, (uint32_t)(backend - world->backends));
    backend->changed_at = world->now;
    world_trace(world, "backend %u (%s) changes: %s%s%s, process %u", (unsigned)(backend - world->backends),
                backend->has_control ? "control" : "no control", backend->is_running ? "runs" : "is dead",
                backend->is_hung ? ", hangs" : "", backend->has_route ? "" : ", no route", backend->process);
}

/* -- points ------------------------------------------------------------------------------------------ */

/* Of the relays that points are at; tor has no two of a service's points at one. */
static uint32_t draw_relay(struct world *world, const struct service_descriptor *descriptor)
{
    uint32_t relays = world->plan.point_relays;
    uint32_t relay = relays > 0 ? (uint32_t)chance_draw(&world->chance, 0, relays - 1) : 0;
    for (size_t i = 0; i < descriptor->point_count && descriptor->point_count < relays;) {
        const struct point *other = &world->points[descriptor->points[i++] - 1];
        if (other->gone_at != NEVER || other->relay != relay)
            continue;
        relay = (relay + 1) % relays;
        i = 0;
    }
    return relay;
}

static uint64_t make_point(struct world *world, uint32_t number, const struct service_descriptor *descriptor)
{
    uint32_t relay = draw_relay(world, descriptor);
    if (world->point_count == world->point_size) {
        world->point_size = world->point_size > 0 ? 2 * world->point_size : 256;
        world->points = memory_resize(world->points, world->point_size, sizeof(*world->points));
    }
    world->points[world->point_count++] = (struct point){.backend = number,
                                                         .process = world->backends[number].process,
                                                         .period_number = descriptor->period_number,
                                                         .relay = relay,
                                                         .gone_at = NEVER};
    return world->point_count;
}

static void end_point(struct world *world, uint64_t point, bool is_killed)
{
    world_trace(world, "point %llu is gone", (unsigned long long)point);
    world->points[point - 1].gone_at = world->now;
    world->points[point - 1].is_killed = is_killed;
}

static void fill_descriptor(struct world *world, uint32_t number, struct service_descriptor *descriptor,
                            uint64_t period_number)
{
    descriptor->period_number = period_number;
    descriptor->counter = 0;
    descriptor->point_count = 0;
    while (descriptor->point_count < world->backends[number].points_wanted) {
        uint64_t point = make_point(world, number, descriptor);
        descriptor->points[descriptor->point_count++] = point;
    }
}

static void drop_descriptor(struct world *world, struct service_descriptor *descriptor, bool is_killed)
{
    for (size_t i = 0; i < descriptor->point_count; i++)
        end_point(world, descriptor->points[i], is_killed);
    descriptor->point_count = 0;
}

/* -- uploads ----------------------------------------------------------------------------------------- */

/* A descriptor reaches an HSDir. number is the process, thing what is stored. */
static void arrive(struct world *world, const struct happening *happening)
{
    struct backend *backend = backend_of(world, happening);
    const struct stored *stored = happening->thing;
    if (!backend->is_running || backend->process != happening->number)
        return;
    if (backend->twin.is_twin)
        twin_arrive(world, happening->one, stored);
    else if (store_put(world, stored) && !backend->is_hung)
        link_announce(world, happening->one, SOURCE_UPLOAD_TAKEN, stored->relay, NULL);
}

/* Each upload of a service has a higher counter than the one before; those of a twin have one that obpub
 * could have made. */
static uint64_t count(const struct world *world, uint32_t number, const struct service_descriptor *descriptor)
{
    if (world->backends[number].twin.is_twin)
        return twin_count(world, number, descriptor->period_number);
    uint64_t seconds = (uint64_t)(world->now / SECOND);
    return seconds > descriptor->counter ? seconds : descriptor->counter + 1;
}

void backend_upload(struct world *world, uint32_t number, enum descriptor_slot slot)
{
    struct backend *backend = &world->backends[number];
    struct service_descriptor *descriptor = &backend->descriptors[slot];
    const struct responsible *responsible =
        service_find_responsible(world, &backend->keys, backend->consensus, slot);
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    service_derive_key(world, &backend->keys, descriptor->period_number, blinded_key);
    descriptor->counter = count(world, number, descriptor);
    descriptor->next_upload = world->now + chance_draw(&world->chance, UPLOAD_MIN, UPLOAD_MAX);
    bool is_switched_off = backend->twin.is_twin && !backend->twin.uploads;
    for (size_t i = 0; !is_switched_off && i < responsible->count[0]; i++) {
        struct stored *stored = memory_allocate(1, sizeof(*stored));
        memcpy(stored->key, blinded_key, sizeof(stored->key));
        stored->relay = responsible->relays[0][i];
        stored->period_number = descriptor->period_number;
        stored->counter = descriptor->counter;
        stored->point_count = descriptor->point_count;
        memcpy(stored->points, descriptor->points, descriptor->point_count * sizeof(descriptor->points[0]));
        if (backend->twin.is_twin)
            twin_fill(world, number, stored);
        link_announce(world, number, SOURCE_UPLOAD_BEGUN, stored->relay, blinded_key);
        world_add(world, chance_draw(&world->chance, 200, 3000),
                  (struct happening){
                      .function = arrive, .one = number, .number = backend->process, .thing = stored});
    }
}

/* Its timers; number is the process. */
static void look_at_timers(struct world *world, const struct happening *happening)
{
    struct backend *backend = backend_of(world, happening);
    if (!backend->is_running || backend->process != happening->number)
        return;
    int64_t next = NEVER;
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        if (!backend->is_hung && backend->has_route && world->now >= backend->descriptors[slot].next_upload)
            backend_upload(world, happening->one, slot);
        int64_t at = backend->descriptors[slot].next_upload;
        next = at < next ? at : next;
    }
    int64_t delay = next - world->now;
    world_add(world, delay > 5 * SECOND ? delay : 5 * SECOND, *happening);
}

static bool has_same_relays(const struct responsible *one, const struct responsible *other)
{
    return one->count[0] == other->count[0] &&
           memcmp(one->relays[0], other->relays[0], one->count[0] * sizeof(one->relays[0][0])) == 0;
}

/* A new shared random value: the next descriptor becomes the current one, whose points are dropped. */
static void rotate(struct world *world, uint32_t number, const struct network *network)
{
    struct backend *backend = &world->backends[number];
    struct service_descriptor *first = &backend->descriptors[DESCRIPTOR_FIRST];
    struct service_descriptor *second = &backend->descriptors[DESCRIPTOR_SECOND];
    drop_descriptor(world, first, false);
    if (second->period_number == network->period_number[DESCRIPTOR_FIRST]) {
        *first = *second;
    } else {
        drop_descriptor(world, second, false);
        fill_descriptor(world, number, first, network->period_number[DESCRIPTOR_FIRST]);
    }
    fill_descriptor(world, number, second, network->period_number[DESCRIPTOR_SECOND]);
    note_change(world, backend);
}

void backend_see_consensus(struct world *world, uint32_t number)
{
    struct backend *backend = &world->backends[number];
    if (!backend->has_descriptors || backend->is_hung || !backend->has_route)
        return;
    const struct network *network = consensus_view(world, backend->consensus)->network;
    bool is_new_run =
        backend->descriptors[DESCRIPTOR_FIRST].period_number != network->period_number[DESCRIPTOR_FIRST];
    if (is_new_run)
        rotate(world, number, network);
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct responsible *before = &backend->keys.responsible[slot][(backend->consensus - 1) % 8];
        const struct responsible *now =
            service_find_responsible(world, &backend->keys, backend->consensus, slot);
        bool is_same = !is_new_run && before->serial == backend->consensus && has_same_relays(before, now);
        if (!is_same)
            backend_upload(world, number, slot);
    }
}

void backend_place_points(const struct world *world, struct descriptor *descriptor)
{
    for (size_t i = 0; world->plan.point_relays > 0 && i < descriptor->point_count; i++) {
        uint64_t number = model_point_number(&descriptor->points[i]);
        model_place_point(&descriptor->points[i], world->points[number - 1].relay);
    }
}

struct descriptor *backend_answer(struct world *world, uint32_t number)
{
    const struct backend *backend = &world->backends[number];
    const struct service_descriptor *current = &backend->descriptors[DESCRIPTOR_FIRST];
    if (!backend->is_running || !backend->has_descriptors)
        return NULL;
    struct descriptor *descriptor = model_make_descriptor(current->period_number, current->counter,
                                                          current->points, current->point_count);
    backend_place_points(world, descriptor);
    if (backend->twin.is_twin)
        twin_answer(world, number, descriptor);
    return descriptor;
}

/* -- life and death ---------------------------------------------------------------------------------- */

/* Its tor has bootstrapped: it makes its points and uploads. number is the process. */
static void bootstrap(struct world *world, const struct happening *happening)
{
    struct backend *backend = backend_of(world, happening);
    if (!backend->is_running || backend->process != happening->number)
        return;
    const struct network *network = consensus_view(world, backend->consensus)->network;
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        fill_descriptor(world, happening->one, &backend->descriptors[slot], network->period_number[slot]);
    backend->has_descriptors = true;
    if (backend->twin.is_twin)
        twin_note_start(world, happening->one);
    note_change(world, backend);
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        backend_upload(world, happening->one, slot);
    look_at_timers(world, &(struct happening){
                              .function = look_at_timers, .one = happening->one, .number = backend->process});
}

static void start(struct world *world, const struct happening *happening)
{
    struct backend *backend = backend_of(world, happening);
    if (backend->is_running)
        return;
    backend->is_running = true;
    backend->is_hung = false;
    backend->has_route = true;
    backend->process++;
    backend->started_at = world->now;
    backend->consensus = world->consensus_count - 1;
    note_change(world, backend);
    /* Bootstrapped and with circuits in less than the two minutes after which HSDirs are trusted. */
    world_add(world, chance_draw(&world->chance, 3 * SECOND, 100 * SECOND),
              (struct happening){.function = bootstrap, .one = happening->one, .number = backend->process});
}

static void die(struct world *world, uint32_t number, int64_t downtime)
{
    struct backend *backend = &world->backends[number];
    if (!backend->is_running)
        return;
    world->figures.deaths++;
    backend->is_running = backend->has_descriptors = false;
    note_change(world, backend);
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
        drop_descriptor(world, &backend->descriptors[slot], true);
    link_backend_died(world, number);
    world_add(world, downtime, (struct happening){.function = start, .one = number});
}

/* Most come back soon, some after hours. */
static int64_t draw_downtime(struct world *world)
{
    switch (chance_draw(&world->chance, 0, 3)) {
    case 0:
        return chance_draw(&world->chance, 100, 3 * SECOND);
    case 1:
        return chance_draw(&world->chance, 3 * SECOND, 3 * MINUTE);
    case 2:
        return chance_draw(&world->chance, MINUTE, HOUR);
    default:
        return chance_draw(&world->chance, HOUR, 8 * HOUR);
    }
}

static void resume(struct world *world, const struct happening *happening)
{
    struct backend *backend = backend_of(world, happening);
    if (!backend->is_running || backend->process != happening->number)
        return;
    backend->is_hung = false;
    backend->has_route = true;
    note_change(world, backend);
    backend_see_consensus(world, happening->one); /* one that came meanwhile */
}

/* It stands still (is_hung), or can't be reached from obpub, for some seconds to some minutes. */
static void fall_silent(struct world *world, uint32_t number, bool is_hung)
{
    struct backend *backend = &world->backends[number];
    if (!backend->is_running || backend->is_hung || !backend->has_route)
        return;
    backend->is_hung = is_hung;
    backend->has_route = is_hung;
    note_change(world, backend);
    link_backend_silent(world, number);
    world_add(world, chance_draw(&world->chance, 2 * SECOND, 6 * MINUTE),
              (struct happening){.function = resume, .one = number, .number = backend->process});
}

static void replace_point(struct world *world, uint32_t number)
{
    struct backend *backend = &world->backends[number];
    if (!backend->has_descriptors || backend->is_hung || !backend->has_route)
        return;
    enum descriptor_slot only = (enum descriptor_slot)chance_draw(&world->chance, 0, DESCRIPTOR_SLOTS);
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        struct service_descriptor *descriptor = &backend->descriptors[slot];
        if (only != DESCRIPTOR_SLOTS && only != slot)
            continue;
        uint64_t *point =
            &descriptor->points[chance_draw(&world->chance, 0, (int64_t)descriptor->point_count - 1)];
        end_point(world, *point, false);
        *point = make_point(world, number, descriptor);
        note_change(world, backend);
        backend_upload(world, number, slot);
    }
}

/* -- what befalls them by chance --------------------------------------------------------------------- */

static void dies_by_chance(struct world *world, const struct happening *happening)
{
    world_add(world, chance_wait(&world->chance, world->plan.dies), *happening);
    die(world, happening->one, draw_downtime(world));
}

static void hangs_by_chance(struct world *world, const struct happening *happening)
{
    world_add(world, chance_wait(&world->chance, world->plan.hangs), *happening);
    fall_silent(world, happening->one, true);
}

static void loses_route_by_chance(struct world *world, const struct happening *happening)
{
    world_add(world, chance_wait(&world->chance, world->plan.loses_route), *happening);
    if (backend_of(world, happening)->has_control)
        fall_silent(world, happening->one, false);
}

static void replaces_by_chance(struct world *world, const struct happening *happening)
{
    world_add(world, chance_wait(&world->chance, world->plan.replaces_point), *happening);
    replace_point(world, happening->one);
}

/* Flaps for some minutes: restarts, or changes its points, every few seconds. */
static void flap(struct world *world, const struct happening *happening)
{
    struct backend *backend = backend_of(world, happening);
    if (backend->flaps_until == 0) {
        backend->flaps_until = world->now + chance_draw(&world->chance, 20 * SECOND, 5 * MINUTE);
    } else if (world->now >= backend->flaps_until) {
        backend->flaps_until = 0;
        world_add(world, chance_wait(&world->chance, world->plan.flaps), *happening);
        return;
    }
    if (chance_once_in(&world->chance, 3))
        die(world, happening->one, chance_draw(&world->chance, 100, 3 * SECOND));
    else
        replace_point(world, happening->one);
    world_add(world, chance_draw(&world->chance, 500, 8 * SECOND), *happening);
}

/* Has other points every second or two, all of them, or pretends to have been started anew: for ever. */
static void churn(struct world *world, const struct happening *happening)
{
    struct backend *backend = backend_of(world, happening);
    world_add(world, chance_draw(&world->chance, 500, world->plan.is_patient ? 40 * MINUTE : 2500),
              *happening);
    if (chance_once_in(&world->chance, 20)) {
        die(world, happening->one, 100);
        return;
    }
    for (enum descriptor_slot slot = 0; backend->has_descriptors && slot < DESCRIPTOR_SLOTS; slot++) {
        drop_descriptor(world, &backend->descriptors[slot], false);
        fill_descriptor(world, happening->one, &backend->descriptors[slot],
                        backend->descriptors[slot].period_number);
        backend_upload(world, happening->one, slot);
    }
    note_change(world, backend);
}

/* Under attack a tor replaces a point after so many introductions, which are some minutes. */
static void is_attacked(struct world *world, const struct happening *happening)
{
    world_add(world, chance_draw(&world->chance, 20 * SECOND, 2 * MINUTE), *happening);
    replace_point(world, happening->one);
}

static void befall(struct world *world, uint32_t number, double rate, happening_function function)
{
    if (rate > 0)
        world_add(world, chance_wait(&world->chance, rate),
                  (struct happening){.function = function, .one = number});
}

/* -- beginning --------------------------------------------------------------------------------------- */

static void begin_backend(struct world *world, uint32_t number)
{
    struct backend *backend = &world->backends[number];
    model_make_identity_key(backend->keys.identity_key, 1000 + number);
    backend->has_control = !chance_millionths(&world->chance, world->plan.without_control);
    backend->points_wanted =
        chance_once_in(&world->chance, 4) ? (size_t)chance_draw(&world->chance, 1, 10) : 3;
    if (world->plan.has_twins)
        twin_begin(world, number);
    start(world, &(struct happening){.one = number});
    if (number < world->plan.hostile + world->plan.attacked) {
        happening_function function = number < world->plan.hostile ? churn : is_attacked;
        world_add(world, 10 * MINUTE, (struct happening){.function = function, .one = number});
        return;
    }
    befall(world, number, world->plan.dies, dies_by_chance);
    befall(world, number, world->plan.hangs, hangs_by_chance);
    befall(world, number, world->plan.loses_route, loses_route_by_chance);
    befall(world, number, world->plan.replaces_point, replaces_by_chance);
    befall(world, number, world->plan.flaps, flap);
}

void backends_begin(struct world *world)
{
    world->backends = memory_allocate(world->plan.backend_count, sizeof(*world->backends));
    for (uint32_t i = 0; i < world->plan.backend_count; i++)
        begin_backend(world, i);
}

void backends_clear(struct world *world)
{
    free(world->backends);
    free(world->points);
}
