/* What a process may do with files, by path, and a few things besides (landlock(7)). */
#ifndef OBPUB_CONFINE_LANDLOCK_H
#define OBPUB_CONFINE_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* What may be done below a folder. Anything that no rule names is forbidden everywhere. */
enum landlock_right {
    LANDLOCK_READ,   /* read files and folders */
    LANDLOCK_BIND,   /* make socket files */
    LANDLOCK_REMOVE, /* remove files of any kind: Landlock knows no difference, and goes down into subfolders
                      */
};

struct landlock_grant {
    const char *folder;
    enum landlock_right right;
};

/* The rest is forbidden when it is not granted, as far as the kernel knows how. */
struct landlock_rules {
    const struct landlock_grant *grants;
    size_t place_count;
    bool may_use_tcp;              /* from version 4 on */
    bool may_use_abstract_sockets; /* connect to those of processes outside; from version 6 on */
    bool may_send_signals;         /* to processes outside, or have the kernel do it; likewise */
};

/* The version of Landlock that the kernel has, from 1 on; 0 when it has none, with the reason in *error. */
int landlock_version(struct error *error);

/* Whether that version can forbid all that is asked of it. Returns 0, or -1 with what it can't. */
int landlock_check_version(int version, struct error *error);

/* Confines the calling process for good. Files that are open already stay as they are. A folder that is not
 * there gives no right. Returns 0, or -1 when the process is not confined; it must have no_new_privs set. */
int landlock_confine(const struct landlock_rules *rules, struct error *error);

#endif
