/* What twins' tors upload themselves, under the key that the frontend's superdescriptors are for, and how
 * those are kept in place.
 *
 * Each HSDir keeps the descriptor with the highest revision counter. So a frontend with twins has a lead: its
 * counters are made from a moment that is so far ahead, and until that has come HSDirs refuse what the twins'
 * tors make. Each of its rounds comes before then. Where a twin's upload gets through all the same, the next
 * round is begun at once. Twins whose tors have their uploads switched off need none of that.
 */
#ifndef OBPUB_PUBLISH_OWN_UPLOADS_H
#define OBPUB_PUBLISH_OWN_UPLOADS_H

#include "publish/state.h"

/* A twin's tor has told of an upload; blinded_key as in publisher_note_source_upload(). */
void own_uploads_note(struct publisher *publisher, struct source *source, enum source_upload what,
                      const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const uint8_t *blinded_key,
                      int64_t now);

/* The lead may have become longer: has the next refresh of each descriptor that was sent with a shorter one
 * come in time. */
void own_uploads_note_lead(struct publisher *publisher, size_t frontend, int64_t now);

#endif
