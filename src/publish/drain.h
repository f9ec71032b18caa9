/* How much of its visitors each member of a frontend is to have: what config and operator say of that. */
#ifndef OBPUB_PUBLISH_DRAIN_H
#define OBPUB_PUBLISH_DRAIN_H

#include "publish/state.h"

/* Gives the members of a frontend their weights, one each in their order; PUBLISHER_WEIGHT_DEFAULT before.
 * One with the weight 0 is drained. */
void publisher_set_weights(struct publisher *publisher, size_t frontend, const unsigned *weights,
                           int64_t now);

/* True when there is a member that no operator has drained and has another weight than 0, and that is live
 * with introduction points to be published and not sick, beside the source of this number. Else this one is
 * not to be drained: nobody would be left for visitors, and those that are drained would be used all the
 * same. */
bool publisher_may_drain(const struct publisher *publisher, size_t frontend, uint64_t source);

/* Drains a member of a frontend, or ends that: no new visitors come to it once what is published next is out;
 * those that are there stay. That is kept for as long as it is a member. Returns false when it was so
 * already. */
bool publisher_set_drained(struct publisher *publisher, size_t frontend, uint64_t source, bool is_drained,
                           int64_t now);

#endif
