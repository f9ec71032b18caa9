/* What an HSDir hands out, against what the frontend's sources offer. */
#ifndef OBPUB_PUBLISH_LOOK_COMPARISON_H
#define OBPUB_PUBLISH_LOOK_COMPARISON_H

#include "publish/state.h"

struct look_comparison {
    size_t unknown; /* points that no source offers or has offered of late */
    size_t stale;   /* points that no source offers any more */
    bool is_same;   /* the points are those that are wanted */
    bool lacks;     /* a live source of which ours would have a point has none */
    bool is_less;   /* there are fewer points than are wanted */
    bool is_open;   /* everybody may read it, and the frontend is restricted */
};

/* Compares a descriptor that an HSDir hands out with what that HSDir is to have; now is in milliseconds of
 * the publisher's clock. */
struct look_comparison look_comparison_make(const struct publisher *publisher,
                                            const struct publisher_frontend *frontend,
                                            const struct publisher_upload *upload,
                                            const struct descriptor *descriptor, int64_t now);

/* True when a descriptor of this publisher's own says what is wanted, which may be NULL: points, proof of
 * work, and who may read it. */
bool look_comparison_is_as_wanted(const struct point_set *wanted, const struct descriptor *descriptor);

#endif
