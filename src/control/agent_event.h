/* What an agent says of itself: "650 OBPUB_AGENT ...", which no tor says. */
#ifndef OBPUB_CONTROL_AGENT_EVENT_H
#define OBPUB_CONTROL_AGENT_EVENT_H

#include "control/reply.h"

enum agent_word {
    AGENT_SAYS_NOTHING, /* it is another event */
    AGENT_TOR_GONE,     /* the tor beside it has ended, or is not there */
    AGENT_LEAVING,      /* the agent itself ends; its tor may go on */
};

/* Reads an event. */
enum agent_word agent_event_parse(const struct control_reply *reply);

#endif
