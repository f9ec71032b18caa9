/* The engine: libevent on one side, the state machine of publish/ on the other. */
#include "engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <sodium.h>

#include "engine/backend_link.h"
#include "engine/clock.h"
#include "engine/fetch.h"
#include "engine/upload.h"
#include "obpub/memory.h"

/* An HSPOST under way: which descriptor it was for, and for which HSDir. */
struct post {
    LIST_ENTRY(post) others;
    struct engine *engine;
    size_t frontend;
    enum descriptor_slot slot;
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE];
};

struct engine_backend {
    struct engine *engine;
    size_t number; /* the publisher's */
    const struct config_backend *config;
    struct backend_link *link; /* NULL for one without a control port */
    struct fetch *fetch;       /* the one under way, or NULL */
};

struct engine {
    struct event_base *base;
    struct config *config;
    struct signer *signer;
    struct publisher *publisher;
    struct local_tor *local_tor;
    struct engine_backend **backends; /* by the publisher's numbers; each stays where it is */
    size_t backend_count;
    struct upload_keyring *keyrings; /* by frontend */
    LIST_HEAD(, post) posts;         /* those tor has not answered yet */
    struct event *timer;             /* asks the publisher what is to be done */
    void (*changed)(void *context);
    void *context;
    char last_error[ERROR_TEXT_SIZE];
};

/* Has the publisher asked before the event loop waits again: never from inside a callback, which may be deep.
 */
static void wake(struct engine *engine)
{
    const struct timeval now = {0, 0};
    evtimer_add(engine->timer, &now);
}

static void note_engine_error(struct engine *engine, const char *text)
{
    snprintf(engine->last_error, sizeof(engine->last_error), "%s", text);
}

/* -- fetches
 * ---------------------------------------------------------------------------------------------------- */

static void end_fetch(struct engine_backend *backend)
{
    fetch_free(backend->fetch);
    backend->fetch = NULL;
}

static void fetch_ended(struct fetch *fetch, struct descriptor *descriptor, const struct error *error,
                        void *context)
{
    (void)fetch;
    struct engine_backend *backend = context;
    struct engine *engine = backend->engine;
    size_t number = backend->number;
    if (descriptor != NULL)
        publisher_note_descriptor(engine->publisher, number, descriptor, clock_milliseconds());
    else
        publisher_note_fetch_failed(engine->publisher, number, error->text, false, clock_milliseconds());
    end_fetch(backend);
    wake(engine);
}

static struct control_connection *connection_for(struct engine_backend *backend)
{
    return backend->link != NULL ? backend_link_connection(backend->link)
                                 : local_tor_connection(backend->engine->local_tor);
}

static void perform_fetch(struct engine *engine, const struct publisher_action *action)
{
    struct engine_backend *backend = engine->backends[action->backend];
    const struct network *network = engine->publisher->network;
    struct control_connection *connection = connection_for(backend);
    if (connection == NULL || (action->from_hsdirs && action->hsdir_count == 0)) {
        publisher_note_fetch_failed(engine->publisher, action->backend,
                                    "there is nobody to ask for its descriptor", false, clock_milliseconds());
        return;
    }
    end_fetch(backend);
    struct fetch_request request = {
        .base = engine->base,
        .connection = connection,
        .expectation =
            {
                .identity_key = backend->config->identity_key,
                .schedule = network->schedule,
                .period_number = time_period_number(&network->schedule, network->valid_after),
                .size_max = network->descriptor_size_max,
            },
        .fingerprints = action->fingerprints,
        .hsdir_count = action->hsdir_count,
    };
    memcpy(request.address, backend->config->address, sizeof(request.address));
    backend->fetch = fetch_new(&request, fetch_ended, backend);
}

/* -- uploads
 * ---------------------------------------------------------------------------------------------------- */

static void fail_post(struct post *post, const char *reason)
{
    publisher_note_upload(post->engine->publisher, post->frontend, post->slot, post->fingerprint, reason,
                          clock_milliseconds());
}

static void end_post(struct post *post)
{
    LIST_REMOVE(post, others);
    free(post);
}

static void post_was_answered(struct control_connection *connection, const struct control_reply *reply,
                              void *context)
{
    (void)connection;
    struct post *post = context;
    if (reply != NULL && !control_reply_is_ok(reply)) {
        struct error error;
        error_set(&error, "tor refuses the upload: %d %s", reply->status, reply->lines[0].text);
        note_engine_error(post->engine, error.text);
        fail_post(post, error.text);
        wake(post->engine);
    }
    end_post(post);
}

static void perform_upload(struct engine *engine, const struct publisher_action *action)
{
    struct control_connection *connection = local_tor_connection(engine->local_tor);
    struct post *post = memory_allocate(1, sizeof(*post));
    LIST_INSERT_HEAD(&engine->posts, post, others);
    post->engine = engine;
    post->frontend = action->frontend;
    post->slot = action->slot;
    memcpy(post->fingerprint, action->fingerprints[0], RELAY_FINGERPRINT_SIZE);

    const struct upload_request request = {
        .publisher = engine->publisher,
        .signer = engine->signer,
        .keyring = &engine->keyrings[action->frontend],
        .action = action,
        .now = clock_wall_seconds(),
    };
    struct error error;
    char *text = NULL;
    size_t length = 0;
    if (connection == NULL)
        error_set(&error, "the local tor is not there");
    else if (upload_build(&request, &text, &length, &error) == 0) {
        upload_post(connection, action, engine->config->frontends[action->frontend].address, text, length,
                    post_was_answered, post);
        free(text);
        return;
    }
    note_engine_error(engine, error.text);
    fail_post(post, error.text);
    end_post(post);
}

static bool is_in_flight(const struct publisher *publisher, size_t frontend, enum descriptor_slot slot,
                         const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    const struct publisher_descriptor *descriptor = &publisher->frontends[frontend].descriptors[slot];
    for (size_t i = 0; i < descriptor->upload_count; i++) {
        const struct publisher_upload *upload = &descriptor->uploads[i];
        if (upload->state == UPLOAD_IN_FLIGHT &&
            memcmp(upload->fingerprint, fingerprint, RELAY_FINGERPRINT_SIZE) == 0)
            return true;
    }
    return false;
}

/* Finds the upload that an HSDir's answer is about: of the frontend it names, or, from an older tor that says
 * UNKNOWN, of any that waits for this HSDir. */
static void note_upload_event(struct engine *engine, const struct hs_desc_event *event)
{
    const char *reason = NULL;
    if (event->action == HS_DESC_FAILED)
        reason = event->reason[0] != '\0' ? event->reason : "failed";
    for (size_t i = 0; i < engine->config->frontend_count; i++) {
        if (event->has_address && strcmp(event->address, engine->config->frontends[i].address) != 0)
            continue;
        for (int slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
            if (!is_in_flight(engine->publisher, i, (enum descriptor_slot)slot, event->fingerprint))
                continue;
            publisher_note_upload(engine->publisher, i, (enum descriptor_slot)slot, event->fingerprint,
                                  reason, clock_milliseconds());
            return;
        }
    }
}

/* -- what the tors say
 * ------------------------------------------------------------------------------------------ */

static void local_tor_said(const struct hs_desc_event *event, void *context)
{
    struct engine *engine = context;
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        if (backend->fetch != NULL && backend->link == NULL)
            fetch_note_event(backend->fetch, event);
    }
    bool is_answer = event->action == HS_DESC_UPLOADED || event->action == HS_DESC_FAILED;
    if (is_answer && event->has_fingerprint)
        note_upload_event(engine, event);
    wake(engine);
}

/* The local tor stands in for the control port of every backend that has none. */
static void set_local_reachable(struct engine *engine, bool is_reachable)
{
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        if (backend->link != NULL)
            continue;
        if (!is_reachable && backend->fetch != NULL) {
            fetch_note_closed(backend->fetch);
            end_fetch(backend);
        }
        publisher_set_reachable(engine->publisher, i, is_reachable, clock_milliseconds());
    }
    wake(engine);
}

static void local_tor_is_up(void *context)
{
    set_local_reachable(context, true);
}

static void local_tor_is_lost(void *context)
{
    struct engine *engine = context;
    publisher_note_tor_lost(engine->publisher, clock_milliseconds());
    set_local_reachable(engine, false);
}

static void network_came(struct network *network, void *context)
{
    struct engine *engine = context;
    publisher_set_network(engine->publisher, network, clock_milliseconds());
    wake(engine);
}

static void local_tor_changed(void *context)
{
    wake(context);
}

static void backend_is_up(size_t number, void *context)
{
    struct engine *engine = context;
    publisher_set_reachable(engine->publisher, number, true, clock_milliseconds());
    wake(engine);
}

static void backend_said(size_t number, const struct hs_desc_event *event, void *context)
{
    struct engine *engine = context;
    if (engine->backends[number]->fetch != NULL)
        fetch_note_event(engine->backends[number]->fetch, event);
}

static void backend_is_down(size_t number, const struct error *error, bool can_retry, void *context)
{
    struct engine *engine = context;
    struct engine_backend *backend = engine->backends[number];
    if (backend->fetch != NULL) {
        fetch_note_closed(backend->fetch);
        end_fetch(backend);
    }
    publisher_set_reachable(engine->publisher, number, false, clock_milliseconds());
    if (engine->publisher->backends[number].state != BACKEND_LIVE)
        publisher_note_fetch_failed(engine->publisher, number, error->text, !can_retry, clock_milliseconds());
    wake(engine);
}

/* -- the loop
 * --------------------------------------------------------------------------------------------------- */

static void perform(struct engine *engine, const struct publisher_action *action)
{
    if (action->type == PUBLISHER_FETCH)
        perform_fetch(engine, action);
    else
        perform_upload(engine, action);
}

static void timer_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct engine *engine = context;
    struct publisher_action action;
    while (publisher_next_action(engine->publisher, &action, clock_milliseconds()))
        perform(engine, &action);
    int64_t moment = publisher_next_moment(engine->publisher);
    if (moment != INT64_MAX) {
        int64_t wait = moment - clock_milliseconds();
        wait = wait > 0 ? wait : 1;
        const struct timeval delay = {wait / 1000, wait % 1000 * 1000};
        evtimer_add(engine->timer, &delay);
    }
    engine->changed(engine->context);
}

/* -- making
 * ----------------------------------------------------------------------------------------------------- */

/* The number of the backend with an identity key, or backend_count: frontends may share backends. */
static size_t find_backend(const struct engine *engine, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    size_t i = 0;
    while (i < engine->backend_count &&
           memcmp(engine->publisher->backends[i].identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE) != 0)
        i++;
    return i;
}

static size_t add_backend(struct engine *engine, const struct config_backend *config)
{
    size_t known = find_backend(engine, config->identity_key);
    if (known < engine->backend_count)
        return known;
    struct engine_backend *backend = memory_allocate(1, sizeof(*backend));
    backend->engine = engine;
    backend->config = config;
    backend->number = engine->backend_count;
    engine->backends =
        memory_resize(engine->backends, ++engine->backend_count, sizeof(struct engine_backend *));
    engine->backends[engine->backend_count - 1] = backend;
    return publisher_add_backend(engine->publisher, config->identity_key, config->has_control);
}

static void add_frontend(struct engine *engine, struct config_frontend *config)
{
    size_t *backends = memory_allocate(config->backend_count, sizeof(*backends));
    for (size_t i = 0; i < config->backend_count; i++)
        backends[i] = add_backend(engine, &config->backends[i]);
    publisher_add_frontend(engine->publisher, config->identity_key, backends, config->backend_count);
    signer_add_frontend(engine->signer, config->secret_key, config->identity_key);
    config->secret_key = NULL;
    free(backends);
}

static void connect_all(struct engine *engine, const struct engine_settings *settings)
{
    static const struct local_tor_callbacks tor_callbacks = {
        .network = network_came,
        .hs_desc = local_tor_said,
        .up = local_tor_is_up,
        .lost = local_tor_is_lost,
        .changed = local_tor_changed,
    };
    static const struct backend_link_callbacks link_callbacks = {
        .up = backend_is_up,
        .hs_desc = backend_said,
        .down = backend_is_down,
    };
    engine->local_tor = local_tor_new(engine->base, &settings->tor_endpoint, &settings->tor_credentials,
                                      &tor_callbacks, engine);
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        if (backend->config->has_control)
            backend->link = backend_link_new(engine->base, backend->config, i, &link_callbacks, engine);
    }
}

struct engine *engine_new(const struct engine_settings *settings)
{
    struct engine *engine = memory_allocate(1, sizeof(*engine));
    engine->base = settings->base;
    engine->config = settings->config;
    engine->changed = settings->changed;
    engine->context = settings->context;
    engine->timer = evtimer_new(engine->base, timer_fired, engine);
    engine->signer = signer_new();
    struct publisher_rules rules = settings->rules;
    randombytes_buf(rules.seed, sizeof(rules.seed));
    engine->publisher = publisher_new(&rules);
    engine->keyrings = memory_allocate(engine->config->frontend_count, sizeof(*engine->keyrings));
    for (size_t i = 0; i < engine->config->frontend_count; i++)
        add_frontend(engine, &engine->config->frontends[i]);
    connect_all(engine, settings);
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        end_fetch(backend);
        backend_link_free(backend->link);
        free(backend);
    }
    free(engine->backends);
    local_tor_free(engine->local_tor);
    while (!LIST_EMPTY(&engine->posts))
        end_post(LIST_FIRST(&engine->posts));
    for (size_t i = 0; i < engine->config->frontend_count; i++)
        upload_keyring_clear(&engine->keyrings[i]);
    free(engine->keyrings);
    signer_free(engine->signer);
    publisher_free(engine->publisher);
    event_free(engine->timer);
    free(engine);
}

const struct publisher *engine_publisher(const struct engine *engine)
{
    return engine->publisher;
}

const struct local_tor *engine_local_tor(const struct engine *engine)
{
    return engine->local_tor;
}

const char *engine_last_error(const struct engine *engine)
{
    return engine->last_error;
}
