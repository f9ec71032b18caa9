/* What the state machine is told of the health of what is behind its sources. */
#include "publish/check_events.h"

#include "publish/checks.h"
#include "publish/fetches.h"
#include "publish/source_news.h"

void publisher_set_health(struct publisher *publisher, uint64_t number, const struct health_rules *rules,
                          bool is_anew, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL || (rules == NULL && source->health.state == HEALTH_UNCHECKED))
        return;
    int64_t first_at = rules != NULL ? checks_find_first(publisher, source, rules->interval, now) : now;
    if (rules == NULL || is_anew) {
        source_health_note_dropped(source);
        checks_end(publisher, source, now);
    }
    source_health_set_rules(source, rules, is_anew, first_at, now);
    agenda_set(&publisher->check_queue, source_row(number), MOMENT_NEVER); /* its moment may be another one */
    checks_update(publisher, source, now);
    source_tell_frontends(publisher, source, now);
}

/* True when something has got through to a service or an HSDir, after the check before or since. */
static bool way_works(const struct publisher *publisher, const struct source *source)
{
    int64_t worked_at = later(publisher->way_worked_at, publisher->hsdirs_worked_at);
    return worked_at != MOMENT_NONE && worked_at >= source->health.begun_at - source->health.rules.interval;
}

void publisher_note_check(struct publisher *publisher, uint64_t number, enum health_finding finding,
                          const char *reason, int64_t now)
{
    struct source *source = publisher_find_source(publisher, number);
    if (source == NULL || !source_is_checked(source))
        return;
    bool counts = finding == HEALTH_FINDING_BAD || finding == HEALTH_FINDING_NO_CONNECTION ||
                  (finding == HEALTH_FINDING_NO_ANSWER && way_works(publisher, source));
    if (finding == HEALTH_FINDING_WELL || finding == HEALTH_FINDING_BAD)
        publisher->way_worked_at = now;
    source_health_note_ended(source, finding, counts, reason, now);
    checks_end(publisher, source, now);
    if (finding == HEALTH_FINDING_NO_ANSWER && !counts && !source_policy(source->kind)->asks_own_tor)
        source_fetch_soon(publisher, source, 0, "a check got no answer", now); /* do HSDirs give one? */
    source_tell_frontends(publisher, source, now);
}
