/* One publisher that is connected to an agent, and has shown that it knows the secret. */
#include "agent/client.h"

#include <stdlib.h>
#include <string.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "agent/client_line.h"
#include "base/memory.h"

/* Room for the longest line, with its line end and a NUL; so much is read before a line is taken, so that one
 * that does not fit shows. */
#define LINE_SIZE (FILTER_LINE_MAX + 3)

/* Ends it where too much waits for it to be read. Returns whether it is still there. */
static bool check_output(struct client *client)
{
    const struct client_surroundings *surroundings = client->surroundings;
    if (evbuffer_get_length(bufferevent_get_output(client->stream)) <= CLIENT_OUTPUT_MAX)
        return true;
    surroundings->ended(client, surroundings->context);
    return false;
}

static void say(struct client *client, const char *line)
{
    bufferevent_write(client->stream, line, strlen(line));
}

static void take_lines(struct client *client);

/* The tor has answered; if it has not, what has become of it is said to all clients. */
static void reply_came(struct control_connection *connection, const struct control_reply *reply,
                       void *context)
{
    (void)connection;
    struct client *client = context;
    client->is_waiting = false;
    if (reply == NULL || client->is_ending)
        return;
    relay_write(bufferevent_get_output(client->stream), reply);
    if (!check_output(client))
        return;
    bufferevent_enable(client->stream, EV_READ);
    take_lines(client);
}

/* Has the tor answer. Nothing is read until it has: libevent would call was_read() again and again for what
 * it leaves where it is. */
static void ask_tor(struct client *client, const char *command)
{
    client->is_waiting = tor_link_send(client->surroundings->link, command, reply_came, client) == 0;
    if (client->is_waiting)
        bufferevent_disable(client->stream, EV_READ);
    else
        client_finish(client, "551 The connection to tor is lost\r\n");
}

/* Does what a line asks for. */
static void take_line(struct client *client, const char *line, size_t length)
{
    const struct client_surroundings *surroundings = client->surroundings;
    struct filtered_command command;
    command_filter_judge(&command, line, length, surroundings->served);
    switch (command.verdict) {
    case FILTER_REFUSED:
        say(client, FILTER_REFUSAL);
        break;
    case FILTER_EVENTS:
        client->wants_hs_desc = command.wants_hs_desc;
        client->wants_content = command.wants_content;
        say(client, "250 OK\r\n");
        break;
    case FILTER_PASSED:
        ask_tor(client, command.text);
        break;
    case FILTER_QUIT:
        client_finish(client, "250 closing connection\r\n");
        break;
    }
}

/* Takes the lines that have come, until one of them has to wait for the tor. */
static void take_lines(struct client *client)
{
    char line[LINE_SIZE];
    while (!client->is_waiting && !client->is_ending) {
        ssize_t length = client_line_take(bufferevent_get_input(client->stream), line, sizeof(line));
        if (length == CLIENT_LINE_BAD)
            client_finish(client, FILTER_REFUSAL);
        if (length < 0)
            return;
        take_line(client, line, (size_t)length);
        if (!check_output(client))
            return;
    }
}

static void was_read(struct bufferevent *stream, void *context)
{
    (void)stream;
    take_lines(context);
}

static void was_sent(struct bufferevent *stream, void *context)
{
    (void)stream;
    struct client *client = context;
    if (client->is_ending)
        client->surroundings->ended(client, client->surroundings->context);
}

/* It has closed the connection, or has read nothing for too long. */
static void had_event(struct bufferevent *stream, short events, void *context)
{
    (void)stream;
    (void)events;
    struct client *client = context;
    client->surroundings->ended(client, client->surroundings->context);
}

struct client *client_new(const struct client_surroundings *surroundings, evutil_socket_t descriptor)
{
    static const struct timeval patience = {CLIENT_WRITE_SECONDS, 0};
    struct bufferevent *stream =
        bufferevent_socket_new(surroundings->base, descriptor, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        evutil_closesocket(descriptor);
        return NULL;
    }
    struct client *client = memory_allocate(1, sizeof(*client));
    client->surroundings = surroundings;
    client->stream = stream;
    bufferevent_setcb(stream, was_read, was_sent, had_event, client);
    bufferevent_setwatermark(stream, EV_READ, 0, LINE_SIZE);
    bufferevent_set_timeouts(stream, NULL, &patience);
    bufferevent_set_rate_limit(stream, surroundings->rate);
    bufferevent_enable(stream, EV_READ);
    say(client, "250 OK\r\n");
    return client;
}

void client_free(struct client *client)
{
    tor_link_forget(client->surroundings->link, client);
    bufferevent_set_rate_limit(client->stream, NULL);
    bufferevent_free(client->stream);
    free(client);
}

void client_take_event(struct client *client, enum relay_event kind, const struct control_reply *event)
{
    bool is_wanted = kind == RELAY_HS_DESC ? client->wants_hs_desc : client->wants_content;
    if (kind == RELAY_NOTHING || !is_wanted || client->is_ending)
        return;
    relay_write(bufferevent_get_output(client->stream), event);
    check_output(client);
}

void client_finish(struct client *client, const char *line)
{
    if (client->is_ending)
        return;
    client->is_ending = true;
    bufferevent_disable(client->stream, EV_READ);
    say(client, line);
}
