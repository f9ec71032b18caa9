/* Values as the status has them, for each JSON object that says the same facts. */
#ifndef OBPUB_REPORT_STATUS_VALUE_H
#define OBPUB_REPORT_STATUS_VALUE_H

#include <jansson.h>

#include "onion/bundle.h"

/* Each makes a value, to be released with json_decref(). */

/* Text that may have come from a file or a tor: NULL, the empty text and what is not UTF-8 become null. */
json_t *status_value_text(const char *text);

/* Seconds since the epoch as a time in UTC, written as Onionbalance writes it. */
json_t *status_value_time(int64_t seconds);

/* The onion address of a key, with ".onion". */
json_t *status_value_address(const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

/* What a presigned bundle is good for at wall_now (seconds since the epoch); schedule is the network's, or
 * NULL while that is not known; null without a plan, which is what a frontend with a key has. */
json_t *status_value_bundle(const struct bundle_plan *plan, const struct time_schedule *schedule,
                            int64_t wall_now);

#endif
