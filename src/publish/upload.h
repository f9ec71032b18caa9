/* What each HSDir is to have of a descriptor, was sent, and has. */
#ifndef OBPUB_PUBLISH_UPLOAD_H
#define OBPUB_PUBLISH_UPLOAD_H

#include "onion/consensus.h"
#include "onion/network.h"
#include "publish/assignment.h"
#include "publish/look.h"
#include "publish/moment.h"

/* HSDirs forget a descriptor so many milliseconds after they took it: its line descriptor-lifetime says 180
 * minutes, rend-spec-v3 [DESC-OUTER]. */
#define HSDIR_MEMORY (180 * 60 * (int64_t)1000)

enum upload_state {
    UPLOAD_WAITING, /* nothing is sent before the next round: the HSDir is new, or has what a twin uploaded */
    UPLOAD_DUE,     /* to be sent, once due has come */
    UPLOAD_IN_FLIGHT,  /* handed to tor */
    UPLOAD_DONE,       /* the HSDir took it */
    UPLOAD_UNANSWERED, /* the HSDir was reached, and may have it: nothing more is sent in this round, unless a
                          look shows that it has not */
    UPLOAD_REFUSED,    /* the HSDir answered that it does not: nothing more is sent in this round */
    UPLOAD_GIVEN_UP,   /* tried attempts_max times */
};

/* Why a round was begun, or an upload of it is tried again: the most urgent first. */
enum upload_cause {
    UPLOAD_FOR_POINTS, /* introduction points have changed, or the frontend is new */
    UPLOAD_FOR_HSDIR,  /* an HSDir is new */
    UPLOAD_FOR_RETRY,  /* the last one failed, or an HSDir was left to twins' tors and no longer is */
    UPLOAD_FOR_PERIOD, /* introduction points have changed with the time period: the old ones live on for half
                        a day */
    UPLOAD_FOR_REFRESH, /* it is time */
    UPLOAD_CAUSES
};

/* Why an upload to one HSDir failed. */
enum upload_failure {
    UPLOAD_FAILURE_NONE,      /* it has not */
    UPLOAD_FAILURE_REJECTED,  /* the HSDir refused the descriptor */
    UPLOAD_FAILURE_BROKEN,    /* the HSDir gave another answer than was to be expected, as that it is busy */
    UPLOAD_FAILURE_CIRCUIT,   /* the circuit to the HSDir broke before it had answered */
    UPLOAD_FAILURE_TOR,       /* the local tor refused it */
    UPLOAD_FAILURE_NOT_BUILT, /* there was no descriptor to upload */
    UPLOAD_FAILURE_NO_ANSWER, /* none came in time */
    UPLOAD_FAILURE_OTHER,
    UPLOAD_FAILURES,
};

/* One HSDir that has to have one descriptor of a frontend. */
struct publisher_upload {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    bool is_asked; /* clients ask it for the descriptor; false for a spare HSDir */
    enum upload_state state;
    enum upload_cause cause;
    bool has_permit;     /* it holds a permit at its tor */
    size_t tor;          /* the one that was given it last, or PUBLISHER_NO_TOR */
    uint64_t round;      /* the round of its descriptor that it is part of; 0 before the first */
    unsigned attempts;   /* in this round */
    int64_t sent_at;     /* MOMENT_NONE before the first time */
    int64_t answered_at; /* likewise */
    int64_t taken_at;    /* likewise: when it last took one */
    int64_t due;
    struct point_set *wanted; /* the point set that the HSDir is to have; NULL for none */
    struct point_set *sent;   /* the one that it was sent last; NULL for none */
    struct point_set *taken;  /* the one that it has, as far as is known; NULL for none */
    unsigned answers;         /* of the HSDir that took an upload, since the set that was sent is due */
    bool is_overdue;          /* what was sent last has not been answered in time, and still may be */
    bool has_reached;         /* it is known to have reached the HSDir */
    bool may_have_arrived;    /* a try of this round that ended without an answer may have reached the HSDir,
                                 which then refuses the next one: its revision counter is the same */
    unsigned refusals;        /* rounds that the HSDir has refused since it last took part in a refresh */
    int64_t twin_at;          /* when it last took what a twin's tor had made; MOMENT_NONE */
    int64_t late_until;       /* until when an answer to an upload before that may come; MOMENT_NONE */
    enum upload_failure failure; /* of the last try */
    char *reason;                /* why it failed, in words, or NULL */
    struct publisher_look look;  /* what it was last seen to hand out */
};

/* One sending of a descriptor to all of its HSDirs, under one revision counter, which every further try
 * keeps, as with tor. */
struct publisher_round {
    uint64_t number; /* no other round of any descriptor has it; 0: there was none yet */
    enum upload_cause cause;
    int64_t begun_at;              /* MOMENT_NONE before the first */
    struct assignment *assignment; /* what its HSDirs are sent */
    bool has_news;                 /* that is something else than in the round before, or there was none */
    uint64_t above; /* another publisher's revision counter that this round's is to be above; 0: none */
    int64_t lead;   /* by how much its own is ahead of the clock (milliseconds, on this network) */
};

/* One of a frontend's two descriptors. */
struct publisher_descriptor {
    uint64_t period_number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    int64_t refresh_at;
    struct publisher_round round; /* under way, or the last one */
    int64_t next_round_at;        /* of a round that is not a refresh; MOMENT_NEVER when none is planned */
    enum upload_cause next_round_cause;
    uint64_t others_counter; /* the highest revision counter that another publisher's, which may be there on
                                purpose, was seen to have; 0: none was seen */
    int64_t turn_at;         /* when a refresh would have been due if no other round had come between: others
                                have their turn with the next round then; MOMENT_NEVER before the first */
    bool has_turned;         /* what the next round has anew is only that other points have their turn */
    bool overtakes; /* the next round's is to be above that also where the points are the same again */
    struct publisher_upload *uploads; /* one for each responsible HSDir */
    size_t upload_count;
};

/* The point set that an HSDir is sent in the round of a descriptor; NULL for none. */
static inline struct point_set *upload_find_set(const struct publisher_descriptor *descriptor,
                                                const struct publisher_upload *upload)
{
    return assignment_find(descriptor->round.assignment, descriptor->period_number, upload->fingerprint);
}

/* True when the HSDir has the point set that it is to have, as far as can be known at now: it took it, has
 * refused nothing since without doubt (upload_refusal_is_doubtful()), and not forgotten it yet. */
bool upload_is_current(const struct publisher_upload *upload, int64_t now);

#endif
