/* The log's lines on health checks: which backends fail them, and where that changes nothing. */
#include "report/health_journal.h"

void health_journal_note_backend(const struct log *log, struct health_journal_backend *known,
                                 const struct source *backend, const char *name)
{
    enum health_state before = known->state;
    known->state = backend->health.state;
    if (known->state == before)
        return;
    if (known->state == HEALTH_SICK)
        log_write(log, LOG_LEVEL_WARNING,
                  "backend %s is sick: its health check has failed %u time%s in a row, the last time as %s",
                  name, backend->health.rules.fall, backend->health.rules.fall == 1 ? "" : "s",
                  backend->health.reason);
    else if (known->state == HEALTH_HEALTHY && before == HEALTH_SICK)
        log_write(log, LOG_LEVEL_INFO, "backend %s is healthy again", name);
    else if (known->state == HEALTH_HEALTHY)
        log_write(log, LOG_LEVEL_INFO, "backend %s is healthy, as its health check says", name);
    else if (before == HEALTH_SICK)
        log_write(log, LOG_LEVEL_INFO,
                  "backend %s is no longer known to be sick: it is checked otherwise now", name);
}

void health_journal_note_frontend(const struct log *log, struct log_state *known,
                                  const struct publisher_frontend *frontend, const char *address)
{
    if (frontend->doubts_checks)
        log_write_trouble(
            log, known, LOG_LEVEL_ERROR,
            "%s.onion: ALL BACKENDS THAT ARE LIVE FAIL THEIR HEALTH CHECKS; nothing is changed, "
            "since it may be the checks that are wrong: look at both",
            address);
    else if (known->is_trouble)
        log_write_well(log, known, LOG_LEVEL_INFO,
                       "%s.onion: not all backends fail their health checks any more", address);
}

/* The backend that was checked last. */
static const struct source *find_last(const struct publisher *publisher)
{
    const struct source *last = NULL;
    for (size_t i = 0; i < publisher->source_count; i++) {
        const struct source *backend = &publisher->sources[i];
        if (backend->is_used && backend->health.checked_at != MOMENT_NONE &&
            (last == NULL || backend->health.checked_at >= last->health.checked_at))
            last = backend;
    }
    return last;
}

void health_journal_note_way(const struct log *log, struct log_state *known,
                             const struct publisher *publisher)
{
    const struct source *last = find_last(publisher);
    if (last == NULL)
        return;
    if (!last->health.has_counted)
        log_write_trouble(log, known, LOG_LEVEL_WARNING,
                          "the health of backends can't be checked, and what is known of it stays: %s",
                          last->health.reason);
    else if (known->is_trouble)
        log_write_well(log, known, LOG_LEVEL_INFO, "the health of backends can be checked again");
}
