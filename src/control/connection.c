/* A connection to one tor's control port: connect, authenticate, send commands, get replies and events. */
#include "control/connection.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/timeval.h"
#include "control/authentication.h"
#include "control/command_queue.h"
#include "control/connector.h"
#include "control/credential_reader.h"
#include "control/event_limit.h"
#include "control/farewell.h"
#include "control/reply_parser.h"

#define ENDPOINT_TEXT_SIZE 320  /* the longest host name with its port fits, and so does a socket's path */
#define EVENT_STATUS_MIN 600    /* 6yz is an asynchronous reply, control-spec 4 */
#define LIBEVENT_READ_SIZE 4096 /* bytes that libevent reads at once at most */
#define READ_SIZE 32768         /* bytes that are read at once then, */
#define READS_MAX 8             /* so many times before others have their turn */
#define WRITE_SIZE_MAX 262144   /* bytes handed to a socket at once: several descriptors of an upload each */

#define IS_THIS_THE_CONTROL_PORT "is this tor's ControlPort, not its SocksPort or something else?"

const struct control_limits control_limits_default = {
    .line_max = 65536,
    .reply_max = 32 * 1024 * 1024,
    .connect_timeout = 10,
    .command_timeout = 60,
};

const struct control_limits control_limits_backend = {
    .line_max = 16 * 1024,
    .reply_max = 256 * 1024,
    .connect_timeout = 10,
    .command_timeout = 15,
    .read_rate = 1024 * 1024,
    .events_max = 20000,
};

enum connection_state {
    STATE_CONNECTING,
    STATE_AUTHENTICATING,
    STATE_READY,
    STATE_CLOSED, /* the owner has been told, or is being told */
};

/* Every callback may free the connection while functions further down the stack still use it. So it is
 * counted: its owner holds one reference, and each function that libevent calls another while it runs. */
struct control_connection {
    unsigned references;
    bool freed; /* by its owner: no more callbacks */
    enum connection_state state;
    struct event_base *base;
    struct control_limits limits;
    struct control_callbacks callbacks;
    void *context;
    char *endpoint_text; /* for messages */
    char *socket_path;   /* of a unix socket, or NULL */
    const struct credential_reader *reader;
    struct file_request *request;          /* while a file is being read, or NULL */
    struct control_connector *connector;   /* while connecting */
    struct bufferevent *stream;            /* from then on, until closed */
    struct ev_token_bucket_cfg *rate;      /* of the stream, or NULL */
    struct authentication *authentication; /* until authenticated */
    struct reply_parser *parser;
    struct event_limit event_limit;
    struct event *timer;      /* the time limit of the reply that is due next */
    struct evbuffer *waiting; /* commands that came before STATE_READY, as they go over the wire */
    struct command_queue queue;
};

/* Ends all that could call back from libevent. */
static void disconnect(struct control_connection *connection)
{
    event_del(connection->timer);
    control_connector_free(connection->connector);
    connection->connector = NULL;
    if (connection->request != NULL)
        connection->reader->forget(connection->request, connection->reader->context);
    connection->request = NULL;
    if (connection->rate != NULL) {
        bufferevent_set_rate_limit(connection->stream, NULL);
        ev_token_bucket_cfg_free(connection->rate);
    }
    connection->rate = NULL;
    if (connection->stream != NULL)
        bufferevent_free(connection->stream);
    connection->stream = NULL;
    authentication_free(connection->authentication);
    connection->authentication = NULL;
}

static void hold(struct control_connection *connection)
{
    connection->references++;
}

/* Gives a reference back; the last one takes the memory with it. */
static void release(struct control_connection *connection)
{
    if (--connection->references > 0)
        return;
    reply_parser_free(connection->parser);
    event_free(connection->timer);
    evbuffer_free(connection->waiting);
    free(connection->endpoint_text);
    free(connection->socket_path);
    free(connection);
}

void control_connection_free(struct control_connection *connection)
{
    if (connection == NULL)
        return;
    connection->freed = true;
    connection->state = STATE_CLOSED;
    disconnect(connection);
    command_queue_clear(&connection->queue);
    release(connection);
}

/* Ends the connection and tells everybody who waits. The caller holds a reference. */
static void fail(struct control_connection *connection, enum control_failure failure,
                 const struct error *reason)
{
    if (connection->state == STATE_CLOSED)
        return;
    struct error error = *reason;
    error_add_context(&error, "%s", connection->endpoint_text);
    connection->state = STATE_CLOSED;
    disconnect(connection);
    struct command command;
    /* Should a callback free the connection, the queue is empty. */
    while (command_queue_pop(&connection->queue, &command)) {
        if (command.callback != NULL)
            command.callback(connection, NULL, command.context);
    }
    if (!connection->freed && connection->callbacks.closed != NULL)
        connection->callbacks.closed(connection, failure, &error, connection->context);
}

/* fail() for a sentence that needs no figures. */
static void fail_with_text(struct control_connection *connection, enum control_failure failure,
                           const char *text)
{
    struct error error;
    error_set(&error, "%s", text);
    fail(connection, failure, &error);
}

static void start_timer(struct control_connection *connection)
{
    const struct timeval interval = timeval_from_seconds(connection->limits.command_timeout);
    event_add(connection->timer, &interval);
}

/* Gives authentication its whole time. */
static void start_authentication_timer(struct control_connection *connection)
{
    const struct timeval interval = timeval_from_seconds(connection->limits.authentication_timeout);
    event_add(connection->timer, &interval);
}

/* Gives the command that is due next its whole time, or stops the timer when none is. What arrives of a reply
 * does not stretch the limit: a reply that trickles in for ever is no reply. */
static void restart_timer(struct control_connection *connection)
{
    if (connection->queue.length > 0)
        start_timer(connection);
    else
        event_del(connection->timer);
}

static void release_secret(const void *data, size_t length, void *secret)
{
    (void)data;
    (void)length;
    secret_free(secret);
}

/* Sends a command that is secret, and wipes it once it is sent. */
static void send_secret(struct control_connection *connection, char *command)
{
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    if (evbuffer_add_reference(output, command, strlen(command), release_secret, command) != 0)
        secret_free(command);
}

/* The tor has let us in. */
static void become_ready(struct control_connection *connection)
{
    authentication_free(connection->authentication);
    connection->authentication = NULL;
    connection->state = STATE_READY;
    bufferevent_write_buffer(connection->stream, connection->waiting);
    restart_timer(connection);
    if (connection->callbacks.ready != NULL)
        connection->callbacks.ready(connection, connection->context);
}

static void file_came(const struct file_answer *answer, void *context);

/* Has the file read that authentication needs now. */
static void ask_for_file(struct control_connection *connection)
{
    struct file_question question;
    authentication_question(connection->authentication, &question);
    question.socket = bufferevent_getfd(connection->stream);
    question.socket_path = connection->socket_path;
    connection->request =
        connection->reader->ask(&question, file_came, connection, connection->reader->context);
}

/* Does what authentication says is next. */
static void go_on(struct control_connection *connection, enum authentication_result result, char *command,
                  enum control_failure failure, const struct error *error)
{
    switch (result) {
    case AUTHENTICATION_SEND:
        send_secret(connection, command);
        break;
    case AUTHENTICATION_ASK:
        ask_for_file(connection);
        break;
    case AUTHENTICATION_DONE:
        become_ready(connection);
        break;
    case AUTHENTICATION_FAILED:
        fail(connection, failure, error);
        break;
    }
}

static void file_came(const struct file_answer *answer, void *context)
{
    struct control_connection *connection = context;
    char *command;
    enum control_failure failure;
    struct error error;
    hold(connection);
    connection->request = NULL;
    enum authentication_result result =
        authentication_take_answer(connection->authentication, answer, &command, &failure, &error);
    go_on(connection, result, command, failure, &error);
    release(connection);
}

static void continue_authentication(struct control_connection *connection, const struct control_reply *reply)
{
    char *command;
    enum control_failure failure;
    struct error error;
    enum authentication_result result =
        authentication_take_reply(connection->authentication, reply, &command, &failure, &error);
    go_on(connection, result, command, failure, &error);
}

/* Hands a reply to the command it answers. */
static void answer_command(struct control_connection *connection, const struct control_reply *reply)
{
    struct command command;
    if (!command_queue_pop(&connection->queue, &command)) {
        fail_with_text(connection, CONTROL_FAILURE_PROTOCOL, "a reply came that no command had asked for");
        return;
    }
    restart_timer(connection);
    if (command.callback != NULL)
        command.callback(connection, reply, command.context);
}

/* Hands an event on, unless the peer sends more of them than a tor would. */
static void take_event(struct control_connection *connection, const struct control_reply *event)
{
    int64_t seconds = clock_milliseconds() / 1000;
    if (!event_limit_take(&connection->event_limit, connection->limits.events_max, seconds)) {
        struct error error;
        error_set(&error, "more than %u events came within %d seconds: no tor sends so many",
                  connection->limits.events_max, EVENT_LIMIT_SECONDS);
        fail(connection, CONTROL_FAILURE_PROTOCOL, &error);
    } else if (connection->callbacks.event != NULL) {
        connection->callbacks.event(connection, event, connection->context);
    }
}

static void handle_reply(struct control_connection *connection, const struct control_reply *reply)
{
    bool is_event = reply->status >= EVENT_STATUS_MIN;
    if (connection->state == STATE_AUTHENTICATING && is_event)
        fail_with_text(connection, CONTROL_FAILURE_PROTOCOL, "an event came before we were authenticated");
    else if (connection->state == STATE_AUTHENTICATING)
        continue_authentication(connection, reply);
    else if (!is_event)
        answer_command(connection, reply);
    else
        take_event(connection, reply);
}

/* Has the data of the reply that is due next go where its command wants it. */
static void set_sink(struct control_connection *connection)
{
    const struct command *command = connection->state == STATE_READY ? connection->queue.first : NULL;
    reply_parser_set_sink(connection->parser, command != NULL ? command->data : NULL,
                          command != NULL ? command->context : NULL);
}

/* What has come is no reply of tor's. Most who see this have named another port. */
static void fail_at_reply(struct control_connection *connection, const struct error *why)
{
    struct error error = *why;
    if (connection->state == STATE_AUTHENTICATING)
        error_set(&error, "%s: " IS_THIS_THE_CONTROL_PORT, why->text);
    fail(connection, CONTROL_FAILURE_PROTOCOL, &error);
}

/* Takes one stretch of what has come, as long as the connection is there. */
static void take_input(struct control_connection *connection, const uint8_t *bytes, size_t length)
{
    size_t used;
    for (; length > 0 && connection->state != STATE_CLOSED; bytes += used, length -= used) {
        const struct control_reply *reply;
        struct error error;
        set_sink(connection);
        enum reply_parser_result result =
            reply_parser_take(connection->parser, bytes, length, &used, &reply, &error);
        if (result == REPLY_PARSER_FAILED)
            fail_at_reply(connection, &error);
        if (result != REPLY_PARSER_COMPLETE)
            return;
        handle_reply(connection, reply);
        reply_parser_forget(connection->parser);
    }
}

/* The peer has ended the connection, in an orderly way (number is 0) or not. */
static void fail_at_end(struct control_connection *connection, int number)
{
    const char *how = number == 0 ? "end of file" : strerror(number);
    struct error error;
    if (connection->state == STATE_AUTHENTICATING)
        error_set(&error,
                  "the connection was closed before we were authenticated (%s): " IS_THIS_THE_CONTROL_PORT,
                  how);
    else
        error_set(&error, "the connection was closed %s (%s): has that tor ended?",
                  reply_parser_is_inside_reply(connection->parser) ? "in the middle of a reply"
                                                                   : "by the peer",
                  how);
    fail(connection, CONTROL_FAILURE_CLOSED, &error);
}

/* The connection has broken. A reset is a word of the peer's machine, as good as an end of file; that packets
 * go nowhere says nothing about the tor. */
static void fail_with_number(struct control_connection *connection, int number)
{
    struct error error;
    error_set(&error, "the connection broke: %s", strerror(number));
    if (number == ETIMEDOUT)
        fail(connection, CONTROL_FAILURE_TIMEOUT, &error);
    else if (number == EHOSTUNREACH || number == ENETUNREACH || number == ENETDOWN || number == EHOSTDOWN)
        fail(connection, CONTROL_FAILURE_UNREACHABLE, &error);
    else
        fail_at_end(connection, number);
}

/* Reads on where libevent has stopped after a little, and would come back three system calls later for each
 * further one: consensuses and descriptors are long. What may be read in a second stays as it is. */
static void read_on(struct control_connection *connection)
{
    uint8_t bytes[READ_SIZE];
    for (int i = 0; i < READS_MAX && connection->state != STATE_CLOSED; i++) {
        size_t size = sizeof(bytes);
        if (connection->rate != NULL) {
            const ev_ssize_t rest = bufferevent_get_read_limit(connection->stream);
            if (rest <= 0)
                return;
            size = (size_t)rest < size ? (size_t)rest : size;
        }
        const ssize_t length = read(bufferevent_getfd(connection->stream), bytes, size);
        if (length < 0 && errno != EAGAIN && errno != EINTR)
            fail_with_number(connection, errno);
        if (length <= 0)
            return; /* of an end libevent will hear, too */
        if (connection->rate != NULL)
            bufferevent_decrement_read_limit(connection->stream, length);
        take_input(connection, bytes, (size_t)length);
        if ((size_t)length < size)
            return;
    }
}

static void on_readable(struct bufferevent *stream, void *context)
{
    struct control_connection *connection = context;
    size_t came = 0;
    hold(connection);
    while (connection->state != STATE_CLOSED) {
        uint8_t bytes[LIBEVENT_READ_SIZE];
        const size_t length = bufferevent_read(stream, bytes, sizeof(bytes));
        if (length == 0)
            break;
        came += length;
        take_input(connection, bytes, length);
    }
    if (came >= LIBEVENT_READ_SIZE)
        read_on(connection);
    release(connection);
}

static void on_stream_event(struct bufferevent *stream, short events, void *context)
{
    int number = EVUTIL_SOCKET_ERROR();
    (void)stream;
    struct control_connection *connection = context;
    hold(connection);
    if ((events & BEV_EVENT_EOF) != 0)
        fail_at_end(connection, 0);
    else if ((events & BEV_EVENT_ERROR) != 0)
        fail_with_number(connection, number);
    release(connection);
}

/* The reply that is due has not come in time. */
static void on_timeout(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct control_connection *connection = context;
    hold(connection);
    struct error error;
    if (connection->request != NULL)
        error_set(&error,
                  "the file that opens this control port was not read within %.0f seconds: do the disks "
                  "answer? (A cookie that a backend's tor names is read when the local tor has been tried.)",
                  connection->limits.authentication_timeout);
    else if (connection->state == STATE_AUTHENTICATING)
        error_set(&error,
                  "not authenticated within %.0f seconds: is this tor's ControlPort, and does that tor still "
                  "run?",
                  connection->limits.authentication_timeout);
    else
        error_set(&error, "no whole reply to %s within %.0f seconds: is that tor stopped or overloaded?",
                  connection->queue.first != NULL ? connection->queue.first->keyword : "a command",
                  connection->limits.command_timeout);
    fail(connection, CONTROL_FAILURE_TIMEOUT, &error);
    release(connection);
}

/* Reads no faster than the limits let us: what comes faster than that waits in the kernel, and its sender
 * with it, while others are served. */
static void limit_rate(struct control_connection *connection)
{
    size_t rate = connection->limits.read_rate;
    if (rate == 0)
        return;
    connection->rate = ev_token_bucket_cfg_new(rate, rate, EV_RATE_LIMIT_MAX, EV_RATE_LIMIT_MAX, NULL);
    if (connection->rate != NULL)
        bufferevent_set_rate_limit(connection->stream, connection->rate);
}

/* The socket is connected: begin to authenticate. */
static void start_stream(struct control_connection *connection, const struct connector_result *result)
{
    connection->stream = bufferevent_socket_new(connection->base, result->socket, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_set_max_single_write(connection->stream, WRITE_SIZE_MAX);
    limit_rate(connection);
    bufferevent_setcb(connection->stream, on_readable, NULL, on_stream_event, connection);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    authentication_set_peer_is_local(connection->authentication, result->peer_is_local);
    connection->state = STATE_AUTHENTICATING;
    start_authentication_timer(connection);
    bufferevent_write(connection->stream, AUTHENTICATION_FIRST_COMMAND, strlen(AUTHENTICATION_FIRST_COMMAND));
}

static void on_connected(const struct connector_result *result, void *context)
{
    struct control_connection *connection = context;
    hold(connection);
    if (result->socket >= 0) {
        start_stream(connection, result);
        control_connector_free(connection->connector);
        connection->connector = NULL;
    } else {
        fail(connection, result->failure, &result->error);
    }
    release(connection);
}

struct control_connection *control_connection_new(struct event_base *base,
                                                  const struct control_endpoint *endpoint,
                                                  const struct control_credentials *credentials,
                                                  const struct control_limits *limits,
                                                  const struct control_callbacks *callbacks, void *context)
{
    return control_connection_new_through(base, endpoint, NULL, credentials, limits, callbacks, context);
}

struct control_connection *control_connection_new_through(
    struct event_base *base, const struct control_endpoint *endpoint, const struct control_proxy *proxy,
    const struct control_credentials *credentials, const struct control_limits *limits,
    const struct control_callbacks *callbacks, void *context)
{
    struct control_connection *connection = memory_allocate(1, sizeof(*connection));
    connection->references = 1;
    connection->base = base;
    connection->limits = limits != NULL ? *limits : control_limits_default;
    if (connection->limits.authentication_timeout <= 0)
        connection->limits.authentication_timeout = connection->limits.command_timeout;
    connection->callbacks = *callbacks;
    connection->context = context;
    char endpoint_text[ENDPOINT_TEXT_SIZE];
    control_endpoint_format(endpoint, endpoint_text, sizeof(endpoint_text));
    connection->endpoint_text = memory_copy_text(endpoint_text, strlen(endpoint_text));
    connection->authentication = authentication_new(credentials);
    connection->parser = reply_parser_new(connection->limits.line_max, connection->limits.reply_max);
    connection->timer = evtimer_new(base, on_timeout, connection);
    connection->waiting = evbuffer_new();
    command_queue_init(&connection->queue);
    connection->reader =
        credentials != NULL && credentials->reader != NULL ? credentials->reader : &credential_reader_here;
    if (endpoint->socket_path != NULL)
        connection->socket_path = memory_copy_text(endpoint->socket_path, strlen(endpoint->socket_path));
    connection->connector =
        control_connector_new(base, endpoint, proxy, connection->reader, connection->limits.connect_timeout,
                              on_connected, connection);
    return connection;
}

bool control_connection_is_connected(const struct control_connection *connection)
{
    return connection->state == STATE_AUTHENTICATING || connection->state == STATE_READY;
}

static int queue_command(struct control_connection *connection, const char *command,
                         struct command_data *data, control_data_callback reply_data,
                         control_reply_callback callback, void *context)
{
    if (connection->state == STATE_CLOSED)
        return -1;
    bool ready = connection->state == STATE_READY;
    struct evbuffer *buffer = ready ? bufferevent_get_output(connection->stream) : connection->waiting;
    if (command_encode(buffer, command, data) != 0)
        return -1;
    command_queue_push(&connection->queue, command, reply_data, callback, context);
    if (ready && connection->queue.length == 1)
        start_timer(connection);
    return 0;
}

int control_connection_send(struct control_connection *connection, const char *command,
                            control_reply_callback callback, void *context)
{
    return queue_command(connection, command, NULL, NULL, callback, context);
}

int control_connection_send_secret(struct control_connection *connection, char *command,
                                   control_reply_callback callback, void *context)
{
    if (connection->state != STATE_READY) {
        secret_free(command);
        return -1;
    }
    /* Nothing of it but the keyword is for the queue, which has it for messages. */
    char keyword[32];
    snprintf(keyword, sizeof(keyword), "%.*s", (int)strcspn(command, " \r"), command);
    send_secret(connection, command);
    command_queue_push(&connection->queue, keyword, NULL, callback, context);
    if (connection->queue.length == 1)
        start_timer(connection);
    return 0;
}

int control_connection_send_data(struct control_connection *connection, const char *command,
                                 struct command_data *data, control_reply_callback callback, void *context)
{
    return queue_command(connection, command, data, NULL, callback, context);
}

int control_connection_send_reading(struct control_connection *connection, const char *command,
                                    control_data_callback data, control_reply_callback callback,
                                    void *context)
{
    return queue_command(connection, command, NULL, data, callback, context);
}

void control_connection_finish(struct control_connection *connection, int64_t milliseconds)
{
    if (connection->state != STATE_READY)
        return;
    struct evbuffer *output = bufferevent_get_output(connection->stream);
    bufferevent_disable(connection->stream, EV_READ | EV_WRITE);
    evbuffer_unfreeze(output, 1);
    farewell_wait(bufferevent_getfd(connection->stream), output, milliseconds);
    evbuffer_freeze(output, 1);
}

void control_connection_forget(struct control_connection *connection, const void *context)
{
    command_queue_forget(&connection->queue, context);
}
