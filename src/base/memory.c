/* Allocation that does not fail, and memory for secrets. */
#include "base/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

static void end_process(size_t count, size_t size) __attribute__((noreturn));

static void end_process(size_t count, size_t size)
{
    fprintf(stderr, "obpub: out of memory (%zu objects of %zu bytes)\n", count, size);
    abort();
}

void *memory_allocate(size_t count, size_t size)
{
    void *memory = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
    if (memory == NULL)
        end_process(count, size);
    return memory;
}

void *memory_resize(void *memory, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        end_process(count, size);
    void *resized = realloc(memory, count * size > 0 ? count * size : 1);
    if (resized == NULL)
        end_process(count, size);
    return resized;
}

void *memory_make_room(void *objects, size_t *room, size_t wanted, size_t first, size_t size)
{
    if (wanted <= *room)
        return objects;
    size_t grown = *room > 0 ? 2 * *room : first;
    *room = grown > wanted ? grown : wanted;
    return memory_resize(objects, *room, size);
}

void *memory_extend(void *objects, size_t *count, size_t wanted, size_t size)
{
    if (wanted <= *count)
        return objects;
    char *extended = memory_resize(objects, wanted, size);
    memset(extended + *count * size, 0, (wanted - *count) * size);
    *count = wanted;
    return extended;
}

char *memory_copy_text(const char *text, size_t length)
{
    if (length == SIZE_MAX)
        end_process(length, 1);
    char *copy = memory_allocate(length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

void *secret_allocate(size_t size)
{
    void *secret = sodium_malloc(size);
    if (secret == NULL)
        end_process(1, size);
    memset(secret, 0, size);
    return secret;
}

bool secret_is_locked(const void *secret, size_t size)
{
    /* libsodium has tried and does not say; to lock once more what is locked changes nothing. */
    return mlock(secret, size) == 0;
}

void secret_free(void *secret)
{
    sodium_free(secret);
}

void secret_wipe(void *memory, size_t length)
{
    sodium_memzero(memory, length);
}
