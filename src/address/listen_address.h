/* Where a server listens, our own or a SOCKS port: an IP address and port, or a unix socket. */
#ifndef OBPUB_ADDRESS_LISTEN_ADDRESS_H
#define OBPUB_ADDRESS_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/error.h"

struct listen_address {
    struct sockaddr_storage address; /* of AF_INET, AF_INET6 or AF_UNIX */
    socklen_t length;
};

/* Parses "address:port", "[IPv6 address]:port" or "unix:/path" with the whole path. Names are not looked up.
 * Returns 0, or -1 with a sentence. */
int listen_address_parse(struct listen_address *address, const char *text, struct error *error);

/* Makes it the unix socket at path, which may be relative. Returns 0, or -1 when the path is empty or too
 * long for a socket. */
int listen_address_set_path(struct listen_address *address, const char *path, struct error *error);

/* The path of a unix socket, NULL for anything else. */
const char *listen_address_path(const struct listen_address *address);

/* True when only this machine can connect to it. */
bool listen_address_is_local(const struct listen_address *address);

#endif
