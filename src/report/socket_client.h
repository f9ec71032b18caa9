/* Asks the obpub that runs something on one of its sockets. */
#ifndef OBPUB_REPORT_SOCKET_CLIENT_H
#define OBPUB_REPORT_SOCKET_CLIENT_H

#include <stddef.h>

#include "base/error.h"

/* What is asked, and what messages about that need. */
struct socket_question {
    const char *path;    /* of the socket */
    const char *setting; /* the config's key for that */
    const char *who;     /* may ask: the end of "run this as ..." */
    const char *answer;  /* what the answer is: "the status" */
    const char *request; /* what is sent at first; NULL: nothing */
    size_t request_length;
    int timeout;     /* seconds in which all of it has to come */
    size_t size_max; /* bytes that the answer may have */
};

/* Connects, asks and reads to the end. Returns the answer, *length bytes, to be released with free(), or NULL
 * with a sentence: also when a request has had no answer at all. */
char *socket_client_ask(const struct socket_question *question, size_t *length, struct error *error);

#endif
