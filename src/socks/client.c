/* Opens a connection to an onion service through a tor's SOCKS port. */
#include "socks/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timeval.h"

struct socks_client {
    struct event_base *base;
    struct listen_address proxy;
    struct socks_handshake handshake;
    double timeout;
    int socket;                 /* -1 before the start, and once it is given away */
    struct event *socket_event; /* what is being waited for at the socket, or NULL */
    struct event *timer;        /* the start, then the time limit */
    size_t sent;                /* bytes of the message */
    uint8_t answer[SOCKS_MESSAGE_MAX];
    size_t read; /* bytes of the answer */
    socks_callback callback;
    void *context;
};

static void on_ready(evutil_socket_t socket, short events, void *context);

/* Ends what is waited for at the socket. */
static void stop_waiting(struct socks_client *client)
{
    if (client->socket_event != NULL)
        event_free(client->socket_event);
    client->socket_event = NULL;
}

/* Waits until the socket can be read (EV_READ) or written (EV_WRITE). */
static void wait_for(struct socks_client *client, short what)
{
    stop_waiting(client);
    client->socket_event = event_new(client->base, client->socket, what, on_ready, client);
    event_add(client->socket_event, NULL);
}

/* Calls back; nothing of the client may be used afterwards. */
static void finish(struct socks_client *client, const struct socks_result *result)
{
    stop_waiting(client);
    event_del(client->timer);
    if (result->socket < 0 && client->socket >= 0)
        close(client->socket);
    client->socket = -1;
    client->callback(result, client->context);
}

/* Calls back with a failure. */
static void fail(struct socks_client *client, enum socks_failure failure, const struct error *error)
{
    const struct socks_result result = {
        .socket = -1,
        .failure = failure,
        .is_asked =
            client->handshake.phase == SOCKS_PHASE_REPLY || client->handshake.phase == SOCKS_PHASE_ADDRESS,
        .code = client->handshake.code,
        .error = *error,
    };
    finish(client, &result);
}

/* Calls back: the SOCKS port can't be used, or not any more. */
static void fail_proxy(struct socks_client *client, int number)
{
    struct error error;
    if (number == ECONNREFUSED || number == ENOENT)
        error_set(&error,
                  "nobody listens at the SOCKS port: is tor running, and does its torrc have a SocksPort?");
    else if (number == EACCES || number == EPERM)
        error_set(&error, "this user may not open the SOCKS port's socket");
    else if (number == 0)
        error_set(&error, "the SOCKS port closed the connection without an answer");
    else
        error_set(&error, "the SOCKS port can't be used: %s", strerror(number));
    fail(client, SOCKS_FAILURE_PROXY, &error);
}

/* Takes the whole answer. Returns true while there is more to do. */
static bool take_answer(struct socks_client *client)
{
    struct socks_result result = {.socket = client->socket, .code = 0};
    enum socks_failure failure = SOCKS_FAILURE_PROTOCOL;
    struct error error;
    client->read = 0;
    switch (socks_handshake_take(&client->handshake, client->answer, &failure, &error)) {
    case SOCKS_STEP_SEND:
        client->sent = 0;
        return true;
    case SOCKS_STEP_READ:
        return true;
    case SOCKS_STEP_DONE:
        finish(client, &result);
        break;
    case SOCKS_STEP_FAILED:
        fail(client, failure, &error);
        break;
    }
    return false;
}

/* Whether a call failed for no other reason than that it would have to wait. */
static bool would_wait(ssize_t result)
{
    return result < 0 && (errno == EAGAIN || errno == EINTR);
}

/* Sends what is left of the message, then reads what is left of the answer, as far as that goes now. Returns
 * true when there is something to do at once. */
static bool go_on(struct socks_client *client)
{
    struct socks_handshake *handshake = &client->handshake;
    bool is_sending = client->sent < handshake->message_length;
    ssize_t result =
        is_sending ? send(client->socket, handshake->message + client->sent,
                          handshake->message_length - client->sent, MSG_NOSIGNAL)
                   : recv(client->socket, client->answer + client->read, handshake->wanted - client->read, 0);
    if (would_wait(result)) {
        wait_for(client, is_sending ? EV_WRITE : EV_READ);
        return false;
    }
    if (result <= 0) {
        fail_proxy(client, result < 0 ? errno : 0);
        return false;
    }
    if (is_sending) {
        client->sent += (size_t)result;
        return true;
    }
    client->read += (size_t)result;
    return client->read < handshake->wanted || take_answer(client);
}

static void on_ready(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct socks_client *client = context;
    int number = 0;
    socklen_t length = sizeof(number);
    stop_waiting(client);
    if (getsockopt(client->socket, SOL_SOCKET, SO_ERROR, &number, &length) != 0)
        number = errno;
    if (number != 0) {
        fail_proxy(client, number);
        return;
    }
    while (go_on(client))
        ;
}

/* Opens the socket, and has it connect. */
static void start(struct socks_client *client)
{
    const struct sockaddr *address = (const struct sockaddr *)&client->proxy.address;
    const struct timeval limit = timeval_from_seconds(client->timeout);
    event_add(client->timer, &limit);
    client->socket = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->socket < 0 ||
        (connect(client->socket, address, client->proxy.length) != 0 && errno != EINPROGRESS))
        fail_proxy(client, errno);
    else
        wait_for(client, EV_WRITE);
}

/* Time to start, or all of it takes too long. */
static void on_timer(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct socks_client *client = context;
    if (client->socket < 0) {
        start(client);
        return;
    }
    struct error error;
    error_set(&error, "no connection within %.0f seconds", client->timeout);
    fail(client, SOCKS_FAILURE_TIMEOUT, &error);
}

struct socks_client *socks_client_new(struct event_base *base, const struct listen_address *proxy,
                                      const char *host, uint16_t port, const char *user, double timeout,
                                      socks_callback callback, void *context)
{
    struct socks_client *client = memory_allocate(1, sizeof(*client));
    client->base = base;
    client->proxy = *proxy;
    socks_handshake_begin(&client->handshake, host, port, user);
    client->timeout = timeout;
    client->socket = -1;
    client->callback = callback;
    client->context = context;
    client->timer = evtimer_new(base, on_timer, client);
    const struct timeval at_once = {0, 0};
    event_add(client->timer, &at_once);
    return client;
}

void socks_client_free(struct socks_client *client)
{
    if (client == NULL)
        return;
    stop_waiting(client);
    if (client->socket >= 0)
        close(client->socket);
    event_free(client->timer);
    free(client);
}
