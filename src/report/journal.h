/* What an operator wants to know, said in the log once when it happens: backends coming and going, frontends
 * published or not, the local tor. */
#ifndef OBPUB_REPORT_JOURNAL_H
#define OBPUB_REPORT_JOURNAL_H

#include "base/log.h"
#include "report/backend_journal.h"
#include "report/view.h"

struct journal;

/* log has to outlive the journal. */
struct journal *journal_new(const struct log *log);
void journal_free(struct journal *journal);

/* Compares the state of things with what was said last, and says what is different. Call it after every
 * change. */
void journal_update(struct journal *journal, const struct report_view *view);

/* True when the last update has left something to be said a moment later, if it is still so then: there
 * should be another one JOURNAL_PATIENCE milliseconds after it. */
bool journal_is_waiting(const struct journal *journal);

/* Says how everything is, whether it is new or not. */
void journal_dump(const struct log *log, const struct report_view *view);

#endif
