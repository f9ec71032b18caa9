/* What to publish, when and where: a state machine without any input or output, clock or randomness of its
 * own.
 *
 * It is told what happened and when, and hands back what is to be done: descriptors to fetch from backends,
 * superdescriptors to upload to HSDirs. Times are milliseconds of a clock that only goes forward. All that it
 * does follows from its rules, the seed in them, and what it is told: the same story always has the same end.
 */
#ifndef OBPUB_PUBLISH_PUBLISHER_H
#define OBPUB_PUBLISH_PUBLISHER_H

#include "onion/network.h"
#include "onion/superdescriptor.h"
#include "publish/agenda.h"
#include "publish/choice.h"

/* How long and how often things are tried. All times are milliseconds. Those marked (scaled) are for the
 * public network; where a shared-random run is shorter than a day they shrink with it. */
struct publisher_rules {
    int64_t
        start_patience; /* at the start, frontends wait so long for a backend that has not been heard of */
    int64_t grace;      /* a backend whose connection is lost stays in for so long */
    int64_t gather;     /* changes within so long of each other make one upload */
    int64_t
        flap_interval;   /* a backend that keeps changing causes one upload in so long, after its first two */
    int64_t refresh_min; /* a descriptor is uploaded again after a time drawn between these (scaled) */
    int64_t refresh_max;
    int64_t poll_min; /* a backend is asked again, though it gave no sign, likewise (scaled) */
    int64_t poll_max;
    int64_t stale_after;    /* a backend without a control port is out when its counter rests for so long */
    int64_t answer_timeout; /* an HSDir has so long for its answer, */
    int64_t place_timeout; /* but takes up a place at its tor for no longer than this; and where the tor tells
                              when an upload has ended, another one takes its place then, which has twice as
                              long, and so on */
    int64_t hsdir_patience; /* where uploads wait for a place: one to an HSDir that is new is as urgent as one
                               of changed points that has waited for so long (scaled); */
    int64_t retry_patience; /* likewise for one that failed (scaled); */
    int64_t turn_patience;  /* for one of points that come in with a new time period (scaled); */
    int64_t refresh_patience; /* and for one that is only a refresh (scaled) */
    int64_t
        new_period_spread; /* a descriptor that clients don't use yet is first sent within so long (scaled) */
    int64_t retry_delay;   /* before the second try of a fetch or upload; doubled for each further one, */
    int64_t retry_delay_max; /* up to this */
    unsigned attempts_max;   /* uploads of one descriptor to one HSDir before it is given up; 0: never */
    unsigned tor_places;     /* uploads that one local tor is given at once */
    unsigned rush; /* while more frontends than this wait for a place, the HSDirs of an action share a text */
    unsigned
        fetch_places; /* backends that are asked at once, so that their answers do not come all at once */
    int64_t fetch_place_timeout; /* but one takes up a place for no longer than this */
    uint8_t seed[CHOICE_SEED_SIZE];
};

/* What a daemon wants; the seed is to be drawn by the caller. */
extern const struct publisher_rules publisher_rules_default;

enum backend_state {
    BACKEND_WAITING, /* nothing is known of it yet */
    BACKEND_LIVE,    /* its introduction points are in */
    BACKEND_GRACE,   /* they still are, but its connection is lost, or it can't say what they are now */
    BACKEND_OUT,     /* they are not; reason says why */
};

#define BACKEND_FRESH_HSDIRS_MAX 16
#define BACKEND_ANNOUNCEMENTS_MAX 32

/* Uploads that a backend's tor has begun to one HSDir. */
struct publisher_announcement {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    bool is_for_clients; /* of the descriptor that clients use now */
    bool is_for_others;  /* of the other one */
};

/* What a backend's tor has said of its uploads. */
struct publisher_signs {
    struct publisher_announcement announced[BACKEND_ANNOUNCEMENTS_MAX];
    size_t announced_count;
    /* HSDirs known to have just got the descriptor that clients use now. */
    uint8_t fresh[BACKEND_FRESH_HSDIRS_MAX][RELAY_FINGERPRINT_SIZE];
    size_t fresh_count;
};

struct publisher_backend {
    bool is_used; /* false: a place that is free again */
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    bool has_control; /* a control port of its own; otherwise its descriptor comes from the HSDirs alone */
    enum backend_state state;
    int64_t since; /* when the state was entered */
    char *reason;  /* the last thing that went wrong, "" if nothing since */
    struct descriptor
        *descriptor;       /* the newest good one, also when it is not in any more; NULL before the first */
    int64_t descriptor_at; /* when that came */
    int64_t points_changed_at; /* when its points last became others */
    bool
        has_turned; /* that was only since clients turned to its second descriptor: the old ones live still */
    size_t *frontends; /* those it is a backend of */
    size_t frontend_count;

    bool is_reachable; /* its control connection, or the local tor's, is up */
    bool is_fetching, fetch_again;
    bool has_sign; /* of something new at it since the last fetch began */
    int64_t
        signs_settled; /* until when those that were followed have used up what it may have, see fetches.c */
    bool is_polling;   /* the fetch under way began without one: it asked before whatever came since */
    int64_t queued_at; /* since when it has been waiting to be asked; AGENDA_NEVER: it is not */
    bool has_fetch_place; /* it is one of those that are asked at once */
    bool asks_hsdirs;     /* the fetch under way, or the last one, asks HSDirs and not its tor */
    bool ask_other_way;   /* the last fetch was of no use: the next one asks the HSDirs instead of the tor, or
                             turned round */
    bool asked_both;      /* neither way gave the descriptor that clients use now */
    bool trusts_hsdirs;   /* what HSDirs have of it was uploaded by the process that runs now */
    int64_t trusts_from;  /* when that will be so, also if no upload is seen; INT64_MAX for never */
    bool counts_anew; /* another process than the one whose descriptor is here: its counters mean nothing */
    int64_t process_started; /* when its tor began to run, as far as it says */
    bool knows_process;      /* its control port has let us in since it was configured */
    bool may_live;           /* it went out because nothing was heard of it, and not for what was */
    bool is_denied;    /* its tor did not answer with a descriptor: what HSDirs have may be of a service that
                          runs no more */
    unsigned failures; /* fetches that failed one after the other */
    int64_t failing_since; /* when the first of them did */
    int64_t asked_from;    /* when it could first be asked: patience runs from here */
    int64_t fetch_at;      /* when to fetch next */
    int64_t out_at;        /* when to take it out unless something changes */
    int64_t moved_at;      /* when its revision counter last moved */

    /* Its blinded key as clients use it now, and what its tor has said of the descriptor under it. */
    uint64_t period_number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    struct publisher_signs *signs; /* NULL while there is nothing: it is large, and seldom needed */
};

enum upload_state {
    UPLOAD_DUE,       /* to be sent, once due has come */
    UPLOAD_IN_FLIGHT, /* handed to tor */
    UPLOAD_DONE,      /* the HSDir took it */
    UPLOAD_GIVEN_UP,  /* tried attempts_max times; reason is the last one */
};

/* Why an upload is due: the most urgent first. */
enum upload_cause {
    UPLOAD_FOR_POINTS,  /* its introduction points have changed, or the frontend is new */
    UPLOAD_FOR_HSDIR,   /* the HSDir is new */
    UPLOAD_FOR_RETRY,   /* the last one failed */
    UPLOAD_FOR_TURN,    /* its introduction points have changed with the time period: the old ones live on for
                           half a day */
    UPLOAD_FOR_REFRESH, /* it is time */
    UPLOAD_CAUSES
};

#define UPLOAD_REASON_SIZE 64

/* Most HSDirs in one action; where there are more they get an action more. */
#define PUBLISHER_ACTION_HSDIRS_MAX 32

/* Most local tors, and no one of them. */
#define PUBLISHER_TORS_MAX 16
#define PUBLISHER_NO_TOR SIZE_MAX

enum publisher_tor_state {
    TOR_DOWN,    /* it can't be given anything */
    TOR_UNREADY, /* it can, but does not know the network: only used when no other one does */
    TOR_READY,
};

/* A local tor. */
struct publisher_tor {
    enum publisher_tor_state state;
    bool tells_ends;  /* it tells when an upload has ended without an answer: an answer is never a late one */
    size_t in_flight; /* uploads that take up a place there */
    uint64_t uploads; /* it was given, to one HSDir each, since the beginning */
    unsigned failures; /* one after the other; the last one at failed_at */
    int64_t failed_at;
};

/* One HSDir that has to have one descriptor of a frontend. */
struct publisher_upload {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    enum upload_state state;
    enum upload_cause cause;
    bool has_place;      /* it takes up a place at its tor */
    size_t tor;          /* the one that was given it last, or PUBLISHER_NO_TOR */
    unsigned attempts;   /* since it last took one */
    int64_t sent_at;     /* INT64_MIN before the first time */
    int64_t answered_at; /* likewise */
    int64_t taken_at;    /* likewise: when it last took one */
    int64_t due;
    uint64_t sent_set;  /* the set of points that was sent last */
    uint64_t taken_set; /* and taken last; 0 for none */
    unsigned answers;   /* of HSDirs that took it, since that set is due */
    int64_t late_until; /* until when an answer to an upload before that may come; MOMENT_NONE */
    char reason[UPLOAD_REASON_SIZE];
};

/* One of a frontend's two descriptors. */
struct publisher_descriptor {
    uint64_t period_number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    int64_t refresh_at;
    struct publisher_upload *uploads; /* one for each responsible HSDir */
    size_t upload_count;
};

/* A backend in its part for one frontend. */
struct publisher_member {
    size_t backend;
    bool is_in;          /* its points are in the superdescriptor */
    bool has_changed;    /* since the last upload was released */
    unsigned tokens;     /* uploads it may still cause at once */
    int64_t token_since; /* when the next token began to grow */
};

struct publisher_frontend {
    bool is_used;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct publisher_member *members;
    size_t member_count;
    bool has_started;      /* it has been published, or may be */
    bool is_static;        /* no backend is live: the last good set stays up */
    int64_t kept_until;    /* and until when, once one is, those stay that are lost still; INT64_MAX */
    uint64_t set;          /* names the set of points as it is now; 0 for none */
    uint64_t released_set; /* the one that all HSDirs are to have */
    int64_t released_at;
    int64_t changed_at;
    int64_t changed_since; /* when the oldest change not yet released came; INT64_MAX for none */
    bool is_urgent;        /* one of these was more than a turn to points that live beside the old ones */
    int64_t urgent_at;     /* when such a change was last released; INT64_MIN for never */
    struct publisher_descriptor descriptors[DESCRIPTOR_SLOTS];
};

struct publisher {
    struct publisher_rules rules;
    uint64_t random_state;
    struct network *network; /* NULL before the first consensus */
    bool is_tor_up;          /* one at least */
    struct publisher_tor tors[PUBLISHER_TORS_MAX];
    size_t next_fetch_tor; /* where to look first for one that fetches */
    struct publisher_backend *backends;
    size_t backend_count;
    struct publisher_frontend *frontends;
    size_t frontend_count;
    size_t backend_size, frontend_size; /* how many there is room for */
    size_t backend_free, frontend_free; /* no place before these is free */
    struct agenda backend_agenda, frontend_agenda;
    struct agenda fetch_queue;  /* backends to be asked, the one that has waited longest first */
    struct agenda fetch_places; /* those that are being asked, and until when they take up a place */
    unsigned fetches;           /* places taken */
    struct agenda queue;        /* frontends with uploads that wait for a place, the most urgent first */
    unsigned hsdir_failures;  /* uploads and fetches that came to nothing since an HSDir last answered well */
    int64_t hsdirs_worked_at; /* when that was */
    uint64_t unanswered_uploads; /* to one HSDir each, counted since the beginning */
    uint8_t action_fingerprints[PUBLISHER_ACTION_HSDIRS_MAX][RELAY_FINGERPRINT_SIZE];
    size_t action_tors[PUBLISHER_ACTION_HSDIRS_MAX];
};

struct publisher *publisher_new(const struct publisher_rules *rules);
void publisher_free(struct publisher *publisher);

/* Backends and frontends have numbers, counted from 0; a number that was taken away is given again. */
size_t publisher_add_backend(struct publisher *publisher, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                             bool has_control, int64_t now);
size_t publisher_add_frontend(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const size_t *backends,
                              size_t backend_count, int64_t now);

/* Gives a frontend other backends; those it had already keep all that is known of them. */
void publisher_set_members(struct publisher *publisher, size_t frontend, const size_t *backends,
                           size_t backend_count, int64_t now);

/* The backend has got a control port, or has none any more. Its points stay in while it is made out anew. */
void publisher_set_control(struct publisher *publisher, size_t backend, bool has_control, int64_t now);

/* Takes one away. A backend must not be a member of any frontend. */
void publisher_remove_frontend(struct publisher *publisher, size_t frontend);
void publisher_remove_backend(struct publisher *publisher, size_t backend);

/* -- what happened -------------------------------------------------------------------------------- */

/* A new consensus; the network is the publisher's from now on. HSDirs that stay responsible keep their state.
 */
void publisher_set_network(struct publisher *publisher, struct network *network, int64_t now);

/* A local tor, counted from 0 to PUBLISHER_TORS_MAX - 1, can or can't be given uploads. When one is lost,
 * nothing that it was given will be answered: it goes to another one at once, if there is one. */
void publisher_note_tor(struct publisher *publisher, size_t tor, enum publisher_tor_state state, int64_t now);

/* A local tor tells when an upload has ended without an answer, until it is lost. From then on answers to it
 * are only passed on when they are to the last upload to that HSDir, and an upload that another one follows
 * is ended.
 */
void publisher_note_tor_tells_ends(struct publisher *publisher, size_t tor);

/* The backend can be asked for its descriptor from now on. For one with a control port: whether another
 * process than before answers there (or the first one), whose introduction points are not the old one's; and
 * how long it has been running (milliseconds; INT64_MAX if it does not say). */
void publisher_note_reachable(struct publisher *publisher, size_t backend, bool is_new_process,
                              int64_t uptime, int64_t now);

/* What the loss of a control connection tells. */
enum backend_loss {
    BACKEND_LOST,      /* nothing about the tor */
    BACKEND_GONE,      /* its process is gone, and its points with it; or it lies */
    BACKEND_GONE_HERE, /* nobody answers at a port of this machine: it is gone, or a tunnel to it is */
};

/* Its connection is lost, or can't be had. */
void publisher_note_unreachable(struct publisher *publisher, size_t backend, const char *reason,
                                enum backend_loss loss, int64_t now);

/* The backend's tor says that it uploads (is_taken false) a descriptor to an HSDir, or that the HSDir took
 * it. blinded_key is the one the event names, or NULL. */
void publisher_note_backend_upload(struct publisher *publisher, size_t backend, bool is_taken,
                                   const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                                   const uint8_t *blinded_key, int64_t now);

/* A descriptor came, decoded and checked; it is the publisher's from now on. */
void publisher_note_descriptor(struct publisher *publisher, size_t backend, struct descriptor *descriptor,
                               int64_t now);

/* HSDirs have answered a fetch, if only to say that they have nothing: to be called before the next. */
void publisher_note_hsdirs_answered(struct publisher *publisher, size_t backend, int64_t now);

/* The fetch failed; it is tried again. from_tor: the backend's own tor was asked, not HSDirs. */
void publisher_note_fetch_failed(struct publisher *publisher, size_t backend, const char *reason,
                                 bool from_tor, int64_t now);

/* The local tor that fetched a descriptor for a backend without a control port is lost: it is fetched by
 * another one. */
void publisher_note_fetch_lost(struct publisher *publisher, size_t backend, int64_t now);

/* An HSDir's answer, or tor's: reason is NULL when it took the descriptor. Answers nobody waits for are
 * ignored. */
void publisher_note_upload(struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const char *reason,
                           int64_t now);

/* The machine stood still for so long, as far as can be told: the clock that only goes forward did, and
 * HSDirs' did not. Descriptors are that much older, and refreshed earlier. */
void publisher_note_pause(struct publisher *publisher, int64_t milliseconds, int64_t now);

/* -- what is to be done --------------------------------------------------------------------------- */

enum publisher_action_type {
    PUBLISHER_FETCH,  /* get a backend's descriptor */
    PUBLISHER_UPLOAD, /* build a superdescriptor and upload it */
};

/* The HSDirs are in fingerprints, hsdir_count of them; the arrays are the publisher's and good until the next
 * call of any function of it. */
struct publisher_action {
    enum publisher_action_type type;
    size_t backend;   /* of a fetch */
    bool from_hsdirs; /* of a fetch: ask these HSDirs (HSFETCH), not the backend (GETINFO) */
    bool is_fresh;   /* of a fetch: these HSDirs have just been given it, so one's answer is as good as all */
    size_t tor;      /* of a fetch for a backend without a control port: the local tor that is to do it, or
                        PUBLISHER_NO_TOR when there is none */
    size_t frontend; /* of an upload */
    enum descriptor_slot slot; /* of an upload */
    const uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE];
    const size_t *tors; /* of an upload: the local tor for each HSDir */
    bool is_shared;     /* of an upload: the HSDirs all get the same text, otherwise each its own */
    size_t hsdir_count;
};

/* Takes the next thing to do at now. Returns false when there is nothing. A fetch counts as asked and an
 * upload as in flight from then on. A fetch ends one for the same backend that is still under way: nothing
 * that comes of that one is to be noted any more. */
bool publisher_next_action(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* When publisher_next_action() should be called again though nothing happens; AGENDA_NEVER for never. */
int64_t publisher_next_moment(const struct publisher *publisher);

/* Fills in the points and features of a frontend's superdescriptor from the backends that are in; the points
 * stay the publisher's. Returns how many there are, at most INTRODUCTION_POINTS_MAX. */
size_t publisher_choose_points(const struct publisher *publisher, size_t frontend,
                               struct superdescriptor *superdescriptor);

/* Has the uploads of a frontend that have failed tried again at once: what they failed for is mended. */
void publisher_retry_uploads(struct publisher *publisher, size_t frontend, int64_t now);

/* What was uploaded of a frontend so far expires at a moment (milliseconds, as now): has it uploaded again at
 * once, or in a minute where an upload is under way; unless the next refresh comes in time. */
void publisher_renew_uploads(struct publisher *publisher, size_t frontend, int64_t expires_at, int64_t now);

/* True when every frontend is as published as it can be: nothing is in flight or due before its next refresh.
 */
bool publisher_is_settled(const struct publisher *publisher);

/* True when every HSDir has the frontend's descriptors, both, with the points as they are now; also while
 * they are being refreshed. */
bool publisher_is_published(const struct publisher *publisher, size_t frontend);

#endif
