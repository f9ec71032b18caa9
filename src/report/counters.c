/* What has been counted since the process began; the engine counts, the metrics show it. */
#include "report/counters.h"

#include <string.h>

void report_counters_note_failure(struct report_counters *counters, const char *tor_reason)
{
    enum upload_failure failure = UPLOAD_FAILURE_OTHER;
    if (strcmp(tor_reason, "UPLOAD_REJECTED") == 0)
        failure = UPLOAD_FAILURE_REJECTED;
    else if (strcmp(tor_reason, "UNEXPECTED") == 0)
        failure = UPLOAD_FAILURE_BROKEN;
    counters->upload_failures[failure]++;
}
