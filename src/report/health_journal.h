/* The log's lines on health checks: which backends fail them, and where that changes nothing. */
#ifndef OBPUB_REPORT_HEALTH_JOURNAL_H
#define OBPUB_REPORT_HEALTH_JOURNAL_H

#include "base/log.h"
#include "report/view.h"

/* What has been said of a backend; zeroed: nothing yet. */
struct health_journal_backend {
    enum health_state state;
};

/* Says what is new of the health of a backend, which is called name. */
void health_journal_note_backend(const struct log *log, struct health_journal_backend *known,
                                 const struct source *backend, const char *name);

/* Says when a frontend's backends all fail their checks, and when that is over. */
void health_journal_note_frontend(const struct log *log, struct log_state *known,
                                  const struct publisher_frontend *frontend, const char *address);

/* Says when checks say nothing, since they can't be made or reach nobody at all, and when they do again. */
void health_journal_note_way(const struct log *log, struct log_state *known,
                             const struct publisher *publisher);

#endif
