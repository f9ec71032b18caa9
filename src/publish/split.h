/* A frontend whose twins verify proof of work: each HSDir that clients ask has the points of one twin alone,
 * with that tor's own pow-params, and the spare HSDirs are left to the tors.
 */
#ifndef OBPUB_PUBLISH_SPLIT_H
#define OBPUB_PUBLISH_SPLIT_H

#include "publish/state.h"

/* Works out whether a frontend is split: from the moment on at which all its members that are in have proof
 * of work on, until none has; before anything is published those count that have been heard of. Returns true
 * when that has changed. */
bool split_update(const struct publisher *publisher, struct publisher_frontend *frontend);

/* True when there are more twins than HSDirs, so that they take turns. */
bool split_takes_turns(const struct publisher *publisher, const struct publisher_frontend *frontend);

/* True when a member that is in has no place, since its tor has proof of work off. */
bool split_leaves_out(const struct publisher *publisher, const struct publisher_frontend *frontend,
                      const struct publisher_member *member);

/* Makes the assignment of a frontend that is split, with one holder; NULL when there is no point, or no
 * HSDir.
 */
struct assignment *split_make_assignment(const struct publisher *publisher,
                                         const struct publisher_frontend *frontend,
                                         const uint8_t seed[CHOICE_SEED_SIZE]);

#endif
