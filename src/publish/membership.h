/* Whose points are in at a frontend: those of its sources that are live and not sick, as long as there are
 * any.
 */
#ifndef OBPUB_PUBLISH_MEMBERSHIP_H
#define OBPUB_PUBLISH_MEMBERSHIP_H

#include "publish/state.h"

/* Works out whose points are in, after one of the sources has changed (SOURCE_NONE: not just one).
 *
 * With no source live the last good set stays: to publish nothing would help nobody. Those of it that are
 * lost stay for a while after the first is back, since the way to them may come back, too.
 *
 * With all that are live sick, checks change nothing: the frontend doubts them, until one of its sources is
 * known to answer. */
void membership_update(const struct publisher *publisher, struct publisher_frontend *frontend,
                       uint64_t changed, int64_t now);

#endif
