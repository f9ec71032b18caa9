/* What the engine serves: the frontends and backends of a config. */
#ifndef OBPUB_ENGINE_SERVED_H
#define OBPUB_ENGINE_SERVED_H

#include "config/config.h"

struct engine;

/* Serves what this config says from now on; frontends and backends that were there before go on undisturbed.
 * The config has to stay until another one is set or the engine is freed; the signer must have its frontends'
 * keys, under the numbers that it names. */
void engine_set_config(struct engine *engine, struct config *config);

/* Works out anew how often backends are asked whether they live, and reports are made: with much to look at
 * less often. */
void engine_update_intervals(struct engine *engine);

#endif
