/* An agent's connection to its tor, made again whenever it is lost. */
#ifndef OBPUB_AGENT_TOR_LINK_H
#define OBPUB_AGENT_TOR_LINK_H

#include <event2/event.h>
#include <stdbool.h>

#include "control/connection.h"

struct tor_link;

/* What becomes of a tor. */
enum tor_state {
    TOR_UNKNOWN, /* it is being connected to, or can't be told from here */
    TOR_THERE,
    TOR_GONE, /* its connection has ended, or nobody listens any more */
};

struct tor_link_callbacks {
    /* It takes commands; version is "" where it does not say it. */
    void (*up)(const char *version, void *context);
    /* An event of HS_DESC or HS_DESC_CONTENT, or any other that it may send. */
    void (*event)(const struct control_reply *event, void *context);
    /* The connection is over; all callbacks for commands have been called. The state is TOR_GONE, or
     * TOR_UNKNOWN where that says nothing of the tor. */
    void (*down)(enum tor_state state, const struct error *error, void *context);
};

/* Starts connecting. Never calls back before it has returned. endpoint and credentials are copied, but what
 * they point to has to stay. */
struct tor_link *tor_link_new(struct event_base *base, const struct control_endpoint *endpoint,
                              const struct control_credentials *credentials,
                              const struct tor_link_callbacks *callbacks, void *context);

/* NULL is fine. */
void tor_link_free(struct tor_link *link);

enum tor_state tor_link_state(const struct tor_link *link);

/* True while there is a connection, or one is being made: commands can be sent. */
bool tor_link_is_open(const struct tor_link *link);

/* Sends a command (control_connection_send()). Returns 0, or -1 when there is no connection, and none is
 * being made. */
int tor_link_send(struct tor_link *link, const char *command, control_reply_callback callback, void *context);

/* Takes back the callbacks of commands that were sent with this context. */
void tor_link_forget(struct tor_link *link, const void *context);

#endif
