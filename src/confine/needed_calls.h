/* The system calls without which obpub can't work: tried at its start, so that where a filter forbids one,
 * obpub says so and does not just end, or fail later. What it confines itself with is not among them
 * (confine.h). */
#ifndef OBPUB_CONFINE_NEEDED_CALLS_H
#define OBPUB_CONFINE_NEEDED_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* What a program does, and needs calls for; bits. */
enum {
    CALLS_FOR_ANYTHING = 1 << 0,
    CALLS_FOR_PROCESSES = 1 << 1, /* has processes of its own, and talks to tors */
    CALLS_FOR_FILES = 1 << 2,     /* writes files */
    CALLS_FOR_A_SOCKET = 1 << 3,  /* asks another process */
    CALLS_FOR_TORS = 1 << 4,      /* talks to tors, and has no processes of its own */
};

#define NEEDED_CALLS_MAX 24

struct needed_calls {
    struct error missing[NEEDED_CALLS_MAX]; /* a sentence for each group of calls that can't be made here */
    size_t missing_count;
    bool kills_locking; /* memory must not be locked: who tries is killed. It can be done without */
};

/* Tries them, for a program that does all that the bits say. */
void needed_calls_try(struct needed_calls *calls, unsigned purposes);

#endif
