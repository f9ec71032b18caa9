/* Confines a process to what its part needs. */
#ifndef OBPUB_CONFINE_CONFINE_H
#define OBPUB_CONFINE_CONFINE_H

#include <stdbool.h>
#include <stddef.h>

#include "confine/profile.h"
#include "confine/user.h"

/* The user that is taken when the config names none and the machine has it. */
#define CONFINE_USER_DEFAULT "obpub"

#define CONFINE_LACKS_MAX 8

/* What is going to be done, found out once before the processes part. */
struct confine_plan {
    bool is_required; /* the processes end rather than run with less */
    bool has_limits;  /* resource limits are lowered */
    bool has_seccomp;
    enum seccomp_way seccomp_way;
    int landlock_version;  /* 0: none */
    bool has_capabilities; /* they are given up one by one */
    bool may_set_groups;   /* who tries is not killed */
    bool may_give_files;   /* likewise: chown() */
    uid_t starter;         /* the user of the process that made this */
    bool has_user;         /* it was started as root and becomes this user */
    struct user user;
    struct error lacks[CONFINE_LACKS_MAX]; /* a sentence for each thing that can't be done here */
    size_t lack_count;
};

/* Looks at the machine and at who this process is, and has the limit on locked memory as high as it may be:
 * no process can raise it when it is confined. All that a filter of system calls may forbid, and each step
 * that can't be taken back, is tried in a child (trial.h). user_name is the config's "user:", or NULL.
 * Returns 0, or -1 with the reason why obpub is not to be started, which no new start mends: there is no such
 * user, root can't become that user, or is_required is set and something is lacking. */
int confine_plan_make(struct confine_plan *plan, const char *user_name, bool is_required,
                      struct error *error);

/* Adds what turned out later. */
void confine_plan_add_lack(struct confine_plan *plan, const struct error *lack);

/* Says in one line how processes are going to be confined. */
#define CONFINE_TEXT_SIZE 256
void confine_plan_describe(const struct confine_plan *plan, char text[CONFINE_TEXT_SIZE]);

/* What one process needs that its profile does not know. */
struct confine_needs {
    const char *const *socket_folders; /* of the listening sockets' files, which the engine makes and the
                                          reader removes */
    size_t socket_folder_count;
    bool has_abstract_sockets; /* it connects to some of other processes */
    const gid_t *groups;       /* that it joins when it stays root, which can then use their sockets */
    size_t group_count;
};

enum confine_result {
    CONFINE_DONE,
    CONFINE_INCOMPLETE, /* something that was planned was refused: worth a warning, with a sentence */
    CONFINE_FAILED,     /* likewise, and the process must end */
};

/* Becomes the user of the plan, if it has one, for good, with what a role keeps of root's capabilities, and
 * nothing else. Returns 0, or -1 with a sentence and the process in an unknown state: it must end. */
int confine_become_user(const struct confine_plan *plan, enum confine_role role, struct error *error);

/* Confines the calling process for good: becomes the user, gives up capabilities, has limits, and can only
 * make the calls and reach the files of its profile (src/confine/profile.c). What the plan says is lacking is
 * passed over. To be called by a process without threads, and before the first byte from outside is read. */
enum confine_result confine_process(const struct confine_plan *plan, enum confine_role role,
                                    const struct confine_needs *needs, struct error *error);

#endif
