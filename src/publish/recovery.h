/* What is done when the way to the network is back: nothing is waited for any longer. */
#ifndef OBPUB_PUBLISH_RECOVERY_H
#define OBPUB_PUBLISH_RECOVERY_H

#include "publish/state.h"

/* Has everything tried now that waits for its next try; but what failed before a moment does so for another
 * reason than an outage since then. */
void recovery_try_all(struct publisher *publisher, int64_t since, int64_t now);

#endif
