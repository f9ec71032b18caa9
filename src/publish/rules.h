/* How long and how often the state machine tries things. */
#ifndef OBPUB_PUBLISH_RULES_H
#define OBPUB_PUBLISH_RULES_H

#include <stdint.h>

#include "publish/allowance.h"
#include "publish/offer.h"

/* How long and how often things are tried. All times are milliseconds. Those marked (scaled) are for the
 * public network; where a shared-random run is shorter than a day they shrink with it. */
struct publisher_rules {
    int64_t start_patience; /* at the start, frontends wait so long for a source that has not been heard of */
    int64_t grace;          /* a source whose connection is lost stays in for so long */
    int64_t gather;         /* changes within so long of each other make one round */
    /* A descriptor's round for changed points begins after a time of its own, drawn from 0 to one of these,
     * so that frontends that share sources don't show it by uploading together (scaled). */
    int64_t death_spread;             /* where points have died */
    int64_t gain_spread;              /* where points only came, or an HSDir did */
    struct allowance_times allowance; /* how often changes may go out (scaled) */
    int64_t turn;                     /* twins that take turns have their HSDirs for so long (scaled) */
    int64_t search; /* between two searches for what a twin's tor has made for the second half (scaled) */
    int64_t refresh_min; /* a descriptor is uploaded again after a time drawn between these (scaled) */
    int64_t refresh_max;
    int64_t refusal_min; /* after a refusal of an HSDir there is another round, after a time drawn between */
    int64_t refusal_max; /* these, and twice that after the next one, and so on (scaled) */
    int64_t poll_min;    /* a source is asked again, though it gave no hint, likewise (scaled) */
    int64_t poll_max;
    int64_t stale_after;    /* a source without a control port is out when its counter rests for so long */
    int64_t answer_timeout; /* how long an HSDir's answer is waited for */
    /* How long an upload holds its tor's permit at most. Where the tor tells when an upload has ended, the
     * upload is given up then, and the next try has twice as long. */
    int64_t permit_timeout;
    /* Where uploads wait for permits: for how long an upload of each cause has to have waited to be as urgent
     * as one of changed points that is due just now (scaled). */
    int64_t hsdir_patience;   /* to an HSDir that is new */
    int64_t retry_patience;   /* after a failure */
    int64_t period_patience;  /* of points that come with another time period */
    int64_t refresh_patience; /* for a refresh */
    int64_t
        new_period_spread; /* a descriptor that clients don't use yet is first sent within so long (scaled) */
    int64_t retry_delay;   /* before the second try of a fetch or upload; doubled for each further try, */
    int64_t retry_delay_max; /* up to this */
    unsigned attempts_max;   /* uploads of one descriptor to one HSDir before it is given up; 0: never */
    unsigned tor_permits;    /* uploads that one local tor is given at once */
    unsigned
        rush; /* while more frontends than this wait for a permit, the HSDirs of an action share a text */
    unsigned
        fetch_permits; /* sources that are asked at once, so that their answers do not come all at once */
    int64_t fetch_permit_timeout; /* a fetch holds its permit for no longer than this */
    int64_t look_min; /* a frontend is looked at again after a time drawn between these (scaled) */
    int64_t look_max;
    int64_t look_confirm;   /* what is strange is looked at again after so long (scaled) */
    int64_t look_again;     /* uploads that another publisher's newer descriptor holds up: between two looks
                               whether    it is there still (scaled) */
    int64_t mend_interval;  /* between two uploads because of what looks say (scaled) */
    unsigned look_permits;  /* frontends that are looked at at once; 0: nobody looks */
    unsigned check_permits; /* sources whose health is checked at once; 0: nobody's is */
    int64_t check_gap;      /* between the beginnings of two checks, at least */
    bool has_other_publishers; /* others publish the same frontends on purpose */
    uint8_t seed[CHOICE_SEED_SIZE];
};

/* What a daemon wants; the seed is to be drawn by the caller. */
extern const struct publisher_rules publisher_rules_default;

#endif
