/* Time periods and shared-random runs: which blinded key is in use when (rend-spec-v3 [TIME-PERIODS],
 * srv-spec). */
#ifndef OBPUB_ONION_TIME_PERIOD_H
#define OBPUB_ONION_TIME_PERIOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* A shared-random run is this many voting intervals, its commit phase half of them. */
#define SHARED_RANDOM_RUN_ROUNDS 24
#define SHARED_RANDOM_PHASE_ROUNDS 12

/* The two figures that every time of the protocol is worked out from. */
struct time_schedule {
    uint32_t voting_interval; /* seconds; fresh-until minus valid-after of the consensus */
    uint32_t period_length;   /* minutes; hsdir_interval, or a shared-random run on a testing network */
};

/* Sets a schedule from a consensus' voting interval (seconds) and hsdir_interval (minutes; 0 if absent), and
 * whether the tor that gave it says TestingTorNetwork 1. Returns -1 when the figures are out of the bounds
 * tor accepts. */
int time_schedule_set(struct time_schedule *schedule, int64_t voting_interval, int64_t hsdir_interval,
                      bool is_testing_network, struct error *error);

/* True when some network can have these figures: a real one, or a testing one, where a time period is as long
 * as a shared-random run. */
bool time_schedule_is_possible(const struct time_schedule *schedule);

/* The number of the time period that moment (seconds since the epoch) lies in. */
uint64_t time_period_number(const struct time_schedule *schedule, int64_t moment);

/* When a time period begins, in seconds since the epoch. */
int64_t time_period_start(const struct time_schedule *schedule, uint64_t period_number);

/* Seconds that a shared-random run takes. */
int64_t shared_random_run_length(const struct time_schedule *schedule);

/* When the shared-random run began that the revision counters of a time period's descriptors count from.
 * Returns false where that does not follow from the period's number: where periods are not as long as runs.
 */
bool time_period_find_run_start(const struct time_schedule *schedule, uint64_t period_number,
                                int64_t *run_start);

/* When the shared-random run that valid_after lies in began, in seconds since the epoch. */
int64_t shared_random_run_start(const struct time_schedule *schedule, int64_t valid_after);

/* True when a consensus valid after valid_after is between the start of a time period and the next shared
 * random value (12:00 to 24:00 UTC on the public network); false between a new shared random value and the
 * next time period. In the first half clients use a service's first descriptor, in the second half its
 * second. */
bool time_is_between_period_and_shared_random(const struct time_schedule *schedule, int64_t valid_after);

/* The number of the time period that a service's first descriptor is for, by a consensus valid after
 * valid_after. The second one is for the period after it. */
uint64_t time_period_of_first_descriptor(const struct time_schedule *schedule, int64_t valid_after);

#endif
