/* Where a server listens, our own or a SOCKS port: an IP address and port, or a unix socket. */
#include "address/listen_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "address/endpoint.h"

/* Takes over what was parsed; a unix socket or a numeric address. */
static int set_endpoint(struct listen_address *address, const struct control_endpoint *endpoint,
                        struct error *error)
{
    if (endpoint->socket_path != NULL)
        return listen_address_set_path(address, endpoint->socket_path, error);
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&address->address;
    if (inet_pton(AF_INET, endpoint->host, &ipv4->sin_addr) == 1) {
        ipv4->sin_family = AF_INET;
        ipv4->sin_port = htons(endpoint->port);
        address->length = sizeof(*ipv4);
        return 0;
    }
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&address->address;
    if (inet_pton(AF_INET6, endpoint->host, &ipv6->sin6_addr) == 1) {
        ipv6->sin6_family = AF_INET6;
        ipv6->sin6_port = htons(endpoint->port);
        address->length = sizeof(*ipv6);
        return 0;
    }
    return error_set(error,
                     "'%s' is no IP address: give the address to listen on, 127.0.0.1 for this machine alone",
                     endpoint->host);
}

int listen_address_parse(struct listen_address *address, const char *text, struct error *error)
{
    memset(address, 0, sizeof(*address));
    struct control_endpoint endpoint;
    if (control_endpoint_parse(&endpoint, text, error) != 0)
        return -1;
    int result = set_endpoint(address, &endpoint, error);
    control_endpoint_clear(&endpoint);
    return result;
}

int listen_address_set_path(struct listen_address *address, const char *path, struct error *error)
{
    memset(address, 0, sizeof(*address));
    struct sockaddr_un *local = (struct sockaddr_un *)&address->address;
    size_t length = strlen(path);
    if (length == 0)
        return error_set_lasting(error, "the path of the socket is empty");
    if (length >= sizeof(local->sun_path))
        return error_set_lasting(
            error, "the path of the socket has %zu bytes and may have %zu: choose a shorter one", length,
            sizeof(local->sun_path) - 1);
    local->sun_family = AF_UNIX;
    memcpy(local->sun_path, path, length + 1);
    address->length = sizeof(*local);
    return 0;
}

const char *listen_address_path(const struct listen_address *address)
{
    const struct sockaddr_un *local = (const struct sockaddr_un *)&address->address;
    return local->sun_family == AF_UNIX ? local->sun_path : NULL;
}

bool listen_address_is_local(const struct listen_address *address)
{
    return address->address.ss_family == AF_UNIX || control_address_is_loopback(&address->address);
}
