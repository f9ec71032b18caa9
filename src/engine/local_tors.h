/* The engine's local tors: their connections, which of them can be used, and whose view of the network is
 * taken. */
#ifndef OBPUB_ENGINE_LOCAL_TORS_H
#define OBPUB_ENGINE_LOCAL_TORS_H

#include "control/connection.h"
#include "publish/tor.h"
#include "report/view.h"

struct engine;

/* Where the local tors are: CONFIG_TORS_MAX at most, no two the same. */
struct engine_tor_places {
    const struct control_endpoint *endpoints;
    size_t count;
    struct control_credentials credentials; /* for each of them */
};

/* A source's machines have changed; name is its title, as the config calls it. It must not call the engine.
 */
typedef void (*engine_source_callback)(const char *name, const struct source_change *change, void *context);

/* Uses these local tors from now on; those that are used already are left alone. */
void engine_set_tor_places(struct engine *engine, const struct engine_tor_places *places);

/* What the best of the local tors is doing or waiting for, for a person; "" when one is ready. Good until the
 * next event. *is_trouble is set when it tells of something wrong. */
const char *engine_tor_status(const struct engine *engine, bool *is_trouble);

/* True when no connection to a local tor can be had for reasons that only an operator can mend. */
bool engine_tors_need_operator(const struct engine *engine);

/* The local tors as a report wants them, good until the next event. Returns how many. */
size_t engine_fill_tors(const struct engine *engine, struct report_tor tors[PUBLISHER_TORS_MAX]);

/* Has the local tors do what the engine's config takes: tell of introduction points that refuse, where
 * control ports are reached over Tor, and have the keys for restricted onion services. */
void engine_ready_tors(struct engine *engine);

/* Ends the connections to all of them. */
void engine_free_tors(struct engine *engine);

#endif
