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
};

/* Forks. In the child this returns 0 after the child has put itself in order: it has the name (at most 15
 * bytes, for ps), only the standard descriptors, of which input and output are /dev/null, and those of kept,
 * it is ended when the parent ends, and it ignores the signals that decide what obpub does, which are the
 * parent's to act on. In the parent it returns 1, with child to be ended by child_end(); or -1. */
int child_start(struct child *child, const char *name, const int *kept, size_t kept_count,
                struct error *error);

/* Waits a moment for a child that ends by itself because its sockets are closed; ends it if it does not.
 * Nothing happens when there is none. */
void child_end(struct child *child);

/* Waits a moment for a child that has closed its sockets, and takes what it exited with: its status, or
 * otherwise where it did not end, was ended by a signal, or exited with 0. A child that has ended is none any
 * more. */
int child_take_status(struct child *child, int otherwise);

/* Says how a child that seems to have ended did so ("the process obpub-signer was ended by signal 9
 * (Killed)"). A child that has ended is none any more. Returns whether it ended of its own accord, with
 * status 0, as it does when another one has ended. */
bool child_describe_end(struct child *child, struct error *error);

#endif
