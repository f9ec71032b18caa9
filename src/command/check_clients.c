/* What the operator of a backend has to set up so that obpub, and nobody else, can read its descriptors. */
#include "command/check_clients.h"

#include <stdio.h>

#include "onion/client_key.h"

/* The public half of the backend's client key. */
static void format_line(char line[CLIENT_KEY_PUBLIC_LINE_SIZE], const struct config_backend *backend)
{
    uint8_t public_key[X25519_PUBLIC_KEY_SIZE];
    x25519_derive_public_key(public_key, backend->client_secret);
    client_key_format_public(line, public_key);
}

void check_clients_print(const struct config_backend *backend)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    if (backend->client_secret == NULL)
        return;
    format_line(line, backend);
    printf("    authorized_clients/publisher.auth in its HiddenServiceDir, the public half of this config's "
           "client-key,\n"
           "    as \"obpub client new publisher\" there has made it (tor reads it when it is started or "
           "reloaded):\n"
           "        %s\n",
           line);
}

void check_clients_add_json(json_t *object, const struct config_backend *backend)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    if (backend->client_secret == NULL)
        return;
    format_line(line, backend);
    json_t *lines = json_array();
    json_array_append_new(lines, json_string(line));
    json_object_set_new(object, "authorizedClients", lines);
}
