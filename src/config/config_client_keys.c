/* The keys of clients in the config file, with which obpub reads what is restricted. */
#include "config/config_client_keys.h"

#include <string.h>

#include "crypto/x25519.h"
#include "onion/client_key.h"

/* Has the file of a key for the service at an address read, if keys are. Returns the key, in the config's
 * secret memory, or NULL when there is none, or a bad one, which is reported. */
static uint8_t *find_key(struct config_loader *loader, yaml_node_t *node, const char *path,
                         const char *address)
{
    const struct config_files *files = loader->files;
    struct error error;
    if (path == NULL || files->find_client_key == NULL)
        return NULL;
    uint8_t *key = secret_pool_add(&loader->config->client_secrets);
    if (files->find_client_key(path, address, key, files->context, &error) == 0)
        return key;
    CONFIG_LOADER_REPORT(loader, node, "client key file %s: %s", path, error.text);
    return NULL;
}

/* Reports a key that is none of a client's. With the identity key of a service, as it stands in its address,
 * everybody could read what that client can; and with the service's secret key this process would have what
 * is the signer's alone, or the backend's. */
static void check_key(struct config_loader *loader, yaml_node_t *node, const char *path, const uint8_t *key,
                      const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const char *whose)
{
    if (memcmp(key, identity_key, ED25519_PUBLIC_KEY_SIZE) == 0)
        CONFIG_LOADER_REPORT(loader, node,
                             "client key file %s: this is the public key of the %s itself, which its address "
                             "shows to everybody: make a pair for this client (obpub client new)",
                             path, whose);
    else if (x25519_secret_key_is_of(key, identity_key))
        CONFIG_LOADER_REPORT(
            loader, node,
            "client key file %s: this is the secret key of the %s itself, which belongs into "
            "no other file: make a pair for this client (obpub client new)",
            path, whose);
}

void config_client_keys_read(struct config_loader *loader, yaml_node_t *node,
                             const struct config_frontend *frontend, struct config_backend *backend)
{
    backend->client_key = config_loader_read_path(loader, node, "client-key");
    uint8_t *key = find_key(loader, node, backend->client_key, backend->address);
    backend->client_secret = key;
    if (key == NULL || !loader->files->are_here)
        return;
    check_key(loader, node, backend->client_key, key, backend->identity_key,
              backend->is_twin ? "service" : "backend");
    if (!backend->is_twin && frontend->key_path != NULL)
        check_key(loader, node, backend->client_key, key, frontend->identity_key, "frontend");
}

void config_client_keys_read_control(struct config_loader *loader, yaml_node_t *node,
                                     struct config_backend *backend)
{
    backend->control_client_key = config_loader_read_path(loader, node, "control-client-key");
    if (backend->control.way != CONTROL_WAY_ONION)
        CONFIG_LOADER_REPORT(
            loader, node,
            "\"control-client-key\" is for the control port of an onion service alone: write "
            "that service's address into \"control\", or remove the key");
    else
        backend->control_client_secret =
            find_key(loader, node, backend->control_client_key, backend->control.host);
}

void config_forget_client_keys(struct config *config)
{
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++) {
            config->frontends[i].backends[j].client_secret = NULL;
            config->frontends[i].backends[j].control_client_secret = NULL;
        }
    }
    secret_pool_clear(&config->client_secrets);
}
