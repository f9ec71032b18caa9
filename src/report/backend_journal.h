/* The log's lines on backends: in, in doubt or out, restless, and what is wrong with their introduction
 * points. */
#ifndef OBPUB_REPORT_BACKEND_JOURNAL_H
#define OBPUB_REPORT_BACKEND_JOURNAL_H

#include "base/log.h"
#include "report/view.h"

/* Milliseconds for which it is not said that a backend is in doubt. */
#define JOURNAL_PATIENCE 1000

/* What has been said of a backend; zeroed: nothing yet. Release with backend_journal_clear(). */
struct backend_journal {
    enum source_state state;
    struct log_state log;
    char *doubt; /* why it has been in doubt for a moment, which is not said yet; or NULL */
    bool is_restless;
    bool has_said[POINT_FAULTS]; /* that such points are left out */
};

/* Has nothing said, as at first. */
void backend_journal_clear(struct backend_journal *known);

/* Says what is new of a backend, which is called name; is_twin: it has the frontend's own key. Returns true
 * when something is left to be said a moment later, if it is still so then (JOURNAL_PATIENCE). */
bool backend_journal_note(const struct log *log, struct backend_journal *known,
                          const struct report_view *view, const struct source *backend, const char *name,
                          bool is_twin);

#endif
