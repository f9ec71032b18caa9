/* The log's lines on backends: in, in doubt or out, restless, and what is wrong with their introduction
 * points. */
#include "report/backend_journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static void say_doubt(const struct log *log, struct backend_journal *known, const char *name,
                      const char *reason)
{
    log_write_trouble(log, &known->log, LOG_LEVEL_WARNING,
                      "backend %s does not answer as it should and stays in for a while: %s", name, reason);
}

static void say_backend(const struct log *log, struct backend_journal *known, const struct source *backend,
                        const char *name, bool is_twin)
{
    switch (backend->life.state) {
    case SOURCE_WAITING:
        break;
    case SOURCE_LIVE:
        log_write_well(log, &known->log, LOG_LEVEL_INFO, "backend %s is in, with %zu introduction point%s",
                       name, backend->descriptor->point_count,
                       backend->descriptor->point_count == 1 ? "" : "s");
        if (backend->descriptor->pow_params.is_present && !is_twin && known->state != SOURCE_LIVE)
            log_write(log, LOG_LEVEL_INFO,
                      "backend %s has proof of work on, and serves visitors of the frontend as effort 0: "
                      "only those of its own address can solve it. With \"mode: hardmap\" they can",
                      name);
        break;
    case SOURCE_GRACE:
        say_doubt(log, known, name, backend->life.reason);
        break;
    case SOURCE_OUT:
        log_write_trouble(log, &known->log, LOG_LEVEL_WARNING, "backend %s is out: %s", name,
                          backend->life.reason);
        break;
    }
}

/* Says when a backend begins to change without end, and when that is over. */
static void note_restless(const struct log *log, struct backend_journal *known,
                          const struct report_view *view, const struct source *backend, const char *name)
{
    bool is_restless = source_is_restless(view->publisher, backend, view->now);
    if (known->is_restless == is_restless)
        return;
    known->is_restless = is_restless;
    if (is_restless)
        log_write(
            log, LOG_LEVEL_WARNING,
            "backend %s keeps changing its introduction points: it is attacked, keeps being started anew, or "
            "is hostile. From now on its changes go out once in two minutes, and only in the descriptor that "
            "clients use",
            name);
    else
        log_write(log, LOG_LEVEL_INFO, "backend %s has been quiet: its changes go out at once again", name);
}

/* Says once of each kind of points that they are left out: who makes such may do so every few seconds. */
static void note_points(const struct log *log, struct backend_journal *known, const struct source *backend,
                        const char *name)
{
    for (enum point_fault fault = POINT_FAULT_NONE; fault < POINT_FAULTS; fault++) {
        if (backend->points.left_out[fault] == 0 || known->has_said[fault])
            continue;
        known->has_said[fault] = true;
        log_write(log, LOG_LEVEL_WARNING,
                  "backend %s offers introduction points that %s, and are left out: %s", name,
                  point_fault_is_lie(fault) ? "no tor makes" : "can't be used", point_fault_describe(fault));
    }
}

/* Keeps back that a backend is in doubt, and why: a tor that was ended is out a moment later, which then is
 * all that there is to say. Returns false once it has been for longer. */
static bool hold_doubt(struct backend_journal *known, const struct source *backend, int64_t now)
{
    if (backend->life.state != SOURCE_GRACE || known->state == SOURCE_GRACE ||
        now - backend->life.since >= JOURNAL_PATIENCE)
        return false;
    free(known->doubt);
    known->doubt = memory_copy_text(backend->life.reason, strlen(backend->life.reason));
    return true;
}

/* Says what was kept back, unless it has come to something else: of one that lives still, that it was in
 * doubt for a moment. */
static void end_doubt(const struct log *log, struct backend_journal *known, const struct source *backend,
                      const char *name)
{
    if (known->doubt != NULL && backend->life.state == SOURCE_LIVE) {
        say_doubt(log, known, name, known->doubt);
        known->state = SOURCE_GRACE;
    }
    free(known->doubt);
    known->doubt = NULL;
}

/* Says that its state is another one. Returns true when that is kept back. */
static bool note_life(const struct log *log, struct backend_journal *known, const struct source *backend,
                      const char *name, bool is_twin, int64_t now)
{
    if (hold_doubt(known, backend, now))
        return true;
    end_doubt(log, known, backend, name);
    if (known->state != backend->life.state)
        say_backend(log, known, backend, name, is_twin);
    known->state = backend->life.state;
    return false;
}

void backend_journal_clear(struct backend_journal *known)
{
    free(known->doubt);
    memset(known, 0, sizeof(*known));
}

bool backend_journal_note(const struct log *log, struct backend_journal *known,
                          const struct report_view *view, const struct source *backend, const char *name,
                          bool is_twin)
{
    note_points(log, known, backend, name);
    bool is_waiting = note_life(log, known, backend, name, is_twin, view->now);
    note_restless(log, known, view, backend, name);
    return is_waiting;
}
