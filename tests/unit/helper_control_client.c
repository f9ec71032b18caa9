/* A control connection whose every callback is written down, for the tests that use one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/timeval.h"
#include "helper_control_client.h"

#define PATIENCE 30 /* seconds */

static void add_bytes(struct client *client, const char *bytes, size_t length)
{
    size_t room = sizeof(client->log) - 1 - client->log_length;
    if (length > room)
        length = room;
    memcpy(client->log + client->log_length, bytes, length);
    client->log_length += length;
    client->log[client->log_length] = '\0';
}

static void add_text(struct client *client, const char *text)
{
    add_bytes(client, text, strlen(text));
}

static void add_reply(struct client *client, const struct control_reply *reply)
{
    for (size_t i = 0; i < reply->line_count; i++) {
        const struct control_line *line = &reply->lines[i];
        bool is_end = i + 1 == reply->line_count;
        char status[16];
        snprintf(status, sizeof(status), "%d%c", line->status, is_end ? ' ' : line->data != NULL ? '+' : '-');
        add_text(client, status);
        add_bytes(client, line->text, line->text_length);
        if (line->data != NULL) {
            add_text(client, "{");
            add_bytes(client, line->data, line->data_length);
            add_text(client, "}");
        }
        add_text(client, is_end ? ";" : "|");
    }
}

/* Frees the connection in the callback where the test wants that. */
static void free_if_wanted(struct client *client, char place)
{
    if (client->free_at != place)
        return;
    control_connection_free(client->connection);
    client->connection = NULL;
    event_base_loopbreak(client->base);
}

static void on_ready(struct control_connection *connection, void *context)
{
    struct client *client = context;
    assert_ptr_equal(connection, client->connection);
    add_text(client, "ready;");
    client->is_ready = true;
    if (client->stop_at_ready)
        event_base_loopbreak(client->base);
    free_if_wanted(client, 'r');
}

static void on_event(struct control_connection *connection, const struct control_reply *event, void *context)
{
    struct client *client = context;
    assert_ptr_equal(connection, client->connection);
    client->event_count++;
    if (!client->ignore_events)
        add_reply(client, event);
    free_if_wanted(client, 'e');
}

static void on_closed(struct control_connection *connection, enum control_failure failure,
                      const struct error *error, void *context)
{
    struct client *client = context;
    assert_ptr_equal(connection, client->connection);
    assert_false(client->is_closed);
    add_text(client, "closed;");
    client->is_closed = true;
    client->failure = failure;
    client->error = *error;
    event_base_loopbreak(client->base);
    free_if_wanted(client, 'c');
}

static void on_reply(struct control_connection *connection, const struct control_reply *reply, void *context)
{
    struct client *client = context;
    assert_ptr_equal(connection, client->connection);
    if (reply != NULL) {
        add_reply(client, reply);
    } else {
        add_text(client, "none;");
        /* Too late for another command. */
        assert_int_equal(control_connection_send(connection, "GETINFO version", on_reply, client), -1);
    }
    if (client->replies_due > 0 && --client->replies_due == 0)
        event_base_loopbreak(client->base);
    free_if_wanted(client, 'a');
}

void client_start(struct client *client, struct event_base *base, const char *text,
                  const struct control_credentials *credentials, const struct control_limits *limits)
{
    static const struct control_callbacks callbacks = {
        .ready = on_ready, .event = on_event, .closed = on_closed};
    struct control_endpoint endpoint;
    struct error error;
    if (control_endpoint_parse(&endpoint, text, &error) != 0)
        fail_msg("%s", error.text);
    memset(client, 0, sizeof(*client));
    client->base = base;
    client->connection = control_connection_new(base, &endpoint, credentials, limits, &callbacks, client);
    control_endpoint_clear(&endpoint);
    assert_int_equal(client->log_length, 0);
}

int client_send(struct client *client, const char *command, const char *data)
{
    if (data == NULL)
        return control_connection_send(client->connection, command, on_reply, client);
    struct command_data *encoded = command_data_new(data, strlen(data));
    int result = control_connection_send_data(client->connection, command, encoded, on_reply, client);
    command_data_release(encoded);
    return result;
}

static void on_patience_ends(evutil_socket_t socket, short events, void *base)
{
    (void)socket;
    (void)events;
    event_base_loopexit(base, NULL);
}

/* Runs the loop until it is broken off or the time is over. Returns whether it was broken off. */
static bool run_loop(struct event_base *base, int milliseconds)
{
    const struct timeval interval = timeval_from_milliseconds(milliseconds);
    struct event *timer = evtimer_new(base, on_patience_ends, base);
    event_add(timer, &interval);
    event_base_dispatch(base);
    event_free(timer);
    return event_base_got_break(base) != 0;
}

int client_send_reading(struct client *client, const char *command, control_data_callback data)
{
    return control_connection_send_reading(client->connection, command, data, on_reply, client);
}

void client_run(struct client *client)
{
    if (!run_loop(client->base, PATIENCE * 1000))
        fail_msg("nothing came of it in %d seconds; so far: %.500s", PATIENCE, client->log);
}

void client_run_for(struct client *client, int milliseconds)
{
    run_loop(client->base, milliseconds);
}

void client_expect_closed(const struct client *client, enum control_failure failure, const char *words)
{
    if (!client->is_closed)
        fail_msg("not closed: %.500s", client->log);
    if (client->failure != failure)
        fail_msg("failure %d, not %d: %s", (int)client->failure, (int)failure, client->error.text);
    if (strstr(client->error.text, words) == NULL)
        fail_msg("no '%s' in: %s", words, client->error.text);
}

void client_clear(struct client *client)
{
    control_connection_free(client->connection);
    client->connection = NULL;
}
