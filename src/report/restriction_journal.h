/* The log's lines on backends for which the config has a client key, though nobody needs it. */
#ifndef OBPUB_REPORT_RESTRICTION_JOURNAL_H
#define OBPUB_REPORT_RESTRICTION_JOURNAL_H

#include "base/log.h"
#include "report/view.h"

/* What has been said of a backend; zeroed: nothing yet. */
struct restriction_journal_backend {
    bool is_open;
};

/* Says once that the descriptors of a backend, which is called name, are for everybody though the config has
 * a client key for it, and when they are not any more. */
void restriction_journal_note_backend(const struct log *log, struct restriction_journal_backend *known,
                                      const struct source *backend, const struct config_backend *config,
                                      const char *name);

#endif
