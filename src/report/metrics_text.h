/* Lines of Prometheus' text format. */
#ifndef OBPUB_REPORT_METRICS_TEXT_H
#define OBPUB_REPORT_METRICS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

struct metrics_text {
    struct evbuffer *buffer;
    bool has_failed; /* there was no memory for a line */
};

/* A value that there is none of: no line is written for it. */
#define METRICS_NO_VALUE ((double)NAN)

struct metrics_label {
    const char *name;
    const char *value; /* any bytes; NULL leaves the label out */
};

/* Begins the metric of this name: its help and its type. All its samples have to follow. */
void metrics_text_begin(struct metrics_text *text, const char *name, const char *type, const char *help);

/* One sample; suffix is "" or a histogram's "_bucket", "_sum" or "_count". A value that is whole is written
 * as a whole number, any other to the millisecond. */
void metrics_text_add(struct metrics_text *text, const char *name, const char *suffix,
                      const struct metrics_label *labels, size_t label_count, double value);

#endif
