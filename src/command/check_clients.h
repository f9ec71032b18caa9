/* What the operator of a backend has to set up so that obpub, and nobody else, can read its descriptors. */
#ifndef OBPUB_COMMAND_CHECK_CLIENTS_H
#define OBPUB_COMMAND_CHECK_CLIENTS_H

#include <jansson.h>

#include "config/config.h"

/* Prints the file for a backend for which the config has a client key; nothing for another one. */
void check_clients_print(const struct config_backend *backend);

/* Adds the line of that file to what is said of a backend in JSON, as a member "authorizedClients"; nothing
 * for another one. */
void check_clients_add_json(json_t *object, const struct config_backend *backend);

#endif
