/* The status as a JSON object: all that Onionbalance's has, with its meaning, and more. */
#ifndef OBPUB_REPORT_STATUS_H
#define OBPUB_REPORT_STATUS_H

#include <jansson.h>

#include "report/view.h"

/* Makes the object; release with json_decref(). */
json_t *status_make_json(const struct report_view *view);

#endif
