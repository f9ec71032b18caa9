/* The unprivileged user that a process started as root becomes. */
#ifndef OBPUB_CONFINE_USER_H
#define OBPUB_CONFINE_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

#define USER_GROUPS_MAX 64

struct user {
    uid_t uid;
    gid_t gid;
    gid_t groups[USER_GROUPS_MAX]; /* all the groups the user is in, gid among them */
    size_t group_count;
};

/* Looks a user up by name. Returns 0; 1 when there is none of that name; or -1 when it can't be used, both
 * with a sentence. */
int user_find(struct user *user, const char *name, struct error *error);

/* Makes the calling process, which has to be root, that user for good, with all of its groups. The
 * capabilities that the process has stay permitted when keeps_capabilities is set. Returns 0, or -1 with the
 * process in an unknown state: it must end. */
int user_become(const struct user *user, bool keeps_capabilities, struct error *error);

/* Adds groups to those of the calling process, which has to be root. Returns 0 or -1. */
int user_join_groups(const gid_t *groups, size_t count, struct error *error);

#endif
