/* Writes a new file so that there is the whole of it or nothing. */
#include "files/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/path.h"

bool new_file_exists(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0;
}

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

/* Gives a file its name, which nothing has yet unless is_forced. Returns 0, or -1 with errno. */
static int take_name(const char *temporary, const char *path, bool is_forced)
{
    if (is_forced)
        return rename(temporary, path);
    if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    /* A file system that can't do both in one step. */
    if (new_file_exists(path)) {
        errno = EEXIST;
        return -1;
    }
    return rename(temporary, path);
}

/* Has a new name in the folder of path written to the disk, as far as the file system does that. */
static void sync_folder(const char *path)
{
    char *folder = path_copy_folder(path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(folder);
    if (descriptor < 0)
        return;
    fsync(descriptor);
    close(descriptor);
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
        take_name(temporary, path, file->is_forced) != 0)
        return -1;
    *is_open_to_others = (status.st_mode & 077) != 0;
    sync_folder(path);
    return 0;
}

/* A name beside path that is no other file's: ".NAME.XXXXXX", for mkostemp(). Release with free(). */
static char *make_temporary(const char *path)
{
    const char *name = path_file_name(path);
    const size_t size = strlen(path) + sizeof("..XXXXXX");
    char *temporary = memory_allocate(size, 1);
    snprintf(temporary, size, "%.*s.%s.XXXXXX", (int)(name - path), path, name);
    return temporary;
}

int new_file_write(const char *path, const struct new_file *file, bool *is_open_to_others,
                   struct error *error)
{
    char *temporary = make_temporary(path);
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
    sync_folder(path);
    return 0;
}
