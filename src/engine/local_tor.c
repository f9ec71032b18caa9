/* A local tor: the connection to it, kept up, and the network as it sees it, kept current. */
#include "engine/local_tor.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "control/socks_listeners.h"

/* Seconds between two tries to connect, or to read a consensus that is not there yet. */
#define RETRY_SECONDS 1
/* Right after a new consensus the microdescriptors of new relays are still on their way; this many
 * milliseconds they are waited for, so that obpub sees the ring as other tors do. */
#define MICRODESCRIPTOR_PATIENCE 15000
/* A network that was taken without some of them is read again, after so many seconds and then each time twice
 * as many: tor may take ten minutes to fetch the last few. */
#define REREAD_SECONDS 60
#define REREAD_SECONDS_MAX 600

/* Seconds between two signals to tor that it is needed. It takes neither uploads nor fetches over the control
 * port for anything that its user does, and after a day without one it stops following the network. */
#define ACTIVE_SECONDS 3600

#define UNKNOWN_KEYWORD 552 /* the status of a reply to GETINFO of what a tor knows nothing of */

struct local_tor {
    struct event_base *base;
    struct control_endpoint endpoint;
    const struct credential_reader *credential_reader;
    char *password_file, *cookie_file;
    struct local_tor_callbacks callbacks;
    void *context;
    struct control_connection *connection;
    struct event *timer; /* connects again, or reads again */
    struct event *active_timer;
    bool is_up;
    bool was_tried; /* it has been connected to, or could not be */
    bool is_ready;  /* it has given a live network since then */
    bool is_reading;
    bool read_again; /* a new consensus came while the last one was being read */
    bool is_testing_network;
    bool needs_operator;
    bool is_trouble;          /* what the status tells of is wrong */
    bool has_network;         /* one was read since the program began */
    int64_t incomplete_since; /* when microdescriptors of this consensus were first found missing, or 0 */
    bool has_waited;          /* for them, long enough */
    int reread_seconds;       /* until it is read again for those that are missing still */
    struct network_builder *builder; /* while a network is being read */
    bool follows_introductions;
    enum local_tor_socks socks_state;
    struct listen_address socks;
    struct error socks_error;
    char status[ERROR_TEXT_SIZE + 64];
};

static void connect_to_tor(struct local_tor *tor);
static void read_network(struct local_tor *tor);

static void set_status(struct local_tor *tor, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void set_status(struct local_tor *tor, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(tor->status, sizeof(tor->status), format, arguments);
    va_end(arguments);
    tor->callbacks.changed(tor->context);
}

/* Says what is wrong. */
static void set_trouble(struct local_tor *tor, const char *what)
{
    tor->is_trouble = true;
    set_status(tor, "%s", what);
}

/* Says what a network is being waited for. Once there is one, waiting for the next is nothing to speak of. */
static void set_waiting(struct local_tor *tor, const char *what)
{
    if (!tor->has_network)
        set_status(tor, "%s", what);
}

static void run_timer(struct local_tor *tor, int seconds)
{
    const struct timeval delay = {seconds, 0};
    event_add(tor->timer, &delay);
}

/* From now on there is another consensus, whose microdescriptors are on their way. */
static void begin_waiting(struct local_tor *tor)
{
    tor->incomplete_since = 0;
    tor->has_waited = false;
    tor->reread_seconds = REREAD_SECONDS;
}

static void timer_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct local_tor *tor = context;
    if (tor->connection == NULL)
        connect_to_tor(tor);
    else if (tor->is_up)
        read_network(tor);
}

static void drop_builder(struct local_tor *tor)
{
    network_builder_free(tor->builder);
    tor->builder = NULL;
}

/* Ends a reading that came to nothing; the next one starts soon. */
static void reading_failed(struct local_tor *tor)
{
    tor->is_reading = false;
    drop_builder(tor);
    run_timer(tor, RETRY_SECONDS);
}

/* The data of "<key>=", in a reply that must be about it alone. */
static const struct control_line *find_value(const struct control_reply *reply, const char *key)
{
    if (reply == NULL || !control_reply_is_ok(reply))
        return NULL;
    return control_reply_find(reply, key);
}

/* True when the network should not be used yet because microdescriptors are missing that may still come. */
static bool should_wait_for_microdescriptors(struct local_tor *tor, const struct network *network)
{
    if (network->hsdirs_without_identity == 0 || tor->has_waited)
        return false;
    if (tor->incomplete_since == 0)
        tor->incomplete_since = clock_milliseconds();
    tor->has_waited = clock_milliseconds() - tor->incomplete_since >= MICRODESCRIPTOR_PATIENCE;
    return !tor->has_waited;
}

/* Has a network that is not complete read again. */
static void look_again(struct local_tor *tor)
{
    run_timer(tor, tor->reread_seconds);
    tor->reread_seconds = 2 * tor->reread_seconds;
    if (tor->reread_seconds > REREAD_SECONDS_MAX)
        tor->reread_seconds = REREAD_SECONDS_MAX;
}

/* Says why a network is not live: it is too old, or of a time to come. */
static void explain_dead_network(const struct network *network, int64_t wall_now, struct error *what)
{
    bool is_early = wall_now < network->valid_after;
    int64_t minutes = (is_early ? network->valid_after - wall_now : wall_now - network->valid_until) / 60;
    const char *plural = minutes == 1 ? "" : "s";
    if (is_early)
        error_set(what,
                  "waiting for a live consensus: the local tor's is only valid in %" PRId64
                  " minute%s by this machine's clock, which is slow: set it",
                  minutes, plural);
    else
        error_set(what,
                  "waiting for a live consensus: the local tor's ran out %" PRId64 " minute%s ago (or this "
                  "machine's clock is wrong)",
                  minutes, plural);
}

static void use_network(struct local_tor *tor, struct network *network)
{
    int64_t wall_now = clock_wall_seconds();
    if (!network_is_live(network, wall_now)) {
        struct error what;
        explain_dead_network(network, wall_now, &what);
        tor->is_ready = false;
        set_trouble(tor, what.text);
        network_free(network);
        reading_failed(tor);
        return;
    }
    if (should_wait_for_microdescriptors(tor, network)) {
        struct error what;
        error_set(&what, "waiting for the microdescriptors of %zu HSDir%s", network->hsdirs_without_identity,
                  network->hsdirs_without_identity == 1 ? "" : "s");
        set_waiting(tor, what.text);
        network_free(network);
        reading_failed(tor);
        return;
    }
    tor->is_reading = false;
    drop_builder(tor);
    if (tor->read_again) {
        tor->read_again = false;
        read_network(tor);
    } else if (network->hsdirs_without_identity > 0) {
        look_again(tor);
    }
    tor->has_network = tor->is_ready = true;
    tor->is_trouble = false;
    tor->callbacks.network(network, tor->context);
    set_status(tor, "%s", "");
}

/* Ends a reading because of what was read. */
static void refuse_network(struct local_tor *tor, struct error *error)
{
    error_add_context(error, "the local tor's view of the network can't be used");
    set_trouble(tor, error->text);
    reading_failed(tor);
}

static void microdescriptor_line_came(const char *line, size_t length, void *context)
{
    struct local_tor *tor = context;
    network_builder_take_microdescriptors(tor->builder, line, length);
}

static void microdescriptors_came(struct control_connection *connection, const struct control_reply *reply,
                                  void *context)
{
    (void)connection;
    struct local_tor *tor = context;
    if (reply == NULL)
        return;
    const struct control_line *line = find_value(reply, "md/all");
    if (line == NULL || line->data == NULL) {
        set_waiting(tor, "waiting for microdescriptors");
        reading_failed(tor);
        return;
    }
    struct error error;
    struct network *network = network_builder_finish(tor->builder, &error);
    if (network == NULL)
        refuse_network(tor, &error);
    else
        use_network(tor, network);
}

static void consensus_line_came(const char *line, size_t length, void *context)
{
    struct local_tor *tor = context;
    network_builder_take_consensus(tor->builder, line, length);
}

static void consensus_came(struct control_connection *connection, const struct control_reply *reply,
                           void *context)
{
    struct local_tor *tor = context;
    if (reply == NULL)
        return;
    const struct control_line *line = find_value(reply, "dir/status-vote/current/consensus-microdesc");
    if (line == NULL || line->data == NULL || network_builder_is_empty(tor->builder)) {
        set_waiting(tor, reply->status == UNKNOWN_KEYWORD
                             ? "the local tor is too old to tell which consensus it has: 0.4.3 is needed"
                             : "waiting for a consensus: the local tor has none yet");
        reading_failed(tor);
        return;
    }
    struct error error;
    if (network_builder_end_consensus(tor->builder, &error) != 0)
        refuse_network(tor, &error);
    else
        control_connection_send_reading(connection, "GETINFO md/all", microdescriptor_line_came,
                                        microdescriptors_came, tor);
}

/* "status/enough-dir-info=1" once tor knows enough of the network to build circuits. */
static void directory_state_came(struct control_connection *connection, const struct control_reply *reply,
                                 void *context)
{
    struct local_tor *tor = context;
    if (reply == NULL)
        return;
    const struct control_line *line = find_value(reply, "status/enough-dir-info");
    if (line == NULL || strcmp(line->text, "status/enough-dir-info=1") != 0) {
        set_waiting(tor, "waiting for the local tor to know enough of the network");
        reading_failed(tor);
        return;
    }
    drop_builder(tor);
    tor->builder = network_builder_new(tor->is_testing_network);
    control_connection_send_reading(connection, "GETINFO dir/status-vote/current/consensus-microdesc",
                                    consensus_line_came, consensus_came, tor);
}

static void read_network(struct local_tor *tor)
{
    if (tor->is_reading) {
        tor->read_again = true;
        return;
    }
    tor->is_reading = true;
    event_del(tor->timer);
    control_connection_send(tor->connection, "GETINFO status/enough-dir-info", directory_state_came, tor);
}

static void testing_network_came(struct control_connection *connection, const struct control_reply *reply,
                                 void *context)
{
    (void)connection;
    struct local_tor *tor = context;
    if (reply == NULL)
        return;
    const struct control_line *line = find_value(reply, "TestingTorNetwork");
    tor->is_testing_network = line != NULL && strcmp(line->text, "TestingTorNetwork=1") == 0;
    read_network(tor);
}

static void events_are_set(struct control_connection *connection, const struct control_reply *reply,
                           void *context)
{
    (void)connection;
    struct local_tor *tor = context;
    if (reply != NULL && !control_reply_is_ok(reply))
        set_trouble(
            tor,
            "the local tor refuses SETEVENTS: it is too old for obpub, or a filter before its control port "
            "does not let that through (obpub.yaml(5) has what it has to)");
}

/* Asks for events. Those beyond the first ones are asked for apart: without STREAM, which a filter before a
 * control port may keep back, obpub works too, and without CIRC_MINOR it learns later that a tor has ended.
 */
static void set_events(struct local_tor *tor)
{
    control_connection_send(tor->connection, "SETEVENTS NEWCONSENSUS HS_DESC HS_DESC_CONTENT", events_are_set,
                            tor);
    control_connection_send(tor->connection, "SETEVENTS NEWCONSENSUS HS_DESC HS_DESC_CONTENT STREAM", NULL,
                            NULL);
    if (tor->follows_introductions)
        control_connection_send(
            tor->connection, "SETEVENTS NEWCONSENSUS HS_DESC HS_DESC_CONTENT STREAM CIRC_MINOR", NULL, NULL);
}

/* -- its SOCKS port */

static void set_socks(struct local_tor *tor, enum local_tor_socks state)
{
    tor->socks_state = state;
    tor->callbacks.socks(tor->context);
}

static void socks_came(struct control_connection *connection, const struct control_reply *reply,
                       void *context)
{
    (void)connection;
    struct local_tor *tor = context;
    if (reply == NULL)
        return;
    int found = socks_listeners_choose(&tor->socks, reply, &tor->socks_error);
    if (found == 0)
        error_set(&tor->socks_error, "the local tor has no SOCKS port, through which onion services are "
                                     "reached: give its torrc one (SocksPort), or name another tor's in the "
                                     "config (tor-socks)");
    else if (found < 0)
        error_add_context(&tor->socks_error, "the local tor");
    set_socks(tor, found > 0 ? LOCAL_TOR_SOCKS_THERE : LOCAL_TOR_SOCKS_NONE);
}

/* Asks where its SOCKS port is. What it says is good on its own machine alone. */
static void ask_socks(struct local_tor *tor)
{
    if (tor->endpoint.way == CONTROL_WAY_UNIX || control_endpoint_is_loopback(&tor->endpoint)) {
        control_connection_send(tor->connection, "GETINFO net/listeners/socks", socks_came, tor);
        return;
    }
    error_set(&tor->socks_error, "the local tor is on another machine: name in the config where its SOCKS "
                                 "port, through which onion services are reached, is seen from here "
                                 "(tor-socks)");
    set_socks(tor, LOCAL_TOR_SOCKS_NONE);
}

static void keep_active(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct local_tor *tor = context;
    if (tor->is_up)
        control_connection_send(tor->connection, "SIGNAL ACTIVE", NULL, NULL);
}

static void tor_is_ready(struct control_connection *connection, void *context)
{
    struct local_tor *tor = context;
    tor->is_up = tor->was_tried = true;
    tor->needs_operator = false;
    tor->is_trouble = false;
    set_waiting(tor, "connected, reading the consensus");
    set_events(tor);
    ask_socks(tor);
    control_connection_send(connection, "GETCONF TestingTorNetwork", testing_network_came, tor);
    keep_active(-1, 0, tor);
    tor->callbacks.up(tor->context);
}

static void event_came(struct control_connection *connection, const struct control_reply *event,
                       void *context)
{
    (void)connection;
    struct local_tor *tor = context;
    struct hs_desc_event hs_desc;
    struct stream_event stream;
    struct introduction_refusal refusal;
    if (strncmp(event->lines[0].text, "NEWCONSENSUS", strlen("NEWCONSENSUS")) == 0) {
        begin_waiting(tor);
        read_network(tor);
    } else if (hs_desc_event_parse(&hs_desc, event) == 0) {
        tor->callbacks.hs_desc(&hs_desc, tor->context);
    } else if (stream_event_parse(&stream, event) == 0) {
        tor->callbacks.stream(&stream, tor->context);
    } else if (introduction_refusal_parse(&refusal, event) == 0) {
        tor->callbacks.refusal(&refusal, tor->context);
    }
}

static void connection_closed(struct control_connection *connection, enum control_failure failure,
                              const struct error *error, void *context)
{
    struct local_tor *tor = context;
    bool was_up = tor->is_up;
    tor->was_tried = true;
    tor->is_up = tor->is_ready = false;
    tor->socks_state = LOCAL_TOR_SOCKS_UNKNOWN;
    tor->is_reading = false;
    tor->read_again = false;
    begin_waiting(tor);
    drop_builder(tor);
    tor->connection = NULL;
    control_connection_free(connection);
    tor->needs_operator = failure == CONTROL_FAILURE_PERMISSION ||
                          failure == CONTROL_FAILURE_AUTHENTICATION || failure == CONTROL_FAILURE_PROTOCOL;
    run_timer(tor, RETRY_SECONDS);
    if (was_up)
        tor->callbacks.lost(tor->context);
    tor->is_trouble = true;
    set_status(tor, "the local tor: %s", error->text);
}

static void connect_to_tor(struct local_tor *tor)
{
    static const struct control_callbacks callbacks = {
        .ready = tor_is_ready,
        .event = event_came,
        .closed = connection_closed,
    };
    const struct control_credentials credentials = {
        .password_file = tor->password_file,
        .cookie_file = tor->cookie_file,
        .reader = tor->credential_reader,
        .is_local_tor = true,
    };
    tor->connection = control_connection_new(tor->base, &tor->endpoint, &credentials, NULL, &callbacks, tor);
}

static char *copy_or_null(const char *text)
{
    return text != NULL ? memory_copy_text(text, strlen(text)) : NULL;
}

struct local_tor *local_tor_new(struct event_base *base, const struct control_endpoint *endpoint,
                                const struct control_credentials *credentials,
                                const struct local_tor_callbacks *callbacks, void *context)
{
    struct local_tor *tor = memory_allocate(1, sizeof(*tor));
    tor->base = base;
    control_endpoint_copy(&tor->endpoint, endpoint);
    tor->password_file = copy_or_null(credentials->password_file);
    tor->cookie_file = copy_or_null(credentials->cookie_file);
    tor->credential_reader = credentials->reader;
    tor->callbacks = *callbacks;
    tor->context = context;
    begin_waiting(tor);
    tor->timer = evtimer_new(base, timer_fired, tor);
    tor->active_timer = event_new(base, -1, EV_PERSIST, keep_active, tor);
    const struct timeval hour = {ACTIVE_SECONDS, 0};
    event_add(tor->active_timer, &hour);
    char where[128];
    control_endpoint_format(endpoint, where, sizeof(where));
    snprintf(tor->status, sizeof(tor->status), "connecting to the local tor at %s", where);
    connect_to_tor(tor);
    return tor;
}

bool local_tor_is_at(const struct local_tor *tor, const struct control_endpoint *endpoint,
                     const struct control_credentials *credentials)
{
    return control_endpoint_equals(&tor->endpoint, endpoint) &&
           string_equals(tor->password_file, credentials->password_file) &&
           string_equals(tor->cookie_file, credentials->cookie_file);
}

void local_tor_follow_introductions(struct local_tor *tor, bool is_wanted)
{
    if (tor->follows_introductions == is_wanted)
        return;
    tor->follows_introductions = is_wanted;
    if (tor->is_up)
        set_events(tor);
}

enum local_tor_socks local_tor_socks(const struct local_tor *tor, struct listen_address *place,
                                     const char **why)
{
    if (tor->socks_state == LOCAL_TOR_SOCKS_THERE)
        *place = tor->socks;
    else if (tor->socks_state == LOCAL_TOR_SOCKS_NONE)
        *why = tor->socks_error.text;
    return tor->socks_state;
}

bool local_tor_is_ready(const struct local_tor *tor)
{
    return tor->is_ready;
}

void local_tor_free(struct local_tor *tor)
{
    if (tor == NULL)
        return;
    control_connection_free(tor->connection);
    event_free(tor->timer);
    event_free(tor->active_timer);
    control_endpoint_clear(&tor->endpoint);
    drop_builder(tor);
    free(tor->password_file);
    free(tor->cookie_file);
    free(tor);
}

struct control_connection *local_tor_connection(struct local_tor *tor)
{
    return tor->is_up ? tor->connection : NULL;
}

const char *local_tor_status(const struct local_tor *tor)
{
    return tor->status;
}

bool local_tor_was_tried(const struct local_tor *tor)
{
    return tor->was_tried;
}

bool local_tor_needs_operator(const struct local_tor *tor)
{
    return tor->needs_operator;
}

bool local_tor_is_trouble(const struct local_tor *tor)
{
    return tor->is_trouble;
}
