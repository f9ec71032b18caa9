/* Lists what is in a folder of which nothing is known but its path. */
#include "files/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

#define WRITABLE_BY_OTHERS 022
/* How often it is looked whether a lock is free (milliseconds). */
#define FOLDER_LOCK_PAUSE 20
/* Seconds after which a change is an old one. */
#define OLD_SECONDS 10

static int explain_failure(int reason, struct error *error)
{
    switch (reason) {
    case ENOENT:
        return error_set(error, "there is no such folder");
    case ENOTDIR:
        return error_set(error, "is no folder");
    case EACCES:
    case EPERM:
        return error_set(error, "this user (uid %u) may not open it", (unsigned)geteuid());
    default:
        return error_set(error, "it can't be read (%s)", strerror(reason));
    }
}

/* Who can write in a folder decides what is in it. */
static int check_owner(int descriptor, bool for_owner, uid_t *owner, struct error *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return explain_failure(errno, error);
    *owner = status.st_uid;
    if (!for_owner && status.st_uid != 0 && status.st_uid != geteuid())
        return error_set(error,
                         "belongs to another user (uid %u): chown it to the user that runs obpub (uid %u)",
                         (unsigned)status.st_uid, (unsigned)geteuid());
    if ((status.st_mode & WRITABLE_BY_OTHERS) != 0)
        return error_set(error, "can be changed by others (mode %04o): chmod 700 it",
                         (unsigned)(status.st_mode & 07777));
    return 0;
}

static int read_names(struct folder_names *names, DIR *folder, size_t count_max, struct error *error)
{
    size_t room = 0;
    const struct dirent *entry;
    while (errno = 0, (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (names->count == count_max)
            return error_set(error, "has more than %zu files in it, which is the most that is read",
                             count_max);
        names->names = memory_make_room(names->names, &room, names->count + 1, 16, sizeof(*names->names));
        names->names[names->count++] = memory_copy_text(entry->d_name, strlen(entry->d_name));
    }
    return errno == 0 ? 0 : explain_failure(errno, error);
}

static int compare_names(const void *one, const void *other)
{
    return strcmp(*(char *const *)one, *(char *const *)other);
}

/* Lists what is in an open folder, whose descriptor is closed. */
static int list_open(struct folder_names *names, int descriptor, size_t count_max, struct error *error)
{
    DIR *folder = fdopendir(descriptor);
    if (folder == NULL) {
        explain_failure(errno, error);
        close(descriptor);
        return -1;
    }
    int result = read_names(names, folder, count_max, error);
    closedir(folder);
    if (result != 0)
        folder_names_clear(names);
    else if (names->count > 0)
        qsort(names->names, names->count, sizeof(*names->names), compare_names);
    return result;
}

static int open_folder(const char *path, struct error *error)
{
    const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
    return descriptor >= 0 ? descriptor : explain_failure(errno, error);
}

int folder_list(struct folder_names *names, const char *path, bool for_owner, size_t count_max,
                struct error *error)
{
    *names = (struct folder_names){.count = 0};
    const int descriptor = open_folder(path, error);
    if (descriptor < 0)
        return -1;
    if (check_owner(descriptor, for_owner, &names->owner, error) != 0) {
        close(descriptor);
        return -1;
    }
    return list_open(names, descriptor, count_max, error);
}

int folder_list_all(struct folder_names *names, const char *path, struct error *error)
{
    struct stat status;
    *names = (struct folder_names){.count = 0};
    const int descriptor = open_folder(path, error);
    if (descriptor < 0)
        return -1;
    if (fstat(descriptor, &status) == 0)
        names->owner = status.st_uid;
    return list_open(names, descriptor, SIZE_MAX, error);
}

bool folder_is_there(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

bool folder_stamp_is_old(const struct folder_stamp *stamp)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 && stamp->changed.tv_sec < now.tv_sec - OLD_SECONDS;
}

void folder_take_stamp(struct folder_stamp *stamp, const char *path)
{
    struct stat status;
    *stamp = (struct folder_stamp){.device = 0};
    if (stat(path, &status) == 0)
        *stamp = (struct folder_stamp){status.st_dev, status.st_ino, status.st_ctim};
}

bool folder_stamps_are_equal(const struct folder_stamp *one, const struct folder_stamp *other)
{
    return one->device == other->device && one->number == other->number &&
           one->changed.tv_sec == other->changed.tv_sec && one->changed.tv_nsec == other->changed.tv_nsec;
}

void folder_names_clear(struct folder_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
    *names = (struct folder_names){.count = 0};
}

int folder_lock(const char *path, struct error *error)
{
    static const struct timespec pause = {0, FOLDER_LOCK_PAUSE * 1000000L};
    const int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return error_set(error, "it can't be opened (%s)", strerror(errno));
    for (int waited = 0; flock(folder, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
         waited += FOLDER_LOCK_PAUSE) {
        if (waited >= FOLDER_LOCK_PATIENCE) {
            close(folder);
            return error_set(error, "another obpub is changing it: try again when that is done");
        }
        nanosleep(&pause, NULL);
    }
    return folder;
}
