/* The unix socket that takes commands for the obpub that runs: from its own user and from root alone. */
#include "report/command_socket.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>

#include "base/memory.h"
#include "report/connections.h"

/* The number that the kernel gives for users whom a user namespace does not have: nobody in particular. */
#define USER_NOBODY 65534

struct command_socket {
    struct listener listener;
    command_callback perform;
    void *context;
    struct connections connections;
};

/* Sends the answer, and waits for nothing else but that it is taken. */
static void send_answer(struct connection *connection, const struct drain_answer *answer)
{
    char text[DRAIN_ANSWER_MAX];
    size_t length = drain_answer_format(text, answer);
    connection_finish(connection);
    if (bufferevent_write(connection->stream, text, length) != 0)
        connection_end(connection);
}

/* Does what a line asks for. */
static void take_line(struct connection *connection, struct text line)
{
    const struct command_socket *socket = connection->all->context;
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
        connection_end(context); /* no request is as long */
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

static void was_accepted(struct evconnlistener *listener, evutil_socket_t descriptor,
                         struct sockaddr *address, int length, void *context)
{
    (void)listener;
    (void)address;
    (void)length;
    struct command_socket *socket = context;
    if (!is_allowed(descriptor)) {
        evutil_closesocket(descriptor);
        return;
    }
    struct connection *connection = connections_add(&socket->connections, descriptor);
    if (connection != NULL && connection_read(connection, DRAIN_REQUEST_MAX, was_read) != 0)
        connection_end(connection);
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
    socket->perform = perform;
    socket->context = context;
    connections_begin(&socket->connections, base, COMMAND_CONNECTIONS_MAX, COMMAND_CONNECTION_SECONDS,
                      socket);
    evconnlistener_set_cb(socket->listener.connections, was_accepted, socket);
    return socket;
}

void command_socket_free(struct command_socket *socket)
{
    if (socket == NULL)
        return;
    connections_clear(&socket->connections);
    listener_close(&socket->listener, false);
    free(socket);
}
