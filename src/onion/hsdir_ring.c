/* The HSDir hash ring: every HSDir at its index, and the ones that follow a blinded key's. */
#include "onion/hsdir_ring.h"

#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/hash_sort.h"
#include "base/memory.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The strings that keep the three uses of H() apart, without their NUL. */
#define DISASTER_PREFIX "shared-random-disaster"
#define HSDIR_INDEX_PREFIX "node-idx"
#define DESCRIPTOR_INDEX_PREFIX "store-at-idx"
#define PREFIX_SPAN(prefix) ((struct span){(prefix), sizeof(prefix) - 1})

void hsdir_ring_disaster_value(uint8_t value[SHARED_RANDOM_VALUE_SIZE], uint64_t period_number,
                               uint32_t period_length)
{
    uint8_t number[8], length[8];
    big_endian_write_uint64(number, period_number);
    big_endian_write_uint64(length, period_length);
    const struct span pieces[] = {
        PREFIX_SPAN(DISASTER_PREFIX), {length, sizeof(length)}, {number, sizeof(number)}};
    hash_sha3_256(value, pieces, COUNT_OF(pieces));
}

/* What is hashed for an HSDir's index, all of it bytes, so that nothing lies between them. There are
 * thousands of HSDirs, and a hash of one piece is faster than that of several. */
struct hsdir_index_input {
    uint8_t prefix[sizeof(HSDIR_INDEX_PREFIX) - 1];
    uint8_t ed25519_identity[ED25519_PUBLIC_KEY_SIZE];
    uint8_t shared_random_value[SHARED_RANDOM_VALUE_SIZE];
    uint8_t period_number[8], period_length[8];
};

/* hs_relay_index() of rend-spec-v3 [WHERE-HSDESC] of each HSDir; there the number of the period comes before
 * its length, and after it in the other two. */
static void compute_hsdir_indices(struct hsdir_ring *ring, const struct hsdir *hsdirs,
                                  const uint8_t shared_random_value[SHARED_RANDOM_VALUE_SIZE])
{
    struct hasher *hasher = hasher_new();
    struct hsdir_index_input input = {.prefix = HSDIR_INDEX_PREFIX};
    const struct span whole = {&input, sizeof(input)};
    memcpy(input.shared_random_value, shared_random_value, sizeof(input.shared_random_value));
    big_endian_write_uint64(input.period_number, ring->period_number);
    big_endian_write_uint64(input.period_length, ring->period_length);
    for (size_t i = 0; i < ring->count; i++) {
        memcpy(input.ed25519_identity, hsdirs[i].ed25519_identity, sizeof(input.ed25519_identity));
        ring->entries[i].hsdir = (uint32_t)i;
        hasher_sha3_256(hasher, ring->entries[i].index, &whole, 1);
    }
    hasher_free(hasher);
}

/* hs_service_index() of rend-spec-v3 [WHERE-HSDESC]. */
static void compute_descriptor_index(uint8_t index[HSDIR_INDEX_SIZE], const struct hsdir_ring *ring,
                                     const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                                     uint32_t replica_number)
{
    uint8_t replica[8], length[8], number[8];
    big_endian_write_uint64(replica, replica_number);
    big_endian_write_uint64(length, ring->period_length);
    big_endian_write_uint64(number, ring->period_number);
    const struct span pieces[] = {
        PREFIX_SPAN(DESCRIPTOR_INDEX_PREFIX),
        {blinded_key, ED25519_PUBLIC_KEY_SIZE},
        {replica, sizeof(replica)},
        {length, sizeof(length)},
        {number, sizeof(number)},
    };
    hash_sha3_256(index, pieces, COUNT_OF(pieces));
}

/* Orders entries by index; those of relays that share an identity by their position, so that the order is
 * always the same. */
static int compare_entries(const void *a, const void *b)
{
    const struct hsdir_ring_entry *first = a, *second = b;
    int order = memcmp(first->index, second->index, HSDIR_INDEX_SIZE);
    return order != 0 ? order : (first->hsdir > second->hsdir) - (first->hsdir < second->hsdir);
}

void hsdir_ring_build(struct hsdir_ring *ring, const struct hsdir *hsdirs, size_t count,
                      const uint8_t shared_random_value[SHARED_RANDOM_VALUE_SIZE], uint64_t period_number,
                      uint32_t period_length)
{
    uint32_t starts[HASH_SORT_PARTS + 1];
    ring->entries = memory_allocate(count, sizeof(*ring->entries));
    ring->count = count;
    ring->period_number = period_number;
    ring->period_length = period_length;
    compute_hsdir_indices(ring, hsdirs, shared_random_value);
    hash_sort(ring->entries, count, sizeof(*ring->entries), compare_entries, starts);
}

void hsdir_ring_clear(struct hsdir_ring *ring)
{
    free(ring->entries);
    *ring = (struct hsdir_ring){.entries = NULL};
}

/* The position of the first entry whose index is not below index, or 0 past the last one: the ring closes. */
static size_t find_position(const struct hsdir_ring *ring, const uint8_t index[HSDIR_INDEX_SIZE])
{
    size_t low = 0, high = ring->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(ring->entries[middle].index, index, HSDIR_INDEX_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < ring->count ? low : 0;
}

static bool is_taken(const struct hsdir_ring_entry *entry, const struct hsdir_ring_entry **responsible,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (responsible[i] == entry)
            return true;
    }
    return false;
}

size_t hsdir_ring_find_responsible(const struct hsdir_ring *ring,
                                   const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], uint32_t replicas,
                                   uint32_t spread, const struct hsdir_ring_entry **responsible)
{
    if (ring->count == 0)
        return 0;
    replicas = replicas < HSDIR_REPLICAS_MAX ? replicas : HSDIR_REPLICAS_MAX;
    spread = spread < HSDIR_SPREAD_MAX ? spread : HSDIR_SPREAD_MAX;
    size_t count = 0;
    for (uint32_t replica = 1; replica <= replicas; replica++) {
        uint8_t index[HSDIR_INDEX_SIZE];
        compute_descriptor_index(index, ring, blinded_key, replica);
        size_t start = find_position(ring, index);
        size_t replica_end = count + spread;
        /* Once round the ring at most: a small network has fewer HSDirs than replicas * spread. */
        for (size_t step = 0; step < ring->count && count < replica_end; step++) {
            const struct hsdir_ring_entry *entry = &ring->entries[(start + step) % ring->count];
            if (!is_taken(entry, responsible, count))
                responsible[count++] = entry;
        }
    }
    return count;
}
