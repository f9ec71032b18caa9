/* Which sources of a new config are which of those that are served: what the config calls them tells. */
#ifndef OBPUB_ENGINE_SOURCE_MATCH_H
#define OBPUB_ENGINE_SOURCE_MATCH_H

#include "config/config.h"

#define SOURCE_MATCH_NONE SIZE_MAX

/* Fills in matches for each of the wanted sources: the index of one that is served, or SOURCE_MATCH_NONE for
 * one that is new. Both are lists of the backends that stand for the sources; NULL among those served is
 * passed over.
 *
 * Only sources of the same address match, twins with twins and others with others, and none that is served
 * does so twice. Of several at one address those match which have the same control port and the same name;
 * then those with the same control port, and those with the same name. Last of all does any that is no twin:
 * its address is its own, so it has moved and is called otherwise now; a twin would be another tor. */
void source_match(const struct config_backend *const *served, size_t served_count,
                  const struct config_backend *const *wanted, size_t wanted_count, size_t *matches);

#endif
