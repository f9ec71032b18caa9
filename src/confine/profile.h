/* What each of the processes may do once it is confined: the tables. */
#ifndef OBPUB_CONFINE_PROFILE_H
#define OBPUB_CONFINE_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "confine/landlock.h"
#include "confine/seccomp_filter.h"

enum confine_role {
    CONFINE_ENGINE,    /* talks to tors, to the network and to who asks for the status; holds no master key */
    CONFINE_READER,    /* reads config and key files, and talks to the other two alone */
    CONFINE_SIGNER,    /* holds the master keys, and talks to the other two alone */
    CONFINE_AGENT,     /* beside a backend: talks to its tor, and to who knows the secret */
    CONFINE_GATE,      /* finds out who knows it, and talks to the other two alone besides */
    CONFINE_KEEPER,    /* holds the secret, and talks to the gate alone */
    CONFINE_INSPECTOR, /* reads a descriptor, and talks to the tor that it is connected to already */
    CONFINE_ROLES
};

/* A limit that is lowered for good, soft and hard. */
struct confine_limit {
    int resource; /* RLIMIT_... */
    rlim_t value;
};

struct confine_profile {
    const char *name; /* for messages */
    struct seccomp_rules calls;
    bool may_read_files;              /* all that its user can read */
    enum landlock_right socket_right; /* what it may do in the folders of the listening sockets' files */
    bool may_use_tcp;
    bool has_children;          /* that the kernel ends with it, by a signal that counts as its own */
    uint64_t kept_capabilities; /* bits 1 << CAP_... that it keeps where it has them */
    const struct confine_limit *limits;
    size_t limit_count;
};

extern const struct confine_profile confine_profiles[CONFINE_ROLES];

#endif
