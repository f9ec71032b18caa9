/* Asks a running obpub for its status: what "obpub status" reads. */
#ifndef OBPUB_REPORT_STATUS_READER_H
#define OBPUB_REPORT_STATUS_READER_H

#include <jansson.h>

#include "base/error.h"

/* Most bytes that a status may have: several times that of the most frontends a config can have. */
#define STATUS_SIZE_MAX (64 * 1024 * 1024)
/* Seconds in which the whole of it has to come. */
#define STATUS_READ_SECONDS 10

/* Connects to the socket at path and reads one JSON object, within timeout seconds and at most size_max
 * bytes. Returns it, to be released with json_decref(), or NULL with a sentence. */
json_t *status_read(const char *path, int timeout, size_t size_max, struct error *error);

#endif
