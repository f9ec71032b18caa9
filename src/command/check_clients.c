/* What the operator of a backend has to set up so that obpub, and nobody else, can read its descriptors. */
#include "command/check_clients.h"

#include <stdio.h>

void check_clients_format_line(char line[CLIENT_KEY_PUBLIC_LINE_SIZE], const uint8_t *secret_key)
{
    uint8_t public_key[X25519_PUBLIC_KEY_SIZE];
    x25519_derive_public_key(public_key, secret_key);
    client_key_format_public(line, public_key);
}

void check_clients_print(const struct config_backend *backend)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    if (backend->client_secret == NULL)
        return;
    check_clients_format_line(line, backend->client_secret);
    printf("    authorized_clients/publisher.auth in its HiddenServiceDir, the public half of this config's "
           "client-key,\n"
           "    as \"obpub client new publisher\" there has made it (tor reads it when it is started or "
           "reloaded):\n"
           "        %s\n",
           line);
}

void check_clients_add_line(json_t *object, const char *member, const uint8_t *secret_key)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    if (secret_key == NULL)
        return;
    check_clients_format_line(line, secret_key);
    json_t *lines = json_array();
    json_array_append_new(lines, json_string(line));
    json_object_set_new(object, member, lines);
}

void check_clients_add_json(json_t *object, const struct config_backend *backend)
{
    check_clients_add_line(object, "authorizedClients", backend->client_secret);
}
