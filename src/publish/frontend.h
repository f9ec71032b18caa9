/* A frontend: its sources, what is to be published of it, and the uploads of its two descriptors. */
#ifndef OBPUB_PUBLISH_FRONTEND_H
#define OBPUB_PUBLISH_FRONTEND_H

#include "publish/allowance.h"
#include "publish/upload.h"

/* Whether the HSDirs of a descriptor have the same points. */
enum descriptors_policy {
    DESCRIPTORS_AUTO,    /* as long as each source that is in has two places in one set, or all it can have */
    DESCRIPTORS_SAME,    /* always */
    DESCRIPTORS_DISTINCT /* never: each HSDir that clients ask has points of its own */
};

/* The weight of a member that nothing else is said of. */
#define PUBLISHER_WEIGHT_DEFAULT 10

/* A source in its part for one frontend. */
struct publisher_member {
    uint64_t source;       /* its number */
    bool is_in;            /* its points are in the superdescriptor */
    bool was_in;           /* likewise, before that was last worked out */
    bool has_changed;      /* since the frontend's changes last went out */
    bool is_quiet;         /* likewise, and had changes of its own left */
    struct bucket changes; /* those */
    unsigned weight;       /* for its share of the visitors; 0: none are to come to it */
    int64_t drained_at;    /* when an operator has said that none are to come; MOMENT_NONE: that was not */
    /* Where HSDirs have points of their own: */
    double wanted;       /* places that it is to have on average, at the HSDirs that clients ask */
    double owed;         /* and has had less than that so far: places for as long as a turn lasts, */
    double owed_in_turn; /* as it was when one last began: until the next one that alone changes nothing */
};

struct publisher_frontend {
    bool is_used;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct authorized_clients *clients; /* who alone may read its descriptors; NULL: everybody may */
    struct publisher_member *members;
    size_t member_count;
    bool has_started;   /* what these members offer has been published, or may be */
    bool is_frozen;     /* no source is live: the last good points stay up */
    bool doubts_checks; /* all sources that are live are sick: then checks change nothing */
    bool uses_drained;  /* none but drained ones are live: visitors come to these all the same */
    int64_t kept_until; /* until when the points of sources stay that are lost, after the first one is back;
                           MOMENT_NEVER when none do */
    int64_t sick_until; /* until when the points of sick ones stay after the first is healthy; likewise */
    struct assignment
        *assignment; /* what each HSDir is to have as things are now; NULL while there is no point */
    int64_t changed_at;
    int64_t
        changed_since; /* when the oldest change came that no round is planned for; MOMENT_NEVER for none */
    bool is_urgent;    /* among these changes is one that is more than new points of another time period */
    bool is_commanded; /* likewise one of its members, which nothing holds back */
    enum descriptors_policy descriptors_policy;
    size_t points_max;        /* in each of its descriptors, 1 to INTRODUCTION_POINTS_MAX */
    bool takes_proof_of_work; /* its twins' may be published */
    int64_t places_noted_at;  /* until when that is summed up; MOMENT_NONE: not yet */
    bool is_split;            /* it is: each HSDir that clients ask has the points of one twin */
    bool leaves_spares;       /* the spare HSDirs are left to the twins' tors, which are seen there */
    uint64_t turn;            /* of the twins, where there are more of them than HSDirs */
    int64_t turn_at;          /* when the next one begins; MOMENT_NEVER when they need not take turns */
    int64_t search_at;        /* when what twins' tors have made for the second half of the day is looked for
                                 again; MOMENT_NEVER when nothing is missed */
    bool searches_all;        /* and not at the spare HSDirs alone */
    int64_t lead; /* by how much its revision counters are to be ahead of the clock, but while it has twins
                     none of which uploads (milliseconds, scaled) */
    struct allowance allowance;
    struct publisher_descriptor descriptors[DESCRIPTOR_SLOTS];
    struct frontend_looks looks;
};

#endif
