/* An agent's connection to its tor, made again whenever it is lost. */
#include "agent/tor_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/timeval.h"
#include "control/protocol_info.h"

/* Milliseconds before the first try to connect again, and before a later one at most. */
#define RETRY_FIRST 200
#define RETRY_MAX 2000

struct tor_link {
    struct event_base *base;
    const struct control_endpoint *endpoint;
    struct control_credentials credentials;
    struct tor_link_callbacks callbacks;
    void *context;
    struct control_connection *connection; /* NULL until the next try */
    struct event *timer;
    int64_t retry_delay;
    enum tor_state state;
};

static void connect_to_tor(struct tor_link *link);

static void time_to_try(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    connect_to_tor(context);
}

/* Copies the version, as far as it can stand between quotes. */
static void copy_version(char version[PROTOCOL_INFO_VERSION_SIZE], const struct control_reply *reply)
{
    const struct control_line *line =
        control_reply_is_ok(reply) ? control_reply_find(reply, "version") : NULL;
    size_t length = 0;
    const char *text = line != NULL ? line->text + sizeof("version=") - 1 : "";
    for (; *text != '\0' && length + 1 < PROTOCOL_INFO_VERSION_SIZE; text++) {
        if (*text >= ' ' && *text <= '~' && *text != '"' && *text != '\\')
            version[length++] = *text;
    }
    version[length] = '\0';
}

static void version_came(struct control_connection *connection, const struct control_reply *reply,
                         void *context)
{
    (void)connection;
    struct tor_link *link = context;
    char version[PROTOCOL_INFO_VERSION_SIZE];
    if (reply == NULL)
        return;
    copy_version(version, reply);
    link->callbacks.up(version, link->context);
}

static void link_is_ready(struct control_connection *connection, void *context)
{
    struct tor_link *link = context;
    link->state = TOR_THERE;
    link->retry_delay = RETRY_FIRST;
    control_connection_send(connection, "SETEVENTS HS_DESC HS_DESC_CONTENT", NULL, NULL);
    control_connection_send(connection, "GETINFO version", version_came, link);
}

static void event_came(struct control_connection *connection, const struct control_reply *event,
                       void *context)
{
    (void)connection;
    struct tor_link *link = context;
    link->callbacks.event(event, link->context);
}

static void connection_closed(struct control_connection *connection, enum control_failure failure,
                              const struct error *error, void *context)
{
    struct tor_link *link = context;
    const struct error reason = *error;
    const struct timeval delay = timeval_from_milliseconds(link->retry_delay);
    bool is_gone = failure == CONTROL_FAILURE_CLOSED || failure == CONTROL_FAILURE_REFUSED;
    link->state = is_gone ? TOR_GONE : TOR_UNKNOWN;
    link->connection = NULL;
    control_connection_free(connection);
    event_add(link->timer, &delay);
    link->retry_delay = 2 * link->retry_delay < RETRY_MAX ? 2 * link->retry_delay : RETRY_MAX;
    link->callbacks.down(link->state, &reason, link->context);
}

static void connect_to_tor(struct tor_link *link)
{
    static const struct control_callbacks callbacks = {
        .ready = link_is_ready,
        .event = event_came,
        .closed = connection_closed,
    };
    link->connection = control_connection_new(link->base, link->endpoint, &link->credentials,
                                              &control_limits_backend, &callbacks, link);
}

struct tor_link *tor_link_new(struct event_base *base, const struct control_endpoint *endpoint,
                              const struct control_credentials *credentials,
                              const struct tor_link_callbacks *callbacks, void *context)
{
    struct tor_link *link = memory_allocate(1, sizeof(*link));
    link->base = base;
    link->endpoint = endpoint;
    link->credentials = *credentials;
    link->callbacks = *callbacks;
    link->context = context;
    link->retry_delay = RETRY_FIRST;
    link->timer = evtimer_new(base, time_to_try, link);
    connect_to_tor(link);
    return link;
}

void tor_link_free(struct tor_link *link)
{
    if (link == NULL)
        return;
    control_connection_free(link->connection);
    event_free(link->timer);
    free(link);
}

enum tor_state tor_link_state(const struct tor_link *link)
{
    return link->state;
}

bool tor_link_is_open(const struct tor_link *link)
{
    return link->connection != NULL;
}

int tor_link_send(struct tor_link *link, const char *command, control_reply_callback callback, void *context)
{
    if (link->connection == NULL)
        return -1;
    return control_connection_send(link->connection, command, callback, context);
}

void tor_link_forget(struct tor_link *link, const void *context)
{
    if (link->connection != NULL)
        control_connection_forget(link->connection, context);
}
