/* What a tor says, for the publisher who asked through an agent, and for no other services than those it may
 * ask about. */
#ifndef OBPUB_AGENT_RELAY_H
#define OBPUB_AGENT_RELAY_H

#include <event2/buffer.h>
#include <stdbool.h>

#include "agent/command_filter.h"
#include "control/reply.h"

/* Appends a reply or event as it goes over the wire (control-spec 2.3). */
void relay_write(struct evbuffer *output, const struct control_reply *reply);

/* Which of the two kinds of events that a publisher can have this is. */
enum relay_event {
    RELAY_NOTHING, /* another kind, malformed, or of a service that is not served or not named */
    RELAY_HS_DESC,
    RELAY_CONTENT,
};

enum relay_event relay_judge_event(const struct control_reply *event, const struct served_addresses *served);

#endif
