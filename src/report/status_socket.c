/* The unix socket that answers each connection with the status and closes it. */
#include "report/status_socket.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>

#include "base/memory.h"
#include "report/connections.h"
#include "report/status.h"

/* How long (milliseconds) an answer is good for those who ask after: asking all the time costs little. */
#define ANSWER_LIFETIME 500

/* The answer as it is sent, shared by all connections that are sent it. */
struct answer {
    size_t users;
    char *text;
    size_t length;
};

struct status_socket {
    struct listener listener;
    report_view_callback view;
    void *context;
    struct answer *answer; /* the last one, or NULL */
    int64_t answered_at;   /* when it was made */
    struct connections connections;
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

static void begin_answer(struct status_socket *socket, struct connection *connection)
{
    struct answer *answer = find_answer(socket);
    connection_finish(connection);
    answer->users++;
    if (evbuffer_add_reference(bufferevent_get_output(connection->stream), answer->text, answer->length,
                               answer_was_sent, answer) != 0) {
        release_answer(answer);
        connection_end(connection);
    }
}

static void was_accepted(struct evconnlistener *listener, evutil_socket_t descriptor,
                         struct sockaddr *address, int length, void *context)
{
    (void)listener;
    (void)address;
    (void)length;
    struct status_socket *socket = context;
    struct connection *connection = connections_add(&socket->connections, descriptor);
    if (connection != NULL)
        begin_answer(socket, connection);
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
    socket->view = view;
    socket->context = context;
    connections_begin(&socket->connections, base, STATUS_CONNECTIONS_MAX, STATUS_CONNECTION_SECONDS, socket);
    evconnlistener_set_cb(socket->listener.connections, was_accepted, socket);
    return socket;
}

void status_socket_free(struct status_socket *socket)
{
    if (socket == NULL)
        return;
    connections_clear(&socket->connections);
    listener_close(&socket->listener, false);
    release_answer(socket->answer);
    free(socket);
}
