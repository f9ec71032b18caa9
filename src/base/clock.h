/* The two clocks: one for time-outs, one for what the network calls time. */
#ifndef OBPUB_BASE_CLOCK_H
#define OBPUB_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds, and microseconds, of a clock that only goes forward. */
int64_t clock_milliseconds(void);
int64_t clock_microseconds(void);

/* Seconds since the epoch. */
int64_t clock_wall_seconds(void);

#endif
