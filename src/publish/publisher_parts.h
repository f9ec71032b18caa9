/* What the files of the state machine share among themselves. */
#ifndef OBPUB_PUBLISH_PUBLISHER_PARTS_H
#define OBPUB_PUBLISH_PUBLISHER_PARTS_H

#include "publish/publisher.h"

/* Milliseconds to wait after so many attempts: first_delay doubled for each one, a minute at most. */
int64_t publisher_back_off(int64_t first_delay, unsigned attempts);

/* True when it is known whether the backend takes part. */
bool backend_has_settled(const struct publisher_backend *backend);

/* Leaves out the backends whose patience is over. */
void publisher_check_patience(struct publisher *publisher, int64_t now);

/* The backends' share of publisher_next_action() and publisher_next_moment(). */
bool publisher_next_fetch(struct publisher *publisher, struct publisher_action *action, int64_t now);
int64_t publisher_next_backend_moment(const struct publisher *publisher);

/* Works out anew which HSDirs have to have a frontend's two descriptors, for the publisher's network. */
void frontend_update_hsdirs(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* Releases what a frontend points to. */
void frontend_clear(struct publisher_frontend *frontend);

/* The uploads' share of publisher_next_action() and publisher_next_moment(). */
bool publisher_next_upload(struct publisher *publisher, struct publisher_action *action, int64_t now);
int64_t publisher_next_upload_moment(const struct publisher *publisher);

/* Gives up waiting for answers that are overdue. */
void publisher_check_answers(struct publisher *publisher, int64_t now);

/* True when every HSDir of both descriptors has taken its one or been given up. */
bool frontend_has_settled(const struct publisher *publisher, const struct publisher_frontend *frontend);

#endif
