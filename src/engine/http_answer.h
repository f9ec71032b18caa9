/* The beginning of a web server's answer: the status, and the headers to their end, of which nothing is kept
 * (RFC 9112). The server may be hostile: each byte is looked at once, and there may be only so many. */
#ifndef OBPUB_ENGINE_HTTP_ANSWER_H
#define OBPUB_ENGINE_HTTP_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* Most bytes of status line and headers together, and most headers. */
#define HTTP_ANSWER_BYTES_MAX 16384
#define HTTP_ANSWER_HEADERS_MAX 128

enum http_answer_state {
    HTTP_ANSWER_MORE,  /* there is more to come */
    HTTP_ANSWER_WHOLE, /* the headers are over: the status counts */
    HTTP_ANSWER_BAD,   /* this is none */
};

/* Zeroed it is ready for the first byte. */
struct http_answer {
    enum http_answer_state state;
    unsigned status; /* of a whole one: 100 to 999 */
    int phase;       /* where in a line; of http_answer.c */
    size_t place;    /* in the beginning of the status line */
    size_t bytes, headers;
    const char *fault; /* what is wrong with a bad one: the end of a sentence, with nothing of it */
};

/* Takes what has come next. What comes after the headers is not looked at. */
enum http_answer_state http_answer_take(struct http_answer *answer, const uint8_t *bytes, size_t length);

/* Room for what is asked, whatever path and host the config has. */
#define HTTP_REQUEST_SIZE 2048

/* Writes what is asked, and returns its length. path and host as the config has them; a port other than 80 is
 * named with the host. */
size_t http_request_write(char request[HTTP_REQUEST_SIZE], const char *path, const char *host, unsigned port);

#endif
