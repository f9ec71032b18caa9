/* Looks up the addresses of a host name without blocking the event loop. */
#ifndef OBPUB_CONTROL_RESOLVER_H
#define OBPUB_CONTROL_RESOLVER_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "control/credential_reader.h"

/* Addresses of one name that are tried at most. */
#define RESOLVER_ADDRESSES_MAX 8

struct resolver_address {
    struct sockaddr_storage address;
    socklen_t length;
};

struct resolver;

/* Called once, from the event loop, with at least one address, or with none and an error that says why not.
 * The resolver may be freed in it. */
typedef void (*resolver_callback)(const struct resolver_address *addresses, size_t count,
                                  const struct error *error, void *context);

/* Starts looking up an IPv4 or IPv6 address or a host name (of /etc/hosts or the name servers of
 * /etc/resolv.conf, both as the reader has them; it must stay); never calls back before it has returned, and
 * has no time limit of its own. The host is copied. */
struct resolver *resolver_new(struct event_base *base, const struct credential_reader *reader,
                              const char *host, uint16_t port, resolver_callback callback, void *context);

/* Stops, if it has not called back yet, and releases it. NULL is fine. */
void resolver_free(struct resolver *resolver);

#endif
