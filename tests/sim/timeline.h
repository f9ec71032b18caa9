/* What is going to happen, in the order of time; things at the same moment in the order they were told. */
#ifndef OBPUB_TESTS_SIM_TIMELINE_H
#define OBPUB_TESTS_SIM_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

struct world;
struct happening;

typedef void (*happening_function)(struct world *world, const struct happening *happening);

/* What the numbers mean is the function's business. */
struct happening {
    int64_t at;
    uint64_t order;
    happening_function function;
    uint32_t one, two, three;
    uint64_t number;
    void *thing; /* released with free() after the function has run */
};

struct timeline {
    struct happening *heap;
    size_t count, size;
    uint64_t order;
};

void timeline_add(struct timeline *timeline, struct happening happening);

/* The next one's time; INT64_MAX for none. */
int64_t timeline_next(const struct timeline *timeline);
struct happening timeline_take(struct timeline *timeline);
void timeline_clear(struct timeline *timeline);

#endif
