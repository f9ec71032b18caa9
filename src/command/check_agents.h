/* What the operators of tors have to set up where a publisher asks an agent over Tor, and what is wrong with
 * where an agent is. */
#ifndef OBPUB_COMMAND_CHECK_AGENTS_H
#define OBPUB_COMMAND_CHECK_AGENTS_H

#include <jansson.h>

#include "config/config.h"
#include "config/config_report.h"

/* Prints the lines for a backend whose control port is an onion service's; nothing for another one. */
void check_agents_print(const struct config_backend *backend);

/* The same for its torrc as a list of texts, empty for another one; the caller's. */
json_t *check_agents_make_torrc(const struct config_backend *backend);

/* Prints what the publisher's own tor needs, if there is such a backend. */
void check_agents_print_local(const struct config *config);

/* Adds a warning to the report for each agent that is at the address of a service: visitors of a frontend
 * reach every port of its backends. */
void check_agents_warn(const struct config *config, struct config_report *report);

#endif
