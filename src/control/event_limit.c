/* Notices a peer that sends more events than any tor does. */
#include "control/event_limit.h"

bool event_limit_take(struct event_limit *limit, unsigned max, int64_t seconds)
{
    if (limit->count == 0 || seconds < limit->began || seconds - limit->began >= EVENT_LIMIT_SECONDS) {
        limit->began = seconds;
        limit->count = 0;
    }
    limit->count++;
    return max == 0 || limit->count <= max;
}
