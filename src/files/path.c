/* Paths of files taken apart and put together as text, and looked for. */
#include "files/path.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"

char *path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool has_slash = length > 0 && folder[length - 1] == '/';
    size_t size = length + strlen(name) + 2;
    char *path = memory_allocate(size, 1);
    snprintf(path, size, "%s%s%s", folder, has_slash ? "" : "/", name);
    return path;
}

char *path_copy_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return memory_copy_text(".", 1);
    return memory_copy_text(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *path_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

bool path_exists(const char *path)
{
    /* Not access(), which does without the capabilities of who has become another user. */
    struct stat status;
    return stat(path, &status) == 0;
}
