/* Names of new files and folders, which are first made beside their place under another one. */
#include "files/new_name.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/path.h"

bool new_name_is_taken(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

char *new_name_make_temporary(const char *path)
{
    const char *name = path_file_name(path);
    const size_t size = strlen(path) + sizeof("..XXXXXX");
    char *temporary = memory_allocate(size, 1);
    snprintf(temporary, size, "%.*s.%s.XXXXXX", (int)(name - path), path, name);
    return temporary;
}

int new_name_take(const char *temporary, const char *path)
{
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* A file system that can't do both in one step. */
    if (new_name_is_taken(path)) {
        errno = EEXIST;
        return -1;
    }
    return rename(temporary, path);
}

void new_name_sync(const char *path)
{
    char *folder = path_copy_folder(path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
}
