/* The engine's backends: their connections, and the fetches of their descriptors. */
#ifndef OBPUB_ENGINE_BACKENDS_H
#define OBPUB_ENGINE_BACKENDS_H

#include "engine/engine_state.h"

/* The kind of source that a backend is by its config. */
enum source_kind engine_source_kind(const struct config_backend *config);

/* Has the changes of sources told, if somebody wants to know. */
void engine_follow_sources(struct engine *engine);

/* Begins to serve a backend, goes on with another config for it, ends it. */
void engine_open_backend(struct engine *engine, uint64_t number, const struct config_backend *config);
void engine_update_backend(struct engine *engine, uint64_t number, const struct config_backend *config);
void engine_close_backend(struct engine *engine, uint64_t number);

void engine_perform_fetch(struct engine *engine, const struct publisher_action *action);

/* The local tors stand in for the control port of every backend that has none. */
void engine_set_local_reachable(struct engine *engine, bool is_reachable);

/* Has links over Tor that wait for a SOCKS port try again: there may be one now. */
void engine_hurry_links(struct engine *engine);

/* Hands what a local tor says of an introduction point to the links that it is about. */
void engine_note_refusal(struct engine *engine, size_t tor, const struct introduction_refusal *refusal);

/* Hands an event of a local tor to the fetches that it may be about. */
void engine_note_local_event(struct engine *engine, size_t tor, const struct hs_desc_event *event);

/* Has those fetches done by another tor that a lost one was doing. */
void engine_drop_fetches(struct engine *engine, size_t tor);

#endif
