/* Finds the number of a thing by its 32-byte key, in the same time however many there are. */
#include "base/key_index.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"

#define SIZE_FIRST 64

/* An entry that is free has the number KEY_INDEX_NONE. */
struct key_index_entry {
    uint8_t key[KEY_INDEX_KEY_SIZE];
    size_t number;
};

/* The entry of a key, or the free one where it would be; size is a power of two. */
static struct key_index_entry *find_entry(const struct key_index *index, const uint8_t *key)
{
    uint8_t digest[crypto_shorthash_BYTES];
    uint64_t position;
    crypto_shorthash(digest, key, KEY_INDEX_KEY_SIZE, index->seed);
    memcpy(&position, digest, sizeof(position));
    for (;; position++) {
        struct key_index_entry *entry = &index->entries[position & (index->size - 1)];
        if (entry->number == KEY_INDEX_NONE || memcmp(entry->key, key, KEY_INDEX_KEY_SIZE) == 0)
            return entry;
    }
}

static void grow(struct key_index *index)
{
    struct key_index_entry *old = index->entries;
    size_t old_size = index->size;
    if (old == NULL)
        crypto_shorthash_keygen(index->seed);
    index->size = old_size > 0 ? 2 * old_size : SIZE_FIRST;
    index->entries = memory_allocate(index->size, sizeof(*index->entries));
    for (size_t i = 0; i < index->size; i++)
        index->entries[i].number = KEY_INDEX_NONE;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i].number != KEY_INDEX_NONE)
            *find_entry(index, old[i].key) = old[i];
    }
    free(old);
}

void key_index_add(struct key_index *index, const uint8_t key[KEY_INDEX_KEY_SIZE], size_t number)
{
    if (2 * index->count >= index->size)
        grow(index);
    struct key_index_entry *entry = find_entry(index, key);
    index->count += entry->number == KEY_INDEX_NONE;
    memcpy(entry->key, key, KEY_INDEX_KEY_SIZE);
    entry->number = number;
}

size_t key_index_find(const struct key_index *index, const uint8_t key[KEY_INDEX_KEY_SIZE])
{
    return index->count > 0 ? find_entry(index, key)->number : KEY_INDEX_NONE;
}

void key_index_clear(struct key_index *index)
{
    free(index->entries);
    memset(index, 0, sizeof(*index));
}
