/* The authorised clients that a service has without a word in the config: in tor's own folder beside its key.
 */
#include "config/tor_clients.h"

#include <stdlib.h>
#include <string.h>

#include "base/key_index.h"
#include "base/text.h"
#include "config/config_report.h"
#include "config/key_file.h"
#include "files/folder.h"
#include "files/path.h"

/* Where the folder would be; NULL where the key is none of tor's. Release with free(). */
static char *name_folder(const char *key_path)
{
    if (strcmp(path_file_name(key_path), key_file_tor_name) != 0)
        return NULL;
    char *service_folder = path_copy_folder(key_path);
    char *folder = path_join(service_folder, "authorized_clients");
    free(service_folder);
    return folder;
}

char *tor_clients_find(const char *key_path)
{
    char *folder = name_folder(key_path);
    if (folder == NULL || folder_is_there(folder))
        return folder;
    free(folder);
    return NULL;
}

/* True when the config has named no folder, and the one beside the key has had clients. */
static bool had_tor_clients(const struct config_frontend *frontend)
{
    if (frontend->clients == NULL)
        return false;
    char *folder = name_folder(frontend->key_path);
    const bool is_in_it = folder != NULL && string_equals(folder, frontend->clients_folder);
    free(folder);
    return is_in_it;
}

int tor_clients_check_kept(const struct config *before, const struct config *config,
                           struct config_report *report)
{
    struct key_index index = {0};
    int result = 0;
    for (size_t i = 0; i < before->frontend_count; i++) {
        if (had_tor_clients(&before->frontends[i]))
            key_index_add(&index, before->frontends[i].identity_key, i);
    }
    for (size_t i = 0; i < config->frontend_count; i++) {
        const struct config_frontend *frontend = &config->frontends[i];
        const size_t old = key_index_find(&index, frontend->identity_key);
        if (old == KEY_INDEX_NONE || frontend->clients_folder != NULL)
            continue;
        config_report_add_error(
            report, config->path, frontend->line,
            "%s.onion would be open to everybody: its authorised clients were in %s, beside its key, and no "
            "folder of clients is there now. Put that folder back, or name it in the service "
            "(\"authorized-clients\"); if everybody is to read its descriptors, name an empty folder",
            frontend->address, before->frontends[old].clients_folder);
        result = -1;
    }
    key_index_clear(&index);
    return result;
}
