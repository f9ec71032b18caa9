/* What becomes of one source when something happens: for the publisher's own files. */
#ifndef OBPUB_PUBLISH_SOURCES_H
#define OBPUB_PUBLISH_SOURCES_H

#include "publish/state.h"

/* Makes a source in a free row, which is zeroed but for the number. */
void source_begin(struct publisher *publisher, struct source *source,
                  const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], enum source_kind kind, int64_t now);

/* Releases all that a source holds; its row is free then. */
void source_clear(struct source *source);

/* Each of these does what the function of source_events.h of the same name says, as far as the source itself
 * is concerned. What its frontends have to hear of that is kept as the source's news. */
void source_set_kind(struct publisher *publisher, struct source *source, enum source_kind kind, int64_t now);
void source_note_reachable(struct publisher *publisher, struct source *source, bool is_new_process,
                           int64_t uptime, int64_t now);
void source_note_unreachable(struct publisher *publisher, struct source *source, const char *reason,
                             enum source_loss loss, int64_t now);
void source_note_upload(struct publisher *publisher, struct source *source, enum source_upload what,
                        const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const uint8_t *blinded_key,
                        int64_t now);

/* Its tor is known to upload, or not to. */
void source_set_uploading(struct publisher *publisher, struct source *source, enum source_uploading uploading,
                          int64_t now);

/* Has everything done that a new network means for a source. */
void source_update_network(struct publisher *publisher, struct source *source, bool has_new_half,
                           int64_t now);

/* The network is back: forgets that the descriptor of a source whose own tor is not asked could not be
 * fetched. The source is asked at once, and not judged by its age before it had the time to answer. */
void source_begin_anew(struct publisher *publisher, struct source *source, int64_t now);

/* Does what is due at a source, has it wait for a permit among those that are asked, and puts its next moment
 * on the agenda. */
void source_run(struct publisher *publisher, struct source *source, int64_t now);

#endif
