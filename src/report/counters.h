/* What has been counted since the process began; the engine counts, the metrics show it. */
#ifndef OBPUB_REPORT_COUNTERS_H
#define OBPUB_REPORT_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"

/* Why an upload to one HSDir failed. Answers that never came are counted by the publisher. */
enum upload_failure {
    UPLOAD_FAILURE_REJECTED,  /* the HSDir refused the descriptor (UPLOAD_REJECTED) */
    UPLOAD_FAILURE_BROKEN,    /* the HSDir could not be reached or made no sense (UNEXPECTED) */
    UPLOAD_FAILURE_CIRCUIT,   /* the circuit to the HSDir broke before it had answered */
    UPLOAD_FAILURE_TOR,       /* the local tor refused HSPOST */
    UPLOAD_FAILURE_NOT_BUILT, /* there was no descriptor to upload */
    UPLOAD_FAILURE_OTHER,
    UPLOAD_FAILURES,
};

/* Where a backend's descriptor was asked for. */
enum fetch_source {
    FETCH_SOURCE_BACKEND, /* its control port */
    FETCH_SOURCE_HSDIRS,
    FETCH_SOURCES,
};

struct report_counters {
    uint64_t uploads;                          /* handed to tor, one for each HSDir */
    uint64_t uploads_taken;                    /* the HSDir took it */
    uint64_t upload_failures[UPLOAD_FAILURES]; /* likewise one for each HSDir */
    uint64_t fetches[FETCH_SOURCES];
    uint64_t fetch_failures[FETCH_SOURCES];
    uint64_t backend_connections_lost; /* to backends' control ports, once they were up */
    uint64_t tor_connections_lost;     /* to the local tor's, once it was up */
    uint64_t consensuses;              /* networks that were read from the local tor */
    uint64_t reloads;                  /* of the config, on request */
    uint64_t reload_failures;          /* those of them that were refused */
    struct histogram reactions;        /* from a backend's sign of change to all HSDirs having it */
};

/* Counts a failed upload under the reason that tor's HS_DESC FAILED event gave (REASON=). */
void report_counters_note_failure(struct report_counters *counters, const char *tor_reason);

#endif
