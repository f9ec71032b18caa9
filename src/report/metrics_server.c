/* The HTTP server that gives the metrics to Prometheus. */
#include "report/metrics_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>

#include "base/memory.h"
#include "report/metrics.h"

/* Connections that are served at the same time: for another one, the oldest is closed, of those that have not
 * asked yet if there are any. So who does nothing with a connection keeps nobody out. */
#define CONNECTIONS_MAX 64
/* Seconds that a connection may take for all of it. */
#define CONNECTION_SECONDS 10
#define REQUEST_HEADERS_MAX 8192 /* bytes */
#define REQUEST_BODY_MAX 0
#define REQUEST_SIZE_MAX 16384 /* bytes that are read ahead */
/* How long (milliseconds) an answer is good for those who ask after: so asking all the time costs little, and
 * few answers are in memory at a time. */
#define ANSWER_LIFETIME 1000

/* One who is connected. The HTTP server makes and ends connections without telling, so we hold its stream,
 * too, and look now and then whether the HTTP server has let go of it. */
struct connection {
    TAILQ_ENTRY(connection) others;
    struct bufferevent *stream;
    unsigned age;     /* looks since it began */
    bool is_answered; /* it has sent its request */
};

struct metrics_server {
    struct event_base *base;
    struct listener listener;
    struct evhttp *http;
    report_view_callback view;
    void *context;
    struct evbuffer *answer; /* the last one, which those who are sent it share; or NULL */
    int64_t answered_at;     /* when it was made */
    struct event *look;      /* pending while there are connections */
    size_t connection_count;
    TAILQ_HEAD(connections, connection) connections; /* the oldest first */
};

/* -- connections */

static void end_connection(struct metrics_server *server, struct connection *connection)
{
    TAILQ_REMOVE(&server->connections, connection, others);
    server->connection_count--;
    bufferevent_decref(connection->stream);
    free(connection);
}

/* Whoever frees a stream takes its callbacks off. */
static bool was_let_go(struct bufferevent *stream)
{
    bufferevent_data_cb was_read = NULL, was_written = NULL;
    bufferevent_event_cb had_event = NULL;
    void *context = NULL;
    bufferevent_getcb(stream, &was_read, &was_written, &had_event, &context);
    return had_event == NULL;
}

/* Has a connection closed: the HTTP server sees that, and frees it. */
static void cut_off(struct metrics_server *server, struct connection *connection)
{
    shutdown(bufferevent_getfd(connection->stream), SHUT_RDWR);
    end_connection(server, connection);
}

static void look_at_connection(struct metrics_server *server, struct connection *connection)
{
    if (was_let_go(connection->stream))
        end_connection(server, connection);
    else if (++connection->age >= CONNECTION_SECONDS)
        cut_off(server, connection);
}

/* Finds the one that has to go for another one. */
static struct connection *find_oldest(struct metrics_server *server)
{
    struct connection *connection;
    TAILQ_FOREACH(connection, &server->connections, others)
    {
        if (!connection->is_answered || was_let_go(connection->stream))
            return connection;
    }
    return TAILQ_FIRST(&server->connections);
}

static void look_at_connections(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    struct metrics_server *server = context;
    struct connection *next;
    for (struct connection *connection = TAILQ_FIRST(&server->connections); connection != NULL;
         connection = next) {
        next = TAILQ_NEXT(connection, others);
        look_at_connection(server, connection);
    }
    if (server->connection_count == 0)
        event_del(server->look);
}

/* Makes the stream of a new connection. When it returns NULL the HTTP server makes one, which is not counted.
 */
static struct bufferevent *make_stream(struct event_base *base, void *context)
{
    static const struct timeval interval = {1, 0};
    struct metrics_server *server = context;
    struct bufferevent *stream = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL)
        return NULL;
    bufferevent_setwatermark(stream, EV_READ, 0, REQUEST_SIZE_MAX);
    bufferevent_incref(stream);
    if (server->connection_count == CONNECTIONS_MAX)
        cut_off(server, find_oldest(server));
    struct connection *connection = memory_allocate(1, sizeof(*connection));
    connection->stream = stream;
    TAILQ_INSERT_TAIL(&server->connections, connection, others);
    server->connection_count++;
    if (!evtimer_pending(server->look, NULL))
        event_add(server->look, &interval);
    return stream;
}

/* -- requests */

static void note_request(struct metrics_server *server, struct evhttp_request *request)
{
    const struct bufferevent *stream =
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
    struct connection *connection;
    TAILQ_FOREACH(connection, &server->connections, others)
    connection->is_answered = connection->is_answered || connection->stream == stream;
}

static void release_answer(struct metrics_server *server)
{
    if (server->answer != NULL)
        evbuffer_free(server->answer);
    server->answer = NULL;
}

/* Makes an answer for whoever asks now, unless the last one is new enough. Returns 0, or -1. */
static int update_answer(struct metrics_server *server)
{
    struct report_view view = {0};
    server->view(&view, server->context);
    if (server->answer != NULL && view.now - server->answered_at < ANSWER_LIFETIME)
        return 0;
    release_answer(server);
    server->answer = evbuffer_new();
    server->answered_at = view.now;
    if (server->answer != NULL && metrics_write(&view, server->answer) == 0)
        return 0;
    release_answer(server);
    return -1;
}

static void metrics_were_asked(struct evhttp_request *request, void *context)
{
    struct metrics_server *server = context;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();
    char length[32];
    note_request(server, request);
    /* One request a connection: what is asked for once a minute needs no more. */
    evhttp_add_header(headers, "Connection", "close");
    if (body == NULL || update_answer(server) != 0 ||
        evbuffer_add_buffer_reference(body, server->answer) != 0) {
        evhttp_send_error(request, HTTP_SERVUNAVAIL, NULL);
    } else {
        bool is_head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
        snprintf(length, sizeof(length), "%zu", evbuffer_get_length(body));
        evhttp_add_header(headers, "Content-Type", METRICS_CONTENT_TYPE);
        evhttp_add_header(headers, "Content-Length", length);
        evhttp_send_reply(request, HTTP_OK, NULL, is_head ? NULL : body);
    }
    if (body != NULL)
        evbuffer_free(body);
}

static void something_else_was_asked(struct evhttp_request *request, void *context)
{
    (void)context;
    evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
    if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD)
        evhttp_send_reply(request, HTTP_NOTFOUND, NULL, NULL);
    else
        evhttp_send_error(request, HTTP_NOTFOUND, NULL);
}

/* -- the whole */

/* Has the HTTP server serve the listener. Returns 0, or -1. */
static int begin_serving(struct metrics_server *server)
{
    server->http = evhttp_new(server->base);
    server->look = event_new(server->base, -1, EV_PERSIST, look_at_connections, server);
    if (server->http == NULL || server->look == NULL)
        return -1;
    evhttp_set_allowed_methods(server->http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD);
    evhttp_set_max_headers_size(server->http, REQUEST_HEADERS_MAX);
    evhttp_set_max_body_size(server->http, REQUEST_BODY_MAX);
    evhttp_set_timeout(server->http, CONNECTION_SECONDS);
    evhttp_set_bevcb(server->http, make_stream, server);
    evhttp_set_gencb(server->http, something_else_was_asked, server);
    if (evhttp_set_cb(server->http, "/metrics", metrics_were_asked, server) == 0 &&
        evhttp_bind_listener(server->http, server->listener.connections) != NULL)
        return 0;
    return -1;
}

/* Ends all of it. has_listener: the HTTP server has taken the listener's connections over. */
static void end_serving(struct metrics_server *server, bool has_listener)
{
    listener_close(&server->listener, has_listener);
    if (server->http != NULL)
        evhttp_free(server->http);
    release_answer(server);
    while (!TAILQ_EMPTY(&server->connections))
        end_connection(server, TAILQ_FIRST(&server->connections));
    if (server->look != NULL)
        event_free(server->look);
    free(server);
}

struct metrics_server *metrics_server_new(struct event_base *base, const char *listen,
                                          const struct listener_remover *remover, report_view_callback view,
                                          void *context, struct error *error)
{
    struct listen_address address;
    if (listen_address_parse(&address, listen, error) != 0) {
        error_add_context(error, "metrics-listen");
        return NULL;
    }
    struct metrics_server *server = memory_allocate(1, sizeof(*server));
    if (listener_open(&server->listener, base, &address, LISTENER_FOR_GROUP, remover, error) != 0) {
        error_add_context(error, "metrics-listen %s", listen);
        free(server);
        return NULL;
    }
    server->base = base;
    server->view = view;
    server->context = context;
    TAILQ_INIT(&server->connections);
    if (begin_serving(server) != 0) {
        end_serving(server, false);
        error_set(error, "libevent can't make an HTTP server");
        return NULL;
    }
    return server;
}

void metrics_server_free(struct metrics_server *server)
{
    if (server != NULL)
        end_serving(server, true);
}
