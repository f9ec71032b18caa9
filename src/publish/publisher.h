/* What to publish, when and where: a state machine without any input or output, clock or randomness of its
 * own.
 *
 * It is told what happened and when, and hands back what is to be done: descriptors to fetch from sources,
 * superdescriptors to upload to HSDirs. Times are milliseconds of a clock that only goes forward. All that it
 * does follows from its rules, the seed in them, and what it is told: the same story always has the same end.
 */
#ifndef OBPUB_PUBLISH_PUBLISHER_H
#define OBPUB_PUBLISH_PUBLISHER_H

#include "onion/network.h"
#include "publish/agenda.h"
#include "publish/frontend.h"
#include "publish/rules.h"
#include "publish/source.h"
#include "publish/tor.h"

/* Most HSDirs in one action; where there are more they get an action more. */
#define PUBLISHER_ACTION_HSDIRS_MAX 32

struct publisher {
    struct publisher_rules rules;
    uint64_t random_state;
    struct network *network; /* NULL before the first consensus */
    bool is_tor_up;          /* one at least */
    struct publisher_tor tors[PUBLISHER_TORS_MAX];
    size_t next_fetch_tor; /* where to look first for one that fetches */
    uint64_t uploads;      /* that tors were given, to one HSDir each, since the beginning */
    struct source *sources;
    size_t source_count;
    struct publisher_frontend *frontends;
    size_t frontend_count;
    size_t source_size, frontend_size; /* how many there is room for */
    size_t source_free, frontend_free; /* no place before these is free */
    struct agenda source_agenda, frontend_agenda;
    struct agenda fetch_queue;  /* sources to be asked, the one that has waited longest first */
    struct agenda fetch_places; /* those that are being asked, and until when they take up a place */
    unsigned fetches;           /* places taken */
    struct agenda queue;        /* frontends with uploads that wait for a place, the most urgent first */
    unsigned hsdir_failures;  /* uploads and fetches that came to nothing since an HSDir last answered well */
    int64_t hsdirs_worked_at; /* when that was */
    uint64_t upload_failures[UPLOAD_FAILURES]; /* to one HSDir each, counted since the beginning */
    uint8_t action_fingerprints[PUBLISHER_ACTION_HSDIRS_MAX][RELAY_FINGERPRINT_SIZE];
    size_t action_tors[PUBLISHER_ACTION_HSDIRS_MAX];
};

struct publisher *publisher_new(const struct publisher_rules *rules);
void publisher_free(struct publisher *publisher);

/* Sources and frontends have numbers, counted from 0; a number that was taken away is given again. */
size_t publisher_add_source(struct publisher *publisher, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                            bool has_control, int64_t now);
size_t publisher_add_frontend(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const size_t *sources,
                              size_t source_count, int64_t now);

/* Gives a frontend other sources; those it had already keep all that is known of them. */
void publisher_set_members(struct publisher *publisher, size_t frontend, const size_t *sources,
                           size_t source_count, int64_t now);

/* The source has got a control port, or has none any more. Its points stay in while it is made out anew. */
void publisher_set_control(struct publisher *publisher, size_t source, bool has_control, int64_t now);

/* Takes one away. A source must not be a member of any frontend. */
void publisher_remove_frontend(struct publisher *publisher, size_t frontend);
void publisher_remove_source(struct publisher *publisher, size_t source);

/* -- what happened -------------------------------------------------------------------------------- */

/* A new consensus; the network is the publisher's from now on. HSDirs that stay responsible keep their state.
 */
void publisher_set_network(struct publisher *publisher, struct network *network, int64_t now);

/* A local tor, counted from 0 to PUBLISHER_TORS_MAX - 1, can or can't be given uploads. When one is lost,
 * nothing that it was given will be answered: it goes to another one at once, if there is one. */
void publisher_note_tor(struct publisher *publisher, size_t tor, enum publisher_tor_state state, int64_t now);

/* A local tor tells when an upload has ended without an answer, until it is lost. From then on answers to it
 * are only passed on when they are to the last upload to that HSDir, and an upload that another one follows
 * is ended. So a good answer that comes too late is taken as long as nothing else was sent.
 */
void publisher_note_tor_tells_ends(struct publisher *publisher, size_t tor);

/* The source can be asked for its descriptor from now on. For one with a control port: whether another
 * process than before answers there (or the first one), whose introduction points are not the old one's; and
 * how long it has been running (milliseconds; INT64_MAX if it does not say). */
void publisher_note_reachable(struct publisher *publisher, size_t source, bool is_new_process, int64_t uptime,
                              int64_t now);

/* Its connection is lost, or can't be had. */
void publisher_note_unreachable(struct publisher *publisher, size_t source, const char *reason,
                                enum source_loss loss, int64_t now);

/* The source's tor says that it uploads (is_taken false) a descriptor to an HSDir, or that the HSDir took
 * it. blinded_key is the one the event names, or NULL. */
void publisher_note_source_upload(struct publisher *publisher, size_t source, bool is_taken,
                                  const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE],
                                  const uint8_t *blinded_key, int64_t now);

/* A descriptor came, decoded and checked; it is the publisher's from now on. */
void publisher_note_descriptor(struct publisher *publisher, size_t source, struct descriptor *descriptor,
                               int64_t now);

/* HSDirs have answered a fetch, if only to say that they have nothing: to be called before the next. */
void publisher_note_hsdirs_answered(struct publisher *publisher, size_t source, int64_t now);

/* The fetch failed; it is tried again. from_tor: the source's own tor was asked, not HSDirs. */
void publisher_note_fetch_failed(struct publisher *publisher, size_t source, const char *reason,
                                 bool from_tor, int64_t now);

/* The local tor that fetched a descriptor for a source without a control port is lost: it is fetched by
 * another one. */
void publisher_note_fetch_lost(struct publisher *publisher, size_t source, int64_t now);

/* An HSDir's answer, or tor's: UPLOAD_FAILURE_NONE when it took the descriptor, else why it did not, and the
 * same in words (reason). Returns false for an answer that nobody waits for: it is ignored. */
bool publisher_note_upload(struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], enum upload_failure failure,
                           const char *reason, int64_t now);

/* The machine stood still for so long, as far as can be told: the clock that only goes forward did, and
 * HSDirs' did not. Descriptors are that much older, and refreshed earlier. */
void publisher_note_pause(struct publisher *publisher, int64_t milliseconds, int64_t now);

/* -- what is to be done --------------------------------------------------------------------------- */

enum publisher_action_type {
    PUBLISHER_FETCH,  /* get a source's descriptor */
    PUBLISHER_UPLOAD, /* build a superdescriptor and upload it */
};

/* The HSDirs are in fingerprints, hsdir_count of them; the arrays and the point set are the publisher's and
 * good until the next call of any function of it. */
struct publisher_action {
    enum publisher_action_type type;
    size_t source;    /* of a fetch */
    bool from_hsdirs; /* of a fetch: ask these HSDirs (HSFETCH), not the source (GETINFO) */
    bool is_fresh;   /* of a fetch: these HSDirs have just been given it, so one's answer is as good as all */
    size_t tor;      /* of a fetch for a source without a control port: the local tor that is to do it, or
                        PUBLISHER_NO_TOR when there is none */
    size_t frontend; /* of an upload */
    enum descriptor_slot slot;   /* of an upload */
    const struct point_set *set; /* of an upload: what the HSDirs are to have */
    const uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE];
    const size_t *tors; /* of an upload: the local tor for each HSDir */
    bool is_shared;     /* of an upload: the HSDirs all get the same text, otherwise each its own */
    size_t hsdir_count;
};

/* Takes the next thing to do at now. Returns false when there is nothing. A fetch counts as asked and an
 * upload as in flight from then on. A fetch ends one for the same source that is still under way: nothing
 * that comes of that one is to be noted any more. */
bool publisher_next_action(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* When publisher_next_action() should be called again though nothing happens; AGENDA_NEVER for never. */
int64_t publisher_next_moment(const struct publisher *publisher);

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
