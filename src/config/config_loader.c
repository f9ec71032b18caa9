/* Reading the config file: what its parts share. */
#include "config/config_loader.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/text.h"
#include "config/credential.h"

/* Resolves a path of the file against the file's folder; release with free(). */
static char *resolve_path(const struct config_loader *loader, const char *path)
{
    size_t size = strlen(loader->folder) + strlen(path) + 1;
    char *resolved = memory_allocate(size, 1);
    snprintf(resolved, size, "%s%s", path[0] == '/' ? "" : loader->folder, path);
    return resolved;
}

/* How keys begin where they are written as text: PEM, its second line for Ed25519, what tor's control port
 * takes, and a client's. */
static const char *const key_beginnings[] = {"-----BEGIN ", "MC4CAQAwBQYDK2VwBCIE",
                                             "ED25519-V3:", "descriptor:x25519:"};

/* Whether a key itself stands where the path of its file has to. */
static bool is_key_itself(const char *text)
{
    for (size_t i = 0; i < sizeof(key_beginnings) / sizeof(key_beginnings[0]); i++) {
        if (strstr(text, key_beginnings[i]) != NULL)
            return true;
    }
    return false;
}

char *config_loader_read_path(struct config_loader *loader, yaml_node_t *node, const char *key)
{
    const char *path = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    if (path == NULL)
        return NULL;
    /* No file has a path that is longer, and aliases could have very many copies made of one. */
    if (strlen(path) >= PATH_MAX) {
        CONFIG_LOADER_REPORT(loader, node, "\"%s\" is longer than %d bytes, which no path is: check it", key,
                             PATH_MAX - 1);
        return NULL;
    }
    if (is_key_itself(path)) { /* which is not to be quoted, as paths are */
        CONFIG_LOADER_REPORT(
            loader, node,
            "\"%s\" is the key itself: write it into a file that only the user of obpub can "
            "read (chmod 600), and the file's path here; if others have read this config, move "
            "to a new key",
            key);
        return NULL;
    }
    const char *name = path;
    if (!string_skip(&name, CREDENTIAL_PREFIX))
        return resolve_path(loader, path);
    if (!loader->files->are_here)
        return memory_copy_text(path, strlen(path));
    struct error error;
    char *credential = credential_find(name, &error);
    if (credential == NULL)
        CONFIG_LOADER_REPORT(loader, node, "%s %s: %s", key, path, error.text);
    return credential;
}

void config_loader_read_credentials(struct config_loader *loader, yaml_node_t *password_node,
                                    const char *password_key, yaml_node_t *cookie_node,
                                    const char *cookie_key, char **password_file, char **cookie_file)
{
    *password_file = config_loader_read_path(loader, password_node, password_key);
    *cookie_file = config_loader_read_path(loader, cookie_node, cookie_key);
    if (password_node != NULL && cookie_node != NULL)
        CONFIG_LOADER_REPORT(loader, cookie_node, "\"%s\" and \"%s\" can't both be used: remove one of them",
                             password_key, cookie_key);
    struct stat status;
    if (*password_file != NULL && loader->files->are_here && stat(*password_file, &status) != 0 &&
        errno == ENOENT)
        CONFIG_LOADER_REPORT(loader, password_node, "password file %s: there is no such file: check the path",
                             *password_file);
}

bool config_loader_read_endpoint(struct config_loader *loader, yaml_node_t *node, const char *key,
                                 struct control_endpoint *endpoint)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    if (text == NULL)
        return false;
    struct error error;
    if (control_endpoint_parse(endpoint, text, &error) == 0)
        return true;
    CONFIG_LOADER_REPORT(loader, node, "\"%s\": %s", key, error.text);
    return false;
}

unsigned config_loader_read_number(struct config_loader *loader, yaml_node_t *node, const char *key,
                                   const char *unit, unsigned maximum, unsigned fallback)
{
    const char *text = node != NULL ? yaml_reader_read_text(&loader->yaml, node, key) : NULL;
    if (text == NULL)
        return fallback;
    size_t digits = strspn(text, "0123456789");
    unsigned long number =
        digits > 0 && digits < 6 && text[digits] == '\0' ? strtoul(text, NULL, 10) : ULONG_MAX;
    if (number <= maximum)
        return (unsigned)number;
    CONFIG_LOADER_REPORT(loader, node, "\"%s\": \"%s\" is no number%s%s from 0 to %u", key, text,
                         unit != NULL ? " of " : "", unit != NULL ? unit : "", maximum);
    return fallback;
}
