/* Whether a source's introduction points are in: the machine of its life.
 *
 *   waiting -> live         a good descriptor came
 *   waiting -> out          nothing came in time, or it is known to be gone
 *   live    -> grace        its connection is lost, or it can't say what its points are now
 *   grace   -> live         a good descriptor came again
 *   live, grace -> out      its time is over, or it is known to be gone
 *   out     -> live         a good descriptor came after all
 */
#ifndef OBPUB_PUBLISH_SOURCE_LIFE_H
#define OBPUB_PUBLISH_SOURCE_LIFE_H

#include <stdbool.h>
#include <stdint.h>

struct source;

enum source_state {
    SOURCE_WAITING, /* nothing is known of it yet */
    SOURCE_LIVE,    /* its introduction points are in */
    SOURCE_GRACE,   /* they still are, but its connection is lost, or it can't say what they are now */
    SOURCE_OUT,     /* they are not; reason says why */
};

struct source_life {
    enum source_state state;
    int64_t since;         /* when the state was entered */
    char *reason;          /* the last thing that went wrong, "" if nothing since */
    bool may_live;         /* it went out because nothing was heard of it, and not for what was */
    int64_t out_at;        /* when to take it out unless something changes; INT64_MAX for never */
    int64_t patience_from; /* when it could first be asked: so long nothing was to be expected */
    int64_t moved_at;      /* when its revision counter last moved */
};

/* Begins to wait for it; and releases the memory. */
void source_life_begin(struct source *source, int64_t now);
void source_life_release(struct source *source);

/* True when its points are in. */
bool source_is_in(const struct source *source);

/* True when it is out and nothing else is known of it than that its connection is lost. */
bool source_is_lost(const struct source *source);

/* Keeps what went wrong for the reports; "" when all is well. */
void source_life_set_reason(struct source *source, const char *reason);

/* It has shown that it lives, and will be out at out_at unless it does so again. */
void source_life_confirm(struct source *source, int64_t out_at, int64_t now);

/* One that is live stays in until out_at, in case it comes back. */
void source_life_doubt(struct source *source, const char *why, int64_t out_at, int64_t now);

/* One that is live is not taken out before out_at. */
void source_life_prolong(struct source *source, int64_t out_at);

/* It is out. may_live: its points may still be good. */
void source_life_end(struct source *source, const char *reason, bool may_live, int64_t now);

#endif
