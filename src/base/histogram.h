/* How long something took, each time, counted in buckets. */
#ifndef OBPUB_BASE_HISTOGRAM_H
#define OBPUB_BASE_HISTOGRAM_H

#include <stdint.h>

/* Upper bounds of the buckets, in milliseconds; the last bucket has none. */
#define HISTOGRAM_BOUNDS 11
extern const int64_t histogram_bounds[HISTOGRAM_BOUNDS];

struct histogram {
    uint64_t buckets[HISTOGRAM_BOUNDS + 1]; /* each counts its own range only */
    int64_t sum;                            /* milliseconds */
};

/* Counts one that took so long. */
void histogram_note(struct histogram *histogram, int64_t milliseconds);

#endif
