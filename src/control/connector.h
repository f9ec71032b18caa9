/* Opens the socket of a control connection: looks a host name up, and tries one address after the other; or
 * has a tor make the connection to an onion service. */
#ifndef OBPUB_CONTROL_CONNECTOR_H
#define OBPUB_CONTROL_CONNECTOR_H

#include <event2/event.h>
#include <stdbool.h>

#include "address/endpoint.h"
#include "base/error.h"
#include "control/connection.h"
#include "control/credential_reader.h"

struct control_connector;

/* What came of it. */
struct connector_result {
    int socket;         /* connected, non-blocking, the callback's to close; -1 when there is none */
    bool peer_is_local; /* a unix socket or a loopback address */
    enum control_failure failure; /* only when there is no socket, like the error */
    struct error error;
};

/* Called once, from the event loop; the connector may be freed in it. */
typedef void (*connector_callback)(const struct connector_result *result, void *context);

/* Starts connecting; never calls back before it has returned. The endpoint is copied, and so is proxy, which
 * is for an onion service alone, and may be NULL; reader, for resolver_new(), must stay. timeout: seconds for
 * all of it. */
struct control_connector *control_connector_new(struct event_base *base,
                                                const struct control_endpoint *endpoint,
                                                const struct control_proxy *proxy,
                                                const struct credential_reader *reader, double timeout,
                                                connector_callback callback, void *context);

/* Stops, if it has not called back yet, and releases it. NULL is fine. */
void control_connector_free(struct control_connector *connector);

#endif
