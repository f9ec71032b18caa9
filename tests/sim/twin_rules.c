/* What is promised of frontends with twins: that who asks now gets something that works, that no solution is
 * made in vain, that their tors' uploads do not get between, and that each twin has its share. */
#include <stdlib.h>

#include "world.h"

/* A twin that has been there, and unchanged, for so long is in: as any backend (checks.c). */
#define BACK_IN (150 * SECOND)
/* What a twin's tor has just made is known, and out, within so long. */
#define NEWS_NOTICED (20 * SECOND)
#define ROUND_TAKES (10 * SECOND)
/* With what it takes to publish it (checks.c). */
#define CHANGE_NOTICED (33 * SECOND)
#define FAULT_EXCUSES (9 * MINUTE) /* a fetch that fails is tried again after so long at most */
/* The descriptor that clients don't use has changes with its next refresh, where there are many. */
#define REFRESH (125 * MINUTE)
/* Its tor uploads each descriptor within so long of the last time, and starts within a bit more. */
#define OWN_UPLOAD (122 * MINUTE)
/* And then is seen with it, unless another twin's upload has taken its place at once: then with the next. */
#define OWN_KNOWN (2 * OWN_UPLOAD + 10 * MINUTE)
/* HSDirs keep what was published last for three hours; the last round may have been a refresh ago. */
#define KEEPS_WITHOUT_REFRESH (55 * MINUTE)
/* A seed is good for at least so long after its end. */
#define OLD_SEED (104 * MINUTE)
#define LEFT_ALONE (4 * HOUR)      /* HSDirs forget, and then have been sent something */
#define SEED_ENDS (121 * MINUTE)   /* and in any case after so long */
#define SHARE_CHECKED (5 * MINUTE) /* nothing has changed for so long */
#define SAMPLES_MIN 2000
#define SHARE_LOW 0.4 /* times what would be even, over days */
#define SHARE_HIGH 1.8

static const struct obpub *obpub_of(const struct world *world)
{
    return &world->obpubs[0];
}

static const struct backend *twin_of(const struct world *world, size_t frontend, size_t i)
{
    return &world->backends[source_row(world->frontends[frontend].backends[i])];
}

static const struct link *link_to(const struct world *world, const struct backend *backend)
{
    return &obpub_of(world)->links[backend - world->backends];
}

static bool lives(const struct backend *backend)
{
    return backend->is_running && backend->has_descriptors && !backend->is_hung && backend->has_route;
}

/* -- what a client gets ------------------------------------------------------------------------------ */

/* Since when an obpub hears of a twin, and nothing has changed there. */
static int64_t settled_since(const struct world *world, const struct backend *backend)
{
    const struct link *link = link_to(world, backend);
    int64_t since = later(backend->changed_at, later(link->moved_at, link->fetch_fault_at + FAULT_EXCUSES));
    return later(since, backend->twin.seeds_of);
}

/* Since when none of a frontend's twins has changed. */
static int64_t unchanged_since(const struct world *world, size_t frontend)
{
    int64_t since = LONG_AGO;
    for (size_t i = 0; i < world->frontends[frontend].backend_count; i++)
        since = later(since, later(twin_of(world, frontend, i)->changed_at,
                                   twin_of(world, frontend, i)->twin.seeds_of));
    return since;
}

/* True for a descriptor that clients use by the consensus that an obpub has had for a while. */
static bool is_used(const struct world *world, const struct obpub *obpub, uint64_t period_number)
{
    const struct network *network = obpub->publisher->network;
    return network->period_number[network->client_slot] == period_number &&
           world->now - obpub->consensus_since > 3 * MINUTE;
}

/* True when a twin that can be asked has had a part in a frontend, and not changed, for so long. */
static bool has_seen_for(const struct world *world, size_t frontend, int64_t time)
{
    const struct frontend *known = &world->frontends[frontend];
    for (size_t i = 0; i < known->backend_count; i++) {
        const struct backend *backend = twin_of(world, frontend, i);
        bool has_part = !known->was_split || backend->twin.has_work;
        int64_t since = later(settled_since(world, backend), known->split_at);
        if (backend->has_control && lives(backend) && link_to(world, backend)->is_up && has_part &&
            world->now - since > time)
            return true;
    }
    return false;
}

/* Without an obpub: what it had out last is good for as long as no twin changes, if HSDirs do not forget it;
 * and the tors' own uploads are there once the lead is over and each has had its turn. */
static bool promise_without_obpub(const struct world *world, size_t frontend)
{
    int64_t steady_at = world->frontends[frontend].steady_at;
    int64_t unchanged = unchanged_since(world, frontend);
    bool all_upload = true, one_lives = false;
    for (size_t i = 0; i < world->frontends[frontend].backend_count; i++) {
        const struct backend *backend = twin_of(world, frontend, i);
        all_upload &= backend->twin.uploads;
        one_lives |= lives(backend);
    }
    if (!one_lives)
        return false;
    if (unchanged < steady_at - BACK_IN && (all_upload || world->now - steady_at < KEEPS_WITHOUT_REFRESH))
        return true;
    return all_upload && world->now - later(unchanged, steady_at + world->plan.lead) > OWN_UPLOAD;
}

bool twin_rules_promise(const struct world *world, size_t frontend, uint64_t period_number,
                        const struct stored *held)
{
    const struct obpub *obpub = obpub_of(world);
    if (!checks_is_steady_for(world, obpub, frontend))
        return promise_without_obpub(world, frontend);
    /* Without a lead a client can have what a tor has just uploaded, and take nothing older. */
    bool is_of_clients = is_used(world, obpub, period_number);
    int64_t until = is_of_clients ? CHANGE_NOTICED + checks_churn_holds(world, obpub, frontend) : REFRESH;
    if (held != NULL && held->obpub == OF_A_TOR && world->now - held->at < until)
        return false;
    /* It has what one HSDir has got of a round, and the others have still to get it. */
    if (held != NULL && world->now - held->made_at < ROUND_TAKES)
        return false;
    return has_seen_for(world, frontend, is_of_clients ? BACK_IN : REFRESH);
}

/* True when an obpub sends a descriptor to an HSDir. */
static bool is_sent_to(const struct publisher_frontend *frontend, uint64_t period_number, uint32_t relay)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        const struct publisher_descriptor *descriptor = &frontend->descriptors[slot];
        for (size_t i = 0; descriptor->period_number == period_number && i < descriptor->upload_count; i++) {
            if (model_hsdir_number(descriptor->uploads[i].fingerprint) == relay)
                return true;
        }
    }
    return false;
}

/* -- solutions --------------------------------------------------------------------------------------- */

/* Since when an obpub can have told clients of a twin's seeds. */
static int64_t told_since(const struct world *world, size_t frontend, const struct backend *backend,
                          uint64_t period_number)
{
    const struct link *link = link_to(world, backend);
    const struct obpub *obpub = obpub_of(world);
    int64_t since =
        later(backend->twin.seeds_of, later(link->moved_at, link->fetch_fault_at + FAULT_EXCUSES));
    since = later(since, later(obpub->started_at, obpub->tor_since));
    if (!checks_is_steady_for(world, obpub, frontend) || !link->is_up ||
        !is_used(world, obpub, period_number))
        return NEVER;
    return since + checks_churn_holds(world, obpub, frontend);
}

void twin_rules_note_refused(struct world *world, size_t frontend, const struct stored *stored,
                             uint32_t number, int64_t fetched_at)
{
    const struct backend *backend = &world->backends[number];
    const struct twin *twin = &backend->twin;
    bool is_owner = stored->work.seed % 256 == number + 1;
    world->figures.refusals++;
    if (stored->work.seed == 0 || !is_owner) {
        world_fail(world, "frontend %zu: relay %u gave a client %s, which backend %u has to refuse", frontend,
                   stored->relay,
                   stored->work.seed == 0 ? "points of another time period" : "another twin's seed", number);
        return;
    }
    int64_t told = told_since(world, frontend, backend, stored->period_number);
    bool was_lost = twin->seeds_of > stored->made_at - NEWS_NOTICED;
    if (was_lost && (told == NEVER || fetched_at < told + NEWS_NOTICED))
        return;
    /* It can't be asked: another seed is known by an upload that is seen, or the old one ends. */
    if (!backend->has_control && world->now - twin->seeds_of < SEED_ENDS)
        return;
    bool is_left_alone = told == NEVER && world->now - world->frontends[frontend].steady_at > OLD_SEED / 2;
    if (!was_lost && is_left_alone)
        return;
    if (checks_is_excused(world, obpub_of(world), frontend, stored->relay) ||
        (obpub_of(world)->is_running && /* by its consensus, which is newer than the client's */
         !is_sent_to(&obpub_of(world)->publisher->frontends[frontend], stored->period_number, stored->relay)))
        return;
    world_fail(world,
               "frontend %zu: backend %u refuses a solution for what relay %u gave %lld s ago, made %lld s "
               "ago, for period %llu",
               frontend, number, stored->relay, (long long)((world->now - fetched_at) / SECOND),
               (long long)((world->now - stored->made_at) / SECOND),
               (unsigned long long)stored->period_number);
}

/* -- uploads of tors --------------------------------------------------------------------------------- */

/* Is it split? And since when? */
void twin_rules_note_split(struct world *world, size_t frontend)
{
    struct frontend *known = &world->frontends[frontend];
    bool is_split = obpub_of(world)->publisher->frontends[frontend].is_split;
    if (is_split != known->was_split)
        known->split_at = world->now;
    known->was_split = is_split;
}

/* What a tor tells of that does not say of which of its descriptors it is. */
static void note_replaced(const struct world *world, struct obpub *obpub, size_t frontend, uint32_t relay)
{
    for (size_t slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        uint64_t period_number = obpub->publisher->frontends[frontend].descriptors[slot].period_number;
        if (is_sent_to(&obpub->publisher->frontends[frontend], period_number, relay))
            rules_find_round(&obpub->frontends[frontend], period_number)->replaced_at = world->now;
    }
}

void twin_rules_note_arrival(struct world *world, uint32_t number, const struct stored *stored, bool is_taken,
                             const struct stored *before)
{
    struct obpub *obpub = &world->obpubs[0];
    size_t frontend = number / world->plan.members;
    if (!obpub->is_running)
        return;
    twin_rules_note_split(world, frontend);
    bool is_sent = is_sent_to(&obpub->publisher->frontends[frontend], stored->period_number, stored->relay);
    if (is_taken)
        note_replaced(world, obpub, frontend, stored->relay);
    if (!checks_is_steady_for(world, obpub, frontend) || before == NULL || before->obpub == OF_A_TOR ||
        checks_is_excused(world, obpub, frontend, stored->relay))
        return;
    /* One that was left to the tors for a while had no part in the last round. */
    if (twin_rules_leaves_alone(world, obpub, frontend, stored->period_number))
        return;
    int64_t begun_at = rules_find_round(&obpub->frontends[frontend], stored->period_number)->begun_at;
    if (is_sent && is_taken && world->plan.lead > 0 && before->made_at >= begun_at)
        world_fail(world, "frontend %zu: relay %u takes what backend %u uploads, %lld s after a round",
                   frontend, stored->relay, number, (long long)((world->now - before->made_at) / SECOND));
    int64_t left_at = later(world->frontends[frontend].split_at, obpub->consensus_since);
    if (!is_sent && !is_taken && world->frontends[frontend].was_split &&
        before->made_at > left_at + NEWS_NOTICED)
        world_fail(world, "frontend %zu: relay %u, a spare one, has something from obpub and refuses a twin",
                   frontend, stored->relay);
}

bool twin_rules_leaves_alone(const struct world *world, const struct obpub *obpub, size_t frontend,
                             uint64_t period_number)
{
    const struct network *network = obpub->publisher->network;
    return world->plan.has_unseen_twins && network->period_number[network->client_slot] != period_number &&
           !has_seen_for(world, frontend, LEFT_ALONE);
}

bool twin_rules_lacks_seen(const struct world *world, size_t frontend)
{
    return world->plan.has_unseen_twins && !has_seen_for(world, frontend, BACK_IN);
}

/* -- what an HSDir has ------------------------------------------------------------------------------- */

/* Since when each of a frontend's twins could have uploaded what it has made for the descriptor that clients
 * use: NEVER when there is one that does not. */
static int64_t could_upload_since(const struct world *world, const struct obpub *obpub, size_t frontend)
{
    const struct frontend *known = &world->frontends[frontend];
    int64_t since = later(known->split_at, later(obpub->started_at, obpub->tor_since));
    since = later(since, obpub->half_since);
    for (size_t i = 0; i < known->backend_count; i++) {
        const struct backend *backend = twin_of(world, frontend, i);
        if (!lives(backend) || !backend->twin.uploads || !backend->twin.has_work ||
            !link_to(world, backend)->is_up)
            return NEVER;
        since = later(since, settled_since(world, backend));
    }
    return since;
}

/* Once each twin's own points are known, they go out with its proof of work. */
static void check_work(struct world *world, const struct obpub *obpub, size_t frontend,
                       const struct stored *stored)
{
    int64_t since = could_upload_since(world, obpub, frontend);
    if (!world->backends[world->points[stored->points[0] - 1].backend].has_control)
        return; /* when its seed has ended nobody can ask it for the next */
    if (since != NEVER && world->frontends[frontend].was_split && stored->obpub != OF_A_TOR &&
        stored->work.seed == 0 && world->now - since > OWN_KNOWN)
        world_fail(world, "frontend %zu: relay %u has had no proof of work of backend %u for %lld min",
                   frontend, stored->relay, world->points[stored->points[0] - 1].backend,
                   (long long)((world->now - since) / MINUTE));
}

void twin_rules_check(struct world *world, const struct obpub *obpub, size_t frontend,
                      const struct stored *stored)
{
    const struct backend *backend = &world->backends[world->points[stored->points[0] - 1].backend];
    int64_t holds = checks_churn_holds(world, obpub, frontend) + CHANGE_NOTICED;
    twin_rules_note_split(world, frontend);
    const struct link *link = link_to(world, backend);
    int64_t since = later(link->moved_at, link->fetch_fault_at + FAULT_EXCUSES);
    since = later(since, later(obpub->started_at, obpub->tor_since) + 3 * MINUTE);
    if (!link->is_up || !lives(backend) || !is_used(world, obpub, stored->period_number))
        return;
    check_work(world, obpub, frontend, stored);
    const struct link *teller = &obpub->links[stored->backend];
    bool was_told = stored->obpub == OF_A_TOR && world->backends[stored->backend].has_control &&
                    teller->is_up && teller->moved_at < stored->at && !twin_rules_lacks_seen(world, frontend);
    /* Where there is no lead what takes its place can be refused, and tried again minutes later. */
    int64_t refused = world->plan.lead == 0 ? publisher_rules_default.refusal_max : 0;
    if (was_told && world->now - later(stored->at, since) > holds + refused)
        world_fail(world, "frontend %zu: relay %u has had what backend %u uploaded for %lld s", frontend,
                   stored->relay, stored->backend, (long long)((world->now - stored->at) / SECOND));
    if (!backend->has_control) /* it can't be asked for another seed */
        holds += publisher_rules_default.grace;
    if (stored->work.seed != 0 && world->now - later(stored->work.expires_at, since) > holds)
        world_fail(world, "frontend %zu: what relay %u has of backend %ld expired %lld s ago", frontend,
                   stored->relay, (long)(backend - world->backends),
                   (long long)((world->now - stored->work.expires_at) / SECOND));
}

/* -- shares ------------------------------------------------------------------------------------------ */

/* True when nothing has changed of late that could have a frontend divided otherwise; *live is how many twins
 * there are then. */
static bool is_quiet(const struct world *world, const struct obpub *obpub, size_t frontend, size_t *live)
{
    const struct frontend *known = &world->frontends[frontend];
    int64_t since = later(known->split_at, obpub->consensus_since);
    *live = 0;
    for (size_t i = 0; i < known->backend_count; i++) {
        const struct backend *backend = twin_of(world, frontend, i);
        bool is_live = lives(backend) && link_to(world, backend)->is_up;
        if (!is_live && backend->is_running)
            return false;
        since = later(since, settled_since(world, backend));
        *live += is_live && (!known->was_split || backend->twin.has_work);
    }
    return *live > 0 && world->now - since > SHARE_CHECKED;
}

/* Sums up what each twin has of the HSDirs that clients ask; false when it can't be told. */
static bool add_up(struct world *world, const struct obpub *obpub, size_t frontend, double *parts,
                   size_t *asked)
{
    const struct network *network = obpub->publisher->network;
    const struct publisher_descriptor *descriptor =
        &obpub->publisher->frontends[frontend].descriptors[network->client_slot];
    *asked = 0;
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        uint32_t relay = model_hsdir_number(descriptor->uploads[i].fingerprint);
        const struct stored *stored = store_find(world, relay, descriptor->blinded_key);
        if (!descriptor->uploads[i].is_asked)
            continue;
        if (stored == NULL || checks_is_excused(world, obpub, frontend, relay) || stored->obpub == OF_A_TOR)
            return false;
        ++*asked;
        for (size_t j = 0; j < stored->point_count; j++)
            parts[world->points[stored->points[j] - 1].backend] += 1 / (double)stored->point_count;
    }
    return *asked > 0;
}

/* True when a twin is to have a part of a frontend, of which it has `part`. One without a control port has it
 * once it has been seen, and until it is known to be dead: then that makes none of the others' uneven. */
static bool has_part(const struct world *world, const struct frontend *known, size_t i, double part)
{
    size_t number = source_row(known->backends[i]);
    const struct backend *backend = &world->backends[number];
    if (twin_is_unseen(world, number))
        return part > 0;
    return lives(backend) && (!known->was_split || backend->twin.has_work);
}

void twin_rules_check_shares(struct world *world, const struct obpub *obpub, size_t frontend)
{
    struct frontend *known = &world->frontends[frontend];
    size_t live, asked, sharing = 0;
    double parts[64] = {0};
    twin_rules_note_split(world, frontend);
    if (!is_quiet(world, obpub, frontend, &live) || !add_up(world, obpub, frontend, parts, &asked))
        return;
    for (size_t i = 0; i < known->backend_count; i++)
        sharing += has_part(world, known, i, parts[source_row(known->backends[i])]);
    bool has_just_changed = world->now - obpub->frontends[frontend].content_changed_at < MINUTE;
    if (world->plan.has_unseen_twins && has_just_changed)
        return;       /* it has been seen a moment ago */
    if (sharing == 0) /* the one that lives has not been seen yet: the last good points stay */
        return;
    for (size_t i = 0; i < known->backend_count; i++) {
        struct backend *backend = &world->backends[source_row(known->backends[i])];
        double part = parts[source_row(known->backends[i])];
        double even = has_part(world, known, i, part) ? (double)asked / (double)sharing : 0;
        if (known->was_split && (part >= even + 1 || part <= even - 1))
            world_fail(world, "frontend %zu: backend %ld has %.0f of %zu HSDirs for %zu twins", frontend,
                       (long)(backend - world->backends), part, asked, sharing);
        if (live == known->backend_count)
            backend->twin.asked += part / (double)asked;
    }
    known->samples += live == known->backend_count;
}

void twin_rules_end(struct world *world)
{
    for (size_t i = 0; world->plan.has_twins && i < world->plan.frontend_count; i++) {
        const struct frontend *frontend = &world->frontends[i];
        for (size_t j = 0; frontend->samples >= SAMPLES_MIN && j < frontend->backend_count; j++) {
            double part = twin_of(world, i, j)->twin.asked / (double)frontend->samples;
            double even = 1 / (double)frontend->backend_count;
            world_trace(world, "frontend %zu: twin %zu of %zu had %.3f", i, j, frontend->backend_count, part);
            if (part < SHARE_LOW * even || part > SHARE_HIGH * even)
                world_fail(world, "frontend %zu: of %zu twins one had %.3f of what clients ask", i,
                           frontend->backend_count, part);
        }
    }
}
