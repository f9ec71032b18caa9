/* How a presigned bundle stands: good, running out, run out, or of no use on this network. */
#ifndef OBPUB_ONION_PRESIGNED_H
#define OBPUB_ONION_PRESIGNED_H

#include "onion/bundle.h"

enum presigned_state {
    PRESIGNED_GOOD,
    PRESIGNED_RUNS_OUT,      /* still good, but for less than PRESIGNED_WARNING_SECONDS */
    PRESIGNED_RAN_OUT,       /* nothing can be published with it any more */
    PRESIGNED_NOT_YET,       /* nothing can be published with it yet */
    PRESIGNED_OTHER_NETWORK, /* it is for a network with other time periods */
};

#define PRESIGNED_WARNING_SECONDS (7 * 24 * 60 * 60)

/* Room for any sentence about a bundle. */
#define PRESIGNED_TEXT_SIZE 384

/* Judges a bundle at wall_now (seconds since the epoch). schedule is the network's, or NULL while there is no
 * consensus. */
enum presigned_state presigned_judge(const struct bundle_plan *plan, const struct time_schedule *schedule,
                                     int64_t wall_now);

/* True when a bundle can be published with. */
bool presigned_is_usable(enum presigned_state state);

/* What a state is called in the status and in the metrics: "good", "runs out", ... */
const char *presigned_name_state(enum presigned_state state);

/* Says how a bundle stands and what is to be done, as a sentence without a full stop. schedule as before. */
void presigned_describe(char text[PRESIGNED_TEXT_SIZE], const struct bundle_plan *plan,
                        const struct time_schedule *schedule, int64_t wall_now);

#endif
