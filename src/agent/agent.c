/* The agent beside a backend's tor: serves publishers that its gate has let in, from its connection to the
 * tor. */
#include "agent/agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/bufferevent.h>

#include "agent/gate_message.h"
#include "agent/relay.h"
#include "base/memory.h"
#include "process/channel.h"

/* What a publisher may send: far more than it has to say. */
#define BYTES_A_SECOND 16384
#define BYTES_AT_ONCE 65536

struct agent {
    struct agent_settings settings;
    struct client_surroundings surroundings;
    struct tor_link *link;
    struct log_state log_state; /* what has been said of the tor */
    bool is_leaving;
    size_t count, count_max;
    TAILQ_HEAD(clients, client) clients; /* the oldest first */
};

/* -- publishers ----------------------------------------------------------------------------------- */

static void end_client(struct client *client, void *context)
{
    struct agent *agent = context;
    TAILQ_REMOVE(&agent->clients, client, others);
    agent->count--;
    client_free(client);
    if (agent->is_leaving && agent->count == 0)
        event_base_loopbreak(agent->settings.base);
}

/* What to say to a publisher of a tor that is not there. */
static const char *describe_loss(enum tor_state state)
{
    return state == TOR_GONE ? AGENT_SAYS_TOR_GONE : AGENT_SAYS_LEAVING;
}

/* Where the tor is gone, or nothing can be had of it, a publisher hears of that, and has to come again. */
static void add_client(struct agent *agent, int descriptor)
{
    if (evutil_make_socket_nonblocking(descriptor) != 0) {
        close(descriptor);
        return;
    }
    struct client *client = client_new(&agent->surroundings, descriptor);
    if (client == NULL)
        return;
    if (agent->count == agent->count_max)
        end_client(TAILQ_FIRST(&agent->clients), agent);
    TAILQ_INSERT_TAIL(&agent->clients, client, others);
    agent->count++;
    log_write(agent->settings.log, LOG_LEVEL_DEBUG, "a publisher is in (%zu of them)", agent->count);
    if (tor_link_state(agent->link) == TOR_GONE || !tor_link_is_open(agent->link))
        client_finish(client, describe_loss(tor_link_state(agent->link)));
}

static void finish_all(struct agent *agent, const char *line)
{
    struct client *client;
    TAILQ_FOREACH(client, &agent->clients, others)
    {
        client_finish(client, line);
    }
}

/* -- the tor -------------------------------------------------------------------------------------- */

static void tor_is_up(const char *version, void *context)
{
    struct agent *agent = context;
    log_write_well(agent->settings.log, &agent->log_state, LOG_LEVEL_INFO, "connected to tor %s", version);
}

static void event_came(const struct control_reply *event, void *context)
{
    struct agent *agent = context;
    enum relay_event kind = relay_judge_event(event, &agent->settings.served);
    struct client *client = TAILQ_FIRST(&agent->clients);
    while (client != NULL) {
        struct client *next = TAILQ_NEXT(client, others); /* this one may end */
        client_take_event(client, kind, event);
        client = next;
    }
}

static void tor_is_down(enum tor_state state, const struct error *error, void *context)
{
    struct agent *agent = context;
    finish_all(agent, describe_loss(state));
    log_write_trouble(agent->settings.log, &agent->log_state, LOG_LEVEL_WARNING, "the tor: %s", error->text);
}

/* -- the gate ------------------------------------------------------------------------------------- */

void agent_take_gate(struct agent *agent)
{
    uint8_t message[GATE_MESSAGE_SIZE_MAX];
    int descriptor;
    ssize_t size = channel_receive_descriptor(agent->settings.gate, message, sizeof(message), &descriptor);
    if (descriptor < 0)
        return;
    if (size > 0 && message[0] == GATE_CLIENT && !agent->is_leaving)
        add_client(agent, descriptor);
    else
        close(descriptor);
}

/* -- its life ------------------------------------------------------------------------------------- */

struct agent *agent_new(const struct agent_settings *settings)
{
    static const struct tor_link_callbacks callbacks = {
        .up = tor_is_up,
        .event = event_came,
        .down = tor_is_down,
    };
    struct agent *agent = memory_allocate(1, sizeof(*agent));
    agent->settings = *settings;
    agent->count_max = AGENT_CLIENTS_MAX * settings->served.count;
    if (agent->count_max > AGENT_CLIENTS_MAX_IN_ALL)
        agent->count_max = AGENT_CLIENTS_MAX_IN_ALL;
    TAILQ_INIT(&agent->clients);
    agent->link = tor_link_new(settings->base, settings->control, &settings->credentials, &callbacks, agent);
    agent->surroundings = (struct client_surroundings){
        .base = settings->base,
        .link = agent->link,
        .served = &agent->settings.served,
        .rate = ev_token_bucket_cfg_new(BYTES_A_SECOND, BYTES_AT_ONCE, EV_RATE_LIMIT_MAX, EV_RATE_LIMIT_MAX,
                                        NULL),
        .ended = end_client,
        .context = agent,
    };
    return agent;
}

void agent_free(struct agent *agent)
{
    if (agent == NULL)
        return;
    agent->is_leaving = false;
    while (!TAILQ_EMPTY(&agent->clients))
        end_client(TAILQ_FIRST(&agent->clients), agent);
    tor_link_free(agent->link);
    if (agent->surroundings.rate != NULL)
        ev_token_bucket_cfg_free(agent->surroundings.rate);
    free(agent);
}

void agent_leave(struct agent *agent)
{
    static const struct timeval patience = {1, 0};
    agent->is_leaving = true;
    finish_all(agent, AGENT_SAYS_LEAVING);
    if (agent->count == 0)
        event_base_loopbreak(agent->settings.base);
    else
        event_base_loopexit(agent->settings.base, &patience);
}
