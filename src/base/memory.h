/* Allocation that does not fail, and memory for secrets. */
#ifndef OBPUB_BASE_MEMORY_H
#define OBPUB_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed memory for count objects of size bytes; release with free(). When there is none, or count * size
 * overflows, the process ends with a message on standard error: nothing sensible can be done then. */
void *memory_allocate(size_t count, size_t size);

/* Like realloc() for count objects of size bytes, with the same ending as memory_allocate(). New bytes are
 * not zeroed. */
void *memory_resize(void *memory, size_t count, size_t size);

/* Has room for wanted objects of size bytes where there was room for *room of them (0: objects is NULL). It
 * grows to first objects, then to twice as many each time, so that adding one after the other costs no more
 * than copying each a few times. New bytes are not zeroed. Returns the objects, to be released with free().
 */
void *memory_make_room(void *objects, size_t *room, size_t wanted, size_t first, size_t size);

/* Makes *count objects of size bytes wanted of them, if those are more; the new ones are zeroed. Returns the
 * objects, to be released with free(). */
void *memory_extend(void *objects, size_t *count, size_t wanted, size_t size);

/* Gives back to the kernel what has been released, as far as the C library can: for who has released much,
 * and goes on for long. */
void memory_give_back(void);

/* A copy of the first length bytes of text with a NUL behind it; release with free(). */
char *memory_copy_text(const char *text, size_t length);

/* Zeroed memory for a secret: guarded on both sides, locked, left out of core dumps, wiped by secret_free().
 * Ends the process when there is none. libsodium must have been initialised. That the kernel does not lock
 * any more (RLIMIT_MEMLOCK) is no failure: see secret_is_locked(). */
void *secret_allocate(size_t size);

/* Says, before the first secret is allocated, that this process and those it forks must not lock memory: a
 * filter of system calls kills who tries. Secrets are then in memory with closed pages around it that is not
 * locked. */
void secret_forbid_locking(void);
bool secret_locking_is_forbidden(void);

/* Whether what secret_allocate() gave for size bytes is locked, so that it is never written to the swap. */
bool secret_is_locked(const void *secret, size_t size);

/* Wipes and releases what secret_allocate() gave. NULL is fine. */
void secret_free(void *secret);

/* Wipes length bytes in a way no compiler leaves out: for secrets on the stack. */
void secret_wipe(void *memory, size_t length);

#endif
