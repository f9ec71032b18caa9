/* The log's lines on backends for which the config has a client key, though nobody needs it. */
#include "report/restriction_journal.h"

void restriction_journal_note_backend(const struct log *log, struct restriction_journal_backend *known,
                                      const struct source *backend, const struct config_backend *config,
                                      const char *name)
{
    if (config->client_secret == NULL || backend->descriptor == NULL ||
        known->is_open == !backend->descriptor->is_restricted)
        return;
    known->is_open = !backend->descriptor->is_restricted;
    if (known->is_open)
        log_write(
            log, LOG_LEVEL_WARNING,
            "backend %s is not restricted, though there is a client key for it: everybody who knows its "
            "address can read its descriptors, and visit it there. Its tor has to have the public half "
            "in authorized_clients, and to read that (obpub --check says how)",
            name);
    else
        log_write(log, LOG_LEVEL_INFO, "backend %s is restricted now", name);
}
