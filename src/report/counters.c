/* What has been counted since the process began; the engine counts, the metrics show it. */
#include "report/counters.h"

#include <string.h>

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

void report_counters_note_failure(struct report_counters *counters, const char *tor_reason)
{
    enum upload_failure failure = UPLOAD_FAILURE_OTHER;
    if (strcmp(tor_reason, "UPLOAD_REJECTED") == 0)
        failure = UPLOAD_FAILURE_REJECTED;
    else if (strcmp(tor_reason, "UNEXPECTED") == 0)
        failure = UPLOAD_FAILURE_BROKEN;
    counters->upload_failures[failure]++;
}
