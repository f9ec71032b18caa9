/* Whether the way to the network was away for a while, and is back. */
#ifndef OBPUB_PUBLISH_OUTAGE_H
#define OBPUB_PUBLISH_OUTAGE_H

#include "publish/state.h"

/* An HSDir was not reached, be it for an upload or for a fetch. */
void outage_note_failure(struct publisher *publisher);

/* An HSDir was reached. Returns true when that is the end of an outage. */
bool outage_note_success(struct publisher *publisher, int64_t now);

/* The same for the end of an upload: one that the local tor or obpub itself refuses tells nothing of the
 * network. */
bool outage_note_upload(struct publisher *publisher, enum upload_failure failure, int64_t now);

/* True when some HSDir has answered well since a moment: what fails does not fail for want of a network. */
bool outage_is_over(const struct publisher *publisher, int64_t since);

#endif
