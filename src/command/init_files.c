/* Fills the folder that "obpub init" makes: keys, secrets, the config, and a folder for each node. */
#include "command/init_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "command/init_clients.h"
#include "command/init_kept.h"
#include "command/init_keys.h"
#include "command/init_texts.h"
#include "files/path.h"
#include "onion/client_key.h"

/* All that is being made. */
struct making {
    const struct init_plan *plan;
    struct new_folder folder;
    struct init_key *frontends;  /* of each service, in secret memory */
    struct client_files clients; /* of the service that has had the frontend's key */
    struct init_made made;
    /* By which the publisher is known to agents' services, and to tors that have the frontend's key. */
    char publisher_line[CLIENT_KEY_PUBLIC_LINE_SIZE], twins_line[CLIENT_KEY_PUBLIC_LINE_SIZE];
};

/* Writes a text, which is released. */
static int add_text(struct making *making, const char *folder, const char *name, char *text,
                    struct error *error)
{
    char *path = folder != NULL ? path_join(folder, name) : memory_copy_text(name, strlen(name));
    int result = new_folder_add_file(&making->folder, path, text, strlen(text), error);
    free(path);
    free(text);
    return result;
}

/* -- the frontends ------------------------------------------------------------------------------------ */

/* Draws or loads the key of each frontend. */
static int find_frontends(struct making *making, struct error *error)
{
    const struct init_plan *plan = making->plan;
    for (size_t i = 0; i < plan->service_count; i++) {
        if (plan->key_path == NULL)
            init_key_draw(&making->frontends[i]);
        else if (init_kept_load(&making->frontends[i], &making->clients, plan->key_path, plan->is_hardmap,
                                error) != 0)
            return error_add_context(error, "--key");
        onion_address_encode(making->made.frontends[i], making->frontends[i].public_key);
    }
    making->made.has_clients = making->clients.count > 0;
    return 0;
}

static int write_frontends(struct making *making, struct error *error)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < making->plan->service_count; i++) {
        char name[ONION_ADDRESS_SIZE + sizeof(".key")];
        snprintf(name, sizeof(name), "%s.key", making->made.frontends[i]);
        result = init_key_write(&making->frontends[i], &making->folder, name, error);
    }
    return result;
}

/* The clients, and where tors publish for themselves the publisher's own key for what they publish. */
static int write_clients(struct making *making, struct error *error)
{
    int result = init_clients_write(&making->clients, &making->folder, INIT_CLIENTS_FOLDER, error);
    if (result == 0 && making->plan->is_hardmap)
        result = init_client_make(making->twins_line, &making->folder, INIT_TWINS_KEY_NAME, error);
    return result;
}

/* -- a node --------------------------------------------------------------------------------------------- */

/* A tor that has the frontend's key lets the same clients in, and the publisher. */
static int write_readers(struct making *making, const char *service, struct error *error)
{
    char *folder = path_join(service, "authorized_clients");
    char *publisher = client_files_find_path(folder, INIT_PUBLISHER_NAME);
    int result = init_clients_write(&making->clients, &making->folder, folder, error);
    if (result == 0)
        result = new_folder_add_file(&making->folder, publisher, making->twins_line,
                                     sizeof(making->twins_line), error);
    free(publisher);
    free(folder);
    return result;
}

/* The folder of a service for a tor: with a new key, with the frontend's, or without any for a service that
 * has one already. */
static int write_service(struct making *making, const char *node_name, size_t node, size_t service,
                         struct error *error)
{
    char name[INIT_SERVICE_NAME_SIZE];
    char *backend = making->made.nodes[node].backends[service];
    init_texts_name_service(service, name);
    char *path = path_join(node_name, name);
    int result;
    if (making->plan->is_hardmap) {
        memcpy(backend, making->made.frontends[service], ONION_ADDRESS_SIZE);
        result = init_key_write_service(&making->frontends[service], &making->folder, path, error);
        if (result == 0 && making->made.has_clients)
            result = write_readers(making, path, error);
    } else if (making->plan->address_count > 0) {
        memcpy(backend, making->plan->addresses[node], ONION_ADDRESS_SIZE);
        result = new_folder_add_folder(&making->folder, path, error);
    } else {
        result = init_key_make_service(backend, &making->folder, path, error);
    }
    if (result == 0)
        result =
            add_text(making, path, "ob_config", init_texts_make_ob_config(&making->made, service), error);
    free(path);
    return result;
}

/* The publisher's half of a secret has the node's name, and the node's half lies in its folder. */
static int write_secret(struct making *making, const char *node_name, struct init_node *made,
                        struct error *error)
{
    const bool is_agent = making->plan->control == INIT_CONTROL_AGENT;
    char name[INIT_NAME_SIZE + sizeof(".password")];
    snprintf(name, sizeof(name), "%s.%s", node_name, is_agent ? "secret" : "password");
    char *path = path_join(node_name, INIT_AGENT_SECRET_NAME);
    const char *const names[] = {name, path};
    int result = init_secret_make(is_agent ? NULL : made->hashed_password, &making->folder, names,
                                  is_agent ? 2 : 1, error);
    free(path);
    return result;
}

static int write_agent(struct making *making, const char *node_name, size_t node, struct error *error)
{
    char *service = path_join(node_name, INIT_AGENT_FOLDER);
    char *clients = path_join(service, "authorized_clients");
    char *client = client_files_find_path(clients, INIT_PUBLISHER_NAME);
    int result = init_key_make_service(making->made.nodes[node].agent, &making->folder, service, error);
    if (result == 0)
        result = new_folder_add_folder(&making->folder, clients, error);
    if (result == 0)
        result = new_folder_add_file(&making->folder, client, making->publisher_line,
                                     sizeof(making->publisher_line), error);
    if (result == 0)
        result = add_text(making, node_name, INIT_AGENT_OPTIONS_NAME,
                          init_texts_make_agent_options(making->plan, &making->made, node), error);
    free(client);
    free(clients);
    free(service);
    return result;
}

static int write_node(struct making *making, size_t node, struct error *error)
{
    const struct init_plan *plan = making->plan;
    char name[INIT_NAME_SIZE];
    init_plan_name_node(plan, node, name);
    int result = new_folder_add_folder(&making->folder, name, error);
    for (size_t i = 0; result == 0 && i < plan->service_count; i++)
        result = write_service(making, name, node, i, error);
    if (result == 0 && (plan->control == INIT_CONTROL_PASSWORD || plan->control == INIT_CONTROL_AGENT))
        result = write_secret(making, name, &making->made.nodes[node], error);
    if (result == 0 && plan->control == INIT_CONTROL_AGENT)
        result = write_agent(making, name, node, error);
    if (result == 0)
        result = add_text(making, name, "torrc", init_texts_make_torrc(plan, &making->made, node), error);
    return result;
}

/* -- all of it --------------------------------------------------------------------------------------------
 */

static int fill(struct making *making, struct error *error)
{
    int result = write_frontends(making, error);
    if (result == 0 && making->made.has_clients)
        result = write_clients(making, error);
    if (result == 0 && making->plan->control == INIT_CONTROL_AGENT)
        result = init_client_make(making->publisher_line, &making->folder, INIT_AGENTS_KEY_NAME, error);
    for (size_t i = 0; result == 0 && i < making->plan->node_count; i++)
        result = write_node(making, i, error);
    if (result == 0)
        result = add_text(making, NULL, INIT_CONFIG_NAME, init_texts_make_config(making->plan, &making->made),
                          error);
    return result;
}

static int make_folder(struct making *making, struct error *error)
{
    if (new_folder_begin(&making->folder, making->plan->output, error) != 0)
        return error_add_context(error, "--output %s", making->plan->output);
    int result = fill(making, error);
    if (result == 0 && new_folder_finish(&making->folder, error) != 0)
        result = error_add_context(error, "--output %s", making->plan->output);
    if (result != 0)
        new_folder_abandon(&making->folder);
    return result;
}

int init_files_make(const struct init_plan *plan, struct error *error)
{
    struct making *making = memory_allocate(1, sizeof(*making));
    making->plan = plan;
    making->frontends = secret_allocate(plan->service_count * sizeof(*making->frontends));
    int result = find_frontends(making, error);
    if (result == 0)
        result = make_folder(making, error);
    client_files_clear(&making->clients);
    secret_free(making->frontends);
    free(making);
    return result;
}
