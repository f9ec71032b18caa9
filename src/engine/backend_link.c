/* The connection to one backend's control port, made again whenever it is lost. */
#include "engine/backend_link.h"

#include <stdlib.h>

#include "obpub/memory.h"

/* Seconds between two tries to connect. */
#define RETRY_SECONDS 1

/* A backend may be in strange hands, and has nothing to say that is longer than a descriptor. */
static const struct control_limits backend_limits = {
    .line_max = 16 * 1024,
    .reply_max = 256 * 1024,
    .connect_timeout = 10,
    .command_timeout = 20,
};

struct backend_link {
    struct event_base *base;
    const struct config_backend *config;
    size_t number;
    struct backend_link_callbacks callbacks;
    void *context;
    struct control_connection *connection;
    struct event *timer;
    bool is_up;
};

static void link_is_ready(struct control_connection *connection, void *context)
{
    struct backend_link *link = context;
    link->is_up = true;
    control_connection_send(connection, "SETEVENTS HS_DESC HS_DESC_CONTENT", NULL, 0, NULL, NULL);
    link->callbacks.up(link->number, link->context);
}

static void event_came(struct control_connection *connection, const struct control_reply *event,
                       void *context)
{
    (void)connection;
    struct backend_link *link = context;
    struct hs_desc_event hs_desc;
    if (hs_desc_event_parse(&hs_desc, event) == 0)
        link->callbacks.hs_desc(link->number, &hs_desc, link->context);
}

/* Refused means that no tor is there, and the rest that its operator has to do something; a lost connection
 * or one that takes too long may be there again in a moment. */
static bool can_retry(enum control_failure failure)
{
    return failure == CONTROL_FAILURE_UNREACHABLE || failure == CONTROL_FAILURE_CLOSED ||
           failure == CONTROL_FAILURE_TIMEOUT;
}

static void connection_closed(struct control_connection *connection, enum control_failure failure,
                              const struct error *error, void *context)
{
    struct backend_link *link = context;
    const struct error reason = *error;
    link->is_up = false;
    link->connection = NULL;
    control_connection_free(connection);
    if (can_retry(failure)) {
        const struct timeval delay = {RETRY_SECONDS, 0};
        event_add(link->timer, &delay);
    }
    link->callbacks.down(link->number, &reason, can_retry(failure), link->context);
}

static void connect_to_backend(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    static const struct control_callbacks callbacks = {
        .ready = link_is_ready,
        .event = event_came,
        .closed = connection_closed,
    };
    struct backend_link *link = context;
    const struct control_credentials credentials = {
        .password_file = link->config->control_password_file,
        .cookie_file = link->config->control_cookie_file,
    };
    link->connection = control_connection_new(link->base, &link->config->control, &credentials,
                                              &backend_limits, &callbacks, link);
}

struct backend_link *backend_link_new(struct event_base *base, const struct config_backend *config,
                                      size_t number, const struct backend_link_callbacks *callbacks,
                                      void *context)
{
    struct backend_link *link = memory_allocate(1, sizeof(*link));
    link->base = base;
    link->config = config;
    link->number = number;
    link->callbacks = *callbacks;
    link->context = context;
    link->timer = evtimer_new(base, connect_to_backend, link);
    connect_to_backend(-1, 0, link);
    return link;
}

void backend_link_free(struct backend_link *link)
{
    if (link == NULL)
        return;
    control_connection_free(link->connection);
    event_free(link->timer);
    free(link);
}

struct control_connection *backend_link_connection(struct backend_link *link)
{
    return link->is_up ? link->connection : NULL;
}
