/* The engine: libevent on one side, the state machine of publish/ on the other. */
#ifndef OBPUB_ENGINE_ENGINE_H
#define OBPUB_ENGINE_ENGINE_H

#include "config/config.h"
#include "control/connection.h"
#include "engine/local_tors.h"
#include "engine/served.h"
#include "publish/publisher.h"
#include "report/view.h"
#include "signer/signer_client.h"

struct engine;

struct engine_settings {
    struct event_base *base;
    struct engine_tor_places tors;                     /* copied */
    const struct credential_reader *credential_reader; /* reads what opens backends' control ports */
    struct signer_client *signer;
    struct publisher_rules rules;          /* the seed is drawn by the engine */
    void (*changed)(void *context);        /* something may be different; called from the event loop, often */
    engine_source_callback source_changed; /* NULL: nobody wants to know */
    void *context;
};

/* Connects to the local tors. libsodium must have been initialised. It serves nothing before
 * engine_set_config(). The signer and the credentials' reader stay the caller's. */
struct engine *engine_new(const struct engine_settings *settings);
void engine_free(struct engine *engine);

/* The state of things, for a report. */
const struct publisher *engine_publisher(const struct engine *engine);

/* The last error of the engine's own (a superdescriptor that could not be built or handed to tor), "" if
 * none. */
const char *engine_last_error(const struct engine *engine);

/* Counts of what the engine did; the caller may add what it did itself. */
struct report_counters *engine_counters(struct engine *engine);

/* Has the publisher look at what visitors get of all frontends; publisher_is_looking() tells when it has. */
void engine_look_at_all(struct engine *engine);

/* The wall clock has gone on so many milliseconds further than the one of the time-outs: the machine may have
 * been suspended. */
void engine_note_pause(struct engine *engine, int64_t milliseconds);

/* The frontends as a report wants them, in the config's order: a new array, to be released with free().
 * Returns how many. */
size_t engine_fill_frontends(const struct engine *engine, struct report_frontend **frontends);

#endif
