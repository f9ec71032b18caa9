/* Time periods and shared-random runs, worked out from the voting interval the way tor does. */
#include "onion/time_period.h"

#include <inttypes.h>
#include <stddef.h>

#define SECONDS_PER_MINUTE 60

/* What tor accepts of a consensus or lets an authority be configured with. */
#define VOTING_INTERVAL_MIN 300        /* seconds */
#define VOTING_INTERVAL_MIN_TESTING 10 /* seconds, with TestingTorNetwork 1 */
#define VOTING_INTERVAL_MAX 86400      /* seconds */
#define HSDIR_INTERVAL_MIN 5           /* minutes */
#define HSDIR_INTERVAL_MAX 14400       /* minutes */
#define HSDIR_INTERVAL_DEFAULT 1440    /* minutes */

/* Seconds from the start of a shared-random run to the start of a time period. */
static int64_t period_offset(const struct time_schedule *schedule)
{
    return (int64_t)SHARED_RANDOM_PHASE_ROUNDS * schedule->voting_interval;
}

int time_schedule_set(struct time_schedule *schedule, int64_t voting_interval, int64_t hsdir_interval,
                      bool is_testing_network, struct error *error)
{
    int64_t interval_min = is_testing_network ? VOTING_INTERVAL_MIN_TESTING : VOTING_INTERVAL_MIN;
    if (voting_interval < interval_min || voting_interval > VOTING_INTERVAL_MAX)
        return error_set(error,
                         "the consensus is fresh for %" PRId64 " seconds, which is not between %" PRId64
                         " and %d%s",
                         voting_interval, interval_min, VOTING_INTERVAL_MAX,
                         is_testing_network ? "" : " (the local tor says it is not on a testing network)");
    if (hsdir_interval == 0)
        hsdir_interval = HSDIR_INTERVAL_DEFAULT;
    if (hsdir_interval < HSDIR_INTERVAL_MIN || hsdir_interval > HSDIR_INTERVAL_MAX)
        return error_set(error, "the hsdir_interval of %" PRId64 " minutes is not between %d and %d",
                         hsdir_interval, HSDIR_INTERVAL_MIN, HSDIR_INTERVAL_MAX);
    schedule->voting_interval = (uint32_t)voting_interval;
    schedule->period_length = (uint32_t)hsdir_interval;
    if (is_testing_network)
        schedule->period_length = (uint32_t)(shared_random_run_length(schedule) / SECONDS_PER_MINUTE);
    return 0;
}

bool time_schedule_is_possible(const struct time_schedule *schedule)
{
    struct time_schedule real, testing;
    if (schedule->period_length > 0 &&
        time_schedule_set(&real, schedule->voting_interval, schedule->period_length, false, NULL) == 0)
        return true;
    return time_schedule_set(&testing, schedule->voting_interval, 0, true, NULL) == 0 &&
           testing.period_length == schedule->period_length;
}

uint64_t time_period_number(const struct time_schedule *schedule, int64_t moment)
{
    /* tor cuts both figures to whole minutes before it subtracts them. */
    int64_t minutes = moment / SECONDS_PER_MINUTE - period_offset(schedule) / SECONDS_PER_MINUTE;
    return minutes > 0 ? (uint64_t)minutes / schedule->period_length : 0;
}

int64_t time_period_start(const struct time_schedule *schedule, uint64_t period_number)
{
    return (int64_t)(period_number * schedule->period_length * SECONDS_PER_MINUTE) + period_offset(schedule);
}

int64_t shared_random_run_length(const struct time_schedule *schedule)
{
    return (int64_t)SHARED_RANDOM_RUN_ROUNDS * schedule->voting_interval;
}

bool time_period_find_run_start(const struct time_schedule *schedule, uint64_t period_number,
                                int64_t *run_start)
{
    if ((int64_t)schedule->period_length * SECONDS_PER_MINUTE != shared_random_run_length(schedule))
        return false;
    *run_start = time_period_start(schedule, period_number) - period_offset(schedule);
    return true;
}

int64_t shared_random_run_start(const struct time_schedule *schedule, int64_t valid_after)
{
    /* A consensus need not be valid from a whole multiple of the interval on; tor then lets the run start
     * off by as much. */
    int64_t round = valid_after / schedule->voting_interval % SHARED_RANDOM_RUN_ROUNDS;
    return valid_after - round * schedule->voting_interval;
}

bool time_is_between_period_and_shared_random(const struct time_schedule *schedule, int64_t valid_after)
{
    int64_t run_start = shared_random_run_start(schedule, valid_after);
    uint64_t next_period = time_period_number(schedule, run_start) + 1;
    return valid_after >= time_period_start(schedule, next_period);
}

uint64_t time_period_of_first_descriptor(const struct time_schedule *schedule, int64_t valid_after)
{
    /* In the second half of a time period's run the newer shared random value already belongs to the period
     * that has begun, the older one to the period before. */
    uint64_t number = time_period_number(schedule, valid_after);
    bool is_after_rotation = time_is_between_period_and_shared_random(schedule, valid_after);
    return is_after_rotation && number > 0 ? number - 1 : number;
}
