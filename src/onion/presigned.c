/* How a presigned bundle stands: good, running out, run out, or of no use on this network. */
#include "onion/presigned.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"

#define REMEDY "make a new one where the key is (obpub presign), put it in the place of this one, and reload"

enum presigned_state presigned_judge(const struct bundle_plan *plan, const struct time_schedule *schedule,
                                     int64_t wall_now)
{
    if (schedule != NULL && (schedule->voting_interval != plan->schedule.voting_interval ||
                             schedule->period_length != plan->schedule.period_length))
        return PRESIGNED_OTHER_NETWORK;
    if (wall_now >= bundle_plan_end(plan))
        return PRESIGNED_RAN_OUT;
    if (wall_now < bundle_plan_begin(plan))
        return PRESIGNED_NOT_YET;
    return bundle_plan_end(plan) - wall_now < PRESIGNED_WARNING_SECONDS ? PRESIGNED_RUNS_OUT : PRESIGNED_GOOD;
}

bool presigned_is_usable(enum presigned_state state)
{
    return state == PRESIGNED_GOOD || state == PRESIGNED_RUNS_OUT;
}

const char *presigned_name_state(enum presigned_state state)
{
    static const char *const names[] = {
        [PRESIGNED_GOOD] = "good",
        [PRESIGNED_RUNS_OUT] = "runs out",
        [PRESIGNED_RAN_OUT] = "ran out",
        [PRESIGNED_NOT_YET] = "not yet good",
        [PRESIGNED_OTHER_NETWORK] = "for another network",
    };
    return names[state];
}

void presigned_describe(char text[PRESIGNED_TEXT_SIZE], const struct bundle_plan *plan,
                        const struct time_schedule *schedule, int64_t wall_now)
{
    char begin[CALENDAR_TEXT_SIZE], end[CALENDAR_TEXT_SIZE];
    calendar_format_minute(begin, bundle_plan_begin(plan));
    calendar_format_minute(end, bundle_plan_end(plan));
    switch (presigned_judge(plan, schedule, wall_now)) {
    case PRESIGNED_GOOD:
        snprintf(text, PRESIGNED_TEXT_SIZE, "its bundle is good until %s UTC", end);
        break;
    case PRESIGNED_RUNS_OUT:
        snprintf(text, PRESIGNED_TEXT_SIZE, "its bundle runs out at %s UTC: %s", end, REMEDY);
        break;
    case PRESIGNED_RAN_OUT:
        snprintf(text, PRESIGNED_TEXT_SIZE,
                 "its bundle ran out at %s UTC, and what was published with it has expired, too: %s", end,
                 REMEDY);
        break;
    case PRESIGNED_NOT_YET:
        snprintf(text, PRESIGNED_TEXT_SIZE,
                 "its bundle is good only from %s UTC on: check the clocks of this machine and of the one "
                 "where it "
                 "was made",
                 begin);
        break;
    case PRESIGNED_OTHER_NETWORK:
        snprintf(text, PRESIGNED_TEXT_SIZE,
                 "its bundle is for a network with time periods of %u minutes and a consensus every %u "
                 "seconds, and this one's are %u and %u: make it anew with --period-minutes %u "
                 "--voting-interval %u",
                 plan->schedule.period_length, plan->schedule.voting_interval, schedule->period_length,
                 schedule->voting_interval, schedule->period_length, schedule->voting_interval);
        break;
    }
}
