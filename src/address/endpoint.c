/* Where a control port is: a unix socket, an address and port, or an onion service's port. */
#include "address/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/un.h>

#include "base/memory.h"
#include "base/text.h"
#include "onion/onion_address.h"

#define HOST_MAX 253 /* characters of a host name, RFC 1035 2.3.4 */

#define ONION_SUFFIX "onion"
#define ONION_SUFFIX_LENGTH (sizeof(ONION_SUFFIX) - 1)

#define DIGITS "0123456789"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS ".-_"

/* Parses what follows "unix:". */
static int parse_socket_path(struct control_endpoint *endpoint, const char *path, struct error *error)
{
    size_t path_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    size_t length = strlen(path);
    if (path[0] != '/')
        return error_set(error, "the unix socket '%s' has to be given with its whole path, from '/' on",
                         path);
    if (length > path_max)
        return error_set(error, "the unix socket's path has %zu bytes and may have %zu ('%s')", length,
                         path_max, path);
    endpoint->way = CONTROL_WAY_UNIX;
    endpoint->socket_path = memory_copy_text(path, length);
    return 0;
}

/* Parses a port: digits only, 1 to 65535. Returns 0 or -1. */
static int parse_port(uint16_t *port, const char *text)
{
    size_t length = strlen(text);
    if (length == 0 || length > 5 || strspn(text, DIGITS) != length)
        return -1;
    unsigned long number = strtoul(text, NULL, 10);
    if (number == 0 || number > UINT16_MAX)
        return -1;
    *port = (uint16_t)number;
    return 0;
}

/* Whether a text is an IPv6 address, with or without a zone ("%eth0"). */
static bool is_ipv6_address(const char *text)
{
    char address[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "%");
    if (length >= sizeof(address))
        return false;
    if (text[length] == '%') {
        const char *zone = text + length + 1;
        if (zone[0] == '\0' || zone[strspn(zone, NAME_CHARACTERS)] != '\0')
            return false;
    }
    memcpy(address, text, length);
    address[length] = '\0';
    struct in6_addr parsed;
    return inet_pton(AF_INET6, address, &parsed) == 1;
}

/* Whether a host can only be an IPv4 address: digits and dots. */
static bool looks_like_ipv4(const char *host)
{
    return host[strspn(host, DIGITS ".")] == '\0';
}

/* Checks an IPv4 address or host name. */
static int check_host(const char *host, struct error *error)
{
    size_t length = strlen(host);
    struct in_addr parsed;
    if (length == 0)
        return error_set(error, "there is no host before the port");
    if (length > HOST_MAX || host[strspn(host, NAME_CHARACTERS)] != '\0')
        return error_set(error, "'%s' is neither an address nor a host name", host);
    if (looks_like_ipv4(host) && inet_pton(AF_INET, host, &parsed) != 1)
        return error_set(error, "'%s' is not an IPv4 address", host);
    return 0;
}

/* Whether a host's last label is "onion". Looking such a name up would tell the name server which onion
 * service this is about. */
static bool is_onion(const char *host)
{
    size_t length = strlen(host);
    if (length > 0 && host[length - 1] == '.')
        length--;
    return length >= ONION_SUFFIX_LENGTH &&
           strncasecmp(host + length - ONION_SUFFIX_LENGTH, ONION_SUFFIX, ONION_SUFFIX_LENGTH) == 0 &&
           (length == ONION_SUFFIX_LENGTH || host[length - ONION_SUFFIX_LENGTH - 1] == '.');
}

/* Takes a host over that is an onion address, in the one way in which it is written here. */
static int set_onion_host(struct control_endpoint *endpoint, const char *host, struct error *error)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    char address[ONION_ADDRESS_SIZE];
    char name[ONION_ADDRESS_SIZE + 1 + ONION_SUFFIX_LENGTH];
    if (onion_address_decode(identity_key, host, error) != 0)
        return -1;
    onion_address_encode(address, identity_key);
    snprintf(name, sizeof(name), "%s.%s", address, ONION_SUFFIX);
    endpoint->way = CONTROL_WAY_ONION;
    endpoint->host = memory_copy_text(name, strlen(name));
    return 0;
}

/* Takes a host over that is none of an IPv6 address's form. */
static int set_host(struct control_endpoint *endpoint, const char *host, struct error *error)
{
    if (is_onion(host))
        return set_onion_host(endpoint, host, error);
    if (check_host(host, error) != 0)
        return -1;
    endpoint->host = memory_copy_text(host, strlen(host));
    return 0;
}

/* Parses "[address]:port". */
static int parse_bracketed(struct control_endpoint *endpoint, const char *text, struct error *error)
{
    const char *end = strchr(text, ']');
    if (end == NULL || end[1] != ':' || parse_port(&endpoint->port, end + 2) != 0)
        return error_set(error, "'%s' is not '[IPv6 address]:port' with a port from 1 to 65535", text);
    char *host = memory_copy_text(text + 1, (size_t)(end - text - 1));
    if (!is_ipv6_address(host)) {
        error_set(error, "'%s' is not an IPv6 address", host);
        free(host);
        return -1;
    }
    endpoint->host = host;
    return 0;
}

/* Parses "host:port". */
static int parse_host_and_port(struct control_endpoint *endpoint, const char *text, struct error *error)
{
    const char *colon = strchr(text, ':');
    if (colon == NULL && text[0] == '/')
        return error_set(error, "'%s' is neither 'unix:/path' nor 'host:port': write 'unix:%s'", text, text);
    if (colon == NULL)
        return error_set(error, "'%s' is neither 'unix:/path' nor 'host:port'", text);
    if (strncmp(colon, "://", 3) == 0)
        return error_set(error, "'%s' is written like a link: leave out \"%.*s\" and what follows the port",
                         text, (int)(colon + 3 - text), text);
    if (strchr(colon + 1, ':') != NULL)
        return error_set(error,
                         "'%s' has more than one colon: an IPv6 address goes in brackets, as in "
                         "'[::1]:9051'",
                         text);
    if (parse_port(&endpoint->port, colon + 1) != 0)
        return error_set(error, "'%s' has no port from 1 to 65535 after its colon", text);
    char *host = memory_copy_text(text, (size_t)(colon - text));
    int result = set_host(endpoint, host, error);
    free(host);
    return result;
}

int control_endpoint_set_host(struct control_endpoint *endpoint, const char *host, uint16_t port,
                              struct error *error)
{
    size_t length = strlen(host);
    bool has_brackets = length >= 2 && host[0] == '[' && host[length - 1] == ']';
    char *text = has_brackets ? memory_copy_text(host + 1, length - 2) : memory_copy_text(host, length);
    *endpoint = (struct control_endpoint){.way = CONTROL_WAY_TCP, .port = port};
    int result = 0;
    if (is_ipv6_address(text))
        endpoint->host = memory_copy_text(text, strlen(text));
    else if (has_brackets)
        result = error_set(error, "'%s' is not an IPv6 address", text);
    else if (length == 0)
        result = error_set(error, "the address is empty");
    else
        result = set_host(endpoint, text, error);
    free(text);
    if (result != 0)
        *endpoint = (struct control_endpoint){0};
    return result;
}

int control_endpoint_parse(struct control_endpoint *endpoint, const char *text, struct error *error)
{
    *endpoint = (struct control_endpoint){.way = CONTROL_WAY_TCP};
    int result;
    if (strncmp(text, "unix:", 5) == 0)
        result = parse_socket_path(endpoint, text + 5, error);
    else if (text[0] == '[')
        result = parse_bracketed(endpoint, text, error);
    else
        result = parse_host_and_port(endpoint, text, error);
    if (result != 0)
        control_endpoint_clear(endpoint);
    return result;
}

void control_endpoint_copy(struct control_endpoint *copy, const struct control_endpoint *endpoint)
{
    memset(copy, 0, sizeof(*copy));
    if (endpoint->socket_path != NULL)
        copy->socket_path = memory_copy_text(endpoint->socket_path, strlen(endpoint->socket_path));
    if (endpoint->host != NULL)
        copy->host = memory_copy_text(endpoint->host, strlen(endpoint->host));
    copy->way = endpoint->way;
    copy->port = endpoint->port;
}

void control_endpoint_clear(struct control_endpoint *endpoint)
{
    free(endpoint->socket_path);
    free(endpoint->host);
    memset(endpoint, 0, sizeof(*endpoint));
}

void control_endpoint_format(const struct control_endpoint *endpoint, char *text, size_t size)
{
    if (endpoint->socket_path != NULL)
        snprintf(text, size, "unix:%s", endpoint->socket_path);
    else if (endpoint->host != NULL && strchr(endpoint->host, ':') != NULL)
        snprintf(text, size, "[%s]:%u", endpoint->host, (unsigned)endpoint->port);
    else
        snprintf(text, size, "%s:%u", endpoint->host != NULL ? endpoint->host : "", (unsigned)endpoint->port);
}

const char *control_way_name(enum control_way way)
{
    static const char *const names[] = {
        [CONTROL_WAY_UNIX] = "unix", [CONTROL_WAY_TCP] = "tcp", [CONTROL_WAY_ONION] = "onion"};
    return names[way];
}

bool control_endpoint_equals(const struct control_endpoint *one, const struct control_endpoint *other)
{
    return string_equals(one->socket_path, other->socket_path) && string_equals(one->host, other->host) &&
           one->port == other->port;
}

bool control_address_is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)address;
        return (ntohl(ipv4->sin_addr.s_addr) >> 24) == 127;
    }
    const struct in6_addr *ipv6 = &((const struct sockaddr_in6 *)address)->sin6_addr;
    return IN6_IS_ADDR_LOOPBACK(ipv6) || (IN6_IS_ADDR_V4MAPPED(ipv6) && ipv6->s6_addr[12] == 127);
}

bool control_endpoint_is_loopback(const struct control_endpoint *endpoint)
{
    if (endpoint->host == NULL)
        return false;
    struct sockaddr_storage address = {.ss_family = AF_INET};
    if (inet_pton(AF_INET, endpoint->host, &((struct sockaddr_in *)&address)->sin_addr) == 1)
        return control_address_is_loopback(&address);
    address.ss_family = AF_INET6;
    if (inet_pton(AF_INET6, endpoint->host, &((struct sockaddr_in6 *)&address)->sin6_addr) == 1)
        return control_address_is_loopback(&address);
    return strcasecmp(endpoint->host, "localhost") == 0;
}
