/* What the state machine is told of uploads and of the local tors, and how far it is. */
#ifndef OBPUB_PUBLISH_UPLOAD_EVENTS_H
#define OBPUB_PUBLISH_UPLOAD_EVENTS_H

#include "publish/state.h"

/* A local tor, counted from 0 to PUBLISHER_TORS_MAX - 1, can or can't be given uploads. When one is lost,
 * nothing that it was given will be answered: it goes to another one at once, if there is one. */
void publisher_note_tor(struct publisher *publisher, size_t tor, enum publisher_tor_state state, int64_t now);

/* A local tor tells when an upload has ended without an answer, until it is lost. From then on answers to it
 * are only passed on when they are to the last upload to that HSDir, and an upload that another one follows
 * is ended. So a good answer that comes too late is taken as long as nothing else was sent.
 */
void publisher_note_tor_tells_ends(struct publisher *publisher, size_t tor);

/* The way of an upload to its HSDir stands: from now on it may have arrived, and is not sent again in its
 * round only because no answer comes. */
void publisher_note_upload_reached(struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                                   const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], int64_t now);

/* An HSDir's answer, or tor's: UPLOAD_FAILURE_NONE when it took the descriptor, else why it did not, and the
 * same in words (reason). Returns false for an answer that nobody waits for: it is ignored. */
bool publisher_note_upload(struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                           const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], enum upload_failure failure,
                           const char *reason, int64_t now);

/* The machine stood still for so long, as far as can be told: the clock that only goes forward did, and
 * HSDirs' did not. Descriptors are that much older, and refreshed earlier. */
void publisher_note_pause(struct publisher *publisher, int64_t milliseconds, int64_t now);

/* Has the uploads of a frontend that have failed tried again at once: what they failed for is mended. */
void publisher_retry_uploads(struct publisher *publisher, size_t frontend, int64_t now);

/* What was uploaded of a frontend so far expires at a moment (milliseconds, as now): has it uploaded again at
 * once, unless the next refresh comes in time. */
void publisher_renew_uploads(struct publisher *publisher, size_t frontend, int64_t expires_at, int64_t now);

/* True when every frontend is as published as it can be: nothing is in flight or due before its next round.
 */
bool publisher_is_settled(const struct publisher *publisher, int64_t now);

/* True when every HSDir has the frontend's descriptors, both, with the points that it is to have, as far as
 * can be known at now: also while they are being refreshed, or while changes are held back because a source
 * changes without end; no longer when an HSDir took its own so long ago that it has forgotten it, or has
 * refused another one since. */
bool publisher_is_published(const struct publisher *publisher, size_t frontend, int64_t now);

#endif
