/* The agent beside a backend's tor: serves publishers that its gate has let in, from its connection to the
 * tor. */
#ifndef OBPUB_AGENT_AGENT_H
#define OBPUB_AGENT_AGENT_H

#include "agent/client.h"
#include "base/log.h"

/* Connections of publishers at the same time, for each address that is served, and in all; for another one,
 * the one that has been there longest goes. A publisher has one for each of its backends here, and those that
 * it has lost without knowing it. */
#define AGENT_CLIENTS_MAX 16
#define AGENT_CLIENTS_MAX_IN_ALL 512

/* What an agent says of itself, and of its tor: events that a publisher need not ask for. */
#define AGENT_SAYS_TOR_GONE "650 OBPUB_AGENT TOR_GONE\r\n"
#define AGENT_SAYS_LEAVING "650 OBPUB_AGENT LEAVING\r\n"

struct agent_settings {
    struct event_base *base;
    const struct log *log;
    const struct control_endpoint *control; /* of the tor */
    struct control_credentials credentials;
    struct served_addresses served;
    int gate; /* the end of the channel to it, which listens already */
};

struct agent;

/* Starts. settings are copied, what they point to has to stay. */
struct agent *agent_new(const struct agent_settings *settings);

/* NULL is fine. */
void agent_free(struct agent *agent);

/* Takes what the gate has sent; to be called when there is something. Does not wait. */
void agent_take_gate(struct agent *agent);

/* Says to all that the agent is being stopped, and ends their connections. The event loop is stopped when
 * they have read it, or a second later. */
void agent_leave(struct agent *agent);

#endif
