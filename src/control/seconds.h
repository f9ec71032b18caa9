/* Seconds as the limits have them, turned into what libevent's timers take. */
#ifndef OBPUB_CONTROL_SECONDS_H
#define OBPUB_CONTROL_SECONDS_H

#include <sys/time.h>

#define SECONDS_MAX 1e7 /* four months: longer is as good as for ever */

/* Seconds, whole and part, as a timeval; below 0 is 0. */
static inline struct timeval seconds_to_timeval(double seconds)
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

#endif
