/* Writes a new file so that there is the whole of it or nothing. */
#include "files/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/new_name.h"
#include "files/path.h"

/* Writes bytes to an open file and to its disk. Returns 0, or -1 with errno. */
static int write_bytes(int descriptor, const uint8_t *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(descriptor, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return -1;
        bytes += written;
        length -= (size_t)written;
    }
    return fsync(descriptor);
}

/* Has root give a new file to the owner of its folder. Returns 0, or -1 with errno. */
static int give_to_owner(int descriptor, const char *path)
{
    struct stat status;
    if (geteuid() != 0)
        return 0;
    char *folder = path_copy_folder(path);
    int result = stat(folder, &status);
    free(folder);
    return result != 0 ? -1 : fchown(descriptor, status.st_uid, status.st_gid);
}

/* Writes an open temporary file, then has it take its name. Returns 0, or -1 with errno. */
static int finish_file(int descriptor, const char *temporary, const char *path, const struct new_file *file,
                       bool *is_open_to_others)
{
    struct stat status;
    if ((file->is_folders_owners && give_to_owner(descriptor, path) != 0) ||
        write_bytes(descriptor, file->bytes, file->length) != 0 || fstat(descriptor, &status) != 0 ||
        (file->is_forced ? rename(temporary, path) : new_name_take(temporary, path)) != 0)
        return -1;
    *is_open_to_others = (status.st_mode & 077) != 0;
    new_name_sync(path);
    return 0;
}

int new_file_write(const char *path, const struct new_file *file, bool *is_open_to_others,
                   struct error *error)
{
    char *temporary = new_name_make_temporary(path);
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    int result = descriptor < 0 ? -1 : finish_file(descriptor, temporary, path, file, is_open_to_others);
    int reason = errno;
    if (result != 0 && descriptor >= 0)
        unlink(temporary);
    if (descriptor >= 0)
        close(descriptor);
    free(temporary);
    if (result == 0)
        return 0;
    if (reason == EEXIST)
        return error_set(error, "is there already, and is not replaced");
    return error_set(error, "it can't be written (%s)", strerror(reason));
}

int new_file_remove(const char *path)
{
    if (unlink(path) != 0)
        return -1;
    new_name_sync(path);
    return 0;
}
