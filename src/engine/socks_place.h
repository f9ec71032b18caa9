/* Which SOCKS port connections over Tor are made through. */
#ifndef OBPUB_ENGINE_SOCKS_PLACE_H
#define OBPUB_ENGINE_SOCKS_PLACE_H

#include "address/listen_address.h"
#include "base/error.h"
#include "socks/place.h"

struct engine;

/* Finds one: one of those that the config names (tor-socks), or else that of a local tor that is up. Who has
 * found that one can't be used asks with the next turn (0, 1, ...), which gives another one if there is one.
 * Without a place the sentence says why. */
enum socks_place_state engine_find_socks_place(const struct engine *engine, size_t turn,
                                               struct listen_address *place, struct error *error);

#endif
