/* The introduction points that a source has offered of late, so that those of another publisher of the same
 * sources are recognised. */
#ifndef OBPUB_PUBLISH_OFFERED_POINTS_H
#define OBPUB_PUBLISH_OFFERED_POINTS_H

#include "onion/descriptor.h"

/* Zeroed it is empty. Release with offered_points_clear(). */
struct offered_points {
    struct offered_point *points; /* as they came; once there is no room, the oldest one's place is taken */
    size_t count;
};

/* The source offers the points of a descriptor at now (milliseconds). */
void offered_points_note(struct offered_points *offered, const struct descriptor *descriptor, int64_t now);

/* True when the source has offered a point within the last 24 hours. */
bool offered_points_has(const struct offered_points *offered, const struct introduction_point *point,
                        int64_t now);

void offered_points_clear(struct offered_points *offered);

#endif
