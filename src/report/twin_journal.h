/* The log's lines on frontends whose tors have their key: what proof of work does there, and the tors' own
 * uploads. */
#ifndef OBPUB_REPORT_TWIN_JOURNAL_H
#define OBPUB_REPORT_TWIN_JOURNAL_H

#include "base/log.h"
#include "report/view.h"

/* What has been said of a frontend; zeroed: nothing yet. */
struct twin_journal {
    bool is_split, takes_turns;
    struct log_state work; /* which twins lack proof of work */
};

/* What has been said of a twin; zeroed: nothing yet. */
struct twin_journal_twin {
    bool is_known;           /* it was looked at before, so that what is counted now is new */
    uint64_t seeds_replaced; /* all that were heard of */
    uint64_t through;        /* own uploads that have been spoken of, or count for nothing */
    int64_t through_said_at;
    struct log_state uploading, expiry, readers;
};

/* Says what is new of a frontend with mode hardmap. */
void twin_journal_note_frontend(const struct log *log, struct twin_journal *known,
                                const struct report_view *view, const struct report_frontend *report);

/* Says what is new of the twin at a position among its members. */
void twin_journal_note_twin(const struct log *log, struct twin_journal_twin *known,
                            const struct report_view *view, const struct report_frontend *report,
                            size_t position);

#endif
