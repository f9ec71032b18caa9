/* When an HSDir is sent a descriptor, what becomes of that, and when it is tried again. */
#ifndef OBPUB_PUBLISH_UPLOADS_H
#define OBPUB_PUBLISH_UPLOADS_H

#include "publish/state.h"

/* True when the HSDir is being sent one of the frontend's descriptors. An HSDir's answer names neither the
 * descriptor nor its time period, so it is never sent both at the same time. */
bool frontend_is_busy(const struct publisher_frontend *frontend,
                      const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

/* An upload that is due is given to a tor. */
void upload_send(struct publisher *publisher, const struct publisher_descriptor *descriptor,
                 struct publisher_upload *upload, size_t tor, int64_t now);

/* Notes all that has come due at a descriptor by now: its next round, and overdue answers. */
void publisher_descriptor_check(struct publisher *publisher, struct publisher_frontend *frontend,
                                struct publisher_descriptor *descriptor, int64_t now);

/* When a frontend's uploads have to be looked at again though nothing happens; MOMENT_NEVER for never. */
int64_t frontend_next_upload_moment(const struct publisher *publisher,
                                    const struct publisher_frontend *frontend, int64_t now);

/* True when an HSDir's answer to a descriptor is of use: one that comes late only when it is a good one, and
 * the last thing that the HSDir was sent is what it answers. */
bool upload_awaits_answer(const struct publisher_frontend *frontend, const struct publisher_upload *upload,
                          enum upload_failure failure);

/* An upload's answer: UPLOAD_FAILURE_NONE when the HSDir took it, else why not, and the same in words. */
void upload_note_answer(struct publisher *publisher, const struct publisher_frontend *frontend,
                        struct publisher_descriptor *descriptor, struct publisher_upload *upload,
                        enum upload_failure failure, const char *reason, int64_t now);

/* True when an HSDir that refuses an upload may do so because it has just that, from a try whose answer did
 * not come; or when the refusal may be a late one, of another upload. Of an HSDir that was not seen to have
 * ours for all that, such a refusal is believed in the end. */
bool upload_refusal_is_doubtful(const struct publisher_upload *upload, int64_t now);

/* True when what was made at made_at is what the HSDir was sent last. */
bool upload_was_made_at(const struct publisher_descriptor *descriptor, const struct publisher_upload *upload,
                        int64_t made_at);

/* The HSDir has been seen to hand out what it was sent last, which was made at made_at: where its answer did
 * not come, or was that it has it already, it has taken it all the same. */
void upload_note_seen(struct publisher_upload *upload, int64_t made_at);

/* The HSDir has been seen not to have what it was sent last: where that was not known, it is sent once more,
 * after a delay as after any failure. */
void upload_note_missing(struct publisher *publisher, struct publisher_upload *upload, int64_t now);

/* True when the HSDir has taken what a twin's tor had made, and may have it still. */
bool upload_is_of_twin(const struct publisher_upload *upload, int64_t now);

/* The HSDir has been seen to hand out something else than it has taken. */
void upload_note_gone(struct publisher_upload *upload);

/* The HSDir has told somebody else that it has taken another descriptor in the place of the one that it took
 * before: it waits for the next round. */
void upload_note_replaced(struct publisher_upload *upload);

/* A frontend's descriptors are refreshed within a time drawn up to spread (milliseconds). */
void frontend_refresh_soon(struct publisher *publisher, size_t number, int64_t spread, int64_t now);

/* Each of these does what the function of upload_events.h of the same name says. */
void frontend_retry_uploads(struct publisher *publisher, size_t number, int64_t now);
void frontend_renew_uploads(struct publisher *publisher, size_t number, int64_t expires_at, int64_t now);

/* Forgets what is in flight at a tor that is lost, to be sent again after delay. */
void frontend_forget_in_flight(struct publisher *publisher, struct publisher_frontend *frontend, size_t tor,
                               int64_t delay, int64_t now);

/* Something that is true of an upload at a moment, or is not. */
typedef bool (*upload_condition)(const struct publisher_upload *upload, int64_t now);

/* Whether a condition holds for every upload of a frontend at now. */
bool frontend_all_uploads(const struct publisher_frontend *frontend, upload_condition holds, int64_t now);

/* The condition that an upload is over, be it that the HSDir took the wanted set, refused it or was given up.
 */
bool upload_has_ended(const struct publisher_upload *upload, int64_t now);

#endif
