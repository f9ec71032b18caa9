/* Whether what is behind a source answers visitors: the machine of its health. */
#include "publish/source_health.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/source_change.h"

const char *source_name_health(enum health_state state)
{
    static const char *const names[HEALTH_STATES] = {
        [HEALTH_UNCHECKED] = "unchecked",
        [HEALTH_UNKNOWN] = "unknown",
        [HEALTH_HEALTHY] = "healthy",
        [HEALTH_SICK] = "sick",
    };
    return names[state];
}

/* Frontends hear of every change: those that doubt the checks have to know of the first that goes well. */
static void change_state(struct source *source, enum health_state state, const char *why, int64_t now)
{
    struct source_health *health = &source->health;
    if (health->state == state)
        return;
    source_tell_change(source, "health", source_name_health(health->state), source_name_health(state), why);
    health->state = state;
    health->since = now;
    source_add_news(source, SOURCE_NEWS_CHANGE);
}

static void set_reason(struct source *source, const char *reason)
{
    if (strcmp(reason, source->health.reason) == 0)
        return;
    free(source->health.reason);
    source->health.reason = memory_copy_text(reason, strlen(reason));
}

void source_health_begin(struct source *source)
{
    source->health = (struct source_health){
        .since = MOMENT_NONE,
        .check_at = MOMENT_NEVER,
        .begun_at = MOMENT_NONE,
        .checked_at = MOMENT_NONE,
        .reason = memory_copy_text("", 0),
    };
}

void source_health_release(struct source *source)
{
    free(source->health.reason);
    source->health.reason = NULL;
}

bool source_is_sick(const struct source *source)
{
    return source->health.state == HEALTH_SICK;
}

bool source_is_well(const struct source *source)
{
    return source->health.state == HEALTH_HEALTHY || source->health.state == HEALTH_UNCHECKED;
}

bool source_is_checked(const struct source *source)
{
    return source->health.begun_at != MOMENT_NONE;
}

static void forget(struct source *source, enum health_state state, const char *why, int64_t now)
{
    source->health.well = source->health.failed = 0;
    source->health.checked_at = MOMENT_NONE;
    set_reason(source, "");
    change_state(source, state, why, now);
}

void source_health_set_rules(struct source *source, const struct health_rules *rules, bool is_anew,
                             int64_t first_at, int64_t now)
{
    struct source_health *health = &source->health;
    if (rules == NULL) {
        health->check_at = MOMENT_NEVER;
        forget(source, HEALTH_UNCHECKED, "it is no longer to be checked", now);
        return;
    }
    bool was_unchecked = health->state == HEALTH_UNCHECKED;
    if (was_unchecked || rules->interval != health->rules.interval)
        health->check_at = first_at;
    health->rules = *rules;
    if (was_unchecked || is_anew)
        forget(source, HEALTH_UNKNOWN, was_unchecked ? "it is to be checked" : "something else is asked",
               now);
}

void source_health_note_begun(struct source *source, int64_t now)
{
    source->health.begun_at = now;
}

void source_health_note_dropped(struct source *source)
{
    source->health.begun_at = MOMENT_NONE;
}

static void note_well(struct source *source, int64_t now)
{
    struct source_health *health = &source->health;
    health->failed = 0;
    health->well += health->well < health->rules.rise;
    if (health->state == HEALTH_UNKNOWN || health->well >= health->rules.rise)
        change_state(source, HEALTH_HEALTHY, "it answers", now);
}

static void note_failed(struct source *source, int64_t now)
{
    struct source_health *health = &source->health;
    health->well = 0;
    health->failed += health->failed < health->rules.fall;
    if (health->failed >= health->rules.fall)
        change_state(source, HEALTH_SICK, health->reason, now);
}

void source_health_note_ended(struct source *source, enum health_finding finding, bool counts,
                              const char *reason, int64_t now)
{
    bool is_well = finding == HEALTH_FINDING_WELL;
    source->health.finding = finding;
    source->health.has_counted = is_well || counts;
    source->health.begun_at = MOMENT_NONE;
    source->health.checked_at = now;
    set_reason(source, is_well ? "" : reason);
    if (is_well)
        note_well(source, now);
    else if (counts)
        note_failed(source, now);
}
