/* Web servers: what is behind the backends, which may be dead while their tors live; and the checks that find
 * that out, which may be wrong themselves. */
#include "webs.h"

#include "world.h"

/* Every backend is checked by these. */
static const struct health_rules rules = {.interval = 30 * SECOND, .fall = 3, .rise = 2};

#define TIMEOUT (30 * SECOND)
#define SILENT_CHECKS 20000 /* checks that the local tor can't make, in millionths, */
#define FAILED_CHECKS 20000 /* and that fail without a reason, but never two in a row (of one obpub) */
/* In how long a dead web server is found out: a check may have gone well just before, some of the others may
 * not be made, and the last one may take its time. */
#define FOUND_OUT ((int64_t)(rules.fall + 3) * rules.interval + TIMEOUT)
/* For how long another backend has to be well, so that it is known to be, and all are over that were in
 * though they are sick. */
#define KNOWN_WELL (8 * MINUTE)

static bool are_there(const struct world *world)
{
    return world->plan.webs_fail > 0;
}

/* -- what happens ------------------------------------------------------------------------------------ */

/* A web server dies, or is back. one is the backend. */
static void turn(struct world *world, const struct happening *happening)
{
    struct web *web = &world->backends[happening->one].web;
    web->is_down = !web->is_down;
    web->changed_at = world->now;
    backend_note_news(world, happening->one);
    world_trace(world, "the web server of backend %u is %s", happening->one, web->is_down ? "dead" : "back");
    world_add(world,
              web->is_down ? chance_draw(&world->chance, MINUTE, 40 * MINUTE)
                           : chance_wait(&world->chance, world->plan.webs_fail),
              *happening);
}

/* Checks begin to be wrong, or are right again. */
static void delude(struct world *world, const struct happening *happening)
{
    bool begins = world->delusion == DELUSION_NONE;
    world->delusion = begins ? (enum delusion)chance_draw(&world->chance, 1, DELUSIONS - 1) : DELUSION_NONE;
    world->deluded_at = world->now;
    world_trace(world, "checks are %s", begins ? "wrong" : "right");
    world_add(world,
              begins ? chance_draw(&world->chance, MINUTE, 20 * MINUTE)
                     : chance_wait(&world->chance, world->plan.checks_delude),
              *happening);
}

void webs_begin(struct world *world)
{
    world->deluded_at = LONG_AGO;
    for (uint32_t i = 0; i < world->plan.backend_count; i++) {
        world->backends[i].web.changed_at = LONG_AGO;
        if (are_there(world))
            world_add(world, chance_wait(&world->chance, world->plan.webs_fail),
                      (struct happening){.function = turn, .one = i});
    }
    if (are_there(world) && world->plan.checks_delude > 0)
        world_add(world, chance_wait(&world->chance, world->plan.checks_delude),
                  (struct happening){.function = delude});
}

void webs_configure(struct world *world, struct obpub *obpub)
{
    for (size_t i = 0; are_there(world) && i < world->plan.backend_count; i++)
        publisher_set_health(obpub->publisher, i, &rules, false, world->now);
}

/* -- checks ------------------------------------------------------------------------------------------ */

static enum health_finding find(struct world *world, size_t number)
{
    static const enum health_finding dead[] = {HEALTH_FINDING_BAD, HEALTH_FINDING_NO_CONNECTION};
    struct backend *backend = &world->backends[number];
    if (world_is_broken("hale"))
        return HEALTH_FINDING_WELL;
    if (chance_millionths(&world->chance, SILENT_CHECKS))
        return HEALTH_FINDING_NO_WAY;
    if (world->delusion == DELUSION_SILENCE || !backend->is_running || backend->is_hung ||
        !backend->has_descriptors)
        return HEALTH_FINDING_NO_ANSWER;
    backend->web.has_stumbled = !backend->web.has_stumbled && !world->plan.has_two_obpubs &&
                                chance_millionths(&world->chance, FAILED_CHECKS);
    if (world->delusion == DELUSION_FAILURES || backend->web.is_down || backend->web.has_stumbled)
        return dead[chance_draw(&world->chance, 0, 1)];
    return HEALTH_FINDING_WELL;
}

/* Which process of an obpub, and which time of its local tor there. */
static uint64_t find_epoch(const struct obpub *obpub)
{
    return (uint64_t)obpub->run << 32 | obpub->tor_epoch;
}

/* A check has ended. one is the obpub, two the source, three the finding, number what find_epoch() said. */
static void answer(struct world *world, const struct happening *happening)
{
    struct obpub *obpub = &world->obpubs[happening->one];
    bool has_same_tor = find_epoch(obpub) == happening->number;
    if (!obpub->is_running || find_epoch(obpub) >> 32 != happening->number >> 32)
        return;
    const struct source *source = &obpub->publisher->sources[happening->two];
    enum health_state before = source->health.state;
    publisher_note_check(obpub->publisher, source->number,
                         has_same_tor ? (enum health_finding)happening->three : HEALTH_FINDING_NO_WAY,
                         "it does not answer", world->now);
    if (source->health.state != before)
        world_trace(world, "obpub %u: backend %u is %s", happening->one, happening->two,
                    source_name_health(source->health.state));
    obpub_run(world, obpub);
}

void webs_check(struct world *world, struct obpub *obpub, const struct publisher_action *action)
{
    size_t number = source_row(action->source);
    enum health_finding finding = find(world, number);
    bool is_slow = finding == HEALTH_FINDING_NO_ANSWER || chance_once_in(&world->chance, 50);
    world_add(world, is_slow ? TIMEOUT : chance_draw(&world->chance, 200, 5000),
              (struct happening){.function = answer,
                                 .one = obpub_number(world, obpub),
                                 .two = (uint32_t)number,
                                 .three = finding,
                                 .number = find_epoch(obpub)});
}

/* -- what is promised -------------------------------------------------------------------------------- */

unsigned webs_count_changes(const struct world *world, const struct obpub *obpub, size_t backend,
                            int64_t since)
{
    if (!are_there(world))
        return 0;
    return (obpub->publisher->sources[backend].health.since > since ? 2U : 0U) +
           (world->deluded_at > since ? 4U : 0U);
}

int64_t webs_find_well_since(const struct world *world, size_t backend)
{
    if (!are_there(world))
        return LONG_AGO;
    if (world->backends[backend].web.is_down || world->delusion != DELUSION_NONE ||
        !world->backends[backend].has_control)
        return NEVER;
    return later(world->backends[backend].web.changed_at, world->deluded_at) + KNOWN_WELL;
}

/* Since when a backend has been there for all, and its web server has answered; NEVER when it is not. */
static int64_t find_there_since(const struct world *world, const struct obpub *obpub, size_t number)
{
    const struct backend *backend = &world->backends[number];
    const struct link *link = &obpub->links[number];
    if (!backend->has_control || !backend->is_running || backend->is_hung || !backend->has_descriptors ||
        !link->is_up || obpub->publisher->sources[number].life.state != SOURCE_LIVE)
        return NEVER;
    int64_t since = webs_find_well_since(world, number);
    return later(later(since, backend->changed_at), later(link->moved_at, link->fetch_fault_at));
}

int64_t webs_find_deadline(const struct world *world, const struct obpub *obpub, size_t frontend,
                           size_t number)
{
    const struct frontend *known = &world->frontends[frontend];
    const struct backend *backend = &world->backends[number];
    const struct source *source = &obpub->publisher->sources[number];
    int64_t others_since = NEVER;
    if (!are_there(world) || !obpub->is_tor_up || !backend->web.is_down || world->delusion != DELUSION_NONE ||
        !source_is_in(source))
        return NEVER;
    for (size_t i = 0; i < known->backend_count; i++)
        others_since = earlier(others_since, find_there_since(world, obpub, source_row(known->backends[i])));
    if (others_since == NEVER)
        return NEVER;
    int64_t since = later(later(backend->web.changed_at, source->life.since), obpub->consensus_since);
    since = later(since, later(obpub->started_at, obpub->tor_since));
    return later(later(since, world->deluded_at) + FOUND_OUT, others_since + KNOWN_WELL);
}

static void check_frontend(struct world *world, const struct obpub *obpub, size_t number)
{
    const struct publisher_frontend *frontend = &obpub->publisher->frontends[number];
    size_t live = 0, in = 0;
    for (size_t i = 0; i < frontend->member_count; i++) {
        const struct publisher_member *member = &frontend->members[i];
        const struct source *source = publisher_member_source(obpub->publisher, member);
        live += source_is_in(source);
        in += source_is_in(source) && member->is_in;
        if (member->is_in &&
            world->now > webs_find_deadline(world, obpub, number, source_row(member->source)))
            world_fail(world, "frontend %zu: backend %zu is in, whose web server has been dead for %lld s",
                       number, source_row(member->source),
                       (long long)((world->now - world->backends[source_row(member->source)].web.changed_at) /
                                   SECOND));
    }
    if (live > 0 && in == 0)
        world_fail(world, "frontend %zu: checks have taken all %zu live backends out", number, live);
}

/* Breaks the rule that where all are sick nothing changes. */
static void break_doubt(struct obpub *obpub)
{
    for (size_t i = 0; i < obpub->publisher->frontend_count; i++) {
        struct publisher_frontend *frontend = &obpub->publisher->frontends[i];
        for (size_t j = 0; j < frontend->member_count; j++)
            frontend->members[j].is_in &=
                !source_is_sick(publisher_member_source(obpub->publisher, &frontend->members[j]));
    }
}

void webs_check_members(struct world *world, struct obpub *obpub)
{
    if (!are_there(world))
        return;
    if (world_is_broken("strict"))
        break_doubt(obpub);
    for (size_t i = 0; i < world->plan.frontend_count; i++)
        check_frontend(world, obpub, i);
}
