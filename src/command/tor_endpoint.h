/* Where the local tors' control ports are: the command line, the config, the environment and the usual
 * places.
 */
#ifndef OBPUB_COMMAND_TOR_ENDPOINT_H
#define OBPUB_COMMAND_TOR_ENDPOINT_H

#include "command/options.h"
#include "config/config.h"

/* Debian's tor has its control socket here; without one, the usual port is tried, as Onionbalance does. */
#define TOR_ENDPOINT_SOCKET "/run/tor/control"
#define TOR_ENDPOINT_HOST "127.0.0.1"
#define TOR_ENDPOINT_PORT 9051

struct tor_endpoints {
    struct control_endpoint endpoints[CONFIG_TORS_MAX];
    size_t count; /* 1 at least; more than 1 only from the config */
};

/* Decides by, in this order: -s; -i and -p (the one that is missing has its usual value); the config's
 * tor-control; ONIONBALANCE_TOR_CONTROL_SOCKET; the usual socket when there is one that this user may open;
 * the usual port. With -s and one of -i and -p both given, the socket is taken only when it is there and may
 * be opened. config may be NULL. The endpoints are to be released with tor_endpoints_clear(). */
void tor_endpoints_find(const struct config *config, const struct options *options,
                        struct tor_endpoints *endpoints);
void tor_endpoints_clear(struct tor_endpoints *endpoints);

#endif
