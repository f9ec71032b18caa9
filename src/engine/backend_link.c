/* The connection to one backend's control port, made again whenever it is lost. */
#include "engine/backend_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/timeval.h"

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

/* A backend may be in strange hands, and has nothing to say that is longer than a descriptor. */
static const struct control_limits backend_limits = {
    .line_max = 16 * 1024,
    .reply_max = 256 * 1024,
    .connect_timeout = 10,
    .command_timeout = 15,
    .read_rate = 1024 * 1024,
    .events_max = 20000,
};

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
    int64_t process_start; /* milliseconds of our clock */
    int64_t retry_delay;
    int64_t misbehaved_delay; /* the last one, or 0 */
    int64_t up_since;         /* milliseconds of our clock */
};

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
    bool is_new = !link->knows_start || llabs(start - link->process_start) > START_TOLERANCE;
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
    int64_t interval = *link->ping_interval;
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
    control_connection_send(connection, "SETEVENTS HS_DESC HS_DESC_CONTENT", NULL, NULL);
    ask_state(context);
}

static void event_came(struct control_connection *connection, const struct control_reply *event,
                       void *context)
{
    (void)connection;
    struct backend_link *link = context;
    struct hs_desc_event hs_desc;
    if (link->is_up && hs_desc_event_parse(&hs_desc, event) == 0)
        link->callbacks.hs_desc(link->number, &hs_desc, link->context);
}

/* Only its operator can help; before it has ever answered there is no reason to wait for it either. */
static bool needs_operator(enum control_failure failure)
{
    return failure == CONTROL_FAILURE_PERMISSION || failure == CONTROL_FAILURE_AUTHENTICATION ||
           failure == CONTROL_FAILURE_PROTOCOL;
}

/* Milliseconds until it is connected again. */
static int64_t choose_delay(struct backend_link *link, enum control_failure failure, bool has_misbehaved)
{
    if (has_misbehaved) {
        int64_t delay = link->misbehaved_delay > 0 ? 2 * link->misbehaved_delay : RETRY_MISBEHAVED;
        link->misbehaved_delay = delay < RETRY_MAX_MISBEHAVED ? delay : RETRY_MAX_MISBEHAVED;
        return link->misbehaved_delay;
    }
    int64_t longest = failure == CONTROL_FAILURE_REFUSED ? RETRY_MAX_REFUSED : RETRY_MAX;
    int64_t delay = link->retry_delay < longest ? link->retry_delay : longest;
    link->retry_delay = 2 * delay;
    return delay;
}

static void connection_closed(struct control_connection *connection, enum control_failure failure,
                              const struct error *error, void *context)
{
    struct backend_link *link = context;
    const struct error reason = *error;
    /* What a tor never sends comes from somebody who should not be in that place: no grace for him. */
    bool has_misbehaved = link->was_up && failure == CONTROL_FAILURE_PROTOCOL;
    enum source_loss loss = SOURCE_LOST;
    if (has_misbehaved || (!link->was_up && needs_operator(failure)))
        loss = SOURCE_GONE;
    else if (failure == CONTROL_FAILURE_REFUSED)
        loss = control_endpoint_is_loopback(&link->config->control) ? SOURCE_GONE_HERE : SOURCE_GONE;
    if (link->is_up && clock_milliseconds() - link->up_since >= STEADY)
        link->retry_delay = RETRY_FIRST;
    link->is_up = false;
    link->connection = NULL;
    control_connection_free(connection);
    run_timer(link, choose_delay(link, failure, has_misbehaved));
    link->callbacks.down(link->number, &reason, loss, link->context);
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
    };
    link->connection = control_connection_new(link->base, &link->config->control, &credentials,
                                              &backend_limits, &callbacks, link);
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
    link->retry_delay = RETRY_FIRST;
    link->timer = evtimer_new(base, timer_fired, link);
    connect_to_backend(link);
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
    bool is_same = control_endpoint_equals(&link->config->control, &config->control) &&
                   string_equals(link->config->control_password_file, config->control_password_file) &&
                   string_equals(link->config->control_cookie_file, config->control_cookie_file);
    link->config = config;
    if (is_same)
        return false;
    control_connection_free(link->connection);
    link->connection = NULL;
    link->is_up = link->was_up = false;
    link->retry_delay = RETRY_FIRST;
    link->misbehaved_delay = 0;
    run_timer(link, 0);
    return true;
}

struct control_connection *backend_link_connection(struct backend_link *link)
{
    return link->is_up ? link->connection : NULL;
}
