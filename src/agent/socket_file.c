/* The file of the socket on which an agent's gate listens, and whose it is. */
#include "agent/socket_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files/path.h"

static const gid_t group_as_it_is = (gid_t)-1;

/* The group of the control socket, or of its folder while the tor does not run. Root's says nothing. */
static gid_t find_group(const char *control_path)
{
    struct stat status;
    if (control_path == NULL)
        return group_as_it_is;
    if (stat(control_path, &status) == 0)
        return S_ISSOCK(status.st_mode) ? status.st_gid : group_as_it_is;
    char *folder = path_copy_folder(control_path);
    gid_t group = stat(folder, &status) == 0 && status.st_gid != 0 ? status.st_gid : group_as_it_is;
    free(folder);
    return group;
}

/* Opens a socket's file as a name only: whatever else somebody has put there meanwhile is not touched. */
static int open_name(const char *path)
{
    struct stat status;
    int file = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
        return -1;
    if (fstat(file, &status) == 0 && S_ISSOCK(status.st_mode) && status.st_nlink == 1)
        return file;
    close(file);
    return -1;
}

void socket_file_give(const char *path, const char *control_path, const struct confine_plan *plan,
                      const struct log *log)
{
    gid_t group = find_group(control_path);
    int file = open_name(path);
    if (file < 0)
        return;
    if (plan->has_user &&
        !(plan->may_give_files && fchownat(file, "", plan->user.uid, plan->user.gid, AT_EMPTY_PATH) == 0))
        log_write(log, LOG_LEVEL_WARNING, "the socket %s can't be given to obpub's user: %s", path,
                  strerror(errno));
    bool is_given = group != group_as_it_is && plan->may_give_files &&
                    fchownat(file, "", (uid_t)-1, group, AT_EMPTY_PATH) == 0;
    if (!is_given)
        log_write(log, LOG_LEVEL_WARNING,
                  "the socket %s can't be given to the tor's group (start this when the tor has its control "
                  "socket, with a user who is in the group of that): see that the tor may connect to it",
                  path);
    close(file);
}
