/* What was found at the HSDirs of an onion service, for a report. */
#ifndef OBPUB_REPORT_SURVEY_VIEW_H
#define OBPUB_REPORT_SURVEY_VIEW_H

#include "report/inspection.h"

#define SURVEY_REASON_SIZE 160

enum survey_finding {
    SURVEY_NOT_ASKED, /* no tor can be asked to */
    SURVEY_NO_ANSWER, /* none came, or not from the HSDir itself */
    SURVEY_NONE,      /* it has none */
    SURVEY_BROKEN,    /* it has one that the local tor can't read, and does not show */
    SURVEY_FOUND,
};

/* An HSDir of one of the service's two descriptors. */
struct surveyed_hsdir {
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
    enum descriptor_slot slot;
    bool is_asked; /* by clients; else it is a spare one */
    enum survey_finding finding;
    char reason[SURVEY_REASON_SIZE]; /* what tor says of that, or "" */
    char *text;                      /* with SURVEY_FOUND: the descriptor, length bytes */
    size_t length;
    struct descriptor_examination *examination; /* of it, or NULL */
};

struct survey_report {
    struct inspection inspection; /* all but the examination */
    const struct surveyed_hsdir *hsdirs;
    size_t count;
};

#endif
