/* Whether the way to the network was away for a while, and is back. */
#include "publish/outage.h"

/* So many failures one after the other, and so many milliseconds without a success, are an outage: of the way
 * to the HSDirs, and not of some HSDirs. */
#define OUTAGE_FAILURES 8
#define OUTAGE_TIME 60000

void outage_note_failure(struct publisher *publisher)
{
    publisher->hsdir_failures++;
}

bool outage_note_success(struct publisher *publisher, int64_t now)
{
    bool was_outage =
        publisher->hsdir_failures >= OUTAGE_FAILURES && now >= publisher->hsdirs_worked_at + OUTAGE_TIME;
    publisher->hsdir_failures = 0;
    publisher->hsdirs_worked_at = now;
    return was_outage;
}

bool outage_note_upload(struct publisher *publisher, enum upload_failure failure, int64_t now)
{
    switch (failure) {
    case UPLOAD_FAILURE_NONE:
    case UPLOAD_FAILURE_REJECTED: /* the HSDir was reached */
    case UPLOAD_FAILURE_BROKEN:
        return outage_note_success(publisher, now);
    case UPLOAD_FAILURE_NO_ANSWER:
        outage_note_failure(publisher);
        return false;
    case UPLOAD_FAILURE_CIRCUIT:
    case UPLOAD_FAILURE_TOR: /* what does not leave this machine tells nothing of the network */
    case UPLOAD_FAILURE_NOT_BUILT:
    case UPLOAD_FAILURE_OTHER:
    case UPLOAD_FAILURES:
        break;
    }
    return false;
}

bool outage_is_over(const struct publisher *publisher, int64_t since)
{
    return publisher->hsdirs_worked_at > since;
}
