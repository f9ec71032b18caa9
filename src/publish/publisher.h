/* What to publish, when and where: a state machine without any input or output, clock or randomness of its
 * own.
 *
 * It is told what happened and when, and hands back what is to be done: descriptors to fetch from backends,
 * superdescriptors to upload to HSDirs. Times are milliseconds of a clock that only goes forward. */
#ifndef OBPUB_PUBLISH_PUBLISHER_H
#define OBPUB_PUBLISH_PUBLISHER_H

#include "obpub/onion/network.h"
#include "obpub/onion/superdescriptor.h"
#include "publish/choice.h"

/* How long and how often things are tried. */
struct publisher_rules {
    int64_t
        backend_patience; /* milliseconds in which a backend's descriptor has to come, else it is left out */
    int64_t answer_timeout; /* milliseconds an HSDir has for its answer */
    unsigned attempts_max;  /* uploads of one descriptor to one HSDir */
    int64_t retry_delay;    /* milliseconds before the second attempt; doubled for each further one */
    uint8_t seed[CHOICE_SEED_SIZE];
};

enum backend_state {
    BACKEND_WAITING,  /* it can't be asked yet, or not just now */
    BACKEND_FETCHING, /* asked */
    BACKEND_LIVE,     /* its descriptor is here */
    BACKEND_LOST,     /* left out; reason says why */
};

enum upload_state {
    UPLOAD_DUE,       /* to be sent, once due has come */
    UPLOAD_IN_FLIGHT, /* handed to tor */
    UPLOAD_DONE,      /* the HSDir took it */
    UPLOAD_GIVEN_UP,  /* tried attempts_max times; reason is the last one */
};

#define UPLOAD_REASON_SIZE 64

/* Most HSDirs that one fetch asks. */
#define PUBLISHER_ACTION_HSDIRS_MAX 32

/* One HSDir that has to have one descriptor of a frontend. */
struct publisher_upload {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    enum upload_state state;
    unsigned attempts;
    int64_t since; /* when it was handed to tor, or got its answer */
    int64_t due;
    char reason[UPLOAD_REASON_SIZE];
};

/* One of a frontend's two descriptors. */
struct publisher_descriptor {
    uint64_t period_number;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    struct publisher_upload *uploads; /* one for each responsible HSDir */
    size_t upload_count;
};

struct publisher_backend {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    bool has_control; /* a control port of its own; otherwise its descriptor comes from the HSDirs alone */
    bool is_reachable;
    enum backend_state state;
    char reason[ERROR_TEXT_SIZE];  /* the last thing that went wrong, "" if nothing */
    struct descriptor *descriptor; /* the newest good one, or NULL */
    bool ask_other_way; /* the last fetch failed: the next one asks the HSDirs instead of the backend, or
                           turned round */
    unsigned attempts;
    int64_t first_asked, next_ask;
};

struct publisher_frontend {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    size_t *backends; /* numbers of publisher_add_backend() */
    size_t backend_count;
    bool has_started; /* every backend has settled once */
    struct publisher_descriptor descriptors[DESCRIPTOR_SLOTS];
};

struct publisher {
    struct publisher_rules rules;
    struct network *network; /* NULL before the first consensus */
    struct publisher_backend *backends;
    size_t backend_count;
    struct publisher_frontend *frontends;
    size_t frontend_count;
    uint8_t action_fingerprints[PUBLISHER_ACTION_HSDIRS_MAX][RELAY_FINGERPRINT_SIZE];
};

struct publisher *publisher_new(const struct publisher_rules *rules);
void publisher_free(struct publisher *publisher);

/* Both return a number, counted from 0. A frontend's backends are added before it. */
size_t publisher_add_backend(struct publisher *publisher, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                             bool has_control);
size_t publisher_add_frontend(struct publisher *publisher,
                              const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const size_t *backends,
                              size_t backend_count);

/* What happened. */

/* A new consensus; the network is the publisher's from now on. HSDirs that stay responsible keep their state.
 */
void publisher_set_network(struct publisher *publisher, struct network *network, int64_t now);

/* The backend can be asked for its descriptor, or can't just now (its control connection is being made
 * again). */
void publisher_set_reachable(struct publisher *publisher, size_t backend, bool is_reachable, int64_t now);

/* A descriptor came, decoded and checked; it is the publisher's from now on. One that comes after its backend
 * was left out changes nothing. */
void publisher_note_descriptor(struct publisher *publisher, size_t backend, struct descriptor *descriptor,
                               int64_t now);

/* The fetch failed. It is tried again while the backend's patience lasts, unless is_final. */
void publisher_note_fetch_failed(struct publisher *publisher, size_t backend, const char *reason,
                                 bool is_final, int64_t now);

/* An HSDir's answer, or tor's: reason is NULL when it took the descriptor. Answers nobody waits for are
 * ignored. */
void publisher_note_upload(struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const char *reason,
                           int64_t now);

/* The local tor's connection is gone: nothing that is in flight will be answered. */
void publisher_note_tor_lost(struct publisher *publisher, int64_t now);

/* What is to be done. */

enum publisher_action_type {
    PUBLISHER_FETCH,  /* get a backend's descriptor */
    PUBLISHER_UPLOAD, /* build a superdescriptor and upload it */
};

/* The HSDirs are in fingerprints, hsdir_count of them; the array is the publisher's and good until the next
 * call of any function of it. An upload has just one. */
struct publisher_action {
    enum publisher_action_type type;
    size_t backend;            /* of a fetch */
    bool from_hsdirs;          /* of a fetch: ask these HSDirs (HSFETCH), not the backend (GETINFO) */
    size_t frontend;           /* of an upload */
    enum descriptor_slot slot; /* of an upload */
    const uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE];
    size_t hsdir_count;
};

/* Takes the next thing to do at now. Returns false when there is nothing. A fetch counts as asked and an
 * upload as in flight from then on. */
bool publisher_next_action(struct publisher *publisher, struct publisher_action *action, int64_t now);

/* When publisher_next_action() should be called again though nothing happens; INT64_MAX for never. */
int64_t publisher_next_moment(const struct publisher *publisher);

/* Fills in the points and features of a frontend's superdescriptor from its live backends; the points stay
 * the publisher's. Returns how many there are, at most INTRODUCTION_POINTS_MAX. */
size_t publisher_choose_points(const struct publisher *publisher, size_t frontend,
                               struct superdescriptor *superdescriptor);

/* True when nothing is left to be done or waited for in this round. */
bool publisher_is_settled(const struct publisher *publisher);

#endif
