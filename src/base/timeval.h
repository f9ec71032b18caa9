/* Times turned into what libevent's timers take. */
#ifndef OBPUB_BASE_TIMEVAL_H
#define OBPUB_BASE_TIMEVAL_H

#include <stdint.h>
#include <sys/time.h>

#define SECONDS_MAX 1e7 /* four months: longer is as good as for ever */

/* Seconds, whole and part, as the limits have them; below 0 is 0. */
static inline struct timeval timeval_from_seconds(double seconds)
{
    if (!(seconds > 0))
        seconds = 0;
    if (seconds > SECONDS_MAX)
        seconds = SECONDS_MAX;
    struct timeval interval;
    interval.tv_sec = (time_t)seconds;
    interval.tv_usec = (suseconds_t)((seconds - (double)interval.tv_sec) * 1e6);
    return interval;
}

/* Milliseconds, not below 0. */
static inline struct timeval timeval_from_milliseconds(int64_t milliseconds)
{
    struct timeval interval;
    interval.tv_sec = (time_t)(milliseconds / 1000);
    interval.tv_usec = (suseconds_t)(milliseconds % 1000 * 1000);
    return interval;
}

#endif
