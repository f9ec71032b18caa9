/* The engine: libevent on one side, the state machine of publish/ on the other. */
#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/timeval.h"
#include "engine/backends.h"
#include "engine/engine_state.h"
#include "engine/health_checks.h"
#include "engine/index.h"
#include "engine/look.h"
#include "engine/posts.h"
#include "engine/sender.h"

/* -- the loop ------------------------------------------------------------------------------------- */

static void perform(struct engine *engine, const struct publisher_action *action)
{
    switch (action->type) {
    case PUBLISHER_FETCH:
        engine_perform_fetch(engine, action);
        break;
    case PUBLISHER_UPLOAD:
        engine_perform_upload(engine, action);
        break;
    case PUBLISHER_CHECK:
        engine_perform_check(engine, action);
        break;
    case PUBLISHER_LOOK:
        engine_perform_look(engine, action);
        break;
    }
}

static void report_timer_fired(evutil_socket_t socket, short events, void *context)
{
    (void)socket;
    (void)events;
    struct engine *engine = context;
    engine->changed(engine->context);
}

/* Says that something may have changed: at once where there is little to look at. */
static void report_soon(struct engine *engine)
{
    if (engine->report_interval == 0) {
        engine->changed(engine->context);
    } else if (!evtimer_pending(engine->report_timer, NULL)) {
        const struct timeval delay = timeval_from_milliseconds(engine->report_interval);
        evtimer_add(engine->report_timer, &delay);
    }
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
    if (moment != MOMENT_NEVER) {
        int64_t wait = moment - clock_milliseconds();
        wait = wait > 0 ? wait : 1;
        const struct timeval delay = timeval_from_milliseconds(wait);
        evtimer_add(engine->timer, &delay);
    }
    report_soon(engine);
}

/* -- making --------------------------------------------------------------------------------------- */

struct engine *engine_new(const struct engine_settings *settings)
{
    struct engine *engine = memory_allocate(1, sizeof(*engine));
    TAILQ_INIT(&engine->posts);
    TAILQ_INIT(&engine->looks);
    engine->base = settings->base;
    engine->changed = settings->changed;
    engine->source_changed = settings->source_changed;
    engine->context = settings->context;
    engine->timer = evtimer_new(engine->base, timer_fired, engine);
    engine->report_timer = evtimer_new(engine->base, report_timer_fired, engine);
    engine_update_intervals(engine);
    engine->signer = settings->signer;
    engine->credential_reader = settings->credential_reader;
    struct publisher_rules rules = settings->rules;
    randombytes_buf(rules.seed, sizeof(rules.seed));
    engine->publisher = publisher_new(&rules);
    engine_follow_sources(engine);
    engine_set_tor_places(engine, &settings->tors);
    return engine;
}

void engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < engine->backend_count; i++) {
        engine_close_backend(engine, engine->backends[i]->number);
        free(engine->backends[i]);
    }
    free(engine->backends);
    engine_free_tors(engine);
    engine_drop_posts(engine, PUBLISHER_NO_TOR);
    engine_drop_looks(engine, PUBLISHER_NO_TOR);
    for (size_t i = 0; i < engine->frontend_count; i++)
        keyring_clear(&engine->frontends[i].keyring);
    free(engine->frontends);
    reactions_clear(&engine->reactions);
    publisher_free(engine->publisher);
    event_free(engine->timer);
    event_free(engine->report_timer);
    engine_index_clear(engine);
    free(engine);
}

/* -- reports -------------------------------------------------------------------------------------- */

const struct publisher *engine_publisher(const struct engine *engine)
{
    return engine->publisher;
}

static uint64_t find_counter(const struct engine *engine, size_t frontend, enum descriptor_slot slot)
{
    uint64_t period_number = engine->publisher->frontends[frontend].descriptors[slot].period_number;
    return keyring_counter(&engine->frontends[frontend].keyring, period_number);
}

const char *engine_last_error(const struct engine *engine)
{
    return engine->last_error;
}

void engine_look_at_all(struct engine *engine)
{
    publisher_look_at_all(engine->publisher, clock_milliseconds());
    engine_wake(engine);
}

void engine_note_pause(struct engine *engine, int64_t milliseconds)
{
    publisher_note_pause(engine->publisher, milliseconds, clock_milliseconds());
    engine_wake(engine);
}

struct report_counters *engine_counters(struct engine *engine)
{
    return &engine->counters;
}

size_t engine_fill_frontends(const struct engine *engine, struct report_frontend **frontends)
{
    *frontends = memory_allocate(engine->config->frontend_count, sizeof(**frontends));
    for (size_t i = 0; i < engine->config->frontend_count; i++) {
        const struct config_frontend *config = &engine->config->frontends[i];
        struct report_frontend *frontend = &(*frontends)[i];
        frontend->number = engine_find_frontend(engine, config->address);
        frontend->config = config;
        for (int slot = 0; slot < DESCRIPTOR_SLOTS; slot++)
            frontend->revision_counters[slot] =
                find_counter(engine, frontend->number, (enum descriptor_slot)slot);
    }
    return engine->config->frontend_count;
}
