/* Whose word counts about a source: the machine of trust.
 *
 * HSDirs keep what the tor before this one uploaded. So what they have of a source is believed only once it
 * is known to have come from the process that runs now.
 *
 *                  an upload was taken   grows old   tor says nothing   tor says something
 *   young          HSDirs too            HSDirs too  young, denied      -
 *   HSDirs too     -                     -           denied             -
 *   young, denied  HSDirs too            denied      -                  young
 *   denied         HSDirs too            -           -                  HSDirs too
 *
 * A process that answers begins as young or old, whatever was known of the one before.
 */
#ifndef OBPUB_PUBLISH_SOURCE_TRUST_H
#define OBPUB_PUBLISH_SOURCE_TRUST_H

#include "publish/source.h"

/* Begins with what is believed of the source's kind before anything is heard of it. */
void trust_begin(struct source *source, const char *why);

/* True when what HSDirs have was uploaded by the process that runs now. */
bool trust_hsdirs_are_current(const struct source *source);

/* True when what HSDirs have may be believed, and asked for. */
bool trust_includes_hsdirs(const struct source *source);

/* True when revision counters can be compared with that of the descriptor that is here. */
bool trust_counters_go_on(const struct source *source);

/* A process has let us in: another one than before, or not, which began to run at a moment. Returns true when
 * it has taken the place of another one that had let us in. */
bool trust_note_process(struct source *source, bool is_new_process, bool is_young, int64_t started);

/* Says at what age (milliseconds) a process is old; to be called whenever that may have changed. */
void trust_set_age(struct source *source, int64_t age);

/* The moment has come at which the process is old. */
void trust_note_old(struct source *source);

/* An HSDir has taken the descriptor that clients use from the process that runs now. */
void trust_note_taken(struct source *source);

/* Its tor has answered with a descriptor, or not with a good one. */
void trust_note_answer(struct source *source);
void trust_note_denial(struct source *source);

/* The descriptor that is here is that of the process that runs now. */
void trust_note_descriptor(struct source *source);

#endif
