/* One health check: a connection through a tor's SOCKS port, and where there is something to ask for an
 * answer of HTTP/1.1. */
#include "engine/health_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timeval.h"
#include "engine/http_answer.h"
#include "socks/client.h"

/* Milliseconds between the end of a connection that came too early and the verdict. */
#define CLOSED_PATIENCE 1000

struct health_check {
    struct event_base *base;
    struct socks_client *client; /* until it is connected */
    int socket;                  /* from then on; -1 */
    struct event *socket_event;
    struct event *timer; /* for all of it */
    unsigned timeout;
    bool asks, is_closed;
    char request[HTTP_REQUEST_SIZE];
    size_t request_length, sent;
    struct http_answer answer;
    unsigned expect_from, expect_to;
    health_check_callback callback;
    void *context;
};

static void on_ready(evutil_socket_t socket, short events, void *context);

static void close_all(struct health_check *check)
{
    socks_client_free(check->client);
    check->client = NULL;
    if (check->socket_event != NULL)
        event_free(check->socket_event);
    check->socket_event = NULL;
    if (check->socket >= 0)
        close(check->socket);
    check->socket = -1;
    evtimer_del(check->timer);
}

/* Calls back; nothing of the check may be used afterwards. */
static void finish(struct health_check *check, enum health_finding finding, const char *reason)
{
    close_all(check);
    check->callback(finding, reason, check->context);
}

static void wait_for(struct health_check *check, short what)
{
    if (check->socket_event != NULL)
        event_free(check->socket_event);
    check->socket_event = event_new(check->base, check->socket, what, on_ready, check);
    event_add(check->socket_event, NULL);
}

static void judge_status(struct health_check *check)
{
    struct error error;
    unsigned status = check->answer.status;
    if (status >= check->expect_from && status <= check->expect_to) {
        finish(check, HEALTH_FINDING_WELL, "");
        return;
    }
    if (check->expect_from == check->expect_to)
        error_set(&error, "it answers with status %u where %u is expected", status, check->expect_from);
    else
        error_set(&error, "it answers with status %u where one from %u to %u is expected", status,
                  check->expect_from, check->expect_to);
    finish(check, HEALTH_FINDING_BAD, error.text);
}

/* Takes what has come. Returns true while there is more to read. */
static bool take(struct health_check *check, const uint8_t *bytes, size_t length)
{
    switch (http_answer_take(&check->answer, bytes, length)) {
    case HTTP_ANSWER_MORE:
        return true;
    case HTTP_ANSWER_WHOLE:
        judge_status(check);
        break;
    case HTTP_ANSWER_BAD:
        finish(check, HEALTH_FINDING_BAD, check->answer.fault);
        break;
    }
    return false;
}

/* The connection has ended too early. That may be the end of the local tor, of which is heard a moment later,
 * and not by who is asked: so that moment is waited for. */
static void note_closed(struct health_check *check)
{
    const struct timeval patience = timeval_from_milliseconds(CLOSED_PATIENCE);
    event_del(check->socket_event);
    check->is_closed = true;
    evtimer_add(check->timer, &patience);
}

/* Sends what is left of the request, then reads, as far as that goes now. Returns true when there is
 * something to do at once. */
static bool go_on(struct health_check *check)
{
    uint8_t bytes[2048];
    bool is_sending = check->sent < check->request_length;
    ssize_t result = is_sending ? send(check->socket, check->request + check->sent,
                                       check->request_length - check->sent, MSG_NOSIGNAL)
                                : recv(check->socket, bytes, sizeof(bytes), 0);
    if (result < 0 && (errno == EAGAIN || errno == EINTR)) {
        wait_for(check, is_sending ? EV_WRITE : EV_READ);
        return false;
    }
    if (result <= 0) {
        note_closed(check);
        return false;
    }
    if (!is_sending)
        return take(check, bytes, (size_t)result);
    check->sent += (size_t)result;
    return true;
}

/* There is an end to that: an answer may have only so many bytes. */
static void on_ready(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct health_check *check = context;
    while (go_on(check))
        ;
}

static void connected(const struct socks_result *result, void *context)
{
    static const enum health_finding findings[] = {
        [SOCKS_FAILURE_PROXY] = HEALTH_FINDING_NO_WAY,
        [SOCKS_FAILURE_PROTOCOL] = HEALTH_FINDING_NO_WAY,
        [SOCKS_FAILURE_TIMEOUT] = HEALTH_FINDING_NO_ANSWER,
        [SOCKS_FAILURE_UNREACHABLE] = HEALTH_FINDING_NO_ANSWER,
        [SOCKS_FAILURE_REFUSED] = HEALTH_FINDING_BAD,
        [SOCKS_FAILURE_GENERAL] = HEALTH_FINDING_NO_CONNECTION, /* what a tor makes of a service's refusal */
    };
    struct health_check *check = context;
    check->socket = result->socket;
    if (result->socket < 0) {
        bool has_network = result->code != SOCKS_CODE_NO_NETWORK;
        finish(check, has_network ? findings[result->failure] : HEALTH_FINDING_NO_WAY, result->error.text);
    } else if (!check->asks) {
        finish(check, HEALTH_FINDING_WELL, "");
    } else {
        wait_for(check, EV_WRITE);
    }
}

static void timer_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct health_check *check = context;
    struct error error;
    bool is_connected = check->socket >= 0;
    if (check->is_closed)
        error_set(&error, "it closes the connection %s",
                  check->answer.bytes > 0 ? "before its headers end" : "without an answer");
    else if (is_connected)
        error_set(&error, "no whole answer within %u seconds", check->timeout);
    else
        error_set(&error, "no connection within %u seconds", check->timeout);
    finish(check, is_connected ? HEALTH_FINDING_BAD : HEALTH_FINDING_NO_ANSWER, error.text);
}

struct health_check *health_check_new(struct event_base *base, const struct listen_address *proxy,
                                      const char *user, const struct config_health *config,
                                      health_check_callback callback, void *context)
{
    struct health_check *check = memory_allocate(1, sizeof(*check));
    char onion[ONION_ADDRESS_SIZE + sizeof(".onion")];
    snprintf(onion, sizeof(onion), "%s.onion", config->address);
    check->base = base;
    check->socket = -1;
    check->timeout = config->timeout;
    check->asks = config->path != NULL;
    check->expect_from = config->expect_from;
    check->expect_to = config->expect_to;
    check->callback = callback;
    check->context = context;
    if (check->asks)
        check->request_length = http_request_write(check->request, config->path,
                                                   config->host != NULL ? config->host : onion, config->port);
    check->timer = evtimer_new(base, timer_fired, check);
    const struct timeval limit = timeval_from_seconds(config->timeout);
    evtimer_add(check->timer, &limit);
    /* This limit comes first; a little later the client would come to its own. */
    check->client = socks_client_new(base, proxy, onion, (uint16_t)config->port, user, config->timeout + 1,
                                     connected, check);
    return check;
}

void health_check_free(struct health_check *check)
{
    if (check == NULL)
        return;
    close_all(check);
    event_free(check->timer);
    free(check);
}
