/* The unix socket that takes commands for the obpub that runs: from its own user and from root alone. */
#include "report/command_socket.h"

#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/memory.h"

/* The number that the kernel gives for users whom a user namespace does not have: nobody in particular. */
#define USER_NOBODY 65534

/* One who is connected and has not been answered in full yet. */
struct connection {
    TAILQ_ENTRY(connection) others;
    struct command_socket *socket;
    struct bufferevent *stream;
    struct event *deadline;
};

struct command_socket {
    struct event_base *base;
    struct listener listener;
    command_callback perform;
    void *context;
    size_t connection_count;
    TAILQ_HEAD(connections, connection) connections; /* the oldest first */
};

static void end_connection(struct connection *connection)
{
    struct command_socket *socket = connection->socket;
    TAILQ_REMOVE(&socket->connections, connection, others);
    socket->connection_count--;
    if (connection->deadline != NULL)
        event_free(connection->deadline);
    bufferevent_free(connection->stream);
    free(connection);
}

static void was_sent(struct bufferevent *stream, void *context)
{
    (void)stream;
    end_connection(context);
}

static void had_event(struct bufferevent *stream, short events, void *context)
{
    (void)stream;
    (void)events;
    end_connection(context);
}

static void was_too_slow(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    end_connection(context);
}

/* Sends the answer, and waits for nothing else but that it is taken. */
static void send_answer(struct connection *connection, const struct drain_answer *answer)
{
    char text[DRAIN_ANSWER_MAX];
    size_t length = drain_answer_format(text, answer);
    bufferevent_disable(connection->stream, EV_READ);
    bufferevent_setcb(connection->stream, NULL, was_sent, had_event, connection);
    if (bufferevent_write(connection->stream, text, length) != 0)
        end_connection(connection);
}

/* Does what a line asks for. */
static void take_line(struct connection *connection, struct text line)
{
    struct command_socket *socket = connection->socket;
    struct drain_request request;
    struct drain_answer answer = {.sentence = ""};
    struct error error;
    if (drain_request_parse(&request, line, &error) == 0)
        socket->perform(&request, &answer, socket->context);
    else
        drain_answer_set(&answer, DRAIN_UNKNOWN, "%s", error.text);
    send_answer(connection, &answer);
}

/* Something has come; no more than a line is looked at. */
static void was_read(struct bufferevent *stream, void *context)
{
    char bytes[DRAIN_REQUEST_MAX];
    struct evbuffer *input = bufferevent_get_input(stream);
    ev_ssize_t length = evbuffer_copyout(input, bytes, sizeof(bytes));
    struct text rest = {bytes, length > 0 ? (size_t)length : 0}, line;
    if (text_take_until(&rest, '\n', &line)) {
        evbuffer_drain(input, evbuffer_get_length(input));
        take_line(context, line);
    } else if (line.length == sizeof(bytes)) {
        end_connection(context); /* no request is as long */
    }
}

/* Whether the one at the other end may give commands, as the kernel says. */
static bool is_allowed(evutil_socket_t descriptor)
{
    struct ucred peer = {.uid = USER_NOBODY};
    socklen_t size = sizeof(peer);
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof(peer))
        return false;
    return peer.uid == 0 || (peer.uid == geteuid() && peer.uid != USER_NOBODY);
}

static void begin_reading(struct connection *connection)
{
    static const struct timeval time_left = {COMMAND_CONNECTION_SECONDS, 0};
    bufferevent_setcb(connection->stream, was_read, NULL, had_event, connection);
    bufferevent_setwatermark(connection->stream, EV_READ, 0, DRAIN_REQUEST_MAX);
    if (connection->deadline == NULL || evtimer_add(connection->deadline, &time_left) != 0 ||
        bufferevent_enable(connection->stream, EV_READ) != 0)
        end_connection(connection);
}

static void was_accepted(struct evconnlistener *listener, evutil_socket_t descriptor,
                         struct sockaddr *address, int length, void *context)
{
    (void)listener;
    (void)address;
    (void)length;
    struct command_socket *socket = context;
    struct bufferevent *stream = is_allowed(descriptor)
                                     ? bufferevent_socket_new(socket->base, descriptor, BEV_OPT_CLOSE_ON_FREE)
                                     : NULL;
    if (stream == NULL) {
        evutil_closesocket(descriptor);
        return;
    }
    struct connection *connection = memory_allocate(1, sizeof(*connection));
    connection->socket = socket;
    connection->stream = stream;
    connection->deadline = evtimer_new(socket->base, was_too_slow, connection);
    if (socket->connection_count == COMMAND_CONNECTIONS_MAX)
        end_connection(TAILQ_FIRST(&socket->connections));
    TAILQ_INSERT_TAIL(&socket->connections, connection, others);
    socket->connection_count++;
    begin_reading(connection);
}

struct command_socket *command_socket_new(struct event_base *base, const char *path,
                                          const struct listener_remover *remover, command_callback perform,
                                          void *context, struct error *error)
{
    struct listen_address address;
    if (listen_address_set_path(&address, path, error) != 0) {
        error_add_context(error, "the command socket");
        return NULL;
    }
    struct command_socket *socket = memory_allocate(1, sizeof(*socket));
    if (listener_open(&socket->listener, base, &address, LISTENER_FOR_OWNER, remover, error) != 0) {
        error_add_context(error, "the command socket");
        free(socket);
        return NULL;
    }
    socket->base = base;
    socket->perform = perform;
    socket->context = context;
    TAILQ_INIT(&socket->connections);
    evconnlistener_set_cb(socket->listener.connections, was_accepted, socket);
    return socket;
}

void command_socket_free(struct command_socket *socket)
{
    if (socket == NULL)
        return;
    while (!TAILQ_EMPTY(&socket->connections))
        end_connection(TAILQ_FIRST(&socket->connections));
    listener_close(&socket->listener, false);
    free(socket);
}
