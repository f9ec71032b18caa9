/* Which system calls a process may make, and with which arguments (seccomp(2)). */
#ifndef OBPUB_CONFINE_SECCOMP_FILTER_H
#define OBPUB_CONFINE_SECCOMP_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A call that is allowed when (argument & mask) == value; several rules for one call are alternatives. */
struct seccomp_condition {
    const char *call;
    unsigned argument; /* from 0 */
    uint64_t mask;
    uint64_t value;
};

/* Calls by their names in man section 2. Those that this kind of machine does not have are passed over. Each
 * list of names ends with NULL, each list of conditions with a call that is NULL; there may be several of
 * each, so that processes can share some. */
#define SECCOMP_LISTS_MAX 8
struct seccomp_rules {
    const char *const *allowed[SECCOMP_LISTS_MAX];
    const struct seccomp_condition *conditions[SECCOMP_LISTS_MAX];
    const char *const *fatal; /* end the process, whatever becomes of others; or NULL */
    bool is_strict;           /* what is not allowed ends the process, else it fails with EPERM */
};

/* How the kernel is given the filter: another filter, which is in force already, may forbid one of them. */
enum seccomp_way {
    SECCOMP_BY_CALL,  /* seccomp(2) */
    SECCOMP_BY_PRCTL, /* prctl(2): a process that has threads must not use it */
    SECCOMP_WAYS
};

/* Confines the calling process, and its threads to come, for good. Returns 0, or -1 with errno when it is not
 * confined; it must have no_new_privs set. */
int seccomp_filter_install(const struct seccomp_rules *rules, enum seccomp_way way, struct error *error);

#endif
