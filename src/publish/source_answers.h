/* What becomes of a source when a descriptor of it has come, or none has: for the publisher's own files. */
#ifndef OBPUB_PUBLISH_SOURCE_ANSWERS_H
#define OBPUB_PUBLISH_SOURCE_ANSWERS_H

#include "publish/state.h"

/* A descriptor came; it is the source's from now on. Returns false when it is of no use, as after a failure.
 */
bool source_note_descriptor(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                            int64_t now);

/* A descriptor of a twin came from an HSDir, which was made at made_at as far as that can be told; it is the
 * source's from now on, or another twin's. */
void source_note_found(struct publisher *publisher, struct source *source, struct descriptor *descriptor,
                       int64_t made_at, int64_t now);

/* HSDirs had nothing of a twin, or did not answer: that says nothing of its tor. */
void source_note_not_found(struct publisher *publisher, struct source *source, int64_t now);

/* A fetch came to nothing. is_doubtful: that says something of the source. */
void source_note_fetch_failed(struct publisher *publisher, struct source *source, const char *reason,
                              bool is_doubtful, int64_t now);

/* Works out anew what a source has to offer, of the descriptor that is here and the publisher's network.
 * Returns true when that is something else than before. */
bool source_update_points(const struct publisher *publisher, struct source *source, int64_t now);

#endif
