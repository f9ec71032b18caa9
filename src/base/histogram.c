/* How long something took, each time, counted in buckets. */
#include "base/histogram.h"

#include <stddef.h>

const int64_t histogram_bounds[HISTOGRAM_BOUNDS] = {500,   1000,  2000,  3000,   5000,  10000,
                                                    20000, 30000, 60000, 120000, 300000};

void histogram_note(struct histogram *histogram, int64_t milliseconds)
{
    size_t bucket = 0;
    while (bucket < HISTOGRAM_BOUNDS && milliseconds > histogram_bounds[bucket])
        bucket++;
    histogram->buckets[bucket]++;
    histogram->sum += milliseconds;
}
