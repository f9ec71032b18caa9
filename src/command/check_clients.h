/* What the operator of a backend has to set up so that obpub, and nobody else, can read its descriptors. */
#ifndef OBPUB_COMMAND_CHECK_CLIENTS_H
#define OBPUB_COMMAND_CHECK_CLIENTS_H

#include <jansson.h>

#include "config/config.h"
#include "onion/client_key.h"

/* Prints the file for a backend for which the config has a client key; nothing for another one. */
void check_clients_print(const struct config_backend *backend);

/* Adds the line of that file to what is said of a backend in JSON, as a member "authorizedClients"; nothing
 * for another one. */
void check_clients_add_json(json_t *object, const struct config_backend *backend);

/* Writes the line of a service's file for a client with this secret key, which is not NULL. */
void check_clients_format_line(char line[CLIENT_KEY_PUBLIC_LINE_SIZE], const uint8_t *secret_key);

/* Adds a member with a list of just that line; nothing where there is no secret key (NULL). */
void check_clients_add_line(json_t *object, const char *member, const uint8_t *secret_key);

#endif
