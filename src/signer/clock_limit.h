/* How far ahead this machine's clock may be of the time that has passed since the signer was first asked. */
#ifndef OBPUB_SIGNER_CLOCK_LIMIT_H
#define OBPUB_SIGNER_CLOCK_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Seconds by which the clock may have been set forward: a clock that was put right by the network, or that
 * was an hour of daylight saving time wrong. */
#define CLOCK_LIMIT_AHEAD 7200
/* The engine is that much more strict than the signer, who ends the conversation over it. */
#define CLOCK_LIMIT_MARGIN 60

/* Zero at first. */
struct clock_limit {
    bool is_set;
    int64_t difference; /* seconds of the wall clock ahead of the other one: the lowest that was seen */
};

/* Takes note of both clocks, in seconds, each time the signer is asked: the first time counts as right, and
 * so does every later one at which the wall clock is behind. */
void clock_limit_note(struct clock_limit *limit, int64_t wall_now, int64_t passed_now);

/* Whether the wall clock has been set forward by no more than ahead_max seconds (and before anything was
 * noted, whatever it says). passed_now is of a clock that only goes forward, also while the machine is
 * suspended. Returns 0, or -1 with what is wrong and what to do. */
int clock_limit_check(const struct clock_limit *limit, int64_t wall_now, int64_t passed_now,
                      int64_t ahead_max, struct error *error);

#endif
