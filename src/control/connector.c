/* Opens the socket of a control connection: looks a host name up, and tries one address after the other; or
 * has a tor make the connection to an onion service. */
#include "control/connector.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timeval.h"
#include "control/credential_file.h"
#include "control/resolver.h"
#include "socks/client.h"

/* When a peer's machine vanishes, no end of file tells of it: the kernel asks after it this often (seconds).
 */
#define KEEPALIVE_IDLE 30
#define KEEPALIVE_INTERVAL 10
#define KEEPALIVE_COUNT 3

struct control_connector {
    struct event_base *base;
    struct control_endpoint endpoint;
    const struct credential_reader *reader;
    double timeout;
    struct event *timer;        /* the start, then the time limit of what is under way */
    struct event *socket_event; /* of the attempt under way, or NULL */
    struct resolver *resolver;  /* while looking up, or NULL */
    struct socks_client *socks; /* while a tor is making the connection, or NULL */
    struct listen_address proxy;
    char *proxy_user; /* NULL: there is no proxy */
    int socket;       /* of the attempt under way, or -1 */
    bool started;
    struct resolver_address addresses[RESOLVER_ADDRESSES_MAX];
    size_t count;
    size_t next;    /* the address to try next */
    size_t refused; /* attempts that were refused */
    size_t useless; /* attempts with an address of a family this machine has no route for */
    connector_callback callback;
    void *context;
};

static void try_next_address(struct control_connector *connector);

/* Ends the attempt under way. */
static void drop_attempt(struct control_connector *connector)
{
    if (connector->socket_event != NULL)
        event_free(connector->socket_event);
    connector->socket_event = NULL;
    if (connector->socket >= 0)
        close(connector->socket);
    connector->socket = -1;
}

/* Calls back; nothing of the connector may be used afterwards. */
static void finish(struct control_connector *connector, const struct connector_result *result)
{
    event_del(connector->timer);
    connector->callback(result, connector->context);
}

/* Says why a unix socket can't be had. */
static void describe_unix_failure(const char *path, int number, struct connector_result *result)
{
    char group[64];
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        result->failure = CONTROL_FAILURE_REFUSED;
        error_set(&result->error,
                  "there is no such socket: is tor running, and does its torrc have \"ControlSocket %s\"?",
                  path);
        break;
    case ECONNREFUSED:
        result->failure = CONTROL_FAILURE_REFUSED;
        error_set(
            &result->error,
            "nobody listens on this socket: is tor running, and does its torrc have \"ControlSocket %s\"?",
            path);
        break;
    case EACCES:
    case EPERM:
        result->failure = CONTROL_FAILURE_PERMISSION;
        credential_find_group(path, group, sizeof(group));
        error_set(
            &result->error,
            "this user may not open the socket: add the user to its group (%s), and see that its torrc has "
            "\"ControlSocketsGroupWritable 1\"; or have obpub run as that tor's own user (\"user\" in the "
            "config, where root starts obpub)",
            group[0] != '\0' ? group : "on Debian: debian-tor");
        break;
    case EAGAIN: /* its queue of connections to accept is full */
        result->failure = CONTROL_FAILURE_UNREACHABLE;
        error_set(&result->error,
                  "it takes no more connections just now: does that tor still run, and is it busy?");
        break;
    case EPROTOTYPE:
        result->failure = CONTROL_FAILURE_PROTOCOL;
        error_set(&result->error, "this socket is not a stream socket, so it is not tor's");
        break;
    default:
        result->failure = CONTROL_FAILURE_UNREACHABLE;
        error_set(&result->error, "the socket can't be connected to: %s", strerror(number));
    }
}

/* Says why no address of a TCP endpoint can be had. One refusal among addresses that this machine has no
 * route for is a refusal; a refusal beside a time-out says nothing for certain. */
static void describe_tcp_failure(const struct control_connector *connector, int number,
                                 struct connector_result *result)
{
    if (connector->refused > 0 && connector->refused + connector->useless == connector->count) {
        result->failure = CONTROL_FAILURE_REFUSED;
        error_set(&result->error,
                  "nobody listens there: is tor running, and does its torrc have \"ControlPort %u\" for this "
                  "address?",
                  (unsigned)connector->endpoint.port);
        return;
    }
    result->failure = CONTROL_FAILURE_UNREACHABLE;
    if (number == ETIMEDOUT)
        error_set(&result->error,
                  "no answer within %.0f seconds: is that machine up, and does every firewall on the way let "
                  "this connection through?",
                  connector->timeout);
    else
        error_set(&result->error, "it can't be reached: %s", strerror(number));
}

/* Reports that every address has been tried in vain; number is the last one's errno. */
static void fail(struct control_connector *connector, int number)
{
    struct connector_result result = {.socket = -1};
    if (connector->endpoint.socket_path != NULL)
        describe_unix_failure(connector->endpoint.socket_path, number, &result);
    else
        describe_tcp_failure(connector, number, &result);
    finish(connector, &result);
}

/* Notes why one address failed, and goes on. */
static void fail_address(struct control_connector *connector, int number)
{
    drop_attempt(connector);
    if (number == ECONNREFUSED)
        connector->refused++;
    else if (number == ENETUNREACH || number == EADDRNOTAVAIL || number == EAFNOSUPPORT)
        connector->useless++;
    if (connector->next == connector->count)
        fail(connector, number);
    else
        try_next_address(connector);
}

/* Whether a connection's two ends are one: what comes of connecting to a local port that nobody listens on
 * when the kernel picks that very port for our end. */
static bool is_connected_to_itself(int socket)
{
    struct sockaddr_storage ours;
    struct sockaddr_storage theirs;
    socklen_t our_length = sizeof(ours);
    socklen_t their_length = sizeof(theirs);
    memset(&ours, 0, sizeof(ours));
    memset(&theirs, 0, sizeof(theirs));
    if (getsockname(socket, (struct sockaddr *)&ours, &our_length) != 0 ||
        getpeername(socket, (struct sockaddr *)&theirs, &their_length) != 0)
        return false;
    return ours.ss_family != AF_UNIX && our_length == their_length && memcmp(&ours, &theirs, our_length) == 0;
}

/* The attempt under way is connected. */
static void succeed(struct control_connector *connector)
{
    if (is_connected_to_itself(connector->socket)) {
        fail_address(connector, ECONNREFUSED);
        return;
    }
    const struct sockaddr_storage *address = &connector->addresses[connector->next - 1].address;
    struct connector_result result = {
        .socket = connector->socket,
        .peer_is_local = address->ss_family == AF_UNIX || control_address_is_loopback(address),
    };
    connector->socket = -1;
    drop_attempt(connector);
    finish(connector, &result);
}

/* The attempt under way has come to something. */
static void on_socket_ready(evutil_socket_t socket, short events, void *context)
{
    (void)events;
    int number = 0;
    socklen_t length = sizeof(number);
    if (getsockopt((int)socket, SOL_SOCKET, SO_ERROR, &number, &length) != 0)
        number = errno;
    if (number == 0)
        succeed(context);
    else
        fail_address(context, number);
}

/* Sets what a control connection over TCP wants: no delay for short commands, and notice of a dead peer. */
static void set_tcp_options(int socket)
{
    static const struct {
        int level;
        int name;
        int value;
    } options[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},
        {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE},
        {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL},
        {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
    };
    for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
        setsockopt(socket, options[i].level, options[i].name, &options[i].value, sizeof(options[i].value));
}

/* Gives what is under way a time limit. */
static void set_time_limit(struct control_connector *connector, double seconds)
{
    struct timeval interval = timeval_from_seconds(seconds);
    event_add(connector->timer, &interval);
}

static void try_next_address(struct control_connector *connector)
{
    const struct resolver_address *address = &connector->addresses[connector->next++];
    int family = address->address.ss_family;
    connector->socket = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connector->socket < 0) {
        fail_address(connector, errno);
        return;
    }
    if (family != AF_UNIX)
        set_tcp_options(connector->socket);
    set_time_limit(connector, connector->timeout / (double)connector->count);
    if (connect(connector->socket, (const struct sockaddr *)&address->address, address->length) == 0) {
        succeed(connector);
    } else if (errno == EINPROGRESS) {
        connector->socket_event =
            event_new(connector->base, connector->socket, EV_WRITE, on_socket_ready, connector);
        event_add(connector->socket_event, NULL);
    } else {
        fail_address(connector, errno);
    }
}

/* The look-up has ended. */
static void on_resolved(const struct resolver_address *addresses, size_t count, const struct error *error,
                        void *context)
{
    struct control_connector *connector = context;
    connector->count = count;
    if (count > 0) {
        memcpy(connector->addresses, addresses, count * sizeof(addresses[0]));
        resolver_free(connector->resolver);
        connector->resolver = NULL;
        try_next_address(connector);
        return;
    }
    struct connector_result result = {.socket = -1, .failure = CONTROL_FAILURE_UNREACHABLE, .error = *error};
    finish(connector, &result);
}

/* Makes a unix socket's path the one address to try. */
static void start_unix(struct control_connector *connector)
{
    const char *path = connector->endpoint.socket_path;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(path);
    if (length >= sizeof(address.sun_path)) {
        struct connector_result result = {.socket = -1, .failure = CONTROL_FAILURE_UNREACHABLE};
        error_set(&result.error, "the socket's path has %zu bytes and may have %zu: put the socket elsewhere",
                  length, sizeof(address.sun_path) - 1);
        finish(connector, &result);
        return;
    }
    memcpy(address.sun_path, path, length);
    memcpy(&connector->addresses[0].address, &address, sizeof(address));
    connector->addresses[0].length = sizeof(address);
    connector->count = 1;
    try_next_address(connector);
}

static void start_tcp(struct control_connector *connector)
{
    const char *host = connector->endpoint.host != NULL ? connector->endpoint.host : "";
    connector->resolver = resolver_new(connector->base, connector->reader, host, connector->endpoint.port,
                                       on_resolved, connector);
    set_time_limit(connector, connector->timeout);
}

/* What a SOCKS port's failure says of the control port that was asked for. */
static enum control_failure find_failure(const struct socks_result *result)
{
    if (result->code == SOCKS_CODE_NOT_INTRODUCED)
        return CONTROL_FAILURE_NOT_KNOWN;
    switch (result->failure) {
    case SOCKS_FAILURE_PROXY:
    case SOCKS_FAILURE_PROTOCOL:
        return CONTROL_FAILURE_PROXY;
    case SOCKS_FAILURE_TIMEOUT:
        return result->is_asked ? CONTROL_FAILURE_UNREACHABLE : CONTROL_FAILURE_PROXY;
    case SOCKS_FAILURE_REFUSED: /* by the onion service: its tor lives, */
    case SOCKS_FAILURE_GENERAL: /* and this is what a tor makes of that where nobody listens behind it */
        return CONTROL_FAILURE_REFUSED;
    case SOCKS_FAILURE_UNREACHABLE:
        break;
    }
    return CONTROL_FAILURE_NOT_REACHED;
}

/* The tor has made the connection, or not. */
static void on_socks_result(const struct socks_result *socks, void *context)
{
    struct control_connector *connector = context;
    struct connector_result result = {.socket = socks->socket};
    if (socks->socket < 0) {
        result.failure = find_failure(socks);
        result.error = socks->error;
    }
    finish(connector, &result);
}

static void start_onion(struct control_connector *connector)
{
    if (connector->proxy_user == NULL) {
        struct connector_result result = {.socket = -1, .failure = CONTROL_FAILURE_PROXY};
        error_set(&result.error, "there is no SOCKS port through which an onion service can be reached");
        finish(connector, &result);
        return;
    }
    connector->socks = socks_client_new(connector->base, &connector->proxy, connector->endpoint.host,
                                        connector->endpoint.port, connector->proxy_user, connector->timeout,
                                        on_socks_result, connector);
}

/* Time to start, or what is under way takes too long. */
static void on_timer(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct control_connector *connector = context;
    if (!connector->started) {
        connector->started = true;
        if (connector->endpoint.socket_path != NULL)
            start_unix(connector);
        else if (connector->endpoint.way == CONTROL_WAY_ONION)
            start_onion(connector);
        else
            start_tcp(connector);
    } else if (connector->resolver != NULL) {
        struct connector_result result = {.socket = -1, .failure = CONTROL_FAILURE_UNREACHABLE};
        error_set(&result.error,
                  "no name server has answered within %.0f seconds: see that those in /etc/resolv.conf do, "
                  "or write an "
                  "address in the place of the name",
                  connector->timeout);
        finish(connector, &result);
    } else {
        fail_address(connector, ETIMEDOUT);
    }
}

struct control_connector *control_connector_new(struct event_base *base,
                                                const struct control_endpoint *endpoint,
                                                const struct control_proxy *proxy,
                                                const struct credential_reader *reader, double timeout,
                                                connector_callback callback, void *context)
{
    struct control_connector *connector = memory_allocate(1, sizeof(*connector));
    connector->base = base;
    connector->reader = reader;
    control_endpoint_copy(&connector->endpoint, endpoint);
    if (proxy != NULL) {
        connector->proxy = proxy->address;
        connector->proxy_user = memory_copy_text(proxy->user, strlen(proxy->user));
    }
    connector->timeout = timeout;
    connector->socket = -1;
    connector->callback = callback;
    connector->context = context;
    connector->timer = evtimer_new(base, on_timer, connector);
    set_time_limit(connector, 0);
    return connector;
}

void control_connector_free(struct control_connector *connector)
{
    if (connector == NULL)
        return;
    drop_attempt(connector);
    resolver_free(connector->resolver);
    socks_client_free(connector->socks);
    free(connector->proxy_user);
    event_free(connector->timer);
    control_endpoint_clear(&connector->endpoint);
    free(connector);
}
