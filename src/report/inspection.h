/* What is known of a descriptor that was examined, for people and as JSON. */
#ifndef OBPUB_REPORT_INSPECTION_H
#define OBPUB_REPORT_INSPECTION_H

#include <jansson.h>

#include "control/relay_nickname.h"
#include "onion/descriptor_checks.h"
#include "report/status_printer.h"

struct inspection {
    const struct descriptor_examination *examination;
    const uint8_t *identity_key;   /* of the service that it was held to be of, or NULL */
    const struct network *network; /* by a local tor's consensus, or NULL */
    struct time_schedule schedule;
    int64_t wall_now; /* seconds since the epoch */
    /* The nickname of a relay, or NULL where it is not known. May be NULL itself. */
    const char *(*find_name)(const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], const void *context);
    const void *context;
};

/* When a descriptor was made, by the clock of whoever made it. */
struct making {
    bool is_known;   /* the revision counter is such as a clock makes, and from when it counts is known */
    int64_t made_at; /* if is_known: seconds since the epoch, by the counter; a few minutes off at most */
    bool is_ahead;   /* no clock that is about right makes such a counter before an hour is over */
    bool fits;       /* what the certificate says of the hour in which it was made does not contradict that */
    int64_t hour_at; /* when the hour ends in which tor would have made the certificate; 0: not known */
};
void inspection_find_making(const struct inspection *inspection, struct making *making);

#define INSPECTION_REMARKS_MAX 16
/* What is worth saying of a descriptor beyond its checks: a sentence for each. Returns how many. */
size_t inspection_list_remarks(const struct inspection *inspection,
                               struct error remarks[INSPECTION_REMARKS_MAX]);

/* Prints all of it. */
void inspection_print(const struct inspection *inspection, const struct printer *printer);

/* All of it, to be released with json_decref(). */
json_t *inspection_make_json(const struct inspection *inspection);

/* Writes the nickname of a relay, or "" where it is not known, and its fingerprint behind a dollar sign. */
#define RELAY_TEXT_SIZE (RELAY_NICKNAME_SIZE + 2 + 2 * RELAY_FINGERPRINT_SIZE + 2)
void inspection_format_relay(char text[RELAY_TEXT_SIZE], const struct inspection *inspection,
                             const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE]);

#endif
