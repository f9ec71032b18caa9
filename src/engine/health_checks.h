/* The engine's health checks: what is behind each backend is asked through a local tor, as a visitor would.
 */
#ifndef OBPUB_ENGINE_HEALTH_CHECKS_H
#define OBPUB_ENGINE_HEALTH_CHECKS_H

#include "engine/engine_state.h"

/* Has a backend checked as its config says, which is new, or another one than before (NULL: there was none).
 */
void engine_set_health(struct engine *engine, uint64_t number, const struct config_health *before);

/* Begins the check that an action asks for; the publisher is told what came of it. */
void engine_perform_check(struct engine *engine, const struct publisher_action *action);

/* Ends a backend's check, if there is one; nobody is told. */
void engine_drop_check(struct engine_backend *backend);

/* Ends all checks, since a local tor is lost: it may be its SOCKS port that they go through, and then what
 * comes of them says nothing about anybody. */
void engine_drop_checks(struct engine *engine);

#endif
