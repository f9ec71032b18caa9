/* The world as a whole: its making, its clock, its end. */
#include "world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define FIRST_DAY ((int64_t)20000) /* since 1970 */

const char *world_broken_rule;
bool world_is_traced;

bool world_is_broken(const char *rule)
{
    return world_broken_rule != NULL && strcmp(world_broken_rule, rule) == 0;
}

void world_fail(struct world *world, const char *format, ...)
{
    if (world->has_failed)
        return;
    world->has_failed = true;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->failure, sizeof(world->failure), format, arguments);
    va_end(arguments);
}

void world_trace(const struct world *world, const char *format, ...)
{
    if (!world_is_traced)
        return;
    int64_t since = world->now - world->begin;
    printf("%3lld:%02lld:%02lld.%03lld  ", (long long)(since / HOUR), (long long)(since % HOUR / MINUTE),
           (long long)(since % MINUTE / SECOND), (long long)(since % SECOND));
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

void world_add(struct world *world, int64_t delay, struct happening happening)
{
    happening.at = world->now + delay;
    timeline_add(&world->timeline, happening);
}

/* Operators share backends among frontends: each frontend has some next to one another in a circle. */
static void make_frontends(struct world *world)
{
    const struct plan *plan = &world->plan;
    world->frontends = memory_allocate(plan->frontend_count, sizeof(*world->frontends));
    for (size_t i = 0; i < plan->frontend_count; i++) {
        struct frontend *frontend = &world->frontends[i];
        model_make_identity_key(frontend->keys.identity_key, i);
        frontend->steady_at = LONG_AGO;
        frontend->backend_count = plan->members < plan->backend_count ? plan->members : plan->backend_count;
        frontend->backends = memory_allocate(frontend->backend_count, sizeof(*frontend->backends));
        size_t first = (size_t)chance_draw(&world->chance, 0, (int64_t)plan->backend_count - 1);
        if (plan->has_twins)
            first = i * plan->members;
        for (size_t j = 0; j < frontend->backend_count; j++)
            frontend->backends[j] = (first + j) % plan->backend_count;
    }
}

void world_play(struct world *world, const struct plan *plan)
{
    memset(world, 0, sizeof(*world));
    world->plan = *plan;
    world->chance.state = plan->seed;
    int64_t run = 24 * plan->schedule.voting_interval * SECOND;
    world->now =
        FIRST_DAY * 24 * HOUR / run * run + plan->start_round * plan->schedule.voting_interval * SECOND;
    world->begin = world->now;
    consensuses_begin(world);
    backends_begin(world);
    make_frontends(world);
    operators_begin(world);
    webs_begin(world);
    obpubs_begin(world);
    if (plan->takes_turns)
        turns_begin(world);
    else
        checks_begin(world);
    visitors_begin(world);
    int64_t end = world->begin + plan->duration;
    while (!world->has_failed && timeline_next(&world->timeline) <= end) {
        struct happening happening = timeline_take(&world->timeline);
        world->now = happening.at;
        world->figures.events++;
        happening.function(world, &happening);
        free(happening.thing);
    }
    twin_rules_end(world);
    crowd_rules_end(world);
}

void world_clear(struct world *world)
{
    obpubs_clear(world);
    operators_clear(world);
    for (size_t i = 0; i < world->plan.frontend_count; i++)
        free(world->frontends[i].backends);
    free(world->frontends);
    visitors_clear(world);
    backends_clear(world);
    consensuses_clear(world);
    store_clear(world);
    timeline_clear(&world->timeline);
}
