/* The metrics as Prometheus' text format. */
#ifndef OBPUB_REPORT_METRICS_H
#define OBPUB_REPORT_METRICS_H

#include <event2/buffer.h>

#include "report/view.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Adds all metrics to the buffer. Returns 0, or -1 when there is no memory. */
int metrics_write(const struct report_view *view, struct evbuffer *buffer);

#endif
