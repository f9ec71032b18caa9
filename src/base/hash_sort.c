/* Sorts things by hashes. */
#include "base/hash_sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A part of so many things is sorted by qsort(): for fewer, moving them about is faster. */
#define LARGE_PART 16

/* Sets where each part begins. */
static void find_starts(const uint8_t *things, size_t count, size_t size, uint32_t *starts)
{
    memset(starts, 0, (HASH_SORT_PARTS + 1) * sizeof(*starts));
    for (size_t i = 0; i < count; i++)
        starts[hash_sort_part(things + i * size) + 1]++;
    for (size_t part = 0; part < HASH_SORT_PARTS; part++)
        starts[part + 1] += starts[part];
}

/* Sorts a few things by putting each where it belongs among those before it. */
static void sort_few(uint8_t *things, size_t count, size_t size,
                     int (*compare)(const void *one, const void *other), uint8_t *room)
{
    for (size_t i = 1; i < count; i++) {
        size_t place = i;
        while (place > 0 && compare(things + (place - 1) * size, things + i * size) > 0)
            place--;
        if (place == i)
            continue;
        memcpy(room, things + i * size, size);
        memmove(things + (place + 1) * size, things + place * size, (i - place) * size);
        memcpy(things + place * size, room, size);
    }
}

void hash_sort(void *things, size_t count, size_t size, int (*compare)(const void *one, const void *other),
               uint32_t starts[HASH_SORT_PARTS + 1])
{
    uint8_t *target = things;
    find_starts(target, count, size, starts);
    if (count == 0)
        return;
    uint8_t *source = memory_resize(NULL, count, size);
    memcpy(source, things, count * size);
    for (size_t i = 0; i < count; i++) {
        const uint8_t *thing = source + i * size;
        memcpy(target + starts[hash_sort_part(thing)]++ * size, thing, size);
    }
    /* Each part now begins where the one before has moved its beginning to. */
    memmove(starts + 1, starts, HASH_SORT_PARTS * sizeof(*starts));
    starts[0] = 0;
    for (size_t part = 0; part < HASH_SORT_PARTS; part++) {
        const size_t length = starts[part + 1] - starts[part];
        uint8_t *first = target + starts[part] * size;
        if (length >= LARGE_PART)
            qsort(first, length, size, compare);
        else
            sort_few(first, length, size, compare, source);
    }
    free(source);
}
