/* Where a control port is: a unix socket, an address and port, or an onion service's port. */
#ifndef OBPUB_ADDRESS_ENDPOINT_H
#define OBPUB_ADDRESS_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

/* How one gets to a control port. */
enum control_way { CONTROL_WAY_UNIX, CONTROL_WAY_TCP, CONTROL_WAY_ONION };

struct control_endpoint {
    enum control_way way;
    char *socket_path; /* of a unix socket; NULL for others */
    char *host; /* IPv4 or IPv6 address (without brackets) or host name; an onion address, in small letters
                 * and with ".onion"; NULL for a unix socket */
    uint16_t port;
};

/* Parses "unix:/path", "host:port", "127.0.0.1:9051", "[::1]:9051" or "<56 characters>.onion:9151". Any other
 * host that ends in .onion is an error, so that none is ever looked up. Returns 0 with an endpoint to be
 * released with control_endpoint_clear(), or -1. */
int control_endpoint_parse(struct control_endpoint *endpoint, const char *text, struct error *error);

/* Makes an endpoint of a host as it may stand before a port, with or without the brackets of an IPv6 address.
 * As control_endpoint_parse(). */
int control_endpoint_set_host(struct control_endpoint *endpoint, const char *host, uint16_t port,
                              struct error *error);

/* Makes *copy a copy of an endpoint, to be released with control_endpoint_clear(). */
void control_endpoint_copy(struct control_endpoint *copy, const struct control_endpoint *endpoint);

/* "unix", "tcp" or "onion". */
const char *control_way_name(enum control_way way);

/* True when both are the same place, written the same way. */
bool control_endpoint_equals(const struct control_endpoint *one, const struct control_endpoint *other);

/* True for an IPv4 or IPv6 address of this machine itself: 127.0.0.0/8 (also mapped into IPv6) or ::1. */
bool control_address_is_loopback(const struct sockaddr_storage *address);

/* True for a TCP port of this machine's own address: 127.0.0.0/8, ::1 or localhost. */
bool control_endpoint_is_loopback(const struct control_endpoint *endpoint);

/* Releases what an endpoint points to and zeroes it. */
void control_endpoint_clear(struct control_endpoint *endpoint);

/* Writes it as it would stand in the config, cut to size bytes with the NUL. */
void control_endpoint_format(const struct control_endpoint *endpoint, char *text, size_t size);

#endif
