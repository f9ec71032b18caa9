/* The engine's looks: what an HSDir hands out of a frontend, fetched through a local tor as a client would.
 */
#ifndef OBPUB_ENGINE_LOOK_H
#define OBPUB_ENGINE_LOOK_H

#include "engine/engine_state.h"

/* Begins the look that an action asks for; the publisher is told what came of it. */
void engine_perform_look(struct engine *engine, const struct publisher_action *action);

/* What a local tor says of descriptors, some of which may be looks' answers. */
void engine_note_look_event(struct engine *engine, size_t tor, const struct hs_desc_event *event);

/* True when a failed fetch from an HSDir of a frontend may be meant by what a local tor says. */
bool engine_is_looking(const struct engine *engine, size_t tor, const struct hs_desc_event *event);

/* Ends the looks of a tor that is lost, PUBLISHER_NO_TOR for all: nothing comes of them. */
void engine_drop_looks(struct engine *engine, size_t tor);

/* Ends the look at a frontend, if there is one; nobody is told. */
void engine_drop_looks_at(struct engine *engine, size_t frontend);

#endif
