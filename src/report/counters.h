/* What has been counted since the process began, beside what the publisher counts; the engine counts, the
 * metrics show it. */
#ifndef OBPUB_REPORT_COUNTERS_H
#define OBPUB_REPORT_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "publish/source.h"

/* Who was asked for a backend's descriptor. */
enum fetch_target {
    FETCH_TARGET_BACKEND, /* its control port */
    FETCH_TARGET_HSDIRS,
    FETCH_TARGETS,
};

struct report_counters {
    uint64_t uploads;       /* handed to tor, one for each HSDir */
    uint64_t uploads_taken; /* the HSDir took it */
    uint64_t fetches[FETCH_TARGETS];
    uint64_t fetch_failures[FETCH_TARGETS];
    uint64_t backend_connections_lost;       /* to backends' control ports, once they were up */
    uint64_t tor_connections_lost;           /* to the local tor's, once it was up */
    uint64_t consensuses;                    /* networks that were read from the local tor */
    uint64_t health_checks[HEALTH_FINDINGS]; /* that have ended, by what came of them */
    uint64_t reloads;                        /* of the config, on request */
    uint64_t reload_failures;                /* those of them that were refused */
    struct histogram reactions; /* from a hint of a change at a backend to all HSDirs having it */
};

#endif
