/* Notices a peer that sends more events than any tor does. */
#include "control/event_limit.h"

bool event_limit_take(struct event_limit *limit, unsigned max, int64_t now)
{
    if (limit->count == 0 || now < limit->began || now - limit->began >= EVENT_LIMIT_SECONDS) {
        limit->began = now;
        limit->count = 0;
    }
    limit->count++;
    return max == 0 || limit->count <= max;
}
