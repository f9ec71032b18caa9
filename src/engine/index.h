/* Which backends and which frontend have an onion address. */
#ifndef OBPUB_ENGINE_INDEX_H
#define OBPUB_ENGINE_INDEX_H

#include "engine/engine_state.h"

/* The row of the first backend with an address (56 characters or more), from where next_at_address leads to
 * the others, and the number of the frontend with one; or KEY_INDEX_NONE. */
size_t engine_first_backend(const struct engine *engine, const char *address);
size_t engine_find_frontend(const struct engine *engine, const char *address);

/* Adds a frontend that was not there before. */
void engine_index_frontend(struct engine *engine, size_t number);

/* Makes the whole anew, after something was taken away. */
void engine_index_all(struct engine *engine);

void engine_index_clear(struct engine *engine);

#endif
