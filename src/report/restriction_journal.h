/* The log's lines on who may read descriptors: a frontend's, and those of its backends. */
#ifndef OBPUB_REPORT_RESTRICTION_JOURNAL_H
#define OBPUB_REPORT_RESTRICTION_JOURNAL_H

#include "base/log.h"
#include "report/view.h"

/* What was said last of a frontend; zeroed: nothing yet. */
struct restriction_journal_frontend {
    bool is_known;
    size_t count; /* of its authorised clients; 0: everybody may read its descriptors */
    uint8_t digest[SHA3_256_SIZE];
};

/* Says who may read a frontend's descriptors when that changes, and at first unless it is everybody. */
void restriction_journal_note_frontend(const struct log *log, struct restriction_journal_frontend *known,
                                       const struct publisher_frontend *frontend, const char *address);

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
