/* The onion service whose address is kept: "obpub init" takes its key over, and its authorised clients. */
#include "command/init_kept.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command/init_clients.h"
#include "config/key_file.h"

static int check_client_names(const struct client_files *clients, struct error *error)
{
    for (size_t i = 0; i < clients->count; i++) {
        if (strcmp(clients->files[i].name, INIT_PUBLISHER_NAME) == 0)
            return error_set(error,
                             "has an authorised client of the name \"%s\", which in this mode is the "
                             "publisher's own: give that client's file another name",
                             INIT_PUBLISHER_NAME);
    }
    return 0;
}

/* Loads who may read the descriptors of a service whose key was found. */
static int load_clients(struct client_files *clients, const struct key_file_origin *origin, bool is_hardmap,
                        struct error *error)
{
    if (origin->bundle != NULL)
        return error_set(error, "is a bundle, which was made with the key: give the key itself");
    if (init_clients_load(clients, origin->path, error) != 0)
        return -1;
    if (!is_hardmap || check_client_names(clients, error) == 0)
        return 0;
    client_files_clear(clients);
    return -1;
}

int init_kept_load(struct init_key *key, struct client_files *clients, const char *path, bool is_hardmap,
                   struct error *error)
{
    struct key_file_origin origin;
    if (key_file_load_to_copy(path, &key->secret_key, key->public_key, &origin, error) != 0)
        return error_add_context(error, "%s", path);
    int result = load_clients(clients, &origin, is_hardmap, error);
    if (result != 0)
        error_add_context(error, "%s", path);
    bundle_free(origin.bundle);
    free(origin.path);
    return result;
}

int init_kept_check(char address[ONION_ADDRESS_SIZE], const char *path, bool is_hardmap, struct error *error)
{
    struct client_files clients;
    struct init_key *key = secret_allocate(sizeof(*key));
    int result = init_kept_load(key, &clients, path, is_hardmap, error);
    if (result == 0) {
        onion_address_encode(address, key->public_key);
        client_files_clear(&clients);
    }
    secret_free(key);
    return result;
}
