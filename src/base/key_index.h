/* Finds the number of a thing by its 32-byte key, in the same time however many there are. */
#ifndef OBPUB_BASE_KEY_INDEX_H
#define OBPUB_BASE_KEY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#define KEY_INDEX_KEY_SIZE 32
#define KEY_INDEX_NONE SIZE_MAX

struct key_index_entry;

/* Zeroed it is empty. */
struct key_index {
    struct key_index_entry *entries;
    size_t size, count;
    uint8_t seed[16]; /* so that nobody can choose keys that lie together */
};

/* Adds a key with any number but KEY_INDEX_NONE, which takes the place of the number that the key had. */
void key_index_add(struct key_index *index, const uint8_t key[KEY_INDEX_KEY_SIZE], size_t number);

/* The number that a key was added with, or KEY_INDEX_NONE. */
size_t key_index_find(const struct key_index *index, const uint8_t key[KEY_INDEX_KEY_SIZE]);

/* Empties it, and releases its memory. */
void key_index_clear(struct key_index *index);

#endif
