/* A frontend whose HSDirs have points of several sources each: all the same ones, or each its own. */
#ifndef OBPUB_PUBLISH_MERGED_H
#define OBPUB_PUBLISH_MERGED_H

#include "publish/state.h"

/* Makes the assignment of a frontend that is not split, with one holder; NULL when there is no point. In a
 * descriptor that is turning (NULL: in none) what can't be divided evenly goes to other sources than before.
 */
struct assignment *merged_make_assignment(const struct publisher *publisher,
                                          struct publisher_frontend *frontend,
                                          const uint8_t seed[CHOICE_SEED_SIZE],
                                          const struct publisher_descriptor *turning);

/* To be told before the descriptor that clients use has a new round, or is another one, and before members
 * want something else: until now each member has had what it has in the last round, and is owed what that is
 * less than it wanted, by the time. */
void merged_note_places(const struct publisher *publisher, struct publisher_frontend *frontend, int64_t now);

#endif
