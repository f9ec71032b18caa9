/* The world that the state machine is played in: relays and consensuses, tors with onion services, and
 * obpubs.
 *
 * Times are milliseconds since the epoch. Everything follows from the plan, and the plan from a seed.
 */
#ifndef OBPUB_TESTS_SIM_WORLD_H
#define OBPUB_TESTS_SIM_WORLD_H

#include "chance.h"
#include "crowd.h"
#include "model.h"
#include "publish/publisher.h"
#include "timeline.h"
#include "twins.h"
#include "webs.h"

#define SECOND ((int64_t)1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define NEVER INT64_MAX
#define LONG_AGO (INT64_MIN / 4)

#define RELAYS_MAX 200
#define CONSENSUSES_KEPT 64 /* a power of two */
#define OBPUBS 2
#define OF_A_TOR OBPUBS /* in the place of an obpub's number */
#define POINTS_MAX 16   /* of one service's descriptor */

/* Of all twins. */
enum some { SOME_NONE, SOME_SOME, SOME_ALL };

/* What a history is like. Rates are per hour and per thing; probabilities in millionths. */
struct plan {
    uint64_t seed;
    int64_t duration;
    struct time_schedule schedule;
    int64_t start_round; /* of the first consensus within its shared-random run */
    size_t frontend_count, backend_count, members;
    uint32_t relay_count;
    double relay_leaves, relay_returns, relay_restarts;
    double dies, hangs, loses_route, flaps, replaces_point;
    int64_t without_control; /* backends, in millionths */
    size_t hostile;          /* so many backends, the first ones, change without end */
    bool is_patient;         /* they are quiet before they change again, so as to be taken for honest ones */
    uint32_t league;         /* so many relays, the first ones, refuse what they are sent, as they like */
    size_t attacked;         /* so many after these lose a point every minute or two */
    int64_t upload_fails, upload_is_lost, upload_is_late;
    bool tells_ends; /* the local tor tells when an upload has ended, so that answers are never late ones */
    int64_t fetch_fails;
    double obpub_dies, local_tor_dies;
    int64_t obpub_away; /* the longest time until one that died is back */
    bool is_prompt;     /* obpubs have each consensus at once, and not as late as other tors */
    int64_t no_shared_random, no_consensus, misses_consensus;
    bool has_two_obpubs;
    bool takes_turns;     /* one of the two after the other is killed or blinded, and comes back */
    int64_t clocks_apart; /* the second one's clock is behind by so much */
    int64_t check_interval;
    size_t frontends_checked;            /* each time */
    bool is_crowd;                       /* each frontend has a crowd of backends, */
    enum descriptors_policy descriptors; /* its HSDirs points of their own, at first, */
    size_t points_max;                   /* and so many points each; 0: as many as there can be */
    bool has_weights;                    /* its members different weights, */
    double drains, reloads;              /* and its operator is busy (a frontend) */
    uint32_t point_relays;               /* points are at so many relays; 0: each at one of its own */
    bool has_twins;                      /* each frontend's members are its twins, */
    bool has_unseen_twins;               /* and of each frontend the last one has no control port */
    int64_t lead;
    enum some uploads; /* which twins upload themselves, */
    enum some work;    /* and have proof of work on, at the beginning */
    double hups, switches_work;
    int64_t busy;         /* one in so many times that it looks a twin's load begins to grow; 0: never */
    size_t visitor_count; /* of each frontend */
    double webs_fail;     /* web servers behind backends, which then are all checked; */
    double checks_delude; /* and checks are wrong so often, of all backends */
};

/* What one HSDir keeps of one blinded key. */
struct stored {
    uint8_t key[8]; /* the blinded key's first bytes */
    uint32_t relay;
    bool is_used;
    int64_t at;
    uint64_t period_number, counter;
    uint32_t obpub, run; /* who made it, and which process of that; of a frontend's an obpub, */
    int64_t made_at;     /* and when; */
    uint32_t backend;    /* where that is a tor, which */
    struct work work;
    const struct authorized_clients *clients; /* who alone can read it; NULL: everybody can */
    size_t point_count;
    uint64_t points[INTRODUCTION_POINTS_MAX];
};

struct store {
    struct stored *places; /* a hash table with linear probing */
    size_t size, count;
};

struct relay {
    struct hsdir hsdir;
    bool is_listed;
    int64_t restarted_at;
};

struct consensus_view {
    uint32_t serial;
    int64_t at; /* when it became valid */
    struct network *network;
};

/* Where an onion service's descriptors go. */
struct responsible {
    uint32_t serial; /* of the consensus it was worked out from, plus one; 0 for none */
    size_t count[2]; /* stored at, asked for at */
    uint32_t relays[2][MODEL_REPLICAS * MODEL_SPREAD_STORE];
};

struct service_keys {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct responsible responsible[DESCRIPTOR_SLOTS][8]; /* by serial */
};

/* An introduction point; its number is its place, counted from 1. */
struct point {
    uint32_t backend;
    uint32_t process;
    uint64_t period_number; /* of the descriptor that it was made for */
    uint32_t relay;         /* where it is, where relays are shared */
    int64_t gone_at;        /* when its tor told others, or died */
    bool is_killed;         /* its process ended */
};

struct service_descriptor {
    uint64_t period_number;
    uint64_t counter;
    int64_t next_upload;
    size_t point_count;
    uint64_t points[POINTS_MAX];
};

/* A tor that runs a backend. */
struct backend {
    struct service_keys keys;
    bool has_control;
    bool is_running, is_hung, has_route, has_descriptors;
    uint32_t process; /* counted up at each start */
    int64_t started_at;
    int64_t changed_at; /* its state, or its points */
    int64_t changes[4]; /* the last times of that, the newest first */
    uint32_t consensus; /* serial of the one it goes by */
    struct service_descriptor descriptors[DESCRIPTOR_SLOTS];
    size_t points_wanted;
    int64_t flaps_until; /* 0: it does not */
    struct twin twin;
    struct web web;
};

/* What an obpub last did with one HSDir for one descriptor: for the rules it is held to. */
struct sent {
    uint64_t period_number;
    uint32_t relay;
    int64_t since;  /* when it became responsible, as far as this obpub knows */
    bool was_spare; /* because it is left to the twins' tors no longer */
    int64_t at, answered_at;
    uint64_t round; /* the publisher's */
    int64_t counter;
    bool was_not_reached; /* that is what became of the last try */
};

#define SENT_MAX 64
#define REFRESHES 3

struct frontend_record {
    struct sent sent[SENT_MAX];
    size_t sent_count;
    struct round_record {
        uint64_t period_number;
        uint64_t round;       /* the publisher's last one */
        int64_t begun_at;     /* when that began */
        uint64_t content;     /* of it */
        uint64_t news;        /* of the members, until then */
        int64_t last_seconds; /* the engine's rule about counters */
        bool was_refused;     /* since then, by an HSDir */
        int64_t replaced_at; /* when an HSDir of it last took what a twin uploaded, of whichever descriptor */
    } period[REFRESHES];
    uint64_t knowledge;           /* of the members, */
    uint64_t news;                /* and how often that became another */
    int64_t used_drained_at;      /* when those that are drained were last used all the same */
    double budget;                /* rounds that it may still have */
    int64_t budget_at;            /* when that was worked out */
    int64_t strained_at;          /* when a round last cost something of what is kept for quiet backends */
    int64_t fault_at[RELAYS_MAX]; /* when the world last played a trick on uploads to a relay */
    int64_t published_at;         /* when it first sent something; NEVER */
    int64_t held_at;              /* when its uploads last waited for looks */
    int64_t left_at;              /* when it last left that to the other obpub */
    int64_t overtook_at;          /* when a round last came soon after a refusal, above the other one's */
    int64_t static_at;            /* when it was last seen without a live backend */
    uint64_t content;             /* of the last upload */
    int64_t content_changed_at;
};

struct link {
    bool is_up;
    bool is_gone;
    uint32_t process; /* that it was last connected to */
    int64_t moved_at; /* when the publisher was last told something about it */
    uint32_t epoch;   /* answers of an older one are not heard */
    int64_t fetch_fault_at;
    uint64_t fetches;
};

struct obpub {
    bool is_running;
    bool is_blind;     /* no backend can be reached */
    int64_t turned_at; /* when something was last done to it */
    struct publisher *publisher;
    int64_t started_at;
    int64_t tor_since; /* when its local tor last came or went */
    bool is_tor_up;
    uint32_t tor_epoch;
    uint32_t run; /* counted up at each start */
    uint32_t consensus;
    int64_t consensus_since;
    int64_t half_since; /* when by its consensus clients went over to another descriptor */
    int64_t ignores_consensus_until;
    int64_t wake_at;
    struct link *links;
    struct frontend_record *frontends;
    uint64_t wakes, idle_wakes, actions;
};

struct frontend {
    struct service_keys keys;
    uint64_t *backends; /* sources' numbers */
    size_t backend_count;
    int64_t steady_at; /* when an obpub was last seen in a state to do for it all that is promised */
    bool was_split;
    int64_t split_at;           /* when its obpub was last seen to split it, or to merge it again */
    uint64_t samples;           /* of what clients ask its twins, or its crowd */
    struct crowd_member *crowd; /* one for each of its backends; NULL where it has no crowd */
    enum descriptors_policy descriptors;
    size_t points_max;                  /* of each descriptor */
    int64_t commanded_at;               /* when its operator last did something */
    struct authorized_clients *clients; /* who alone may read its descriptors; NULL: everybody may */
    unsigned client_changes;            /* how often that was changed */
};

struct figures {
    uint64_t looks_by_obpubs, checks, looks, unlucky_looks, uploads, rejected, fetches, deaths, events;
    uint64_t visits, vain_visits, refusals, own_uploads[2];
    uint64_t rounds[2];   /* of all, and those that were no refreshes, */
    double shares_spread; /* the largest deviation of a backend's share from what it is due */
};

/* Sets of clients that operators choose from, and none. */
#define CLIENT_SETS 3

struct world {
    struct plan plan;
    struct authorized_clients *client_sets[CLIENT_SETS];
    struct chance chance;
    int64_t now, begin;
    struct timeline timeline;
    struct relay relays[RELAYS_MAX];
    struct consensus_view consensuses[CONSENSUSES_KEPT];
    uint32_t consensus_count;
    uint8_t shared_random[2][SHARED_RANDOM_VALUE_SIZE]; /* previous, current */
    bool has_shared_random[2];
    struct store store;
    struct point *points;
    size_t point_count, point_size;
    struct backend *backends;
    struct frontend *frontends;
    struct obpub obpubs[OBPUBS];
    struct visitor *visitors;
    enum delusion delusion;
    int64_t deluded_at; /* when it began or ended */
    struct figures figures;
    bool has_failed;
    char failure[256];
};

/* A rule of the model that is broken on purpose, to see that the checks see it; NULL for none. */
extern const char *world_broken_rule;
bool world_is_broken(const char *rule);

/* With it set, everything of note is printed as it happens. */
extern bool world_is_traced;
void world_trace(const struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

void world_play(struct world *world, const struct plan *plan);
void world_clear(struct world *world);

/* Notes that a rule was broken; the first one counts. */
void world_fail(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

void world_add(struct world *world, int64_t delay, struct happening happening);

/* -- consensuses.c: relays, and what clients and tors know of them */

void consensuses_begin(struct world *world);
void consensuses_clear(struct world *world);
const struct consensus_view *consensus_view(const struct world *world, uint32_t serial);

/* The milliseconds of a voting interval. */
int64_t consensus_interval(const struct world *world);
void service_derive_key(const struct world *world, const struct service_keys *keys, uint64_t period_number,
                        uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE]);
const struct responsible *service_find_responsible(const struct world *world, struct service_keys *keys,
                                                   uint32_t serial, enum descriptor_slot slot);

/* -- store.c: what HSDirs keep */

/* NULL where it has nothing any more. */
struct stored *store_find(struct world *world, uint32_t relay, const uint8_t *blinded_key);

/* By the first bytes of the blinded key. */
struct stored *store_find_key(struct world *world, uint32_t relay, const uint8_t key[8]);

/* What it hands out. */
struct descriptor *store_make_descriptor(const struct world *world, const struct stored *stored);

/* Gives a descriptor the signing key of who made it (obpub, run and backend of maker): each process has one
 * for each time period. */
void store_sign(struct descriptor *descriptor, const struct stored *maker);

/* Keeps it if it is newer; false if it is refused. */
bool store_put(struct world *world, const struct stored *stored);
void store_forget_relay(struct world *world, uint32_t relay);
void store_clear(struct world *world);

/* -- backends.c: tors that run onion services */

void backends_begin(struct world *world);
void backends_clear(struct world *world);
void backend_see_consensus(struct world *world, uint32_t number);
struct descriptor *backend_answer(struct world *world, uint32_t number);
void backend_upload(struct world *world, uint32_t number, enum descriptor_slot slot);

/* Where relays are shared, puts the points of a descriptor where they are. */
void backend_place_points(const struct world *world, struct descriptor *descriptor);

/* It has something else to tell than new points. */
void backend_note_news(struct world *world, uint32_t number);

/* -- links.c: how an obpub hears of backends */

void links_begin(struct world *world, struct obpub *obpub);
void link_backend_died(struct world *world, uint32_t backend);
void link_backend_silent(struct world *world, uint32_t backend);
void link_blinded(struct world *world, struct obpub *obpub);
void link_announce(struct world *world, uint32_t backend, enum source_upload what, uint32_t relay,
                   const uint8_t *blinded_key);
void link_fetch(struct world *world, struct obpub *obpub, const struct publisher_action *action);

/* -- obpubs.c: the engine's part */

void obpubs_begin(struct world *world);
void obpubs_clear(struct world *world);
void obpub_run(struct world *world, struct obpub *obpub);
void obpub_see_consensus(struct world *world, struct obpub *obpub);
void obpub_note_static(const struct world *world, struct obpub *obpub, uint32_t backend);
void obpub_set_tor(struct world *world, struct obpub *obpub, bool is_up);

/* Kills it, to be started again after a while. */
void obpub_kill(struct world *world, struct obpub *obpub, int64_t downtime);

/* Takes the way to all backends away, or gives it back. */
void obpub_set_sight(struct world *world, struct obpub *obpub, bool sees);
uint32_t obpub_number(const struct world *world, const struct obpub *obpub);

/* -- looks.c: what obpubs are told that HSDirs hand out */

void looks_perform(struct world *world, struct obpub *obpub, const struct publisher_action *action);

/* -- turns.c: two obpubs, one of which always sees */

void turns_begin(struct world *world);

/* -- rules.c: what each upload is held to */

struct sent *rules_find_sent(struct frontend_record *record, uint64_t period_number, uint32_t relay);
struct round_record *rules_find_round(struct frontend_record *record, uint64_t period_number);
void rules_begin(const struct world *world, struct frontend_record *record);
/* HSDirs have come, or gone: with a consensus, or because spare ones are left to twins' tors. */
void rules_note_network(struct world *world, struct obpub *obpub);
void rules_note_hsdirs(struct world *world, struct obpub *obpub, size_t frontend);
/* So long the uploads of all frontends take that have to wait for permits of the local tor. */
int64_t rules_queue_time(const struct world *world);

/* What its engine would make a counter of now. */
int64_t rules_seconds(const struct world *world, const struct obpub *obpub, uint64_t period_number);
int64_t rules_count(struct world *world, struct obpub *obpub, const struct publisher_action *action);
void rules_note_upload(struct world *world, struct obpub *obpub, const struct publisher_action *action,
                       uint32_t relay, int64_t counter, uint64_t content);
/* An HSDir's answer, or what else became of the last upload to it. */
void rules_note_answer(const struct world *world, struct frontend_record *record, struct sent *sent,
                       enum upload_failure failure);
void rules_note_content(struct world *world, struct obpub *obpub, size_t frontend, uint64_t content);

/* -- checks.c: what a client finds */

void checks_begin(struct world *world);

/* True when an obpub has been in a state to do for a frontend all that is promised for long enough. */
bool checks_is_steady_for(const struct world *world, const struct obpub *obpub, size_t frontend);

/* True when a backend of a frontend has been there, and unchanged, for so long that it must be in a
 * descriptor of all obpubs; but for its weight, and for whom there is no place. */
bool checks_must_be_in(const struct world *world, size_t frontend, size_t backend, uint64_t period_number);

/* True when no other obpub may have put something older at a relay since. */
bool checks_is_undisputed(const struct world *world, size_t frontend, uint32_t relay, uint64_t period_number);

/* True when the world played a trick on an HSDir's uploads, or on itself, so that nothing is promised for it
 * now. */
bool checks_is_excused(const struct world *world, const struct obpub *obpub, size_t frontend, uint32_t relay);

/* So much later changes may be in the descriptor that clients use while there are too many. */
int64_t checks_churn_holds(const struct world *world, const struct obpub *obpub, size_t frontend);

/* To be told before an obpub or its local tor is lost. */
void checks_note_steady(struct world *world);

#endif
