/* How far ahead this machine's clock may be of the time that has passed since the signer was first asked. */
#include "signer/clock_limit.h"

#include <inttypes.h>

#define HOUR 3600 /* seconds */

void clock_limit_note(struct clock_limit *limit, int64_t wall_now, int64_t passed_now)
{
    int64_t difference = wall_now - passed_now;
    if (!limit->is_set || difference < limit->difference)
        limit->difference = difference;
    limit->is_set = true;
}

int clock_limit_check(const struct clock_limit *limit, int64_t wall_now, int64_t passed_now,
                      int64_t ahead_max, struct error *error)
{
    int64_t ahead = limit->is_set ? wall_now - passed_now - limit->difference : 0;
    if (ahead <= ahead_max)
        return 0;
    return error_set(error,
                     "this machine's clock was set forward by %" PRId64
                     " hours while obpub was running, so nothing is signed: start obpub anew if the clock is "
                     "right now",
                     ahead / HOUR);
}
