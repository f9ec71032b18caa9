/* What is going to happen, in the order of time: a heap. */
#include "timeline.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static bool is_before(const struct happening *one, const struct happening *other)
{
    return one->at != other->at ? one->at < other->at : one->order < other->order;
}

void timeline_add(struct timeline *timeline, struct happening happening)
{
    if (timeline->count == timeline->size) {
        timeline->size = timeline->size > 0 ? 2 * timeline->size : 1024;
        timeline->heap = memory_resize(timeline->heap, timeline->size, sizeof(*timeline->heap));
    }
    happening.order = timeline->order++;
    size_t place = timeline->count++;
    while (place > 0 && is_before(&happening, &timeline->heap[(place - 1) / 2])) {
        timeline->heap[place] = timeline->heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    timeline->heap[place] = happening;
}

int64_t timeline_next(const struct timeline *timeline)
{
    return timeline->count > 0 ? timeline->heap[0].at : INT64_MAX;
}

struct happening timeline_take(struct timeline *timeline)
{
    struct happening first = timeline->heap[0];
    struct happening last = timeline->heap[--timeline->count];
    size_t place = 0;
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= timeline->count)
            break;
        if (child + 1 < timeline->count && is_before(&timeline->heap[child + 1], &timeline->heap[child]))
            child++;
        if (!is_before(&timeline->heap[child], &last))
            break;
        timeline->heap[place] = timeline->heap[child];
        place = child;
    }
    timeline->heap[place] = last;
    return first;
}

void timeline_clear(struct timeline *timeline)
{
    for (size_t i = 0; i < timeline->count; i++)
        free(timeline->heap[i].thing);
    free(timeline->heap);
    memset(timeline, 0, sizeof(*timeline));
}
