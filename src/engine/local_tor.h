/* A local tor: the connection to it, kept up, and the network as it sees it, kept current. */
#ifndef OBPUB_ENGINE_LOCAL_TOR_H
#define OBPUB_ENGINE_LOCAL_TOR_H

#include "control/connection.h"
#include "control/hs_desc_event.h"
#include "control/introduction_event.h"
#include "control/stream_event.h"
#include "onion/network.h"

struct local_tor;

struct local_tor_callbacks {
    /* A network was read for the first time or after a new consensus; it is the callee's from now on. */
    void (*network)(struct network *network, void *context);
    void (*hs_desc)(const struct hs_desc_event *event, void *context);
    void (*stream)(const struct stream_event *event, void *context);
    /* An introduction point has refused to introduce this tor to a service. */
    void (*refusal)(const struct introduction_refusal *refusal, void *context);
    /* local_tor_socks() says something new. */
    void (*socks)(void *context);
    /* Commands can be sent from now on. */
    void (*up)(void *context);
    /* The connection that was up is gone; it is being made again. */
    void (*lost)(void *context);
    /* local_tor_status() says something new. */
    void (*changed)(void *context);
};

/* Starts connecting. The endpoint and credentials are copied, but for the credentials' reader, which stays.
 */
struct local_tor *local_tor_new(struct event_base *base, const struct control_endpoint *endpoint,
                                const struct control_credentials *credentials,
                                const struct local_tor_callbacks *callbacks, void *context);
void local_tor_free(struct local_tor *tor);

/* True when it is the tor there, and authenticates with these credentials. */
bool local_tor_is_at(const struct local_tor *tor, const struct control_endpoint *endpoint,
                     const struct control_credentials *credentials);

/* True when it has given a live network since its connection was made: it knows the HSDirs. */
bool local_tor_is_ready(const struct local_tor *tor);

/* Its connection while it is up, else NULL. */
struct control_connection *local_tor_connection(struct local_tor *tor);

/* Has it tell of introduction points that refuse, from now on, or not any more: each circuit of an onion
 * service makes some of the events that it takes. */
void local_tor_follow_introductions(struct local_tor *tor, bool is_wanted);

/* Where its SOCKS port is, as far as it has said since its connection was made. */
enum local_tor_socks {
    LOCAL_TOR_SOCKS_UNKNOWN, /* it is not up, or has not answered yet */
    LOCAL_TOR_SOCKS_NONE,  /* it has none that this machine could use; *why says more, until the next event */
    LOCAL_TOR_SOCKS_THERE, /* at *place */
};
enum local_tor_socks local_tor_socks(const struct local_tor *tor, struct listen_address *place,
                                     const char **why);

/* What it is doing or waiting for, for a person; "" when the network is there. Good until the next event. */
const char *local_tor_status(const struct local_tor *tor);

/* True when its status tells of something wrong: no connection, or a consensus that can't be used. */
bool local_tor_is_trouble(const struct local_tor *tor);

/* True when it has let us in, or a connection to it has failed, at least once. */
bool local_tor_was_tried(const struct local_tor *tor);

/* True when the last connection failed for a reason that only its operator can mend: no permission, no way to
 * authenticate, or no tor at the other end. */
bool local_tor_needs_operator(const struct local_tor *tor);

#endif
