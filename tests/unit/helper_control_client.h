/* A control connection whose every callback is written down, for the tests that use one. */
#ifndef OBPUB_TESTS_HELPER_CONTROL_CLIENT_H
#define OBPUB_TESTS_HELPER_CONTROL_CLIENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>

#include "control/connection.h"

#define CLIENT_LOG_SIZE 65536

struct client {
    struct event_base *base;
    struct control_connection *connection; /* NULL once it is freed */
    char log[CLIENT_LOG_SIZE]; /* "ready;", "650 text;", "250-text|250+text{data}|250 OK;", "none;", "closed;"
                                */
    size_t log_length;
    size_t event_count;
    bool is_ready;
    bool is_closed;
    bool stop_at_ready; /* end the loop when the connection is ready */
    bool ignore_events; /* count them, but write nothing down */
    char free_at;       /* free the connection at the next 'r'eady, 'e'vent, reply ('a'nswer), 'c'losed */
    size_t replies_due; /* end the loop when this many replies have come */
    enum control_failure failure;
    struct error error;
};

/* Starts a connection; ends the test when the endpoint's text is wrong. */
void client_start(struct client *client, struct event_base *base, const char *endpoint,
                  const struct control_credentials *credentials, const struct control_limits *limits);

/* Sends a command whose reply is written down. Returns what control_connection_send() returns. */
int client_send(struct client *client, const char *command, const char *data);

/* The same with control_connection_send_reading(); data gets the client as its context. */
int client_send_reading(struct client *client, const char *command, control_data_callback data);

/* Runs the loop until the connection is closed or freed, is ready (if stop_at_ready is set) or has got
 * replies_due replies; ends the test when that takes more than 30 seconds. */
void client_run(struct client *client);

/* Runs the loop for some milliseconds whatever happens. */
void client_run_for(struct client *client, int milliseconds);

/* Ends the test unless the connection was closed for this reason with these words in the sentence. */
void client_expect_closed(const struct client *client, enum control_failure failure, const char *words);

/* Frees the connection if that has not been done. */
void client_clear(struct client *client);

#endif
