/* Notices a peer that sends more events than any tor does. */
#ifndef OBPUB_CONTROL_EVENT_LIMIT_H
#define OBPUB_CONTROL_EVENT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Seconds in which events are counted together. */
#define EVENT_LIMIT_SECONDS 10

/* Begins as all zeros. */
struct event_limit {
    int64_t began; /* seconds, of whatever clock the caller has */
    unsigned count;
};

/* Counts one event at a moment (seconds of the clock that only goes forward). Returns false when there have
 * been more than max of them within EVENT_LIMIT_SECONDS; max 0 is for no limit. */
bool event_limit_take(struct event_limit *limit, unsigned max, int64_t seconds);

#endif
