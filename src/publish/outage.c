/* When the way to the network was away for a while and is back: nothing is waited for any longer. */
#include "publish/publisher.h"
#include "publish/publisher_parts.h"

/* So many failures one after the other, and so many milliseconds without a success, are an outage: of the way
 * to the HSDirs, and not of some HSDirs. */
#define OUTAGE_FAILURES 8
#define OUTAGE_TIME 60000

/* Has everything that failed, and waits for its next try, tried now. */
static void try_all_again(struct publisher *publisher, int64_t now)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (publisher->frontends[i].is_used)
            publisher_retry_uploads(publisher, i, now);
    }
    for (size_t i = 0; i < publisher->backend_count; i++) {
        struct publisher_backend *backend = &publisher->backends[i];
        if (!backend->is_used || backend->has_control || backend->failures == 0)
            continue;
        backend->failures = 0;
        backend_fetch_soon(publisher, i, 0, now);
    }
}

void outage_note_failure(struct publisher *publisher)
{
    publisher->hsdir_failures++;
}

void outage_note_success(struct publisher *publisher, int64_t now)
{
    bool was_outage =
        publisher->hsdir_failures >= OUTAGE_FAILURES && now >= publisher->hsdirs_worked_at + OUTAGE_TIME;
    publisher->hsdir_failures = 0;
    publisher->hsdirs_worked_at = now;
    if (was_outage)
        try_all_again(publisher, now);
}

void outage_note_ready(struct publisher *publisher, int64_t now)
{
    if (publisher->hsdir_failures > 0)
        try_all_again(publisher, now);
}

bool outage_is_over(const struct publisher *publisher, int64_t since)
{
    return publisher->hsdirs_worked_at > since;
}

void publisher_note_pause(struct publisher *publisher, int64_t milliseconds, int64_t now)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        struct publisher_frontend *frontend = &publisher->frontends[i];
        for (size_t slot = 0; frontend->is_used && slot < DESCRIPTOR_SLOTS; slot++) {
            if (frontend->descriptors[slot].refresh_at != AGENDA_NEVER)
                frontend->descriptors[slot].refresh_at -= milliseconds;
        }
        if (frontend->is_used)
            publisher_touch_frontend(publisher, i, now);
    }
}
