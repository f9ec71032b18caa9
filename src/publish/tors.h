/* Which of the local tors is given what, and how much at once. */
#ifndef OBPUB_PUBLISH_TORS_H
#define OBPUB_PUBLISH_TORS_H

#include "publish/state.h"

/* The state of the tors that are best. */
enum publisher_tor_state tors_find_best_state(const struct publisher *publisher);

/* How many permits are free at the tors that are best, which have so many in all. */
size_t publisher_count_free_permits(const struct publisher *publisher, size_t *all);

/* The tor for the next upload: of those that are best and have a permit free the one with the least to do,
 * and not the one to avoid, if it can be helped. PUBLISHER_NO_TOR when no permit is free. */
size_t publisher_choose_tor(const struct publisher *publisher, size_t avoid, int64_t now);

/* The tor for the next fetch from HSDirs: one of the best after the other; PUBLISHER_NO_TOR when there is
 * none. */
size_t publisher_choose_fetch_tor(struct publisher *publisher);

/* Gives an upload a permit of a tor, and takes it back (if it has one). */
void upload_enter_tor(struct publisher *publisher, struct publisher_upload *upload, size_t tor);
void upload_leave_tor(struct publisher *publisher, struct publisher_upload *upload);

/* What became of an upload tells something of its tor, too. */
void tor_note_upload(struct publisher *publisher, size_t tor, enum upload_failure failure, int64_t now);

#endif
