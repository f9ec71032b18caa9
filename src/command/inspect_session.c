/* A local tor that is asked, one thing after the other, while somebody waits for the answers. */
#include "command/inspect_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>
#include <event2/util.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/memory.h"
#include "engine/local_tor.h"
#include "report/progress.h"

/* How often it is looked whether the time is over, though nothing happens. */
#define TICK_MICROSECONDS 200000
/* Nicknames come from the tor's own memory: they are waited for no longer than this (milliseconds). */
#define NAMES_PATIENCE 5000

struct inspect_session {
    struct inspect_settings settings;
    struct event_base *base;
    struct event *tick;
    struct local_tor *tor;
    struct network *network;
    struct relay_names *names;
    struct survey *survey; /* NULL before it has begun */
    bool is_surveyed;
    bool is_up, is_lost;
    bool is_refused; /* the confinement that is required can't be had */
    struct error error;
    struct progress progress;
};

int inspect_session_confine(const struct confine_plan *plan, struct error *error)
{
    const struct confine_needs needs = {.socket_folders = NULL};
    /* Both may open a file for that. */
    evutil_secure_rng_init();
    json_object_seed(0);
    enum confine_result result = confine_process(plan, CONFINE_INSPECTOR, &needs, error);
    if (result == CONFINE_INCOMPLETE)
        fprintf(stderr, "obpub: warning: %s\n", error->text);
    return result == CONFINE_FAILED ? -1 : 0;
}

/* -- what the tor tells ------------------------------------------------------------------------------ */

static void network_came(struct network *network, void *context)
{
    struct inspect_session *session = context;
    /* All that is reckoned goes by one consensus. */
    if (session->network == NULL)
        session->network = network;
    else
        network_free(network);
}

static void hs_desc_came(const struct hs_desc_event *event, void *context)
{
    struct inspect_session *session = context;
    if (session->survey != NULL && !session->is_lost)
        survey_take_event(session->survey, event);
}

static void ignore_stream(const struct stream_event *event, void *context)
{
    (void)event;
    (void)context;
}

static void ignore_refusal(const struct introduction_refusal *refusal, void *context)
{
    (void)refusal;
    (void)context;
}

static void ignore(void *context)
{
    (void)context;
}

static void tor_is_up(void *context)
{
    struct inspect_session *session = context;
    if (session->is_up)
        return;
    session->is_up = true;
    session->is_refused = inspect_session_confine(session->settings.plan, &session->error) != 0;
    *session->settings.is_confined = !session->is_refused;
}

static void tor_is_lost(void *context)
{
    struct inspect_session *session = context;
    session->is_lost = true;
    relay_names_note_closed(session->names);
    if (session->survey != NULL)
        survey_note_closed(session->survey);
}

static void survey_is_done(void *context)
{
    struct inspect_session *session = context;
    session->is_surveyed = true;
}

/* -- waiting ------------------------------------------------------------------------------------------- */

static void tick(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    (void)context;
}

static void show_progress(struct inspect_session *session)
{
    char text[PROGRESS_TEXT_SIZE];
    size_t answered, asked;
    if (session->survey == NULL) {
        snprintf(text, sizeof(text), "%s", local_tor_status(session->tor));
        progress_show(&session->progress, "tor", text, clock_milliseconds());
        return;
    }
    survey_count(session->survey, &answered, &asked);
    snprintf(text, sizeof(text), "%zu of %zu HSDirs have answered", answered, asked);
    progress_show(&session->progress, "HSDirs", text, clock_milliseconds());
}

/* Runs until something is over, the time is, or the tor is gone. */
static void run_until(struct inspect_session *session, bool (*is_over)(const struct inspect_session *),
                      int64_t deadline)
{
    while (!is_over(session) && !session->is_lost && clock_milliseconds() < deadline) {
        show_progress(session);
        event_base_loop(session->base, EVLOOP_ONCE);
    }
}

/* The first connection that fails is the last: after the confinement there is no other one. */
static bool has_network(const struct inspect_session *session)
{
    return session->network != NULL || session->is_refused ||
           (local_tor_was_tried(session->tor) && local_tor_connection(session->tor) == NULL);
}

static bool is_surveyed(const struct inspect_session *session)
{
    return session->is_surveyed;
}

static bool has_names(const struct inspect_session *session)
{
    return !relay_names_are_waiting(session->names);
}

/* -- for the command ------------------------------------------------------------------------------------ */

static void start(struct inspect_session *session)
{
    static const struct local_tor_callbacks callbacks = {
        .network = network_came,
        .hs_desc = hs_desc_came,
        .stream = ignore_stream,
        .refusal = ignore_refusal,
        .socks = ignore,
        .up = tor_is_up,
        .lost = tor_is_lost,
        .changed = ignore,
    };
    static const struct timeval interval = {0, TICK_MICROSECONDS};
    session->names = relay_names_new(ignore, session);
    session->tick = event_new(session->base, -1, EV_PERSIST, tick, NULL);
    event_add(session->tick, &interval);
    session->tor = local_tor_new(session->base, session->settings.endpoint, &session->settings.credentials,
                                 &callbacks, session);
}

struct inspect_session *inspect_session_open(const struct inspect_settings *settings, struct error *error)
{
    struct inspect_session *session = memory_allocate(1, sizeof(*session));
    session->settings = *settings;
    session->base = event_base_new();
    if (session->base == NULL) {
        free(session);
        error_set(error, "libevent can't be initialised");
        return NULL;
    }
    progress_begin(&session->progress, settings->shows_progress, clock_milliseconds());
    start(session);
    run_until(session, has_network, settings->deadline);
    progress_end(&session->progress);
    if (session->network != NULL && !session->is_lost && !session->is_refused)
        return session;
    if (session->is_refused)
        *error = session->error;
    else if (session->is_up && !session->is_lost)
        error_set(error, "%s takes too long", local_tor_status(session->tor));
    else
        error_set(error, "%s", local_tor_status(session->tor));
    inspect_session_free(session);
    return NULL;
}

void inspect_session_free(struct inspect_session *session)
{
    if (session == NULL)
        return;
    survey_free(session->survey);
    relay_names_free(session->names);
    local_tor_free(session->tor);
    event_free(session->tick);
    event_base_free(session->base);
    network_free(session->network);
    free(session);
}

const struct network *inspect_session_network(const struct inspect_session *session)
{
    return session->network;
}

struct survey *inspect_session_survey(struct inspect_session *session,
                                      const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    session->survey = survey_new(local_tor_connection(session->tor), session->network, identity_key,
                                 survey_is_done, session);
    run_until(session, is_surveyed, session->settings.deadline);
    progress_end(&session->progress);
    return session->survey;
}

void inspect_session_name(struct inspect_session *session, const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (!session->is_lost)
        relay_names_ask(session->names, local_tor_connection(session->tor), fingerprint);
}

const struct relay_names *inspect_session_wait_for_names(struct inspect_session *session)
{
    run_until(session, has_names, clock_milliseconds() + NAMES_PATIENCE);
    return session->names;
}
