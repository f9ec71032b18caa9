/* Opens a file of which nothing is known but its path, safely, and reads it. */
#include "files/plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static enum plain_file_fault fail(struct plain_file *file, int error_number)
{
    file->error_number = error_number;
    if (error_number == ENOENT || error_number == ENOTDIR)
        return PLAIN_FILE_MISSING;
    return error_number == EACCES || error_number == EPERM ? PLAIN_FILE_FORBIDDEN : PLAIN_FILE_FAILED;
}

static enum plain_file_fault check_kind(const struct stat *status)
{
    if (S_ISDIR(status->st_mode))
        return PLAIN_FILE_FOLDER;
    return S_ISREG(status->st_mode) ? PLAIN_FILE_GOOD : PLAIN_FILE_NOT_PLAIN;
}

/* What no one but root may have of such a file, for which its group's right to read is enough. */
#define FORBIDDEN_OF_GROUPS (S_IWGRP | S_IXGRP | S_IRWXO)

bool plain_file_is_groups(const struct stat *status)
{
    return status->st_uid == 0 && (status->st_mode & S_IRGRP) != 0 &&
           (status->st_mode & FORBIDDEN_OF_GROUPS) == 0 &&
           (status->st_gid == getegid() || group_member(status->st_gid) != 0);
}

static enum plain_file_fault check_policy(const struct stat *status, const struct plain_file_policy *policy)
{
    bool is_roots = status->st_uid == 0 && status->st_gid == 0;
    mode_t forbidden = is_roots ? policy->forbidden_mode_of_roots : policy->forbidden_mode;
    if (policy->takes_groups && plain_file_is_groups(status))
        return PLAIN_FILE_GOOD;
    const bool is_trusted = status->st_uid == 0 || status->st_uid == geteuid() ||
                            (policy->has_owner && status->st_uid == policy->owner);
    if (policy->is_private && !is_trusted)
        return PLAIN_FILE_FOREIGN;
    return (status->st_mode & forbidden) != 0 ? PLAIN_FILE_EXPOSED : PLAIN_FILE_GOOD;
}

/* Whether there is something at path that must not even be opened. A socket can't be, and open() says so. */
static bool may_not_be_opened(const char *path, struct stat *status)
{
    return stat(path, status) == 0 && !S_ISREG(status->st_mode) && !S_ISSOCK(status->st_mode);
}

enum plain_file_fault plain_file_open(struct plain_file *file, const char *path,
                                      const struct plain_file_policy *policy)
{
    *file = (struct plain_file){.descriptor = -1};
    if (may_not_be_opened(path, &file->status))
        return check_kind(&file->status);
    /* Something else may have come in between: opening a FIFO does not wait, and a terminal does not become
     * this process's. */
    file->descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (file->descriptor < 0)
        return fail(file, errno);
    enum plain_file_fault fault =
        fstat(file->descriptor, &file->status) == 0 ? check_kind(&file->status) : fail(file, errno);
    if (fault == PLAIN_FILE_GOOD && policy != NULL)
        fault = check_policy(&file->status, policy);
    if (fault != PLAIN_FILE_GOOD)
        plain_file_close(file);
    return fault;
}

ssize_t plain_file_read(const struct plain_file *file, void *bytes, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(file->descriptor, (uint8_t *)bytes + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

void plain_file_close(struct plain_file *file)
{
    if (file->descriptor >= 0)
        close(file->descriptor);
    file->descriptor = -1;
}
