/* The clocks: one for time-outs, one for what the network calls time, and one to check that by. */
#include "base/clock.h"

#include <time.h>

int64_t clock_microseconds(void)
{
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (int64_t)moment.tv_sec * 1000000 + moment.tv_nsec / 1000;
}

int64_t clock_milliseconds(void)
{
    return clock_microseconds() / 1000;
}

int64_t clock_passed_seconds(void)
{
    struct timespec moment;
    clock_gettime(CLOCK_BOOTTIME, &moment);
    return (int64_t)moment.tv_sec;
}

int64_t clock_wall_seconds(void)
{
    return (int64_t)time(NULL);
}
