/* The engine: libevent on one side, the state machine of publish/ on the other. */
#ifndef OBPUB_ENGINE_ENGINE_H
#define OBPUB_ENGINE_ENGINE_H

#include "config/config.h"
#include "engine/local_tor.h"
#include "publish/publisher.h"

struct engine;

struct engine_settings {
    struct event_base *base;
    struct config *config; /* has to outlive the engine; its secret keys are taken out of it */
    struct control_endpoint tor_endpoint;
    struct control_credentials tor_credentials;
    struct publisher_rules rules;   /* the seed is drawn by the engine */
    void (*changed)(void *context); /* something is different; called from the event loop */
    void *context;
};

/* Connects to every tor and begins. libsodium must have been initialised. */
struct engine *engine_new(const struct engine_settings *settings);
void engine_free(struct engine *engine);

/* The state of things, for a report. A frontend has the number of its place in the config; a backend that
 * several frontends share is one. */
const struct publisher *engine_publisher(const struct engine *engine);
const struct local_tor *engine_local_tor(const struct engine *engine);

/* The last error of the engine's own (a superdescriptor that could not be built or handed to tor), "" if
 * none. */
const char *engine_last_error(const struct engine *engine);

#endif
