/* How far the revision counters of a frontend with twins are ahead of the clock, and its rounds' part in
 * that.
 */
#ifndef OBPUB_PUBLISH_LEAD_H
#define OBPUB_PUBLISH_LEAD_H

#include "publish/state.h"

/* How far they are to be ahead now (milliseconds, on this network): 0 where no twin's tor uploads. */
int64_t lead_find(const struct publisher *publisher, const struct publisher_frontend *frontend);

/* When a descriptor that is sent now is refreshed: before this lead is over. */
int64_t lead_draw_refresh(struct publisher *publisher, int64_t lead, int64_t now);

#endif
