/* Credentials: files that systemd hands to a service, in a folder of memory that only the service can read.
 */
#include "config/credential.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "files/path.h"

/* "keys" is what obpub.service calls the folder with the frontends' keys. */
static const char *const name_prefixes[] = {"", "keys_"};

/* The folder of the credentials, or NULL when there is none. */
static const char *find_folder(void)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY");
    return folder != NULL && folder[0] == '/' ? folder : NULL;
}

char *credential_find(const char *name, struct error *error)
{
    const char *folder = find_folder();
    size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX || name[0] == '.' || strchr(name, '/') != NULL) {
        error_set(error, "a credential has a plain name, without slashes or a dot at its beginning");
        return NULL;
    }
    if (folder == NULL) {
        error_set(error, "nobody has handed over credentials: run obpub as a systemd service, or set "
                         "CREDENTIALS_DIRECTORY to the whole path of the folder with the files");
        return NULL;
    }
    for (size_t i = 0; i < sizeof(name_prefixes) / sizeof(name_prefixes[0]); i++) {
        size_t size = strlen(folder) + strlen(name_prefixes[i]) + length + 2;
        char *path = memory_allocate(size, 1);
        snprintf(path, size, "%s/%s%s", folder, name_prefixes[i], name);
        if (path_exists(path))
            return path;
        free(path);
    }
    error_set(error,
              "there is no such credential: put the file into /etc/obpub/keys, or give the unit "
              "LoadCredential=%s:PATH, then restart (a reload does not bring new credentials)",
              name);
    return NULL;
}

bool credential_has_path(const char *path)
{
    const char *folder = find_folder();
    if (folder == NULL)
        return false;
    size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 && path[length] == '/';
}
