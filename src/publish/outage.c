/* When the way to the network was away for a while and is back: nothing is waited for any longer. */
#include "publish/publisher.h"
#include "publish/publisher_parts.h"
#include "publish/sources.h"

/* So many failures one after the other, and so many milliseconds without a success, are an outage: of the way
 * to the HSDirs, and not of some HSDirs. */
#define OUTAGE_FAILURES 8
#define OUTAGE_TIME 60000

/* Has everything tried now that waits for its next try; but what failed before a moment does so for another
 * reason than an outage since then. */
static void try_all_again(struct publisher *publisher, int64_t since, int64_t now)
{
    for (size_t i = 0; i < publisher->frontend_count; i++) {
        if (publisher->frontends[i].is_used)
            publisher_retry_uploads(publisher, i, now);
    }
    for (size_t i = 0; i < publisher->source_count; i++) {
        struct source *source = &publisher->sources[i];
        if (source->is_used && !source_policy(source->kind)->asks_own_tor && source->inquiry.failures > 0 &&
            source->inquiry.failing_since > since)
            source_begin_anew(publisher, source, now);
    }
}

void outage_note_failure(struct publisher *publisher)
{
    publisher->hsdir_failures++;
}

void outage_note_success(struct publisher *publisher, int64_t now)
{
    int64_t since = publisher->hsdirs_worked_at;
    bool was_outage = publisher->hsdir_failures >= OUTAGE_FAILURES && now >= since + OUTAGE_TIME;
    publisher->hsdir_failures = 0;
    publisher->hsdirs_worked_at = now;
    if (was_outage)
        try_all_again(publisher, since, now);
}

void outage_note_upload(struct publisher *publisher, enum upload_failure failure, int64_t now)
{
    switch (failure) {
    case UPLOAD_FAILURE_NONE:
    case UPLOAD_FAILURE_REJECTED: /* the HSDir was reached */
        outage_note_success(publisher, now);
        break;
    case UPLOAD_FAILURE_BROKEN:
    case UPLOAD_FAILURE_NO_ANSWER:
        outage_note_failure(publisher);
        break;
    case UPLOAD_FAILURE_CIRCUIT:
    case UPLOAD_FAILURE_TOR: /* what does not leave this machine tells nothing of the network */
    case UPLOAD_FAILURE_NOT_BUILT:
    case UPLOAD_FAILURE_OTHER:
    case UPLOAD_FAILURES:
        break;
    }
}

void outage_note_ready(struct publisher *publisher, int64_t now)
{
    try_all_again(publisher, publisher->hsdirs_worked_at, now);
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
