/* A process that this one forks to do a part of the work, and that ends with it. */
#ifndef OBPUB_PROCESS_CHILD_H
#define OBPUB_PROCESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

struct child {
    pid_t id; /* 0: none */
    const char *name;
    int status; /* what it has exited with; -1 while that is not known, or where a signal has ended it */
};

/* What a child exits with that can't do its work here, and has said why: no new start mends that. */
#define CHILD_STATUS_LASTING 2

/* What child_start() returns. */
enum {
    CHILD_IS_ME = 0,
    CHILD_IS_ME_IN_DISORDER, /* and error says why: it has to say so, and end */
    CHILD_STARTED,
};

/* Forks. In the child this returns CHILD_IS_ME after the child has put itself in order: it has the name (at
 * most 15 bytes, for ps), only the standard descriptors, of which input and output are /dev/null, and those
 * of kept, it is ended when the parent ends, and it ignores the signals that decide what obpub does, which
 * are the parent's to act on; or CHILD_IS_ME_IN_DISORDER. In the parent it returns CHILD_STARTED, with child
 * to be ended by child_end(); or -1. */
int child_start(struct child *child, const char *name, const int *kept, size_t kept_count,
                struct error *error);

/* Waits a moment for a child that ends by itself because its sockets are closed; ends it if it does not.
 * Nothing happens when there is none. */
void child_end(struct child *child);

/* Says how a child that seems to have ended did so ("the process obpub-signer was ended by signal 9
 * (Killed)"), and whether that lasts. A child that has ended is none any more. Returns whether it ended of
 * its own accord, with status 0, as it does when another one has ended. */
bool child_describe_end(struct child *child, struct error *error);

#endif
