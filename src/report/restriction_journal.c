/* The log's lines on who may read descriptors: a frontend's, and those of its backends. */
#include "report/restriction_journal.h"

#include <string.h>

static void say_clients(const struct log *log, const struct restriction_journal_frontend *before,
                        size_t count, const char *address)
{
    const char *plural = count == 1 ? "" : "s";
    if (!before->is_known && count > 0)
        log_write(log, LOG_LEVEL_INFO,
                  "%s.onion is restricted: %zu authorised client%s can read its descriptors", address, count,
                  plural);
    else if (before->is_known && count == 0)
        log_write(
            log, LOG_LEVEL_WARNING,
            "%s.onion is OPEN from now on: everybody can read its descriptors, and before %zu authorised "
            "client%s could",
            address, before->count, before->count == 1 ? "" : "s");
    else if (before->is_known && before->count == 0)
        log_write(log, LOG_LEVEL_INFO,
                  "%s.onion is restricted from now on: %zu authorised client%s can read its descriptors, and "
                  "before everybody could; they go out anew",
                  address, count, plural);
    else if (before->is_known)
        log_write(log, LOG_LEVEL_INFO,
                  "%s.onion has other authorised clients: %zu now, %zu before; its descriptors go out anew",
                  address, count, before->count);
}

void restriction_journal_note_frontend(const struct log *log, struct restriction_journal_frontend *known,
                                       const struct publisher_frontend *frontend, const char *address)
{
    struct restriction_journal_frontend now = {.is_known = true};
    if (frontend->clients != NULL) {
        now.count = frontend->clients->count;
        memcpy(now.digest, frontend->clients->digest, sizeof(now.digest));
    }
    if (known->is_known && known->count == now.count &&
        memcmp(known->digest, now.digest, sizeof(now.digest)) == 0)
        return;
    say_clients(log, known, now.count, address);
    *known = now;
}

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
