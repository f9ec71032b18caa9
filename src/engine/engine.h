/* The engine: libevent on one side, the state machine of publish/ on the other. */
#ifndef OBPUB_ENGINE_ENGINE_H
#define OBPUB_ENGINE_ENGINE_H

#include "config/config.h"
#include "control/connection.h"
#include "publish/publisher.h"
#include "report/view.h"
#include "signer/signer_client.h"

struct engine;

/* Where the local tors are: CONFIG_TORS_MAX at most, no two the same. */
struct engine_tor_places {
    const struct control_endpoint *endpoints;
    size_t count;
    struct control_credentials credentials; /* for each of them */
};

/* A source's machines have changed; name is what the config calls it. It must not call the engine. */
typedef void (*engine_source_callback)(const char *name, const struct source_change *change, void *context);

struct engine_settings {
    struct event_base *base;
    struct engine_tor_places tors;                     /* copied */
    const struct credential_source *credential_source; /* reads what opens backends' control ports */
    struct signer_client *signer;
    struct publisher_rules rules;          /* the seed is drawn by the engine */
    void (*changed)(void *context);        /* something may be different; called from the event loop, often */
    engine_source_callback source_changed; /* NULL: nobody wants to know */
    void *context;
};

/* Connects to the local tors. libsodium must have been initialised. It serves nothing before
 * engine_set_config(). The signer and the credentials' source stay the caller's. */
struct engine *engine_new(const struct engine_settings *settings);
void engine_free(struct engine *engine);

/* What a config changed, for the log. */
struct engine_changes {
    size_t frontends_added, frontends_removed, frontends_changed;
    size_t backends_added, backends_removed;
};

/* Serves what this config says from now on; frontends and backends that were there before go on undisturbed.
 * The config has to stay until another one is set or the engine is freed; the signer must have its frontends'
 * keys, under the numbers that it names. changes may be NULL. */
void engine_set_config(struct engine *engine, struct config *config, struct engine_changes *changes);

/* Uses these local tors from now on; those that are used already are left alone. */
void engine_set_tor_places(struct engine *engine, const struct engine_tor_places *places);

/* The state of things, for a report. */
const struct publisher *engine_publisher(const struct engine *engine);

/* What the best of the local tors is doing or waiting for, for a person; "" when one is ready. Good until the
 * next event. *is_trouble is set when it tells of something wrong. */
const char *engine_tor_status(const struct engine *engine, bool *is_trouble);

/* True when no connection to a local tor can be had for reasons that only an operator can mend. */
bool engine_tors_need_operator(const struct engine *engine);

/* The local tors as a report wants them, good until the next event. Returns how many. */
size_t engine_fill_tors(const struct engine *engine, struct report_tor tors[PUBLISHER_TORS_MAX]);

/* The last error of the engine's own (a superdescriptor that could not be built or handed to tor), "" if
 * none. */
const char *engine_last_error(const struct engine *engine);

/* Counts of what the engine did; the caller may add what it did itself. */
struct report_counters *engine_counters(struct engine *engine);

/* The wall clock has gone on so many milliseconds further than the one of the time-outs: the machine may have
 * been suspended. */
void engine_note_pause(struct engine *engine, int64_t milliseconds);

/* The frontends as a report wants them, in the config's order: a new array, to be released with free().
 * Returns how many. */
size_t engine_fill_frontends(const struct engine *engine, struct report_frontend **frontends);

#endif
