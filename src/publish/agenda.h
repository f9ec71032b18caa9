/* When which of a number of things wants to be looked at: a heap of moments. */
#ifndef OBPUB_PUBLISH_AGENDA_H
#define OBPUB_PUBLISH_AGENDA_H

#include <stddef.h>
#include <stdint.h>

#include "publish/moment.h"

/* Things are numbered from 0. Zeroed it is empty. */
struct agenda {
    int64_t *moments;  /* by number; MOMENT_NEVER for those not in the heap */
    size_t *positions; /* by number: where in the heap */
    size_t *heap;      /* numbers, the earliest moment first */
    size_t count;      /* things known */
    size_t heap_count;
};

/* Sets a thing's moment, which takes the place of the one it had; MOMENT_NEVER takes it out. Costs the
 * logarithm of the number of things. */
void agenda_set(struct agenda *agenda, size_t number, int64_t moment);

/* The earliest moment of all, or MOMENT_NEVER; *number is set to whose it is. */
int64_t agenda_first(const struct agenda *agenda, size_t *number);

/* A thing's moment; MOMENT_NEVER when it has none. */
int64_t agenda_moment(const struct agenda *agenda, size_t number);

/* How many things have a moment. */
size_t agenda_count(const struct agenda *agenda);

void agenda_clear(struct agenda *agenda);

#endif
