/* How far the revision counters of a frontend are ahead of the clock, and its rounds' part in that.
 *
 * What it is ahead for are tors that have the frontend's key, and upload: its twins, or such as serve it
 * beside backends with keys of their own, while it goes over from the ones to the others.
 */
#ifndef OBPUB_PUBLISH_LEAD_H
#define OBPUB_PUBLISH_LEAD_H

#include "publish/state.h"

/* How far they are to be ahead now (milliseconds, on this network): 0 where there are twins of which no tor
 * uploads. */
int64_t lead_find(const struct publisher *publisher, const struct publisher_frontend *frontend);

/* How far they may have been ahead before, in this process or another one (milliseconds, on this network). */
int64_t lead_find_longest(const struct publisher *publisher, const struct publisher_frontend *frontend);

/* When a descriptor that is sent now is refreshed: before this lead is over, or what else ends so long after
 * it was made. */
int64_t lead_draw_refresh(struct publisher *publisher, int64_t lead, int64_t now);

#endif
