/* How a frontend's visitors are to be divided between its members: by their weights, and none to those that
 * are drained as long as there are others. */
#ifndef OBPUB_PUBLISH_WEIGHTS_H
#define OBPUB_PUBLISH_WEIGHTS_H

#include "publish/state.h"

/* True when no new visitors are to come to a member: its weight is 0, or an operator has drained it. */
bool member_is_drained(const struct publisher_member *member);

/* Works out whether a frontend has to use those that are drained, after it was worked out whose points are
 * in. */
void weights_update(const struct publisher *publisher, struct publisher_frontend *frontend);

/* A member's weight as it counts now: 0 for one that is left out because it is drained. Where there are none
 * but such they all have the same. */
unsigned weights_find(const struct publisher_frontend *frontend, const struct publisher_member *member);

/* The sum of these weights, of all members that have introduction points to be published. */
unsigned weights_sum(const struct publisher *publisher, const struct publisher_frontend *frontend);

/* The share of the visitors that a member is to have now, 0 to 1: its weight's part of that sum. NAN when
 * that is 0. */
double weights_find_share(const struct publisher *publisher, const struct publisher_frontend *frontend,
                          const struct publisher_member *member, unsigned sum);

#endif
