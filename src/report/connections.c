/* Those who are connected to a listening socket of ours. */
#include "report/connections.h"

#include <stdlib.h>

#include "base/memory.h"

void connections_begin(struct connections *connections, struct event_base *base, size_t maximum,
                       unsigned seconds, void *context)
{
    *connections =
        (struct connections){.base = base, .maximum = maximum, .seconds = seconds, .context = context};
    TAILQ_INIT(&connections->list);
}

void connection_end(struct connection *connection)
{
    TAILQ_REMOVE(&connection->all->list, connection, others);
    connection->all->count--;
    if (connection->deadline != NULL)
        event_free(connection->deadline);
    bufferevent_free(connection->stream);
    free(connection);
}

static void was_sent(struct bufferevent *stream, void *context)
{
    (void)stream;
    connection_end(context);
}

static void had_event(struct bufferevent *stream, short events, void *context)
{
    (void)stream;
    (void)events;
    connection_end(context);
}

static void was_too_slow(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    connection_end(context);
}

struct connection *connections_add(struct connections *connections, evutil_socket_t descriptor)
{
    const struct timeval time_left = {(time_t)connections->seconds, 0};
    struct bufferevent *stream = bufferevent_socket_new(connections->base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        evutil_closesocket(descriptor);
        return NULL;
    }
    struct connection *connection = memory_allocate(1, sizeof(*connection));
    connection->all = connections;
    connection->stream = stream;
    connection->deadline = evtimer_new(connections->base, was_too_slow, connection);
    if (connections->count == connections->maximum)
        connection_end(TAILQ_FIRST(&connections->list));
    TAILQ_INSERT_TAIL(&connections->list, connection, others);
    connections->count++;
    bufferevent_setcb(stream, NULL, NULL, had_event, connection);
    if (connection->deadline != NULL && evtimer_add(connection->deadline, &time_left) == 0)
        return connection;
    connection_end(connection);
    return NULL;
}

int connection_read(struct connection *connection, size_t length_max,
                    void (*was_read)(struct bufferevent *stream, void *connection))
{
    bufferevent_setcb(connection->stream, was_read, NULL, had_event, connection);
    bufferevent_setwatermark(connection->stream, EV_READ, 0, length_max);
    return bufferevent_enable(connection->stream, EV_READ);
}

void connection_finish(struct connection *connection)
{
    bufferevent_disable(connection->stream, EV_READ);
    bufferevent_setcb(connection->stream, NULL, was_sent, had_event, connection);
}

void connections_clear(struct connections *connections)
{
    while (!TAILQ_EMPTY(&connections->list))
        connection_end(TAILQ_FIRST(&connections->list));
}
