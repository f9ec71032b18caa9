/* Whose points are in at a frontend, and when a change of them may go out. */
#ifndef OBPUB_PUBLISH_FRONTENDS_H
#define OBPUB_PUBLISH_FRONTENDS_H

#include "publish/state.h"

/* Gives a frontend other sources; those it had already keep all that is known of them. */
void publisher_set_members(struct publisher *publisher, size_t frontend, const uint64_t *sources,
                           size_t source_count, int64_t now);

/* Works out anew what a frontend's HSDirs are to have, after one of its sources has changed (SOURCE_NONE: not
 * just one). */
void frontend_update_assignment(struct publisher *publisher, size_t number, uint64_t changed_source,
                                int64_t now);

/* Lets changes out that have waited for long enough. Returns when to look again, MOMENT_NEVER if nothing
 * waits. */
int64_t frontend_commit_changes(struct publisher *publisher, struct publisher_frontend *frontend,
                                int64_t now);

/* True when it may be published: all its sources have been heard of or waited for, and it has points. */
bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend);

#endif
