/* The connection to one backend's control port, made again whenever it is lost. */
#include "engine/backend_link.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/timeval.h"
#include "control/agent_event.h"
#include "engine/onion_tries.h"

/* Milliseconds before the first try to connect again, and at most before a later one: short where nobody
 * listens, so that a tor that starts is seen at once; longer where a try costs a time-out, or only the
 * operator can help. */
#define RETRY_FIRST 200
#define RETRY_MAX_REFUSED 2000
#define RETRY_MAX 15000
/* One that was up for so many milliseconds is tried anew as if for the first time. That is longer than a
 * command may take, so that one who lets us in and then says nothing does not get there. */
#define STEADY 30000
/* Likewise after it had been a tor and then sent what no tor sends; this long without, and it is forgiven. */
#define RETRY_MISBEHAVED 15000
#define RETRY_MAX_MISBEHAVED 600000
/* A prime number, by which links that are made one after the other come to lie far apart. */
#define PING_SPREAD 7919
#define PING_TICK 1000 /* milliseconds */
/* Two readings of the moment at which a process started may differ by so many milliseconds. */
#define START_TOLERANCE 3000
#define ONION_START_TOLERANCE 10000 /* an answer may take longer than a ping is waited for */

/* -- over Tor: onion_tries.h says what decides. */

/* The same times for a connection over Tor: the first one after a loss, and at most. */
#define ONION_RETRY_FIRST 500
#define ONION_RETRY_MAX 30000
/* So many milliseconds the first try after a loss waits for the service's descriptor. */
#define ONION_DESCRIPTOR_PATIENCE 3000
/* It is asked whether it lives this many times as often as others. */
#define ONION_PINGS 3
/* Milliseconds between looks whether there is a SOCKS port, unless somebody says so before; and between two
 * links' tries when there is. */
#define ONION_LOOK 15000
#define ONION_SPREAD 100
/* Milliseconds that the try goes on then: another point may lead there after all. */
#define ONION_DOUBT 2000

/* All is slower over Tor, but for an answer of a few bytes (seconds). */
#define ONION_COMMAND_TIMEOUT 6
#define ONION_AUTHENTICATION_TIMEOUT 20

struct backend_link {
    struct event_base *base;
    const struct config_backend *config;
    uint64_t number;
    const struct credential_reader *reader;
    struct backend_link_callbacks callbacks;
    void *context;
    struct control_connection *connection;
    struct event *timer; /* connects again, or asks whether it lives */
    const int64_t *ping_interval;
    bool is_up;  /* and the backend's uptime is known */
    bool was_up; /* since it was made */
    bool knows_start;
    int64_t process_start;    /* milliseconds of our clock */
    enum agent_word farewell; /* the agent's, on this connection */
    bool has_left;            /* an agent has said so, and has not been back: its tor may go on */
    struct onion_tries onion;
    int64_t retry_delay;
    int64_t misbehaved_delay; /* the last one, or 0 */
    int64_t up_since;         /* milliseconds of our clock */
};

static bool is_onion(const struct backend_link *link)
{
    return link->config->control.way == CONTROL_WAY_ONION;
}

static void run_timer(struct backend_link *link, int64_t delay)
{
    const struct timeval time = timeval_from_milliseconds(delay);
    event_add(link->timer, &time);
}

/* Reads "uptime=<seconds>"; UPTIME_UNKNOWN where tor is too old to know it, or says what is no number. */
static int64_t read_uptime(const struct control_reply *reply)
{
    uint64_t seconds;
    if (control_reply_read_number(reply, "uptime", INT32_MAX, &seconds) != 0)
        return UPTIME_UNKNOWN;
    return (int64_t)seconds * 1000;
}

/* Tells by its start whether this is the process that was there before. One that does not say when it started
 * is taken for a new one after every loss: its points then come back with its first answer. */
static bool note_process(struct backend_link *link, int64_t uptime)
{
    if (uptime == UPTIME_UNKNOWN)
        return true;
    int64_t start = clock_milliseconds() - uptime;
    int64_t tolerance = is_onion(link) ? ONION_START_TOLERANCE : START_TOLERANCE;
    bool is_new = !link->knows_start || llabs(start - link->process_start) > tolerance;
    link->knows_start = true;
    link->process_start = start;
    return is_new;
}

/* When to ask the next time whether the backend lives: a process that hangs keeps its connections. The links'
 * intervals are spread from three quarters to five quarters of the usual one, so that not all ask at the same
 * time; but those that would within one second do so together at its end, so that we are woken once for all
 * of them. */
static int64_t next_ping(const struct backend_link *link)
{
    int64_t interval = is_onion(link) ? *link->ping_interval / ONION_PINGS : *link->ping_interval;
    int64_t delay = interval * 3 / 4 + (int64_t)(source_row(link->number) * PING_SPREAD) % (interval / 2);
    return delay + PING_TICK - (clock_milliseconds() + delay) % PING_TICK;
}

static void uptime_came(struct control_connection *connection, const struct control_reply *reply,
                        void *context)
{
    (void)connection;
    struct backend_link *link = context;
    if (reply == NULL)
        return;
    int64_t uptime = read_uptime(reply);
    bool was_up = link->is_up;
    bool is_new_process = note_process(link, uptime);
    link->is_up = link->was_up = true;
    onion_tries_note_success(&link->onion);
    if (!was_up)
        link->up_since = clock_milliseconds();
    else if (clock_milliseconds() - link->up_since > RETRY_MAX_MISBEHAVED)
        link->misbehaved_delay = 0;
    run_timer(link, next_ping(link));
    if (!was_up)
        link->callbacks.up(link->number, is_new_process, uptime, link->context);
}

/* Whoever filters what is asked may not let this through: nothing is known then. */
static void uploading_came(struct control_connection *connection, const struct control_reply *reply,
                           void *context)
{
    (void)connection;
    struct backend_link *link = context;
    uint64_t is_on;
    if (reply != NULL && link->is_up &&
        control_reply_read_number(reply, "PublishHidServDescriptors", 1, &is_on) == 0)
        link->callbacks.uploading(link->number, is_on != 0, link->context);
}

/* Asks it whether it lives, and since when. */
static void ask_state(struct backend_link *link)
{
    control_connection_send(link->connection, "GETINFO uptime", uptime_came, link);
    if (link->config->is_twin)
        control_connection_send(link->connection, "GETCONF PublishHidServDescriptors", uploading_came, link);
}

static void link_is_ready(struct control_connection *connection, void *context)
{
    struct backend_link *link = context;
    link->has_left = false;
    control_connection_send(connection, "SETEVENTS HS_DESC HS_DESC_CONTENT", NULL, NULL);
    ask_state(link);
}

static void connection_closed(struct control_connection *connection, enum control_failure failure,
                              const struct error *error, void *context);

/* Of a tor that has ended there is nothing more to hear. An agent that ends closes the connection itself. */
static void take_agent_word(struct backend_link *link, enum agent_word word)
{
    link->farewell = word;
    link->has_left = word == AGENT_LEAVING;
    if (word != AGENT_TOR_GONE)
        return;
    const struct error error = {.text = ""}; /* what there is to say is said for all such ends */
    connection_closed(link->connection, CONTROL_FAILURE_CLOSED, &error, link);
}

static void event_came(struct control_connection *connection, const struct control_reply *event,
                       void *context)
{
    (void)connection;
    struct backend_link *link = context;
    struct hs_desc_event hs_desc;
    enum agent_word word = agent_event_parse(event);
    if (word != AGENT_SAYS_NOTHING)
        take_agent_word(link, word);
    else if (link->is_up && hs_desc_event_parse(&hs_desc, event) == 0)
        link->callbacks.hs_desc(link->number, &hs_desc, link->context);
}

/* Only its operator can help; before it has ever answered there is no reason to wait for it either. */
static bool needs_operator(enum control_failure failure)
{
    return failure == CONTROL_FAILURE_PERMISSION || failure == CONTROL_FAILURE_AUTHENTICATION ||
           failure == CONTROL_FAILURE_PROTOCOL;
}

/* What the end of a connection over Tor tells: that an agent is not there, or a circuit is broken, nothing of
 * its tor. */
static enum source_loss find_onion_loss(const struct backend_link *link, enum control_failure failure)
{
    if (link->farewell == AGENT_TOR_GONE || onion_tries_show_end(&link->onion, failure))
        return SOURCE_GONE;
    return SOURCE_LOST;
}

/* Has the service's descriptor fetched, after a loss and until that is done. */
static void refresh_descriptor(struct backend_link *link)
{
    if (link->is_up)
        onion_tries_note_loss(&link->onion, clock_milliseconds());
    if (!link->was_up || link->onion.fresh_tors != 0)
        return;
    link->callbacks.prepare(link->config->control.host, link->context);
    link->callbacks.refresh(link->config->control.host, link->context);
}

/* Milliseconds before the first try after a loss, and at most before later ones. */
static int64_t first_delay(const struct backend_link *link)
{
    return is_onion(link) ? ONION_RETRY_FIRST : RETRY_FIRST;
}

static int64_t longest_delay(const struct backend_link *link, enum control_failure failure)
{
    if (is_onion(link))
        return ONION_RETRY_MAX;
    return failure == CONTROL_FAILURE_REFUSED || link->farewell == AGENT_TOR_GONE ? RETRY_MAX_REFUSED
                                                                                  : RETRY_MAX;
}

/* Milliseconds until it is connected again. */
static int64_t choose_delay(struct backend_link *link, enum control_failure failure, bool has_misbehaved)
{
    if (has_misbehaved) {
        int64_t delay = link->misbehaved_delay > 0 ? 2 * link->misbehaved_delay : RETRY_MISBEHAVED;
        link->misbehaved_delay = delay < RETRY_MAX_MISBEHAVED ? delay : RETRY_MAX_MISBEHAVED;
        return link->misbehaved_delay;
    }
    if (is_onion(link) && onion_tries_are_short(&link->onion))
        return ONION_RETRY_FIRST;
    int64_t longest = longest_delay(link, failure);
    int64_t delay = link->retry_delay < longest ? link->retry_delay : longest;
    link->retry_delay = 2 * delay;
    return delay;
}

/* Says that a try over Tor has shown that the tor has ended, in whichever way the try itself ended. */
static void explain_refusals(const struct backend_link *link, struct error *reason)
{
    char place[320];
    control_endpoint_format(&link->config->control, place, sizeof(place));
    error_set(reason, "%s: its introduction points do not know it any more, so its tor has ended", place);
}

/* Says what is known of the end of a connection to an agent, or over Tor. */
static void explain_end(const struct backend_link *link, struct error *reason)
{
    char place[320];
    control_endpoint_format(&link->config->control, place, sizeof(place));
    if (link->farewell == AGENT_TOR_GONE)
        error_set(reason, "%s: its agent says that the tor beside it has ended", place);
    else if (link->farewell == AGENT_LEAVING)
        error_set(reason, "%s: its agent has been ended, or can't get at its tor: its own log says which",
                  place);
    else if (is_onion(link))
        error_set(reason,
                  "%s: the connection over Tor is lost: a relay on the way, the agent or its tor has ended",
                  place);
}

static void connection_closed(struct control_connection *connection, enum control_failure failure,
                              const struct error *error, void *context)
{
    struct backend_link *link = context;
    struct error reason = *error;
    if (failure == CONTROL_FAILURE_CLOSED)
        explain_end(link, &reason);
    else if (is_onion(link) && onion_tries_show_end(&link->onion, failure))
        explain_refusals(link, &reason);
    /* What a tor never sends comes from somebody who should not be in that place: no grace for him. */
    bool has_misbehaved = link->was_up && failure == CONTROL_FAILURE_PROTOCOL;
    enum source_loss loss = SOURCE_LOST;
    if (has_misbehaved || (!link->was_up && needs_operator(failure)))
        loss = SOURCE_GONE;
    else if (is_onion(link) || link->farewell == AGENT_TOR_GONE)
        loss = find_onion_loss(link, failure);
    else if (failure == CONTROL_FAILURE_REFUSED && !link->has_left)
        loss = control_endpoint_is_loopback(&link->config->control) ? SOURCE_GONE_HERE : SOURCE_GONE;
    if (link->is_up && clock_milliseconds() - link->up_since >= STEADY)
        link->retry_delay = first_delay(link);
    if (is_onion(link)) {
        onion_tries_note_failure(&link->onion, failure);
        refresh_descriptor(link);
    }
    bool waits_for_descriptor = is_onion(link) && link->is_up && !has_misbehaved;
    link->is_up = false;
    link->connection = NULL;
    control_connection_free(connection);
    run_timer(link,
              waits_for_descriptor ? ONION_DESCRIPTOR_PATIENCE : choose_delay(link, failure, has_misbehaved));
    link->callbacks.down(link->number, &reason, loss, link->context);
}

/* There is no SOCKS port to reach it through. */
static void wait_for_socks(struct backend_link *link, enum socks_place_state state, const struct error *why)
{
    char place[320];
    struct error error = *why;
    control_endpoint_format(&link->config->control, place, sizeof(place));
    error_add_context(&error, "%s", place);
    link->onion.is_waiting = true;
    run_timer(link, ONION_LOOK);
    link->callbacks.down(link->number, &error, state == SOCKS_PLACE_LATER ? SOURCE_UNASKED : SOURCE_LOST,
                         link->context);
}

/* Makes the connection over Tor, on circuits that no other one is on. */
static struct control_connection *connect_over_tor(struct backend_link *link,
                                                   const struct control_credentials *credentials,
                                                   const struct control_callbacks *callbacks)
{
    struct error error;
    char user[64];
    struct control_limits limits = control_limits_backend;
    struct control_proxy proxy = {.user = user};
    enum socks_place_state state =
        link->callbacks.find_socks(link->onion.turn, &proxy.address, &error, link->context);
    if (state != SOCKS_PLACE_THERE) {
        wait_for_socks(link, state, &error);
        return NULL;
    }
    link->onion.is_waiting = false;
    link->callbacks.prepare(link->config->control.host, link->context);
    limits.connect_timeout = onion_tries_patience(&link->onion, link->was_up);
    limits.command_timeout = ONION_COMMAND_TIMEOUT;
    limits.authentication_timeout = ONION_AUTHENTICATION_TIMEOUT;
    snprintf(user, sizeof(user), "control-%" PRIu64 "-%u", link->number, link->onion.circuits);
    return control_connection_new_through(link->base, &link->config->control, &proxy, credentials, &limits,
                                          callbacks, link);
}

static void connect_to_backend(struct backend_link *link)
{
    static const struct control_callbacks callbacks = {
        .ready = link_is_ready,
        .event = event_came,
        .closed = connection_closed,
    };
    const struct control_credentials credentials = {
        .password_file = link->config->control_password_file,
        .cookie_file = link->config->control_cookie_file,
        .reader = link->reader,
        .is_agent_only = is_onion(link),
    };
    link->farewell = AGENT_SAYS_NOTHING;
    link->connection = is_onion(link)
                           ? connect_over_tor(link, &credentials, &callbacks)
                           : control_connection_new(link->base, &link->config->control, &credentials,
                                                    &control_limits_backend, &callbacks, link);
}

/* Enough introduction points do not know it, and no other one has led there. */
static void end_refused_try(struct backend_link *link)
{
    const struct error error = {.text = ""}; /* what there is to say is said for all such ends */
    connection_closed(link->connection, CONTROL_FAILURE_NOT_KNOWN, &error, link);
}

static void timer_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct backend_link *link = context;
    if (link->connection == NULL)
        connect_to_backend(link);
    else if (link->is_up)
        ask_state(link);
    else if (is_onion(link) && !control_connection_is_connected(link->connection))
        end_refused_try(link);
}

/* Has it connect as if for the first time, but not before the caller has returned. */
static void begin(struct backend_link *link)
{
    link->is_up = link->was_up = link->has_left = false;
    link->retry_delay = first_delay(link);
    link->misbehaved_delay = 0;
    link->onion = (struct onion_tries){.is_waiting = is_onion(link)};
    run_timer(link, 0);
}

struct backend_link *backend_link_new(struct event_base *base, const struct config_backend *config,
                                      uint64_t number, const struct credential_reader *reader,
                                      const int64_t *ping_interval,
                                      const struct backend_link_callbacks *callbacks, void *context)
{
    struct backend_link *link = memory_allocate(1, sizeof(*link));
    link->base = base;
    link->config = config;
    link->number = number;
    link->reader = reader;
    link->ping_interval = ping_interval;
    link->callbacks = *callbacks;
    link->context = context;
    link->timer = evtimer_new(base, timer_fired, link);
    begin(link);
    return link;
}

void backend_link_free(struct backend_link *link)
{
    if (link == NULL)
        return;
    control_connection_free(link->connection);
    event_free(link->timer);
    free(link);
}

bool backend_link_set_config(struct backend_link *link, const struct config_backend *config)
{
    bool is_same = config_backend_asks_same(link->config, config);
    link->config = config;
    if (is_same)
        return false;
    control_connection_free(link->connection);
    link->connection = NULL;
    begin(link);
    return true;
}

bool backend_link_hurry(struct backend_link *link, size_t position)
{
    if (!is_onion(link) || link->connection != NULL || !link->onion.is_waiting)
        return false;
    run_timer(link, (int64_t)(position % (ONION_LOOK / ONION_SPREAD)) * ONION_SPREAD);
    return true;
}

void backend_link_note_descriptor(struct backend_link *link, size_t tor, const char *address)
{
    struct onion_tries *tries = &link->onion;
    if (!is_onion(link) || link->is_up || !link->was_up ||
        strncmp(link->config->control.host, address, ONION_ADDRESS_LENGTH) != 0)
        return;
    if (!onion_tries_note_descriptor(tries, tor))
        return;
    int64_t left = tries->lost_at + ONION_RETRY_FIRST - clock_milliseconds();
    if (link->connection == NULL && !tries->is_waiting)
        run_timer(link, left > 0 ? left : 0);
}

void backend_link_note_refusal(struct backend_link *link, size_t tor,
                               const struct introduction_refusal *refusal)
{
    if (!is_onion(link) || link->is_up ||
        strncmp(link->config->control.host, refusal->address, ONION_ADDRESS_LENGTH) != 0)
        return;
    if (onion_tries_note_refusal(&link->onion, tor, refusal->point) && link->connection != NULL)
        run_timer(link, ONION_DOUBT);
}

struct control_connection *backend_link_connection(struct backend_link *link)
{
    return link->is_up ? link->connection : NULL;
}
