/* How the state machine reckons with time and chance, and has things looked at again. */
#ifndef OBPUB_PUBLISH_PACE_H
#define OBPUB_PUBLISH_PACE_H

#include "publish/state.h"

/* A number from low to high, both included, as good as random; high is at least low. */
int64_t publisher_draw(struct publisher *publisher, int64_t low, int64_t high);

/* A time of the rules that are for the public network, made to fit this one. */
int64_t publisher_scale(const struct publisher *publisher, int64_t milliseconds);

/* The rules' times for an allowance, likewise. */
struct allowance_times publisher_scale_allowance(const struct publisher *publisher);

/* The delay before the next try after so many failures: the rules' first one doubled each time, and up to
 * half as much again. */
int64_t publisher_back_off(struct publisher *publisher, unsigned failures);

/* Have a source or frontend looked at again as soon as may be. */
void publisher_touch_source(struct publisher *publisher, const struct source *source, int64_t now);
void publisher_touch_frontend(struct publisher *publisher, size_t frontend, int64_t now);

#endif
