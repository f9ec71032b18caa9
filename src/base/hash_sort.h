/* Sorts things by hashes, which lie evenly spread: by their first bits at once, and then each few that have
 * these in common. */
#ifndef OBPUB_BASE_HASH_SORT_H
#define OBPUB_BASE_HASH_SORT_H

#include <stddef.h>
#include <stdint.h>

/* The things are parted by so many beginnings of their hashes. */
#define HASH_SORT_PARTS 4096

/* The number of the part of a hash of two bytes or more. */
static inline size_t hash_sort_part(const uint8_t *hash)
{
    return (size_t)hash[0] << 4 | hash[1] >> 4;
}

/* Sorts count things of size bytes, each of which begins with its hash, as qsort() does with compare, which
 * has to compare the hashes first, as memcmp() does. starts is set to where each part begins, counted in
 * things, and behind the last part to count. Takes no longer than qsort() for hashes that somebody has
 * chosen. */
void hash_sort(void *things, size_t count, size_t size, int (*compare)(const void *one, const void *other),
               uint32_t starts[HASH_SORT_PARTS + 1]);

#endif
