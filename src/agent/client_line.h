/* Cuts what a client of an agent sends into lines. */
#ifndef OBPUB_AGENT_CLIENT_LINE_H
#define OBPUB_AGENT_CLIENT_LINE_H

#include <event2/buffer.h>
#include <stddef.h>
#include <sys/types.h>

#define CLIENT_LINE_NONE (-1) /* the end of the line has not come yet */
#define CLIENT_LINE_BAD (-2)  /* it is none: the connection is to be closed */

/* Takes the next line out of input into size bytes, with a NUL in the place of its CR LF. Returns its length,
 * or one of the above. A line that doesn't fit is none, nor is one that ends in LF alone, or that has any
 * byte in it but printable ASCII; nor is one that begins with '+', since what follows it are data, of which
 * no command that is let through has any. */
ssize_t client_line_take(struct evbuffer *input, char *line, size_t size);

#endif
