/* Confines the processes of a command, as the config and the machine have it. */
#ifndef OBPUB_COMMAND_CONFINEMENT_H
#define OBPUB_COMMAND_CONFINEMENT_H

#include "config/config.h"
#include "config/options.h"
#include "confine/confine.h"

/* Finds out how the processes are going to be confined, before there is more than one. Of the config only
 * what is about that is read. Returns 0, or -1 when obpub must not be started, with a sentence. */
int command_plan_confinement(struct confine_plan *plan, const struct options *options, struct error *error);

/* Confines the engine, which the caller is, for good. config: what it listens on, which has to be open by now
 * and is given to the user that the engine becomes; or NULL when it listens on nothing. */
enum confine_result command_confine_engine(const struct confine_plan *plan, const struct config *config,
                                           struct error *error);

#endif
