/* Drains instances, and ends that, for an operator who names them as the config does. */
#ifndef OBPUB_ENGINE_DRAINING_H
#define OBPUB_ENGINE_DRAINING_H

#include "report/drain_request.h"

struct engine;

/* Does what is asked for: at each frontend that has the instance, or at the one that is named. A name has to
 * be of one instance alone, whichever frontends that serves. Nothing is drained that visitors need: where no
 * other instance of one of these frontends is live and not drained, nothing is done at all. */
void engine_drain(struct engine *engine, const struct drain_request *request, struct drain_answer *answer);

#endif
