/* A stand-in for what may listen where a control port should be: it says what a test wants it to say. */
#include "helper_control_peer.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"

#define RECEIVED_MAX 65536
#define REPEAT_AHEAD 65536 /* bytes of a repeated answer that are written ahead of what has been sent */

struct control_peer {
    struct event_base *base;
    struct evconnlistener *listener;
    struct bufferevent *stream;
    struct event *trickle;
    const struct peer_step *steps;
    size_t step_count;
    size_t current;
    const char *trickling; /* what is left of a trickling answer */
    char received[RECEIVED_MAX + 1];
    size_t received_length;
};

static void drop_stream(struct control_peer *peer)
{
    if (peer->stream != NULL)
        bufferevent_free(peer->stream);
    peer->stream = NULL;
}

static void on_written(struct bufferevent *stream, void *context)
{
    struct control_peer *peer = context;
    const struct peer_step *last = peer->current > 0 ? &peer->steps[peer->current - 1] : NULL;
    if (last == NULL)
        return;
    struct linger linger = {.l_onoff = 1, .l_linger = 0};
    switch (last->then) {
    case PEER_RESET:
        setsockopt(bufferevent_getfd(stream), SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
        drop_stream(peer);
        break;
    case PEER_CLOSE:
        drop_stream(peer);
        break;
    case PEER_REPEAT:
        while (evbuffer_get_length(bufferevent_get_output(stream)) < REPEAT_AHEAD)
            bufferevent_write(stream, last->answer, strlen(last->answer));
        break;
    case PEER_GO_ON:
    case PEER_TRICKLE:
        break;
    }
}

static void on_readable(struct bufferevent *stream, void *context);

static void on_trickle(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct control_peer *peer = context;
    if (peer->stream != NULL && *peer->trickling != '\0') {
        bufferevent_write(peer->stream, peer->trickling++, 1);
        return;
    }
    event_del(peer->trickle);
    if (peer->stream != NULL)
        on_readable(peer->stream, peer); /* what came meanwhile */
}

static void answer(struct control_peer *peer, const struct peer_step *step)
{
    if (step->then == PEER_TRICKLE) {
        struct timeval interval = {.tv_usec = 1000};
        peer->trickling = step->answer;
        event_add(peer->trickle, &interval);
    } else if (step->answer[0] != '\0') {
        bufferevent_write(peer->stream, step->answer, strlen(step->answer));
    } else if (evbuffer_get_length(bufferevent_get_output(peer->stream)) == 0) {
        on_written(peer->stream, peer); /* otherwise once what is there is written */
    }
}

/* Takes every step that can be taken now; line is NULL when none has come. */
static void take_steps(struct control_peer *peer, const char *line)
{
    while (peer->stream != NULL && peer->current < peer->step_count) {
        const struct peer_step *step = &peer->steps[peer->current];
        if (step->line != NULL && (line == NULL || strncmp(line, step->line, strlen(step->line)) != 0))
            return;
        if (step->line != NULL)
            line = NULL;
        peer->current++;
        answer(peer, step);
    }
}

static void on_readable(struct bufferevent *stream, void *context)
{
    struct control_peer *peer = context;
    char *line;
    size_t length;
    /* While an answer trickles, the next line waits. */
    while (peer->stream == stream && !event_pending(peer->trickle, EV_TIMEOUT, NULL)) {
        line = evbuffer_readln(bufferevent_get_input(stream), &length, EVBUFFER_EOL_CRLF_STRICT);
        if (line == NULL)
            return;
        if (peer->received_length + length + 2 <= RECEIVED_MAX) {
            memcpy(peer->received + peer->received_length, line, length);
            memcpy(peer->received + peer->received_length + length, "\r\n", 3);
            peer->received_length += length + 2;
        }
        take_steps(peer, line);
        free(line);
    }
}

static void on_stream_event(struct bufferevent *stream, short events, void *context)
{
    (void)stream;
    if ((events & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) != 0)
        drop_stream(context);
}

static void on_accepted(struct evconnlistener *listener, evutil_socket_t socket, struct sockaddr *address,
                        int length, void *context)
{
    (void)listener;
    (void)address;
    (void)length;
    struct control_peer *peer = context;
    if (peer->stream != NULL) {
        close((int)socket);
        return;
    }
    peer->stream = bufferevent_socket_new(peer->base, socket, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(peer->stream, on_readable, on_written, on_stream_event, peer);
    bufferevent_enable(peer->stream, EV_READ | EV_WRITE);
    take_steps(peer, NULL);
}

struct control_peer *control_peer_new(struct event_base *base, const char *socket_path,
                                      const struct peer_step *steps, size_t step_count)
{
    struct control_peer *peer = memory_allocate(1, sizeof(*peer));
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_in internet = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    peer->base = base;
    peer->steps = steps;
    peer->step_count = step_count;
    peer->trickle = event_new(base, -1, EV_PERSIST, on_trickle, peer);
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC;
    if (socket_path != NULL) {
        snprintf(local.sun_path, sizeof(local.sun_path), "%s", socket_path);
        peer->listener = evconnlistener_new_bind(base, on_accepted, peer, flags, 16,
                                                 (struct sockaddr *)&local, (int)sizeof(local));
    } else {
        peer->listener = evconnlistener_new_bind(base, on_accepted, peer, flags, 16,
                                                 (struct sockaddr *)&internet, (int)sizeof(internet));
    }
    if (peer->listener == NULL) {
        perror("stand-in peer");
        abort();
    }
    return peer;
}

void control_peer_free(struct control_peer *peer)
{
    if (peer == NULL)
        return;
    drop_stream(peer);
    event_free(peer->trickle);
    evconnlistener_free(peer->listener);
    free(peer);
}

unsigned control_peer_port(const struct control_peer *peer)
{
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    memset(&address, 0, sizeof(address));
    getsockname(evconnlistener_get_fd(peer->listener), (struct sockaddr *)&address, &length);
    return ntohs(address.sin_port);
}

const char *control_peer_received(const struct control_peer *peer)
{
    return peer->received;
}
