/* The clocks: one for time-outs, one for what the network calls time, and one to check that by. */
#ifndef OBPUB_BASE_CLOCK_H
#define OBPUB_BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds, and microseconds, of a clock that only goes forward. */
int64_t clock_milliseconds(void);
int64_t clock_microseconds(void);

/* Seconds of a clock that only goes forward, also while the machine is suspended. */
int64_t clock_passed_seconds(void);

/* Seconds since the epoch. */
int64_t clock_wall_seconds(void);

#endif
