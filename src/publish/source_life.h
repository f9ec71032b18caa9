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

#include "publish/source.h"

/* The word for a state, for logs and reports. */
const char *source_name_state(enum source_state state);

/* Begins with waiting for the source. */
void source_life_begin(struct source *source, int64_t now);

/* Releases the memory of the reason. */
void source_life_release(struct source *source);

/* True when the source's points are in. */
bool source_is_in(const struct source *source);

/* True when the source is out and nothing else is known of it than that its connection is lost. */
bool source_is_lost(const struct source *source);

/* Keeps what went wrong for the reports; "" when all is well. */
void source_life_set_reason(struct source *source, const char *reason);

/* The source has shown that it lives, and will be out at out_at unless it does so again. */
void source_life_confirm(struct source *source, int64_t out_at, int64_t now);

/* A source that is live is in doubt, or one that was held is so again: it stays in until out_at, in case it
 * comes back. */
void source_life_doubt(struct source *source, const char *why, int64_t out_at, int64_t now);

/* A source that is in doubt is not taken out for that until there is another reason for doubt. */
void source_life_hold(struct source *source);

/* A source that is live is not taken out before out_at. */
void source_life_prolong(struct source *source, int64_t out_at);

/* The source is out. may_live: its points may still be good. */
void source_life_end(struct source *source, const char *reason, bool may_live, int64_t now);

#endif
