/* What a frontend's HSDirs are to have, and when a change of that may go out. */
#ifndef OBPUB_PUBLISH_FRONTENDS_H
#define OBPUB_PUBLISH_FRONTENDS_H

#include "publish/state.h"

/* Gives a frontend other sources; those it had already keep all that is known of them. With none it publishes
 * nothing more, until it has some. */
void publisher_set_members(struct publisher *publisher, size_t frontend, const uint64_t *sources,
                           size_t source_count, int64_t now);

/* Has the sources of a frontend that is being removed know nothing of it any more. */
void publisher_leave_sources(struct publisher *publisher, size_t frontend);

/* Works out anew what a frontend's HSDirs are to have, after one of its sources has changed (SOURCE_NONE: not
 * just one). */
void frontend_update_assignment(struct publisher *publisher, size_t number, uint64_t changed_source,
                                int64_t now);

/* Likewise after a command: nothing holds back what comes of it. */
void frontend_update_by_command(struct publisher *publisher, size_t number, int64_t now);

/* It is the turn of other twins, where there are more of them than HSDirs. */
void frontend_begin_turn(struct publisher *publisher, size_t number, int64_t now);

/* A descriptor is about to be refreshed, or could have been since it last was: where its HSDirs have points
 * of their own, and these can't be divided evenly, others have their turn. */
void frontend_turn_descriptor(struct publisher *publisher, struct publisher_frontend *frontend,
                              struct publisher_descriptor *descriptor, int64_t now);

/* Plans rounds for changes that have been gathered for long enough, and have an allowance. Returns when to
 * look again, MOMENT_NEVER if nothing waits. */
int64_t frontend_plan_changes(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* Clients have gone over to the other descriptor, which may not have all changes yet. */
void frontend_note_half(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* True when it may be published: all its sources have been heard of or waited for, and it has points. */
bool frontend_may_publish(struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

/* True when a member's source has changed so often of late that its changes have to wait; some time of quiet
 * ends that. The same for a source at any of its frontends. */
bool member_is_restless(const struct publisher *publisher, const struct publisher_member *member,
                        int64_t now);
bool source_is_restless(const struct publisher *publisher, const struct source *source, int64_t now);

#endif
