/* Where the local tors' SOCKS ports are. */
#ifndef OBPUB_ENGINE_SOCKS_PLACE_H
#define OBPUB_ENGINE_SOCKS_PLACE_H

#include "address/listen_address.h"
#include "engine/engine_state.h"

/* Asks a local tor whose connection has just been made where its SOCKS ports are, and forgets what another
 * one said. */
void engine_ask_socks_place(struct engine_tor *tor);
void engine_forget_socks_place(struct engine_tor *tor);

/* Where the SOCKS port of a local tor is. Returns 0, or -1 with a sentence that says what to do. */
int engine_find_socks_place(const struct engine *engine, size_t tor, struct listen_address *place,
                            struct error *error);

/* Parses what a tor answers to GETINFO net/listeners/socks, quoted strings with blanks between them, and
 * takes the first that can be connected to. Returns 0, or -1 when there is none. */
int socks_place_parse(struct listen_address *place, const char *text);

#endif
