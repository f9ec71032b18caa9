/* Writes a status for a person: texts made harmless, in colours where there are any. */
#ifndef OBPUB_REPORT_STATUS_PRINTER_H
#define OBPUB_REPORT_STATUS_PRINTER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define PRINTER_TEXT_SIZE_MAX 600 /* bytes of a text that are shown */

enum colour {
    COLOUR_NONE,
    COLOUR_GOOD,
    COLOUR_DOUBTFUL,
    COLOUR_BAD,
};

struct printer {
    FILE *file;
    bool has_colours;
    int64_t wall_now; /* of the status, seconds since the epoch */
};

void printer_begin_colour(const struct printer *printer, enum colour colour);
void printer_end_colour(const struct printer *printer, enum colour colour);

/* Writes a text from outside, of which length_max bytes are shown at most. Returns the length of what was
 * written, in bytes. */
size_t printer_put_beginning(const struct printer *printer, const char *text, size_t length_max);

/* Writes a text from outside, cut where it is very long. */
void printer_put_text(const struct printer *printer, const char *text);
void printer_put_coloured(const struct printer *printer, enum colour colour, const char *text);

/* Writes a duration in the greatest unit that there are two of, "0 s" for a negative one. */
void printer_put_duration(const struct printer *printer, int64_t seconds);

/* "" for one, "s" for several. */
const char *printer_plural(uint64_t count);

#endif
