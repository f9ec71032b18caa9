/* The four processes of "obpub agent": the agent, which is the caller and talks to the tor; the keeper, which
 * has the secret; the reader, which opens files; and the gate, which talks to strangers. */
#ifndef OBPUB_COMMAND_AGENT_PROCESSES_H
#define OBPUB_COMMAND_AGENT_PROCESSES_H

#include <event2/event.h>

#include "agent/gate_message.h"
#include "base/log.h"
#include "command/agent_setup.h"
#include "confine/confine.h"
#include "process/child.h"
#include "reader/reader_client.h"

enum { AGENT_KEEPER, AGENT_READER, AGENT_GATE, AGENT_PROCESSES };

struct agent_processes {
    struct child children[AGENT_PROCESSES];
    int ends[AGENT_PROCESSES]; /* the agent's of the channels to them */
    struct event *events[AGENT_PROCESSES];
    struct reader_client *reader;
    struct gate_file file; /* of the socket that the gate listens on */
    void (*lost)(const struct error *error, void *context);
    void (*gate_spoke)(void *context);
    void *context;
};

/* Forks them, which are confined as the plan says before they do anything but what needs more: the keeper
 * reads the secret before, and the gate makes the socket. Returns in the caller alone, when the gate listens:
 * 0, or the exit status of one that could not begin and has said why. End with agent_processes_end() in any
 * case. */
int agent_processes_start(struct agent_processes *processes, const struct agent_setup *setup,
                          const struct confine_plan *plan, const struct log *log);

/* Calls lost() from the event loop when one of them has ended, and gate_spoke() when there is something for
 * agent_take_gate(). */
void agent_processes_watch(struct agent_processes *processes, struct event_base *base,
                           void (*lost)(const struct error *error, void *context),
                           void (*gate_spoke)(void *context), void *context);

/* Ends all of them, and waits until they have; the socket's file is removed, unless another one is in its
 * place. */
void agent_processes_end(struct agent_processes *processes, const struct agent_setup *setup);

#endif
