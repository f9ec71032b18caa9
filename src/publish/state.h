/* The whole state of the state machine. */
#ifndef OBPUB_PUBLISH_STATE_H
#define OBPUB_PUBLISH_STATE_H

#include "onion/network.h"
#include "publish/action.h"
#include "publish/agenda.h"
#include "publish/frontend.h"
#include "publish/rules.h"
#include "publish/source.h"
#include "publish/source_change.h"
#include "publish/source_health.h"
#include "publish/source_inquiry.h"
#include "publish/source_life.h"
#include "publish/source_trust.h"
#include "publish/tor.h"

struct publisher {
    struct publisher_rules rules;
    uint64_t random_state;
    struct network *network; /* NULL before the first consensus */
    bool is_tor_up;          /* one at least */
    struct publisher_tor tors[PUBLISHER_TORS_MAX];
    uint64_t uploads;                /* that tors were given, to one HSDir each, since the beginning */
    uint64_t rounds;                 /* begun since the beginning */
    size_t next_fetch_tor;           /* where to look first for one that fetches */
    struct source_observer observer; /* of the sources */
    struct source *sources;          /* by their rows, some of which may be free */
    size_t source_count;
    struct publisher_frontend *frontends;
    size_t frontend_count;
    size_t source_size, frontend_size; /* how many there is room for */
    size_t source_free, frontend_free; /* no row before these is free */
    struct agenda source_agenda, frontend_agenda;
    struct agenda fetch_queue;     /* sources that wait to be asked, since when, the oldest first */
    struct agenda fetch_permits;   /* those that are being asked, and until when they hold a permit */
    struct agenda check_queue;     /* sources that are checked, and when next */
    struct agenda check_permits;   /* those of which a check is under way, and since when */
    int64_t next_check_at;         /* none begins before that */
    int64_t way_worked_at;         /* when a check last got through to a service; MOMENT_NONE: none has */
    struct agenda look_queue;      /* frontends that want a look, and when */
    struct agenda look_permits;    /* those that are being looked at, and until when they hold a permit */
    uint64_t looks[LOOK_VERDICTS]; /* since the beginning, by what came of them */
    struct agenda queue;           /* frontends with uploads that wait for a permit, the most urgent first */
    unsigned hsdir_failures;  /* uploads and fetches that came to nothing since an HSDir last answered well */
    int64_t hsdirs_worked_at; /* when that was */
    uint64_t upload_failures[UPLOAD_FAILURES]; /* to one HSDir each, counted since the beginning */
    uint8_t action_fingerprints[PUBLISHER_ACTION_HSDIRS_MAX][RELAY_FINGERPRINT_SIZE];
    size_t action_tors[PUBLISHER_ACTION_HSDIRS_MAX];
};

/* The source of a number, or NULL when it is gone; good until another one is added. */
static inline struct source *publisher_find_source(const struct publisher *publisher, uint64_t number)
{
    size_t row = source_row(number);
    if (row >= publisher->source_count || !publisher->sources[row].is_used)
        return NULL;
    return publisher->sources[row].number == number ? &publisher->sources[row] : NULL;
}

/* The source that a member of a frontend is: always there. */
static inline struct source *publisher_member_source(const struct publisher *publisher,
                                                     const struct publisher_member *member)
{
    return &publisher->sources[source_row(member->source)];
}

/* True while a frontend that nothing has been published of waits to hear of all its sources. */
static inline bool frontend_is_waiting(const struct publisher *publisher,
                                       const struct publisher_frontend *frontend)
{
    for (size_t i = 0; !frontend->has_started && i < frontend->member_count; i++) {
        if (publisher_member_source(publisher, &frontend->members[i])->life.state == SOURCE_WAITING)
            return true;
    }
    return false;
}

#endif
