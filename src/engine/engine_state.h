/* What the files of the engine share: all that it holds. */
#ifndef OBPUB_ENGINE_ENGINE_STATE_H
#define OBPUB_ENGINE_ENGINE_STATE_H

#include <event2/event.h>
#include <sys/queue.h>

#include "base/key_index.h"
#include "control/stream_event.h"
#include "engine/backend_link.h"
#include "engine/client_keys.h"
#include "engine/fetch.h"
#include "engine/keyring.h"
#include "engine/local_tor.h"
#include "publish/publisher.h"
#include "publish/reaction.h"
#include "report/view.h"

/* By the row of the publisher's source. */
struct engine_backend {
    struct engine *engine;
    uint64_t number;                     /* the source's */
    const struct config_backend *config; /* NULL: a row that is free */
    struct backend_link *link;           /* NULL for one without a control port */
    struct fetch *fetch;                 /* the one under way, or NULL */
    struct known_blinded_keys known_keys;
    struct verified_signatures verified; /* of its descriptors' certificates */
    struct health_check *check;          /* likewise */
    size_t check_turn;                   /* checks that got nowhere: the next is made by another tor */
    size_t fetch_tor;                    /* the local tor that does it, or PUBLISHER_NO_TOR: its own */
    bool fetches_from_tor;               /* it asks the backend's tor, not HSDirs */
    bool was_up;                         /* its connection, when last heard of */
    size_t next_at_address;              /* the row of another one with its address, or KEY_INDEX_NONE */
    bool is_in_new_config;
};

/* By the publisher's number. */
struct engine_frontend {
    const struct config_frontend *config; /* NULL: a row that is free */
    struct keyring keyring;
    bool is_in_new_config;
};

/* By the publisher's number. */
struct engine_tor {
    struct engine *engine;
    size_t number;
    struct local_tor *local_tor; /* NULL: a row that is free */
    struct client_keys *keys;    /* that it is given */
    uint64_t last_stream;        /* the last one that carries an upload, ours or another service's */
    char place[256];             /* where it is, for a person */
};

/* The frontend of a post that is nobody's any more: as that of an address which no frontend has. */
#define POST_DISOWNED KEY_INDEX_NONE

/* An upload to one HSDir under way: of which descriptor, and which tor was given it (HSPOST). */
struct post {
    TAILQ_ENTRY(post) others;
    struct engine *engine;
    size_t frontend;        /* POST_DISOWNED: it was taken away meanwhile */
    uint64_t period_number; /* of the descriptor */
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    size_t tor;
    int64_t begun_at;
    struct handover *handover; /* NULL once tor has answered, and before the tor was given it */
    bool is_accepted;          /* tor has taken it */
    uint64_t stream;           /* that carries it, by the tor's number; 0 while that is not known */
    uint64_t ended_at;         /* a count of the streams that have ended by then; 0 while its own has not */
    bool is_replaced; /* another one was sent to the HSDir since, or its frontend went: what becomes of this
                         one  is nothing to us */
    struct event *end_timer; /* runs once its stream has ended, else NULL */
};

/* A text that a tor was given (HSPOST) and has not answered yet: for one HSDir, or for all that share it. It
 * is gone with the last of its posts. */
struct handover {
    struct command_data *data; /* where there are several posts, else NULL */
    struct post *posts[PUBLISHER_ACTION_HSDIRS_MAX];
    size_t post_count;
};

struct engine {
    struct event_base *base;
    struct config *config;
    struct signer_client *signer;
    const struct credential_reader *credential_reader;
    struct publisher *publisher;
    struct engine_tor tors[PUBLISHER_TORS_MAX];
    bool has_onion_links;             /* some backends' control ports are reached over Tor */
    struct engine_backend **backends; /* each stays where it is: callbacks know it */
    size_t backend_count;
    struct engine_frontend *frontends;
    size_t frontend_count;
    size_t backend_room, frontend_room;             /* how many there is room for */
    struct key_index backend_index, frontend_index; /* by the beginning of the address */
    TAILQ_HEAD(, post) posts;                       /* the oldest first */
    TAILQ_HEAD(, look) looks;                       /* likewise */
    uint64_t streams_ended;                         /* of posts */
    uint64_t checks;                                /* of health, begun so far */
    struct event *timer;                            /* asks the publisher what is to be done */
    struct event *report_timer;
    int64_t report_interval; /* milliseconds between two calls of changed(), at least; 0: each time */
    int64_t ping_interval;   /* between two times that a backend is asked whether it lives */
    void (*changed)(void *context);
    void (*source_changed)(const char *name, const struct source_change *change, void *context); /* or NULL */
    void *context;
    char last_error[ERROR_TEXT_SIZE];
    bool is_error_of_post; /* it is over when an upload is taken again */
    struct report_counters counters;
    struct reactions reactions;
};

/* The backend that is a source. */
static inline struct engine_backend *engine_backend(const struct engine *engine, uint64_t number)
{
    return engine->backends[source_row(number)];
}

/* Has the publisher asked before the event loop waits again: never from inside a callback, which may be deep.
 */
void engine_wake(struct engine *engine);

/* The connection to a local tor while it is up, else NULL. */
struct control_connection *engine_tor_connection(const struct engine *engine, size_t tor);

/* Gives the local tors the key for an onion service (with ".onion" or without) that is about to be connected
 * to, if the config names one: the SOCKS port may be any one's. */
void engine_give_keys(const struct engine *engine, const char *address);

#endif
