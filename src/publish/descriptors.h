/* Which HSDirs have to have a frontend's two descriptors, and which point set each of them. */
#ifndef OBPUB_PUBLISH_DESCRIPTORS_H
#define OBPUB_PUBLISH_DESCRIPTORS_H

#include "publish/state.h"

/* An HSDir's upload of a descriptor, NULL when the HSDir is not responsible for it. */
struct publisher_upload *publisher_descriptor_find_upload(const struct publisher_descriptor *descriptor,
                                                          const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* A descriptor of which nothing is known, and nothing planned. */
void publisher_descriptor_begin(struct publisher_descriptor *descriptor);

/* Frees a descriptor's uploads, which must not hold permits any more. */
void publisher_descriptor_clear(struct publisher_descriptor *descriptor);

/* Tells each upload which set is wanted: of the frontend's assignment as it is now where a round is planned,
 * so that the HSDir is about to get that; else what it was sent in the last one. */
void frontend_assign_uploads(struct publisher_frontend *frontend);

/* Works out anew which HSDirs have to have a frontend's two descriptors, for the publisher's network. */
void frontend_update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* The same where the frontend has begun to leave the spare HSDirs to its twins' tors, or does so no more.
 * That these come and go is the twins' doing, who may do so without end, and no client asks them: what they
 * are to have waits, like a round for a refusal, until there is one for anybody. */
void frontend_update_spares(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* Takes back the permits of all uploads of a frontend that is about to go. */
void frontend_leave_tors(struct publisher *publisher, struct publisher_frontend *frontend);

#endif
