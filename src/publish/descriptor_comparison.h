/* What two descriptors of one service are to each other: which is older, and what the later one changes. */
#ifndef OBPUB_PUBLISH_DESCRIPTOR_COMPARISON_H
#define OBPUB_PUBLISH_DESCRIPTOR_COMPARISON_H

#include "onion/descriptor.h"
#include "onion/network.h"

/* True when the descriptor is of an earlier time period than the known one, or of the same period with a
 * lower revision counter: an HSDir's old copy, or a replay. */
bool descriptor_is_older(const struct descriptor *descriptor, const struct descriptor *known);

/* True when both have the same introduction points, in whatever order: no descriptor has a point twice. */
bool descriptor_has_same_points(const struct descriptor *one, const struct descriptor *other);

/* True when both say the same of all of these points: a point can stay the same one while its relay gets
 * another address or onion key. */
bool descriptor_has_unchanged_points(const struct descriptor *one, const struct descriptor *other);

/* True when both say the same of flow control and of being a single onion service's. */
bool descriptor_has_same_features(const struct descriptor *one, const struct descriptor *other);

/* True when the descriptor is of the known one's time period and says other points under a lower counter. */
bool descriptor_is_replay(const struct descriptor *descriptor, const struct descriptor *known);

/* True when the descriptor tells less than the known one, client_period being the time period that clients
 * use now. Of two periods that clients may use now or later the newest answer counts. */
bool descriptor_tells_less(const struct descriptor *descriptor, const struct descriptor *known,
                           uint64_t client_period);

/* True when the known one is of the first of a service's two time periods and the descriptor of the second:
 * the service goes on with both, each with its own points. */
bool descriptor_is_of_other_half(const struct descriptor *descriptor, const struct descriptor *known,
                                 const uint64_t period_numbers[DESCRIPTOR_SLOTS]);

#endif
