/* The gate's process: listens for an agent, finds out who knows the secret, and hands those on.
 *
 * An agent has an onion service, and anybody who learns of it may try to keep the publisher out: with many
 * connections, with ones that say nothing, or never end. So everybody has half a minute, and where there are
 * too many, one of the older half goes, drawn at random: as long as not half of all places are taken within
 * the seconds that the publisher needs, he is never the one; and if they are, he is not so each time. */
#include "agent/gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <sodium.h>

#include "agent/client_line.h"
#include "agent/gate_message.h"
#include "agent/keeper.h"
#include "agent/stranger.h"
#include "base/memory.h"
#include "base/timeval.h"
#include "process/channel.h"
#include "report/listener.h"

/* Room for the longest line, with its line end and a NUL; so much is read before a line is taken, so that one
 * that does not fit shows. */
#define LINE_SIZE (STRANGER_LINE_MAX + 3)

/* Connections that wait to be accepted. */
#define BACKLOG 512
/* Connections that are accepted at once: then those that there are have their turn, or none of them would get
 * a word in before he has to go. */
#define ACCEPTED_AT_ONCE 16

/* Who is at the gate. */
struct visitor {
    TAILQ_ENTRY(visitor) others;
    struct gate *gate;
    struct bufferevent *stream;
    struct event
        *timer; /* until he has to have shown that he knows the secret, or is told that he does not */
    struct stranger stranger;
    bool is_wrong;  /* and told so when the time comes */
    bool is_let_in; /* once what was written to him is sent */
};

struct gate {
    struct event_base *base;
    int agent;
    struct event *agent_event;
    struct keeper_client keeper;
    struct listener listener;
    struct listener_remover remover;
    struct event *go_on; /* accepts the next ones */
    size_t accepted;     /* since it last did */
    size_t count;
    TAILQ_HEAD(visitors, visitor) visitors; /* the oldest first */
};

/* -- visitors ------------------------------------------------------------------------------------- */

static void end_visitor(struct visitor *visitor)
{
    TAILQ_REMOVE(&visitor->gate->visitors, visitor, others);
    visitor->gate->count--;
    event_free(visitor->timer);
    bufferevent_free(visitor->stream);
    free(visitor);
}

static void run_timer(struct visitor *visitor, int64_t milliseconds)
{
    const struct timeval time = timeval_from_milliseconds(milliseconds);
    event_add(visitor->timer, &time);
}

/* Hands him to the agent, which says that he is in. */
static void hand_over(struct visitor *visitor)
{
    const uint8_t message = GATE_CLIENT;
    int sent = channel_send_descriptor(visitor->gate->agent, &message, sizeof(message),
                                       bufferevent_getfd(visitor->stream));
    if (sent != 0)
        event_base_loopbreak(visitor->gate->base);
    end_visitor(visitor);
}

/* All that was written to him is sent. */
static void was_sent(struct bufferevent *stream, void *context)
{
    (void)stream;
    struct visitor *visitor = context;
    if (visitor->is_let_in)
        hand_over(visitor);
    else
        end_visitor(visitor);
}

static void had_event(struct bufferevent *stream, short events, void *context)
{
    (void)stream;
    (void)events;
    end_visitor(context);
}

/* Reads no more of him, and ends once he has taken what was written. */
static void finish(struct visitor *visitor, const char *answer)
{
    bufferevent_disable(visitor->stream, EV_READ);
    bufferevent_setcb(visitor->stream, NULL, was_sent, had_event, visitor);
    bufferevent_write(visitor->stream, answer, strlen(answer));
}

static void time_is_over(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    struct visitor *visitor = context;
    if (!visitor->is_wrong) {
        end_visitor(visitor);
        return;
    }
    visitor->is_wrong = false;
    run_timer(visitor, GATE_PATIENCE * 1000);
    finish(visitor, STRANGER_WRONG_PROOF);
}

/* He knows the secret. What he has sent already he has not been asked for: then he is none of ours. */
static void let_in(struct visitor *visitor)
{
    if (evbuffer_get_length(bufferevent_get_input(visitor->stream)) > 0) {
        end_visitor(visitor);
        return;
    }
    visitor->is_let_in = true;
    bufferevent_disable(visitor->stream, EV_READ);
    if (evbuffer_get_length(bufferevent_get_output(visitor->stream)) == 0)
        hand_over(visitor);
    else
        bufferevent_setcb(visitor->stream, NULL, was_sent, had_event, visitor);
}

static void note_wrong(struct visitor *visitor)
{
    visitor->is_wrong = true;
    bufferevent_disable(visitor->stream, EV_READ);
    run_timer(visitor, GATE_WRONG_DELAY);
}

/* Answers one line. Returns whether he may say more. */
static bool answer_line(struct visitor *visitor, const char *line)
{
    struct gate *gate = visitor->gate;
    const struct stranger_prover prover = {keeper_ask_challenge, keeper_ask_check, &gate->keeper};
    char answer[STRANGER_ANSWER_SIZE];
    enum stranger_verdict verdict = stranger_take_line(&visitor->stranger, line, &prover, answer);
    if (gate->keeper.is_lost)
        event_base_loopbreak(gate->base);
    switch (verdict) {
    case STRANGER_ANSWERED:
        bufferevent_write(visitor->stream, answer, strlen(answer));
        return true;
    case STRANGER_REFUSED:
        finish(visitor, answer);
        break;
    case STRANGER_WRONG:
        note_wrong(visitor);
        break;
    case STRANGER_LET_IN:
        let_in(visitor);
        break;
    }
    return false;
}

static void was_read(struct bufferevent *stream, void *context)
{
    struct visitor *visitor = context;
    char line[LINE_SIZE];
    ssize_t length;
    do {
        length = client_line_take(bufferevent_get_input(stream), line, sizeof(line));
        if (length == CLIENT_LINE_BAD)
            end_visitor(visitor);
    } while (length >= 0 && answer_line(visitor, line));
}

/* -- letting them come ---------------------------------------------------------------------------- */

static void make_room(struct gate *gate)
{
    if (gate->count < GATE_STRANGERS_MAX)
        return;
    struct visitor *visitor = TAILQ_FIRST(&gate->visitors);
    for (uint32_t steps = randombytes_uniform(GATE_STRANGERS_MAX / 2); steps > 0; steps--)
        visitor = TAILQ_NEXT(visitor, others);
    end_visitor(visitor);
}

/* Where there are no descriptors left the listener itself says when to go on. */
static void accept_next(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    struct gate *gate = context;
    gate->accepted = 0;
    if (!evtimer_pending(gate->listener.pause, NULL))
        evconnlistener_enable(gate->listener.connections);
}

/* Lets others have their turn once so many have been accepted. */
static void count_accepted(struct gate *gate)
{
    static const struct timeval at_once = {0, 0};
    if (++gate->accepted < ACCEPTED_AT_ONCE)
        return;
    evconnlistener_disable(gate->listener.connections);
    event_add(gate->go_on, &at_once);
}

static void was_accepted(struct evconnlistener *connections, evutil_socket_t descriptor,
                         struct sockaddr *address, int length, void *context)
{
    (void)connections;
    (void)address;
    (void)length;
    struct gate *gate = context;
    count_accepted(gate);
    struct bufferevent *stream = bufferevent_socket_new(gate->base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        evutil_closesocket(descriptor);
        return;
    }
    make_room(gate);
    struct visitor *visitor = memory_allocate(1, sizeof(*visitor));
    visitor->gate = gate;
    visitor->stream = stream;
    visitor->timer = evtimer_new(gate->base, time_is_over, visitor);
    TAILQ_INSERT_TAIL(&gate->visitors, visitor, others);
    gate->count++;
    run_timer(visitor, GATE_PATIENCE * 1000);
    bufferevent_setcb(stream, was_read, NULL, had_event, visitor);
    bufferevent_setwatermark(stream, EV_READ, 0, LINE_SIZE);
    bufferevent_enable(stream, EV_READ);
}

/* -- the agent ------------------------------------------------------------------------------------ */

/* It says nothing, so it has ended. */
static void agent_has_ended(evutil_socket_t descriptor, short events, void *context)
{
    (void)descriptor;
    (void)events;
    const struct gate *gate = context;
    event_base_loopbreak(gate->base);
}

/* -- its life ------------------------------------------------------------------------------------- */

/* Before the gate is confined it can, afterwards it can't, and the agent has another process do it. */
static int remove_socket(const char *path, void *context, struct error *error)
{
    (void)context;
    if (unlink(path) != 0 && errno != ENOENT)
        return error_set(error, "the socket %s can't be removed: %s", path, strerror(errno));
    return 0;
}

struct gate *gate_new(struct event_base *base, const struct listen_address *address, int agent, int keeper,
                      struct error *error)
{
    struct gate *gate = memory_allocate(1, sizeof(*gate));
    gate->base = base;
    gate->agent = agent;
    gate->keeper.end = keeper;
    gate->remover.remove = remove_socket;
    TAILQ_INIT(&gate->visitors);
    if (listener_open(&gate->listener, base, address, LISTENER_FOR_GROUP, &gate->remover, error) != 0) {
        free(gate);
        return NULL;
    }
    /* More than for sockets of our own: who finds no place in that line is turned away by the kernel. */
    (void)!listen(evconnlistener_get_fd(gate->listener.connections), BACKLOG);
    return gate;
}

/* Tells the agent that it listens. Returns 0 or -1. */
static int tell_agent(const struct gate *gate)
{
    uint8_t message[1 + sizeof(struct gate_file)] = {GATE_LISTENS};
    struct gate_file file;
    memset(&file, 0, sizeof(file));
    file.device = gate->listener.device;
    file.inode = gate->listener.inode;
    memcpy(message + 1, &file, sizeof(file));
    return channel_send(gate->agent, message, sizeof(message));
}

int gate_run(struct gate *gate, struct error *error)
{
    gate->agent_event = event_new(gate->base, gate->agent, EV_READ | EV_PERSIST, agent_has_ended, gate);
    event_add(gate->agent_event, NULL);
    gate->go_on = evtimer_new(gate->base, accept_next, gate);
    evconnlistener_set_cb(gate->listener.connections, was_accepted, gate);
    if (tell_agent(gate) == 0)
        event_base_dispatch(gate->base);
    int result = gate->keeper.is_lost ? error_set(error, "the process that keeps the secret is gone") : 0;
    while (!TAILQ_EMPTY(&gate->visitors))
        end_visitor(TAILQ_FIRST(&gate->visitors));
    event_free(gate->agent_event);
    event_free(gate->go_on);
    listener_close(&gate->listener, false);
    free(gate);
    return result;
}
