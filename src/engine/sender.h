/* The engine's uploads: superdescriptors built and handed to the local tor. */
#ifndef OBPUB_ENGINE_SENDER_H
#define OBPUB_ENGINE_SENDER_H

#include "engine/engine_state.h"

/* Does what an upload action asks for. */
void engine_perform_upload(struct engine *engine, const struct publisher_action *action);

#endif
