/* The unprivileged user that a process started as root becomes. */
#include "confine/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STRINGS_SIZE 16384 /* bytes of one entry of the user database */

int user_find(struct user *user, const char *name, struct error *error)
{
    char strings[STRINGS_SIZE];
    struct passwd entry;
    struct passwd *found = NULL;
    int number = getpwnam_r(name, &entry, strings, sizeof(strings), &found);
    if (found == NULL && number != 0 && number != ENOENT) {
        return error_set(error, "the user \"%s\" can't be looked up (%s)", name, strerror(number));
    }
    if (found == NULL) {
        error_set(error, "there is no user \"%s\"", name);
        return 1;
    }
    int count = USER_GROUPS_MAX;
    if (getgrouplist(name, found->pw_gid, user->groups, &count) < 0)
        return error_set(error, "the user \"%s\" is in more than %d groups", name, USER_GROUPS_MAX);
    user->uid = found->pw_uid;
    user->gid = found->pw_gid;
    user->group_count = (size_t)count;
    return 0;
}

/* The kernel forgets at a change of user what it was asked to do when the parent ends. */
static int restore_death_signal(int signal)
{
    return signal == 0 ? 0 : prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0);
}

int user_become(const struct user *user, bool keeps_capabilities, struct error *error)
{
    int death_signal = 0;
    prctl(PR_GET_PDEATHSIG, &death_signal, 0, 0, 0);
    if (prctl(PR_SET_KEEPCAPS, keeps_capabilities, 0, 0, 0) != 0 ||
        setgroups(user->group_count, user->groups) != 0 || setresgid(user->gid, user->gid, user->gid) != 0 ||
        setresuid(user->uid, user->uid, user->uid) != 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) != 0)
        return error_set(error, "the process can't become uid %u, gid %u (%s)", (unsigned)user->uid,
                         (unsigned)user->gid, strerror(errno));
    /* It may have been made readable to its new user. */
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || restore_death_signal(death_signal) != 0)
        return error_set(error, "the process can't be kept closed to its new user (%s)", strerror(errno));
    if (user->uid != 0 && !keeps_capabilities && setresuid(0, 0, 0) == 0)
        return error_set(error, "the process could become root again");
    return 0;
}

int user_join_groups(const gid_t *groups, size_t count, struct error *error)
{
    gid_t all[2 * USER_GROUPS_MAX];
    int had = getgroups(USER_GROUPS_MAX, all);
    if (had < 0 || count > USER_GROUPS_MAX)
        return error_set(error, "the process is in too many groups to join others");
    if (count > 0)
        memcpy(all + had, groups, count * sizeof(*groups));
    if (setgroups((size_t)had + count, all) != 0)
        return error_set(error, "the process can't join the groups of the control sockets (%s)",
                         strerror(errno));
    return 0;
}
