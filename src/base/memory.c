/* Allocation that does not fail, and memory for secrets. */
#include "base/memory.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

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

void memory_give_back(void)
{
#ifdef __GLIBC__
    /* This calls madvise(), which a filter that forbids locking may forbid, too. */
    if (!secret_locking_is_forbidden())
        malloc_trim(0);
#endif
}

char *memory_copy_text(const char *text, size_t length)
{
    if (length == SIZE_MAX)
        end_process(length, 1);
    char *copy = memory_allocate(length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

/* Whether to lock memory ends the process: a fact about the place where it runs, found out once. */
static bool locking_is_forbidden;

void secret_forbid_locking(void)
{
    locking_is_forbidden = true;
}

bool secret_locking_is_forbidden(void)
{
    return locking_is_forbidden;
}

/* What stands before a secret in memory that is not libsodium's: how much was mapped, with the closed pages
 * on both sides. As long as keeps what follows aligned for any type. */
union secret_header {
    size_t mapped;
    max_align_t alignment;
};

/* Closed pages lie before and behind, as with libsodium; but nothing is locked or kept out of dumps, and the
 * secret stands at the beginning of its pages and not at their end. Returns NULL where there is no memory. */
static void *allocate_unlocked(size_t size)
{
    const size_t page = getauxval(AT_PAGESZ);
    if (size > SIZE_MAX - 4 * page)
        return NULL;
    const size_t open = (size + sizeof(union secret_header) + page - 1) / page * page;
    uint8_t *memory = mmap(NULL, open + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return NULL;
    union secret_header *header = (union secret_header *)(void *)(memory + page);
    if (mprotect(header, open, PROT_READ | PROT_WRITE) != 0) {
        munmap(memory, open + 2 * page);
        return NULL;
    }
    header->mapped = open + 2 * page;
    return header + 1;
}

static void free_unlocked(void *secret)
{
    const size_t page = getauxval(AT_PAGESZ);
    if (secret == NULL)
        return;
    union secret_header *header = (union secret_header *)secret - 1;
    const size_t mapped = header->mapped;
    sodium_memzero(header, mapped - 2 * page);
    munmap((uint8_t *)header - page, mapped);
}

void *secret_allocate(size_t size)
{
    void *secret = locking_is_forbidden ? allocate_unlocked(size) : sodium_malloc(size);
    if (secret == NULL)
        end_process(1, size);
    memset(secret, 0, size);
    return secret;
}

bool secret_is_locked(const void *secret, size_t size)
{
    /* libsodium has tried and does not say; to lock once more what is locked changes nothing. */
    return !locking_is_forbidden && mlock(secret, size) == 0;
}

void secret_free(void *secret)
{
    if (locking_is_forbidden)
        free_unlocked(secret);
    else
        sodium_free(secret);
}

void secret_wipe(void *memory, size_t length)
{
    sodium_memzero(memory, length);
}
