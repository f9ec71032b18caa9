/* The authorised clients of the service whose key "obpub init" takes over: they stay its only readers. */
#include "command/init_clients.h"

#include <stdlib.h>
#include <unistd.h>

#include "config/tor_clients.h"

int init_clients_load(struct client_files *clients, const char *key_path, struct error *error)
{
    struct config_report report = {.error_count = 0};
    char *folder = tor_clients_find(key_path);
    int result = 0;
    *clients = (struct client_files){.count = 0};
    if (folder != NULL && client_files_load(clients, folder, geteuid() == 0, &report) != 0) {
        result = error_set(error, "its authorised clients can't be taken over: %s", report.errors[0]);
        client_files_clear(clients);
    }
    config_report_clear(&report);
    free(folder);
    return result;
}

static int write_client(const struct client_file *client, struct new_folder *folder, const char *name,
                        struct error *error)
{
    char line[CLIENT_KEY_PUBLIC_LINE_SIZE];
    char *path = client_files_find_path(name, client->name);
    client_key_format_public(line, client->key);
    line[sizeof(line) - 1] = '\n';
    int result = new_folder_add_file(folder, path, line, sizeof(line), error);
    free(path);
    return result;
}

int init_clients_write(const struct client_files *clients, struct new_folder *folder, const char *name,
                       struct error *error)
{
    int result = new_folder_add_folder(folder, name, error);
    for (size_t i = 0; result == 0 && i < clients->count; i++)
        result = write_client(&clients->files[i], folder, name, error);
    return result;
}
