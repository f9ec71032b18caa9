/* What a config names, from the files themselves: keys of services, their authorised clients, clients' keys.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/client_files.h"
#include "config/config.h"
#include "config/key_file.h"
#include "config/tor_clients.h"
#include "onion/introduction_point.h"

/* Gives a frontend the key that was loaded for it, or the bundle, if the result of that is 0. Returns it. */
static int take_key(int result, struct config_frontend *frontend, struct ed25519_secret_key *secret_key,
                    const struct key_file_origin *origin)
{
    if (result != 0) {
        secret_free(secret_key);
        return result;
    }
    frontend->key_path = origin->path;
    frontend->key_format = origin->format;
    frontend->bundle = origin->bundle;
    if (origin->bundle != NULL) {
        frontend->plan = origin->bundle->plan;
        secret_free(secret_key);
        secret_key = NULL;
    }
    frontend->secret_key = secret_key;
    return 0;
}

/* Loads a key file. */
static int load_key(const char *path, struct config_frontend *frontend, void *context, struct error *error)
{
    (void)context;
    struct key_file_origin origin;
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    int result =
        key_file_load(path, frontend->is_group_readable, secret_key, frontend->identity_key, &origin, error);
    return take_key(result, frontend, secret_key, &origin);
}

/* The same for root, who may have what the daemon's user has. */
static int load_key_as_root(const char *path, struct config_frontend *frontend, void *context,
                            struct error *error)
{
    (void)context;
    struct key_file_origin origin;
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    int result = key_file_load_to_copy(path, secret_key, frontend->identity_key, &origin, error);
    return take_key(result, frontend, secret_key, &origin);
}

/* Makes a set of the clients of a folder that was read; there may be no more than a descriptor has room for.
 */
static int set_clients(struct config_frontend *frontend, const struct client_files *files,
                       struct config_report *report)
{
    struct error error;
    if (files->count > CONFIG_CLIENTS_MAX) {
        config_report_add_error(report, frontend->clients_folder, 0,
                                "has %zu clients, and a descriptor has room for %d beside %d introduction "
                                "points with the usual 50,000 bytes: give several of them one key",
                                files->count, CONFIG_CLIENTS_MAX, INTRODUCTION_POINTS_MAX);
        return -1;
    }
    if (client_files_make_set(&frontend->clients, files, &error) == 0)
        return 0;
    config_report_add_error(report, frontend->clients_folder, 0, "%s", error.text);
    return -1;
}

/* Loads the clients of a folder, or of the one that tor would look for. */
static int load_clients(const char *folder, struct config_frontend *frontend, void *context,
                        struct config_report *report)
{
    (void)context;
    struct client_files files;
    frontend->clients_folder =
        folder != NULL ? memory_copy_text(folder, strlen(folder)) : tor_clients_find(frontend->key_path);
    if (frontend->clients_folder == NULL)
        return 0;
    int result = client_files_load(&files, frontend->clients_folder, false, report);
    if (result == 0)
        result = set_clients(frontend, &files, report);
    client_files_clear(&files);
    if (result == 0 && folder != NULL && frontend->clients == NULL)
        config_report_add_warning(report, folder, 0,
                                  "has no clients, so that the service is open to everybody: make one (obpub "
                                  "client new), or remove \"authorized-clients\" from the config");
    return result;
}

/* Loads a client's key. */
static int load_client_key(const char *path, const char *address, uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                           void *context, struct error *error)
{
    (void)context;
    struct client_private_key *key = secret_allocate(sizeof(*key));
    int result = client_private_file_load(key, path, error);
    if (result == 0)
        result = client_key_check_service(key, address, error);
    if (result == 0)
        memcpy(secret_key, key->secret_key, X25519_SECRET_KEY_SIZE);
    secret_free(key);
    return result;
}

const struct config_files config_files_here = {
    .find_key = load_key, .find_clients = load_clients, .find_client_key = load_client_key, .are_here = true};

void config_files_find_keys(struct config_files *files)
{
    *files = (struct config_files){.find_key = geteuid() == 0 ? load_key_as_root : load_key};
}
