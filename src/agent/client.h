/* One publisher that is connected to an agent, and has shown that it knows the secret. */
#ifndef OBPUB_AGENT_CLIENT_H
#define OBPUB_AGENT_CLIENT_H

#include <event2/event.h>
#include <sys/queue.h>

#include "agent/command_filter.h"
#include "agent/relay.h"
#include "agent/tor_link.h"

/* Bytes that may wait for it to read them: for who does not read them the connection ends. */
#define CLIENT_OUTPUT_MAX ((size_t)4 * 1024 * 1024)
/* Seconds in which it has to read some of them. */
#define CLIENT_WRITE_SECONDS 60

struct client;

/* What all clients of an agent have in common; it has to stay. */
struct client_surroundings {
    struct event_base *base;
    struct tor_link *link;
    const struct served_addresses *served;
    struct ev_token_bucket_cfg *rate; /* of what a client may send */
    /* A client is over, and has to be freed. */
    void (*ended)(struct client *client, void *context);
    void *context;
};

struct client {
    TAILQ_ENTRY(client) others; /* the agent's */
    const struct client_surroundings *surroundings;
    struct bufferevent *stream;
    bool wants_hs_desc, wants_content; /* events */
    bool is_waiting;                   /* for the tor's answer: its commands are taken one by one */
    bool is_ending;                    /* once it has read what was written */
};

/* Tells it that it is in. The descriptor is the client's from now on. Returns NULL, with the descriptor
 * closed, when that can't be done. */
struct client *client_new(const struct client_surroundings *surroundings, evutil_socket_t descriptor);

/* Closes it. */
void client_free(struct client *client);

/* Passes an event of the tor on, if it is one that it wants. May end it. */
void client_take_event(struct client *client, enum relay_event kind, const struct control_reply *event);

/* Says a last word, a line with its line end, and ends it once it has read that. */
void client_finish(struct client *client, const char *line);

#endif
