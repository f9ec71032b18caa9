/* A reply or an asynchronous event of tor's control protocol, as the parser hands it on (control-spec 2.3).
 */
#ifndef OBPUB_CONTROL_REPLY_H
#define OBPUB_CONTROL_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of a reply. Texts are NUL-terminated; data may hold any byte but has a NUL behind it all the same.
 */
struct control_line {
    int status;         /* 100 to 699; 650 is an event */
    const char *text;   /* what follows the status and its '-', '+' or ' ', without the line end */
    size_t text_length; /* bytes */
    const char *data;   /* of a "+" line: its data, un-escaped, lines ending in \n; NULL for others */
    size_t data_length; /* bytes */
};

/* A whole reply: mid and data lines, then the end line. Its memory is the parser's and is good during the
 * callback only. */
struct control_reply {
    int status; /* the end line's */
    const struct control_line *lines;
    size_t line_count; /* at least 1 */
};

/* Gets the data of a reply line by line as they come, un-escaped, each line with its \n. Must not free the
 * connection. */
typedef void (*control_data_callback)(const char *line, size_t length, void *context);

/* True when the reply is positive (2xx). */
bool control_reply_is_ok(const struct control_reply *reply);

/* The first line whose text begins with "<keyword>=", or NULL. */
const struct control_line *control_reply_find(const struct control_reply *reply, const char *keyword);

/* Reads the number behind "<keyword>=" in a positive reply: decimal digits and nothing else, not above
 * maximum. Returns 0, or -1 when there is no such number. */
int control_reply_read_number(const struct control_reply *reply, const char *keyword, uint64_t maximum,
                              uint64_t *number);

#endif
