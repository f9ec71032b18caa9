/* obpubs: the engine's part, which does what the state machine asks for and tells it what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "world.h"

#define ACTIONS_MAX 1000000

/* Uploads on their way, each to one HSDir. */
struct parcel {
    uint32_t frontend;
    struct stored stored;
};

static struct obpub *obpub_of(struct world *world, const struct happening *happening)
{
    return &world->obpubs[happening->one];
}

uint32_t obpub_number(const struct world *world, const struct obpub *obpub)
{
    return (uint32_t)(obpub - world->obpubs);
}

/* True when the local tor that was given something then is still there. */
static bool has_same_tor(const struct obpub *obpub, const struct happening *happening)
{
    return obpub->is_running && obpub->tor_epoch == happening->number;
}

/* Told before and after each thing that may change what is known of a backend. */
void obpub_note_static(const struct world *world, struct obpub *obpub, uint32_t backend)
{
    const struct source *known = &obpub->publisher->sources[backend];
    for (size_t i = 0; i < known->frontend_count; i++) {
        size_t frontend = known->frontends[i];
        if (obpub->publisher->frontends[frontend].is_frozen)
            obpub->frontends[frontend].static_at = world->now;
    }
}

/* -- uploads ----------------------------------------------------------------------------------------- */

/* True when the engine can't tell that the answer is for the upload that is waited for, or finds that it is.
 */
static bool is_for(const struct world *world, const struct sent *sent, const struct parcel *parcel)
{
    return !world->plan.tells_ends || (sent != NULL && sent->period_number == parcel->stored.period_number &&
                                       sent->counter == (int64_t)parcel->stored.counter);
}

/* An HSDir's answer as the engine understands it: of the frontend, for the first descriptor that waits for
 * this HSDir, unless the local tor tells more. three is the relay, thing the parcel, two an enum
 * upload_failure.
 */
static void hear_answer(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    const struct parcel *parcel = happening->thing;
    enum upload_failure failure = (enum upload_failure)happening->two;
    if (!has_same_tor(obpub, happening))
        return;
    world_trace(world, "obpub %u hears for frontend %u of relay %u: %s", happening->one, parcel->frontend,
                happening->three, failure == UPLOAD_FAILURE_NONE ? "taken" : "failed");
    struct publisher_frontend *frontend = &obpub->publisher->frontends[parcel->frontend];
    const uint8_t *fingerprint = world->relays[happening->three].hsdir.fingerprint;
    for (enum descriptor_slot slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; i < descriptor->upload_count; i++) {
            if (memcmp(descriptor->uploads[i].fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) != 0)
                continue;
            struct sent *sent = rules_find_sent(&obpub->frontends[parcel->frontend],
                                                descriptor->period_number, happening->three);
            if (!is_for(world, sent, parcel) ||
                !publisher_note_upload(obpub->publisher, parcel->frontend, slot, fingerprint, failure,
                                       "refused", world->now))
                continue;
            if (sent != NULL)
                rules_note_answer(world, &obpub->frontends[parcel->frontend], sent, failure);
            obpub_run(world, obpub);
            return;
        }
    }
}

/* The world plays a trick on an upload, of which the HSDir has recovered at a moment; later, where the local
 * tor does not tell to what an answer is. */
static void note_fault(const struct world *world, struct obpub *obpub, const struct parcel *parcel,
                       int64_t at)
{
    if (!world->plan.tells_ends)
        at += publisher_rules_default.refresh_max;
    int64_t *fault_at = &obpub->frontends[parcel->frontend].fault_at[parcel->stored.relay];
    *fault_at = at > *fault_at ? at : *fault_at;
}

/* The upload reaches its HSDir; the answer goes back after as many milliseconds as two says. */
static void arrive(struct world *world, const struct happening *happening)
{
    const struct parcel *parcel = happening->thing;
    struct parcel *copy = memory_allocate(1, sizeof(*copy));
    *copy = *parcel;
    if (world_is_broken("torn") && copy->stored.point_count > 1)
        copy->stored.point_count--;
    bool is_in_league = happening->three < world->plan.league && chance_once_in(&world->chance, 2);
    if (is_in_league)
        note_fault(world, obpub_of(world, happening), copy, world->now + publisher_rules_default.refresh_max);
    bool is_taken = !is_in_league && store_put(world, &copy->stored);
    world->figures.rejected += !is_taken;
    struct happening back = *happening;
    back.function = hear_answer;
    back.two = is_taken ? UPLOAD_FAILURE_NONE : UPLOAD_FAILURE_REJECTED;
    back.thing = copy;
    world_add(world, happening->two, back);
}

/* Sends a parcel on its way; the world may play a trick on it. */
static void send_parcel(struct world *world, struct obpub *obpub, struct parcel *parcel)
{
    const struct plan *plan = &world->plan;
    struct happening on_its_way = {.function = arrive,
                                   .one = obpub_number(world, obpub),
                                   .two = (uint32_t)chance_draw(&world->chance, 100, 1000),
                                   .three = parcel->stored.relay,
                                   .number = obpub->tor_epoch,
                                   .thing = parcel};
    int64_t delay = chance_draw(&world->chance, 100, 2000);
    if (world_is_broken("slow"))
        delay += 20 * MINUTE;
    if (chance_millionths(&world->chance, plan->upload_fails)) {
        bool is_answer = chance_once_in(&world->chance, 16); /* the HSDir is busy: it gets the next round */
        note_fault(world, obpub, parcel, world->now + (is_answer ? publisher_rules_default.refresh_max : 0));
        on_its_way.function = hear_answer;
        on_its_way.two = is_answer ? UPLOAD_FAILURE_BROKEN : UPLOAD_FAILURE_CIRCUIT;
    } else if (chance_millionths(&world->chance, plan->upload_is_lost)) {
        note_fault(world, obpub, parcel, world->now + publisher_rules_default.answer_timeout);
        if (!plan->tells_ends || chance_once_in(&world->chance, 2)) {
            free(parcel);
            return;
        }
        on_its_way.function = hear_answer; /* of the end of its stream */
        on_its_way.two = UPLOAD_FAILURE_CIRCUIT;
        delay += chance_draw(&world->chance, 0, 20 * SECOND);
    } else if (chance_millionths(&world->chance, plan->upload_is_late)) {
        int64_t least = plan->tells_ends ? 5 * SECOND : 50 * SECOND;
        int64_t late = chance_draw(&world->chance, least, 5 * MINUTE);
        note_fault(world, obpub, parcel, world->now + 6 * MINUTE);
        if (chance_once_in(&world->chance, 2))
            delay += late;
        else
            on_its_way.two += (uint32_t)late;
    }
    world_add(world, delay, on_its_way);
}

static uint64_t fill_stored(const struct point_set *set, struct stored *stored)
{
    uint64_t content = 14695981039346656037u;
    const struct pow_params *params = &set->features.pow_params;
    stored->point_count = set->count;
    if (params->is_present) {
        memcpy(&stored->work.seed, params->seed, sizeof(stored->work.seed));
        stored->work.effort = params->suggested_effort;
        stored->work.expires_at = params->expires_at * SECOND;
        if (set->features.pow_lifetime > 0)
            stored->work.expires_at =
                earlier(stored->work.expires_at, stored->made_at + set->features.pow_lifetime);
    }
    for (size_t i = 0; i < set->count; i++) {
        stored->points[i] = model_point_number(&set->entries[i].point);
        content = (content ^ stored->points[i]) * 1099511628211u;
    }
    return content;
}

/* What all HSDirs of a descriptor are sent in its round. */
static uint64_t round_content(const struct publisher_descriptor *descriptor)
{
    uint64_t content = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct point_set *set = upload_find_set(descriptor, &descriptor->uploads[i]);
        uint64_t digest = 0;
        if (set != NULL)
            memcpy(&digest, set->digest, sizeof(digest));
        content += digest * (2 * (uint64_t)model_hsdir_number(descriptor->uploads[i].fingerprint) + 1);
    }
    return content;
}

static void upload(struct world *world, struct obpub *obpub, const struct publisher_action *action)
{
    const struct publisher_descriptor *descriptor =
        &obpub->publisher->frontends[action->frontend].descriptors[action->slot];
    if (action->set == NULL || action->set->count == 0)
        world_fail(world, "frontend %zu: an empty descriptor is to be published", action->frontend);
    if (!authorized_clients_equal(action->set->features.clients, world->frontends[action->frontend].clients))
        world_fail(world, "frontend %zu: what is for other clients is to be published", action->frontend);
    struct stored stored = {
        .period_number = descriptor->period_number,
        .clients = world->frontends[action->frontend].clients,
        .obpub = obpub_number(world, obpub),
        .run = obpub->run,
        .made_at = world->now,
    };
    uint64_t content = fill_stored(action->set, &stored);
    if (world->plan.has_twins || world->plan.is_crowd)
        content = round_content(descriptor);
    if (world->plan.has_twins) {
        rules_note_hsdirs(world, obpub, action->frontend);
        twin_rules_note_split(world, action->frontend);
    }
    stored.counter = (uint64_t)rules_count(world, obpub, action);
    memcpy(stored.key, descriptor->blinded_key, sizeof(stored.key));
    rules_note_content(world, obpub, action->frontend, content);
    if (world->plan.has_twins)
        twin_break(world, action->frontend, &stored);
    for (size_t i = 0; i < action->hsdir_count; i++) {
        struct parcel *parcel = memory_allocate(1, sizeof(*parcel));
        parcel->frontend = (uint32_t)action->frontend;
        parcel->stored = stored;
        parcel->stored.relay = model_hsdir_number(action->fingerprints[i]);
        if (world->plan.is_crowd)
            crowd_break_upload(world, action->frontend, &parcel->stored);
        rules_note_upload(world, obpub, action, parcel->stored.relay, (int64_t)stored.counter, content);
        send_parcel(world, obpub, parcel);
    }
}

/* -- the loop ---------------------------------------------------------------------------------------- */

static void wake(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    if (!obpub->is_running || obpub->wake_at != world->now)
        return;
    obpub->wake_at = NEVER;
    uint64_t actions = obpub->actions;
    obpub->wakes++;
    obpub_run(world, obpub);
    obpub->idle_wakes += obpub->actions == actions;
}

void obpub_run(struct world *world, struct obpub *obpub)
{
    struct publisher_action action;
    for (size_t i = 0; world->plan.is_crowd && i < world->plan.frontend_count; i++) {
        crowd_rules_note_knowledge(world, obpub, i);
        crowd_break_memory(obpub, i);
    }
    for (unsigned i = 0; publisher_next_action(obpub->publisher, &action, world->now); i++) {
        if (i > ACTIONS_MAX) {
            world_fail(world, "there is no end to what is to be done");
            return;
        }
        obpub->actions++;
        if (action.type == PUBLISHER_FETCH)
            link_fetch(world, obpub, &action);
        else if (action.type == PUBLISHER_UPLOAD)
            upload(world, obpub, &action);
        else if (action.type == PUBLISHER_CHECK)
            webs_check(world, obpub, &action);
        else
            looks_perform(world, obpub, &action);
    }
    webs_check_members(world, obpub);
    int64_t moment = publisher_next_moment(obpub->publisher);
    if (moment <= world->now)
        world_fail(world, "the publisher wants to be asked at once though it has just been");
    if (moment < obpub->wake_at) {
        obpub->wake_at = moment;
        world_add(world, moment - world->now,
                  (struct happening){.function = wake, .one = obpub_number(world, obpub)});
    }
}

void obpub_see_consensus(struct world *world, struct obpub *obpub)
{
    if (!obpub->is_running || !obpub->is_tor_up)
        return;
    const struct network *network = consensus_view(world, obpub->consensus)->network;
    obpub->consensus_since = world->now;
    world_trace(world, "obpub %u has consensus %u, clients use the %s descriptor", obpub_number(world, obpub),
                obpub->consensus, network->client_slot == DESCRIPTOR_FIRST ? "first" : "second");
    const struct network *before = obpub->publisher->network;
    if (before == NULL || before->client_slot != network->client_slot)
        obpub->half_since = world->now;
    publisher_set_network(obpub->publisher, model_copy_network(network), world->now);
    rules_note_network(world, obpub);
    obpub_run(world, obpub);
}

/* -- its own life ------------------------------------------------------------------------------------ */

void obpub_set_tor(struct world *world, struct obpub *obpub, bool is_up)
{
    if (!obpub->is_running || obpub->is_tor_up == is_up)
        return;
    checks_note_steady(world);
    obpub->is_tor_up = is_up;
    world_trace(world, "obpub %u: its local tor is %s", obpub_number(world, obpub), is_up ? "up" : "lost");
    obpub->tor_since = world->now;
    obpub->tor_epoch++;
    publisher_note_tor(obpub->publisher, 0, is_up ? TOR_READY : TOR_DOWN, world->now);
    if (is_up && world->plan.tells_ends)
        publisher_note_tor_tells_ends(obpub->publisher, 0);
    for (uint32_t i = 0; i < world->plan.backend_count; i++) {
        if (world->backends[i].has_control)
            continue;
        obpub->links[i].epoch++;
        obpub->links[i].is_up = is_up;
        if (is_up)
            publisher_note_reachable(obpub->publisher, i, false, UPTIME_UNKNOWN, world->now);
        else
            publisher_note_unreachable(obpub->publisher, i, "the local tor is lost", false, world->now);
    }
    if (is_up)
        obpub_see_consensus(world, obpub);
    obpub_run(world, obpub);
}

static void tor_comes_back(struct world *world, const struct happening *happening)
{
    obpub_set_tor(world, obpub_of(world, happening), true);
}

static void tor_dies_by_chance(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    world_add(world, chance_wait(&world->chance, world->plan.local_tor_dies), *happening);
    if (!obpub->is_running || !obpub->is_tor_up)
        return;
    obpub_set_tor(world, obpub, false);
    int64_t downtime = chance_once_in(&world->chance, 4) ? chance_draw(&world->chance, MINUTE, 5 * HOUR)
                                                         : chance_draw(&world->chance, 100, 2 * MINUTE);
    world_add(world, downtime, (struct happening){.function = tor_comes_back, .one = happening->one});
}

static void stop(struct obpub *obpub)
{
    obpub->is_running = obpub->is_tor_up = false;
    publisher_free(obpub->publisher);
    obpub->publisher = NULL;
    obpub->tor_epoch++;
}

static enum source_kind find_kind(const struct backend *backend)
{
    if (backend->twin.is_twin)
        return backend->has_control ? SOURCE_TWIN_WITH_CONTROL : SOURCE_TWIN_ON_HSDIRS;
    return backend->has_control ? SOURCE_BACKEND_WITH_CONTROL : SOURCE_BACKEND_ON_HSDIRS;
}

static void start(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    struct publisher_rules rules = publisher_rules_default;
    for (size_t i = 0; i < sizeof(rules.seed); i++)
        rules.seed[i] = (uint8_t)chance_next(&world->chance);
    rules.has_other_publishers = world->plan.has_two_obpubs;
    world_trace(world, "obpub %u starts", happening->one);
    obpub->is_running = true;
    obpub->run++;
    obpub->started_at = world->now;
    obpub->wake_at = NEVER;
    obpub->consensus = world->consensus_count - 1;
    obpub->ignores_consensus_until = 0;
    obpub->publisher = publisher_new(&rules);
    memset(obpub->frontends, 0, world->plan.frontend_count * sizeof(*obpub->frontends));
    for (size_t i = 0; i < world->plan.backend_count; i++)
        publisher_add_source(obpub->publisher, world->backends[i].keys.identity_key,
                             find_kind(&world->backends[i]), world->now);
    for (size_t i = 0; i < world->plan.frontend_count; i++) {
        const struct frontend *frontend = &world->frontends[i];
        publisher_add_frontend(obpub->publisher, frontend->keys.identity_key, frontend->clients,
                               frontend->backends, frontend->backend_count, world->now);
        operators_configure(world, obpub, i);
        if (world->plan.has_twins)
            publisher_set_twins(obpub->publisher, i, world->plan.lead, true, world->now);
        obpub->frontends[i].static_at = obpub->frontends[i].held_at = obpub->frontends[i].left_at = LONG_AGO;
        obpub->frontends[i].overtook_at = obpub->frontends[i].used_drained_at = LONG_AGO;
        obpub->frontends[i].published_at = NEVER;
        rules_begin(world, &obpub->frontends[i]);
        for (size_t j = 0; j < RELAYS_MAX; j++)
            obpub->frontends[i].fault_at[j] = LONG_AGO;
    }
    webs_configure(world, obpub);
    links_begin(world, obpub);
    obpub_set_tor(world, obpub, true);
}

void obpub_kill(struct world *world, struct obpub *obpub, int64_t downtime)
{
    if (!obpub->is_running)
        return;
    world_trace(world, "obpub %u is killed", obpub_number(world, obpub));
    stop(obpub);
    world_add(world, downtime, (struct happening){.function = start, .one = obpub_number(world, obpub)});
}

void obpub_set_sight(struct world *world, struct obpub *obpub, bool sees)
{
    world_trace(world, "obpub %u %s", obpub_number(world, obpub), sees ? "sees again" : "goes blind");
    obpub->is_blind = !sees;
    if (!sees && obpub->is_running)
        link_blinded(world, obpub);
}

static void dies_by_chance(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = obpub_of(world, happening);
    world_add(world, chance_wait(&world->chance, world->plan.obpub_dies), *happening);
    if (!obpub->is_running)
        return;
    checks_note_steady(world);
    int64_t downtime = chance_once_in(&world->chance, 5)
                           ? chance_draw(&world->chance, MINUTE, world->plan.obpub_away)
                           : chance_draw(&world->chance, 100, MINUTE);
    obpub_kill(world, obpub, downtime);
}

void obpubs_begin(struct world *world)
{
    for (uint32_t i = 0; i < (world->plan.has_two_obpubs ? 2 : 1); i++) {
        struct obpub *obpub = &world->obpubs[i];
        obpub->links = memory_allocate(world->plan.backend_count, sizeof(*obpub->links));
        obpub->frontends = memory_allocate(world->plan.frontend_count, sizeof(*obpub->frontends));
        start(world, &(struct happening){.one = i});
        if (world->plan.obpub_dies > 0)
            world_add(world, chance_wait(&world->chance, world->plan.obpub_dies),
                      (struct happening){.function = dies_by_chance, .one = i});
        if (world->plan.local_tor_dies > 0)
            world_add(world, chance_wait(&world->chance, world->plan.local_tor_dies),
                      (struct happening){.function = tor_dies_by_chance, .one = i});
    }
}

void obpubs_clear(struct world *world)
{
    for (size_t i = 0; i < OBPUBS; i++) {
        publisher_free(world->obpubs[i].publisher);
        free(world->obpubs[i].links);
        free(world->obpubs[i].frontends);
    }
}
