/* What the state machine is told of the health of what is behind its sources. */
#ifndef OBPUB_PUBLISH_CHECK_EVENTS_H
#define OBPUB_PUBLISH_CHECK_EVENTS_H

#include "publish/state.h"

/* Has a source checked by these rules from now on, or not at all (NULL, as at first). is_anew: what is asked
 * of it is something else than before, so that what is known of its health counts no more. A check that is
 * under way then is not waited for: nothing that comes of it is to be noted. */
void publisher_set_health(struct publisher *publisher, uint64_t source, const struct health_rules *rules,
                          bool is_anew, int64_t now);

/* A check has ended. reason: what went wrong, "" where nothing did.
 *
 * Where nothing was reached it may be the way out of here that is lost. So that counts as the source's
 * failure only if something else has got through, to another service or an HSDir, not longer before than one
 * of the source's intervals. */
void publisher_note_check(struct publisher *publisher, uint64_t source, enum health_finding finding,
                          const char *reason, int64_t now);

#endif
