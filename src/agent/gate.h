/* The gate's process: listens for an agent, finds out who knows the secret, and hands those on. It has
 * neither the secret nor a way to the tor. */
#ifndef OBPUB_AGENT_GATE_H
#define OBPUB_AGENT_GATE_H

#include <event2/event.h>

#include "address/listen_address.h"
#include "base/error.h"

/* Strangers at the same time; for another one, one of those goes. */
#define GATE_STRANGERS_MAX 512
/* Seconds in which somebody has to show that he knows the secret. */
#define GATE_PATIENCE 30
/* Milliseconds after which whoever was wrong is told so. Others don't wait for that. */
#define GATE_WRONG_DELAY 2000

struct gate;

/* Listens there, and connects nothing yet. A socket file belongs to its owner and group (mode 0660); one that
 * is in the way is only taken away when nobody listens on it. agent and keeper are the ends of the channels
 * to the agent (gate_message.h) and to the keeper. Returns NULL with a sentence. */
struct gate *gate_new(struct event_base *base, const struct listen_address *address, int agent, int keeper,
                      struct error *error);

/* Lets strangers in until the agent ends. Returns 0, or -1 with a sentence when the keeper is gone. */
int gate_run(struct gate *gate, struct error *error);

#endif
