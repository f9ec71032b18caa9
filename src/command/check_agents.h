/* What the operators of tors have to set up where a publisher asks an agent over Tor, and what is wrong with
 * where an agent is. */
#ifndef OBPUB_COMMAND_CHECK_AGENTS_H
#define OBPUB_COMMAND_CHECK_AGENTS_H

#include <jansson.h>

#include "config/config.h"
#include "config/config_report.h"

/* Prints the lines for a backend whose control port is an onion service's; nothing for another one. */
void check_agents_print(const struct config_backend *backend);

/* Adds the same to what is said of a backend in JSON: its torrc as a list of texts "torrcAgent", empty for
 * another one; and where the config has a client key for the agent "authorizedClientsAgent", with the line of
 * the file for it. */
void check_agents_add_json(json_t *object, const struct config_backend *backend);

/* True when there is such a backend. */
bool check_agents_any(const struct config *config);

/* Adds a warning to the report for each agent that is at the address of a service: visitors of a frontend
 * reach every port of its backends. */
void check_agents_warn(const struct config *config, struct config_report *report);

#endif
