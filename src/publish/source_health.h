/* Whether what is behind a source answers visitors: the machine of its health.
 *
 *   unchecked -> unknown     it is to be checked from now on
 *   unknown   -> healthy     a check went well
 *   unknown, healthy -> sick so many checks failed, one after the other
 *   sick      -> healthy     so many went well, one after the other
 *
 * From each of them to unchecked when it is to be checked no more, and to unknown when something else is
 * asked of it. Its life goes on beside that, whatever the checks say: a source may be live and sick.
 */
#ifndef OBPUB_PUBLISH_SOURCE_HEALTH_H
#define OBPUB_PUBLISH_SOURCE_HEALTH_H

#include "publish/source.h"

/* The word for a state, for logs and reports. */
const char *source_name_health(enum health_state state);

/* Begins unchecked. */
void source_health_begin(struct source *source);

/* Releases the memory of the reason. */
void source_health_release(struct source *source);

/* True when its points are not to be used if others can be. One of which nothing is known yet is not sick. */
bool source_is_sick(const struct source *source);

/* True when it is known to answer, or nobody asks: one of which nothing has come yet is not. */
bool source_is_well(const struct source *source);

/* Has it checked by these rules from now on, for the first time at first_at (NULL: not at all). is_anew: what
 * is asked of it is something else than before, so that what is known says nothing. */
void source_health_set_rules(struct source *source, const struct health_rules *rules, bool is_anew,
                             int64_t first_at, int64_t now);

/* True while a check is under way. */
bool source_is_checked(const struct source *source);

/* A check has begun, or ended without having found out anything. */
void source_health_note_begun(struct source *source, int64_t now);
void source_health_note_dropped(struct source *source);

/* It has ended: reason says what went wrong. counts: a failure is the source's. */
void source_health_note_ended(struct source *source, enum health_finding finding, bool counts,
                              const char *reason, int64_t now);

#endif
