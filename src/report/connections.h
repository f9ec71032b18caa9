/* Those who are connected to a listening socket of ours: no more than so many at once, and each for no longer
 * than so many seconds. */
#ifndef OBPUB_REPORT_CONNECTIONS_H
#define OBPUB_REPORT_CONNECTIONS_H

#include <stddef.h>
#include <sys/queue.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

struct connections;

/* One of them; it ends by itself when the other end closes it, or its time is over. */
struct connection {
    TAILQ_ENTRY(connection) others;
    struct connections *all;
    struct bufferevent *stream; /* the connection's */
    struct event *deadline;     /* likewise */
};

struct connections {
    struct event_base *base;
    size_t count, maximum;
    unsigned seconds;
    void *context;                                /* whatever they are for */
    TAILQ_HEAD(connection_list, connection) list; /* the oldest first */
};

void connections_begin(struct connections *connections, struct event_base *base, size_t maximum,
                       unsigned seconds, void *context);

/* Adds the one who has connected by a socket, which is the connection's from now on; where there are too many
 * the oldest one ends. Nothing is read of it yet. Returns NULL, and has closed the socket, when that can't be
 * done. */
struct connection *connections_add(struct connections *connections, evutil_socket_t descriptor);

/* Reads up to so many bytes of it, and tells what has come so far, each time: connection is the connection.
 * Returns 0, or -1. */
int connection_read(struct connection *connection, size_t length_max,
                    void (*was_read)(struct bufferevent *stream, void *connection));

/* Reads no more, and ends it once all that is written to it has been taken. */
void connection_finish(struct connection *connection);

/* Closes it; it must not be used any more. */
void connection_end(struct connection *connection);

/* Ends all of them. */
void connections_clear(struct connections *connections);

#endif
