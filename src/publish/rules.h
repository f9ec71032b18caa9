/* How long and how often the state machine tries things. */
#ifndef OBPUB_PUBLISH_RULES_H
#define OBPUB_PUBLISH_RULES_H

#include <stdint.h>

#include "publish/assignment.h"

/* How long and how often things are tried. All times are milliseconds. Those marked (scaled) are for the
 * public network; where a shared-random run is shorter than a day they shrink with it. */
struct publisher_rules {
    int64_t start_patience; /* at the start, frontends wait so long for a source that has not been heard of */
    int64_t grace;          /* a source whose connection is lost stays in for so long */
    int64_t gather;         /* changes within so long of each other make one upload */
    int64_t
        flap_interval;   /* a source that keeps changing causes one upload in so long, after its first two */
    int64_t refresh_min; /* a descriptor is uploaded again after a time drawn between these (scaled) */
    int64_t refresh_max;
    int64_t poll_min; /* a source is asked again, though it gave no hint, likewise (scaled) */
    int64_t poll_max;
    int64_t stale_after;     /* a source without a control port is out when its counter rests for so long */
    int64_t answer_timeout;  /* an HSDir has so long for its answer, */
    int64_t permit_timeout;  /* but holds a permit at its tor for no longer than this; and where the tor tells
                               when an upload has ended, another one gets its permit then, which has twice as
                               long, and so on */
    int64_t hsdir_patience;  /* where uploads wait for a permit: one to an HSDir that is new is as urgent as
                                one  of changed points that has waited for so long (scaled); */
    int64_t retry_patience;  /* likewise for one that failed (scaled); */
    int64_t period_patience; /* for one of points that come in with a new time period (scaled); */
    int64_t refresh_patience; /* and for one that is only a refresh (scaled) */
    int64_t
        new_period_spread; /* a descriptor that clients don't use yet is first sent within so long (scaled) */
    int64_t retry_delay;   /* before the second try of a fetch or upload; doubled for each further one, */
    int64_t retry_delay_max; /* up to this */
    unsigned attempts_max;   /* uploads of one descriptor to one HSDir before it is given up; 0: never */
    unsigned tor_permits;    /* uploads that one local tor is given at once */
    unsigned
        rush; /* while more frontends than this wait for a permit, the HSDirs of an action share a text */
    unsigned
        fetch_permits; /* sources that are asked at once, so that their answers do not come all at once */
    int64_t fetch_permit_timeout; /* but one holds a permit for no longer than this */
    assignment_maker assign;      /* makes point sets of what sources offer, and gives each HSDir one */
    uint8_t seed[CHOICE_SEED_SIZE];
};

/* What a daemon wants; the seed is to be drawn by the caller. */
extern const struct publisher_rules publisher_rules_default;

#endif
