/* Whether a source's introduction points are in: the machine of its life. */
#include "publish/source_life.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "publish/source_change.h"

const char *source_name_state(enum source_state state)
{
    static const char *const names[] = {
        [SOURCE_WAITING] = "waiting",
        [SOURCE_LIVE] = "live",
        [SOURCE_GRACE] = "grace",
        [SOURCE_OUT] = "out",
    };
    return names[state];
}

/* Frontends hear of every change of state: also one that still waits has to know that it need not wait any
 * more. */
static void change_state(struct source *source, enum source_state state, const char *why, int64_t now)
{
    struct source_life *life = &source->life;
    if (life->state == state)
        return;
    source_tell_change(source, "life", source_name_state(life->state), source_name_state(state), why);
    life->state = state;
    life->since = now;
    source_add_news(source, SOURCE_NEWS_CHANGE);
}

void source_life_begin(struct source *source, int64_t now)
{
    source->life = (struct source_life){
        .state = SOURCE_WAITING,
        .since = now,
        .reason = memory_copy_text("", 0),
        .out_at = MOMENT_NEVER,
        .patience_from = now,
    };
}

void source_life_release(struct source *source)
{
    free(source->life.reason);
    source->life.reason = NULL;
}

bool source_is_in(const struct source *source)
{
    return source->life.state == SOURCE_LIVE || source->life.state == SOURCE_GRACE;
}

bool source_is_lost(const struct source *source)
{
    return source->life.state == SOURCE_OUT && source->life.may_live;
}

void source_life_set_reason(struct source *source, const char *reason)
{
    if (strcmp(reason, source->life.reason) == 0)
        return;
    free(source->life.reason);
    source->life.reason = memory_copy_text(reason, strlen(reason));
}

void source_life_confirm(struct source *source, int64_t out_at, int64_t now)
{
    source->life.out_at = out_at;
    if (now >= out_at)
        return;
    source_life_set_reason(source, "");
    change_state(source, SOURCE_LIVE, "a good descriptor came", now);
}

void source_life_doubt(struct source *source, const char *why, int64_t out_at, int64_t now)
{
    bool is_held = source->life.state == SOURCE_GRACE && source->life.out_at == MOMENT_NEVER;
    if (source->life.state != SOURCE_LIVE && !is_held)
        return;
    source->life.out_at = out_at;
    change_state(source, SOURCE_GRACE, why, now);
}

void source_life_hold(struct source *source)
{
    if (source->life.state == SOURCE_GRACE)
        source->life.out_at = MOMENT_NEVER;
}

void source_life_prolong(struct source *source, int64_t out_at)
{
    if (source->life.state == SOURCE_LIVE && source->life.out_at < out_at)
        source->life.out_at = out_at;
}

void source_life_end(struct source *source, const char *reason, bool may_live, int64_t now)
{
    source_life_set_reason(source, reason);
    source->life.out_at = MOMENT_NEVER;
    source->life.may_live = may_live;
    change_state(source, SOURCE_OUT, source->life.reason, now);
}
