/* Bundles as files: written so that there is the whole of one or nothing. */
#include "config/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "files/path.h"

#define EXISTS_SENTENCE "is there already: use another name, or --force to replace it"

bool bundle_file_exists(const char *path)
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
    if (bundle_file_exists(path)) {
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

/* Writes an open temporary file, then has it take its name. Returns 0, or -1 with errno. */
static int finish_file(int descriptor, const char *temporary, const char *path, const uint8_t *bytes,
                       size_t length, bool is_forced, bool *is_open_to_others)
{
    struct stat status;
    if (write_bytes(descriptor, bytes, length) != 0 || fstat(descriptor, &status) != 0 ||
        take_name(temporary, path, is_forced) != 0)
        return -1;
    *is_open_to_others = (status.st_mode & 077) != 0;
    sync_folder(path);
    return 0;
}

int bundle_file_write(const char *path, const uint8_t *bytes, size_t length, bool is_forced,
                      bool *is_open_to_others, struct error *error)
{
    static const char ending[] = ".XXXXXX";
    size_t size = strlen(path) + sizeof(ending);
    char *temporary = memory_allocate(size, 1);
    snprintf(temporary, size, "%s%s", path, ending);
    int descriptor = mkostemp(temporary, O_CLOEXEC);
    int result = descriptor < 0
                     ? -1
                     : finish_file(descriptor, temporary, path, bytes, length, is_forced, is_open_to_others);
    int reason = errno;
    if (result != 0 && descriptor >= 0)
        unlink(temporary);
    if (descriptor >= 0)
        close(descriptor);
    free(temporary);
    if (result == 0)
        return 0;
    if (reason == EEXIST)
        return error_set(error, EXISTS_SENTENCE);
    return error_set(error, "it can't be written (%s)", strerror(reason));
}
