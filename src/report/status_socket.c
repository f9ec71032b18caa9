/* The unix socket that answers each connection with the status and closes it. */
#include "report/status_socket.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "base/memory.h"
#include "report/status.h"

/* How long (milliseconds) an answer is good for those who ask after: asking all the time costs little. */
#define ANSWER_LIFETIME 500

/* The answer as it is sent, shared by all connections that are sent it. */
struct answer {
    size_t users;
    char *text;
    size_t length;
};

/* One who asked and has not taken the whole answer yet. */
struct connection {
    TAILQ_ENTRY(connection) others;
    struct status_socket *socket;
    struct bufferevent *stream;
    struct event *deadline;
};

struct status_socket {
    struct event_base *base;
    struct listener listener;
    report_view_callback view;
    void *context;
    struct answer *answer; /* the last one, or NULL */
    int64_t answered_at;   /* when it was made */
    size_t connection_count;
    TAILQ_HEAD(connections, connection) connections; /* the oldest first */
};

/* -- answers */

static void release_answer(struct answer *answer)
{
    if (answer == NULL || --answer->users > 0)
        return;
    free(answer->text);
    free(answer);
}

static void answer_was_sent(const void *text, size_t length, void *context)
{
    (void)text;
    (void)length;
    release_answer(context);
}

/* Writes the status out, with a newline; without memory for it there is nothing before that. */
static struct answer *make_answer(const struct report_view *view)
{
    json_t *object = status_make_json(view);
    char *text = json_dumps(object, 0);
    json_decref(object);
    size_t length = text != NULL ? strlen(text) : 0;
    text = memory_resize(text, length + 1, 1);
    text[length] = '\n';
    struct answer *answer = memory_allocate(1, sizeof(*answer));
    *answer = (struct answer){.users = 1, .text = text, .length = length + 1};
    return answer;
}

/* Finds the answer for one who asks now. */
static struct answer *find_answer(struct status_socket *socket)
{
    struct report_view view = {0};
    socket->view(&view, socket->context);
    if (socket->answer == NULL || view.now - socket->answered_at >= ANSWER_LIFETIME) {
        release_answer(socket->answer);
        socket->answer = make_answer(&view);
        socket->answered_at = view.now;
    }
    return socket->answer;
}

/* -- connections */

static void end_connection(struct connection *connection)
{
    struct status_socket *socket = connection->socket;
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

static void begin_answer(struct connection *connection)
{
    static const struct timeval time_left = {STATUS_CONNECTION_SECONDS, 0};
    struct answer *answer = find_answer(connection->socket);
    bufferevent_setcb(connection->stream, NULL, was_sent, had_event, connection);
    bufferevent_disable(connection->stream, EV_READ);
    answer->users++;
    if (connection->deadline == NULL || evtimer_add(connection->deadline, &time_left) != 0 ||
        evbuffer_add_reference(bufferevent_get_output(connection->stream), answer->text, answer->length,
                               answer_was_sent, answer) != 0) {
        release_answer(answer);
        end_connection(connection);
    }
}

static void was_accepted(struct evconnlistener *listener, evutil_socket_t descriptor,
                         struct sockaddr *address, int length, void *context)
{
    (void)listener;
    (void)address;
    (void)length;
    struct status_socket *socket = context;
    struct bufferevent *stream = bufferevent_socket_new(socket->base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        evutil_closesocket(descriptor);
        return;
    }
    struct connection *connection = memory_allocate(1, sizeof(*connection));
    connection->socket = socket;
    connection->stream = stream;
    connection->deadline = evtimer_new(socket->base, was_too_slow, connection);
    if (socket->connection_count == STATUS_CONNECTIONS_MAX)
        end_connection(TAILQ_FIRST(&socket->connections));
    TAILQ_INSERT_TAIL(&socket->connections, connection, others);
    socket->connection_count++;
    begin_answer(connection);
}

/* -- the whole */

struct status_socket *status_socket_new(struct event_base *base, const char *path,
                                        const struct listener_remover *remover, report_view_callback view,
                                        void *context, struct error *error)
{
    struct listen_address address;
    if (listen_address_set_path(&address, path, error) != 0) {
        error_add_context(error, "the status socket");
        return NULL;
    }
    struct status_socket *socket = memory_allocate(1, sizeof(*socket));
    if (listener_open(&socket->listener, base, &address, LISTENER_FOR_GROUP, remover, error) != 0) {
        error_add_context(error, "the status socket");
        free(socket);
        return NULL;
    }
    socket->base = base;
    socket->view = view;
    socket->context = context;
    TAILQ_INIT(&socket->connections);
    evconnlistener_set_cb(socket->listener.connections, was_accepted, socket);
    return socket;
}

void status_socket_free(struct status_socket *socket)
{
    if (socket == NULL)
        return;
    while (!TAILQ_EMPTY(&socket->connections))
        end_connection(TAILQ_FIRST(&socket->connections));
    listener_close(&socket->listener, false);
    release_answer(socket->answer);
    free(socket);
}
