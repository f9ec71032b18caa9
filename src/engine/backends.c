/* The engine's backends: their connections, and the fetches of their descriptors. */
#include "engine/backends.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/memory.h"
#include "crypto/revision_counter.h"
#include "engine/health_checks.h"
#include "engine/index.h"
#include "engine/socks_place.h"

/* -- fetches -------------------------------------------------------------------------------------- */

static void end_fetch(struct engine_backend *backend)
{
    fetch_free(backend->fetch);
    backend->fetch = NULL;
}

/* Ends a fetch whose connection is gone: there is nothing to take back from it. */
static void drop_fetch(struct engine_backend *backend)
{
    if (backend->fetch == NULL)
        return;
    fetch_note_closed(backend->fetch);
    end_fetch(backend);
}

/* When a descriptor was made (milliseconds), by its revision counter, which is a few minutes off at most. */
static int64_t estimate_made_at(const struct engine *engine, const struct descriptor *descriptor)
{
    const struct network *network = engine->publisher->network;
    bool is_second = descriptor->period_number == network->period_number[DESCRIPTOR_SECOND];
    int64_t seconds = network_revision_seconds(network, is_second ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST,
                                               clock_wall_seconds());
    int64_t made_at = revision_counter_estimate(descriptor->revision_counter);
    return clock_milliseconds() - (seconds - made_at) * 1000;
}

/* True when this process has made what an HSDir hands out under the address of a twin. */
static bool is_own_make(const struct engine *engine, const struct source *source,
                        const struct descriptor *descriptor)
{
    int64_t made_at;
    for (size_t i = 0; i < source->frontend_count; i++) {
        if (keyring_has_made(&engine->frontends[source->frontends[i]].keyring, descriptor, &made_at))
            return true;
    }
    return false;
}

/* A spare HSDir has answered about a twin that is only seen there. That it has nothing is no failure. */
static void note_spare(struct engine_backend *backend, const struct fetch *fetch,
                       struct descriptor *descriptor, const struct error *error)
{
    struct engine *engine = backend->engine;
    const struct source *source = publisher_find_source(engine->publisher, backend->number);
    if (descriptor != NULL && !is_own_make(engine, source, descriptor)) {
        publisher_note_found(engine->publisher, backend->number, descriptor,
                             estimate_made_at(engine, descriptor), clock_milliseconds());
        return;
    }
    bool is_answered = descriptor != NULL || fetch_was_answered(fetch);
    engine->counters.fetch_failures[FETCH_TARGET_HSDIRS] += !is_answered;
    if (is_answered)
        publisher_note_hsdirs_answered(engine->publisher, backend->number, clock_milliseconds());
    publisher_note_fetch_failed(engine->publisher, backend->number, error != NULL ? error->text : "", false,
                                clock_milliseconds());
    descriptor_free(descriptor);
}

static void fetch_ended(struct fetch *fetch, struct descriptor *descriptor, const struct error *error,
                        void *context)
{
    struct engine_backend *backend = context;
    struct engine *engine = backend->engine;
    bool from_tor = backend->fetches_from_tor;
    if (engine_source_kind(backend->config) == SOURCE_TWIN_ON_HSDIRS) {
        note_spare(backend, fetch, descriptor, error);
    } else if (descriptor != NULL) {
        publisher_note_descriptor(engine->publisher, backend->number, descriptor, clock_milliseconds());
    } else {
        engine->counters.fetch_failures[from_tor ? FETCH_TARGET_BACKEND : FETCH_TARGET_HSDIRS]++;
        if (fetch_was_answered(fetch))
            publisher_note_hsdirs_answered(engine->publisher, backend->number, clock_milliseconds());
        publisher_note_fetch_failed(engine->publisher, backend->number, error->text, from_tor,
                                    clock_milliseconds());
    }
    end_fetch(backend); /* and with it the error */
    engine_wake(engine);
}

static struct control_connection *connection_for(struct engine_backend *backend, size_t tor)
{
    return tor == PUBLISHER_NO_TOR && backend->link != NULL ? backend_link_connection(backend->link)
                                                            : engine_tor_connection(backend->engine, tor);
}

/* The publisher has worked out the blinded key that clients use now: it need not be once more. */
static void share_blinded_key(struct engine_backend *backend)
{
    const struct publisher *publisher = backend->engine->publisher;
    const struct source *known = publisher_find_source(publisher, backend->number);
    if (!sodium_is_zero(known->blinded_key, sizeof(known->blinded_key)))
        known_blinded_keys_add(&backend->known_keys, known->identity_key,
                               publisher->network->schedule.period_length, known->period_number,
                               known->blinded_key);
}

void engine_perform_fetch(struct engine *engine, const struct publisher_action *action)
{
    struct engine_backend *backend = engine_backend(engine, action->source);
    const struct network *network = engine->publisher->network;
    struct control_connection *connection = connection_for(backend, action->tor);
    end_fetch(backend);
    if (connection == NULL || (action->from_hsdirs && action->hsdir_count == 0)) {
        publisher_note_fetch_failed(engine->publisher, action->source,
                                    "there is nobody to ask for its descriptor", false, clock_milliseconds());
        return;
    }
    share_blinded_key(backend);
    struct fetch_request request = {
        .base = engine->base,
        .connection = connection,
        .expectation =
            {
                .identity_key = backend->config->identity_key,
                .schedule = network->schedule,
                .period_number = time_period_number(&network->schedule, network->valid_after),
                .size_max = network->descriptor_size_max,
                /* A tor answers with the older one of its service's two. */
                .likely_period_number = action->from_hsdirs ? 0 : network->period_number[DESCRIPTOR_FIRST],
                .known_keys = &backend->known_keys,
                .verified = &backend->verified,
                .client_key = backend->config->client_secret,
            },
        .fingerprints = action->fingerprints,
        .hsdir_count = action->hsdir_count,
        .is_fresh = action->is_fresh,
    };
    memcpy(request.address, backend->config->address, sizeof(request.address));
    backend->fetches_from_tor = !action->from_hsdirs;
    backend->fetch_tor = action->tor;
    engine->counters.fetches[action->from_hsdirs ? FETCH_TARGET_HSDIRS : FETCH_TARGET_BACKEND]++;
    backend->fetch = fetch_new(&request, fetch_ended, backend);
}

/* -- what their tors say -------------------------------------------------------------------------- */

static void backend_is_up(uint64_t number, bool is_new_process, int64_t uptime, void *context)
{
    struct engine *engine = context;
    engine_backend(engine, number)->was_up = true;
    reactions_note_hint(&engine->reactions, engine->publisher, number, clock_milliseconds());
    publisher_note_reachable(engine->publisher, number, is_new_process, uptime, clock_milliseconds());
    engine_wake(engine);
}

static void backend_is_uploading(uint64_t number, bool is_on, void *context)
{
    struct engine *engine = context;
    publisher_note_uploading(engine->publisher, number, is_on, clock_milliseconds());
    engine_wake(engine);
}

/* A fetch that fails makes the same event as an upload, but for the reason. */
static bool is_about_upload(const struct hs_desc_event *event, enum source_upload *what)
{
    if (event->action == HS_DESC_UPLOAD)
        *what = SOURCE_UPLOAD_BEGUN;
    else if (event->action == HS_DESC_UPLOADED)
        *what = SOURCE_UPLOAD_TAKEN;
    else if (event->action == HS_DESC_FAILED && event->reason == HS_DESC_UPLOAD_REJECTED)
        *what = SOURCE_UPLOAD_REFUSED;
    else
        return false;
    return true;
}

/* Older tors don't say whose descriptor it is; that of another service of the same tor costs a fetch then. */
static void note_backend_upload(struct engine_backend *backend, const struct hs_desc_event *event)
{
    struct engine *engine = backend->engine;
    enum source_upload what;
    if (!event->has_fingerprint || !is_about_upload(event, &what) ||
        (event->has_address && strcmp(event->address, backend->config->address) != 0))
        return;
    reactions_note_hint(&engine->reactions, engine->publisher, backend->number, clock_milliseconds());
    publisher_note_source_upload(engine->publisher, backend->number, what, event->fingerprint,
                                 event->has_blinded_key ? event->blinded_key : NULL, clock_milliseconds());
    engine_wake(engine);
}

/* A tor that uploads nothing says no more than this of a change that each new shared random value brings. */
static void note_backend_made(struct engine_backend *backend, const struct hs_desc_event *event)
{
    struct engine *engine = backend->engine;
    if (event->action != HS_DESC_CREATED || !event->has_address ||
        strcmp(event->address, backend->config->address) != 0)
        return;
    publisher_note_made(engine->publisher, backend->number, clock_milliseconds());
    engine_wake(engine);
}

static void backend_said(uint64_t number, const struct hs_desc_event *event, void *context)
{
    struct engine *engine = context;
    struct engine_backend *backend = engine_backend(engine, number);
    note_backend_upload(backend, event);
    note_backend_made(backend, event);
    if (backend->fetch != NULL && backend->fetch_tor == PUBLISHER_NO_TOR)
        fetch_note_event(backend->fetch, event);
}

static enum socks_place_state find_socks(size_t turn, struct listen_address *place, struct error *error,
                                         void *context)
{
    return engine_find_socks_place(context, turn, place, error);
}

static void prepare_tors(const char *address, void *context)
{
    engine_give_keys(context, address);
}

/* Each local tor has descriptors of its own, and the SOCKS port may be any one's. */
static void refresh_descriptor(const char *address, void *context)
{
    struct engine *engine = context;
    char command[sizeof("HSFETCH ") + ONION_ADDRESS_LENGTH];
    snprintf(command, sizeof(command), "HSFETCH %.*s", ONION_ADDRESS_LENGTH, address);
    for (size_t i = 0; i < PUBLISHER_TORS_MAX; i++) {
        struct local_tor *tor = engine->tors[i].local_tor;
        struct control_connection *connection = tor != NULL ? local_tor_connection(tor) : NULL;
        if (connection != NULL)
            control_connection_send(connection, command, NULL, NULL);
    }
}

static void backend_is_down(uint64_t number, const struct error *error, enum source_loss loss, void *context)
{
    struct engine *engine = context;
    struct engine_backend *backend = engine_backend(engine, number);
    engine->counters.backend_connections_lost += backend->was_up;
    backend->was_up = false;
    drop_fetch(backend);
    reactions_note_hint(&engine->reactions, engine->publisher, number, clock_milliseconds());
    publisher_note_unreachable(engine->publisher, number, error->text, loss, clock_milliseconds());
    engine_wake(engine);
}

void engine_hurry_links(struct engine *engine)
{
    size_t position = 0;
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct backend_link *link = engine->backends[i]->link;
        if (link != NULL && backend_link_hurry(link, position))
            position++;
    }
}

void engine_note_refusal(struct engine *engine, size_t tor, const struct introduction_refusal *refusal)
{
    for (size_t i = 0; i < engine->backend_count; i++) {
        if (engine->backends[i]->link != NULL)
            backend_link_note_refusal(engine->backends[i]->link, tor, refusal);
    }
}

void engine_drop_fetches(struct engine *engine, size_t tor)
{
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        if (backend->fetch == NULL || backend->fetch_tor != tor)
            continue;
        drop_fetch(backend);
        publisher_note_fetch_lost(engine->publisher, backend->number, clock_milliseconds());
    }
}

/* Tells the connections over Tor of a descriptor that may be of where they lead. */
static void note_descriptor(struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    if (!engine->has_onion_links || event->action != HS_DESC_CONTENT || event->content_length == 0 ||
        !event->has_address)
        return;
    for (size_t i = 0; i < engine->backend_count; i++) {
        if (engine->backends[i]->link != NULL)
            backend_link_note_descriptor(engine->backends[i]->link, tor, event->address);
    }
}

void engine_note_local_event(struct engine *engine, size_t tor, const struct hs_desc_event *event)
{
    note_descriptor(engine, tor, event);
    size_t row = event->has_address ? engine_first_backend(engine, event->address) : KEY_INDEX_NONE;
    while (row != KEY_INDEX_NONE) {
        struct engine_backend *backend = engine->backends[row];
        row = backend->next_at_address;
        if (backend->fetch != NULL && backend->fetch_tor == tor)
            fetch_note_event(backend->fetch, event);
    }
}

void engine_set_local_reachable(struct engine *engine, bool is_reachable)
{
    for (size_t i = 0; i < engine->backend_count; i++) {
        struct engine_backend *backend = engine->backends[i];
        if (backend->config == NULL || backend->link != NULL)
            continue;
        if (is_reachable) {
            publisher_note_reachable(engine->publisher, backend->number, false, UPTIME_UNKNOWN,
                                     clock_milliseconds());
        } else {
            drop_fetch(backend);
            publisher_note_unreachable(engine->publisher, backend->number, "no local tor is there",
                                       SOURCE_LOST, clock_milliseconds());
        }
    }
    engine_wake(engine);
}

/* -- what is done with them, for a person -------------------------------------------------------- */

static void source_has_changed(const struct source_change *change, void *context)
{
    struct engine *engine = context;
    const struct config_backend *config = engine_backend(engine, change->source)->config;
    char title[CONFIG_TITLE_SIZE];
    if (config == NULL)
        return; /* it is just being taken off */
    config_backend_format_title(title, config);
    engine->source_changed(title, change, engine->context);
}

void engine_follow_sources(struct engine *engine)
{
    if (engine->source_changed != NULL)
        publisher_set_observer(engine->publisher, source_has_changed, engine);
}

/* -- coming and going ----------------------------------------------------------------------------- */

enum source_kind engine_source_kind(const struct config_backend *config)
{
    if (config->is_twin)
        return config->has_control ? SOURCE_TWIN_WITH_CONTROL : SOURCE_TWIN_ON_HSDIRS;
    return config->has_control ? SOURCE_BACKEND_WITH_CONTROL : SOURCE_BACKEND_ON_HSDIRS;
}

static struct engine_backend *make_row(struct engine *engine, uint64_t number)
{
    while (engine->backend_count <= source_row(number)) {
        struct engine_backend *backend = memory_allocate(1, sizeof(*backend));
        backend->engine = engine;
        engine->backends = memory_make_room(engine->backends, &engine->backend_room,
                                            engine->backend_count + 1, 8, sizeof(*engine->backends));
        engine->backends[engine->backend_count++] = backend;
    }
    struct engine_backend *backend = engine_backend(engine, number);
    backend->number = number;
    return backend;
}

/* Connects to a backend, or finds that the local tor stands in for it. */
static void connect_backend(struct engine_backend *backend)
{
    static const struct backend_link_callbacks callbacks = {
        .up = backend_is_up,
        .uploading = backend_is_uploading,
        .hs_desc = backend_said,
        .down = backend_is_down,
        .find_socks = find_socks,
        .prepare = prepare_tors,
        .refresh = refresh_descriptor,
    };
    struct engine *engine = backend->engine;
    if (backend->config->has_control)
        backend->link =
            backend_link_new(engine->base, backend->config, backend->number, engine->credential_reader,
                             &engine->ping_interval, &callbacks, engine);
    else if (engine->publisher->is_tor_up)
        publisher_note_reachable(engine->publisher, backend->number, false, UPTIME_UNKNOWN,
                                 clock_milliseconds());
}

/* Ends all that goes over its connection. */
static void close_connection(struct engine_backend *backend)
{
    end_fetch(backend);
    verified_signatures_clear(&backend->verified);
    backend_link_free(backend->link);
    backend->link = NULL;
    backend->was_up = false;
}

void engine_open_backend(struct engine *engine, uint64_t number, const struct config_backend *config)
{
    struct engine_backend *backend = make_row(engine, number);
    backend->config = config;
    connect_backend(backend);
    engine_set_health(engine, number, NULL);
}

/* True when both have the same key for the backend's descriptors, whatever its file is called, or none. */
static bool has_same_key(const struct config_backend *one, const struct config_backend *other)
{
    if (one->client_secret == NULL || other->client_secret == NULL)
        return one->client_secret == other->client_secret;
    return sodium_memcmp(one->client_secret, other->client_secret, X25519_SECRET_KEY_SIZE) == 0;
}

void engine_update_backend(struct engine *engine, uint64_t number, const struct config_backend *config)
{
    struct engine_backend *backend = engine_backend(engine, number);
    bool has_other_kind = engine_source_kind(backend->config) != engine_source_kind(config);
    const struct config_health *health = &backend->config->health;
    bool has_other_key = !has_same_key(backend->config, config);
    if (has_other_kind) {
        publisher_set_kind(engine->publisher, number, engine_source_kind(config), clock_milliseconds());
        close_connection(backend);
        backend->config = config;
        connect_backend(backend);
        engine_set_health(engine, number, health);
        return;
    }
    if (backend->link != NULL && backend_link_set_config(backend->link, config)) {
        backend->was_up = false;
        drop_fetch(backend);
        publisher_note_unreachable(engine->publisher, number, "its control port is configured anew",
                                   SOURCE_LOST, clock_milliseconds());
    }
    backend->config = config;
    engine_set_health(engine, number, health);
    if (has_other_key)
        publisher_note_client_key(engine->publisher, number, clock_milliseconds());
}

void engine_close_backend(struct engine *engine, uint64_t number)
{
    struct engine_backend *backend = engine_backend(engine, number);
    engine_drop_check(backend);
    close_connection(backend);
    backend->config = NULL;
}
