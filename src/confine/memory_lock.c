/* Memory that is never written to a disk: how much of it a process may have. */
#include "confine/memory_lock.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/memory.h"

/* Root may have no limit, others their hard one. Returns the limit that there is then. */
static rlim_t raise_limit(void)
{
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0)
        return RLIM_INFINITY;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
        return 0;
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 ? limit.rlim_max : before;
}

/* Tries it. Returns 0, or -1 with the bare reason. */
static int try_lock(struct error *error)
{
    if (secret_locking_is_forbidden())
        return error_set(
            error, "a filter of system calls kills who tries (mlock, madvise; SystemCallFilter=@memlock)");
    /* Root can lock beyond the limit while it has the capability for that, which it is about to give up. */
    rlim_t limit = raise_limit();
    if (limit < MEMORY_LOCK_MIN)
        return error_set(error, "the limit is %lu bytes, and %d are needed (ulimit -l, LimitMEMLOCK=)",
                         (unsigned long)limit, MEMORY_LOCK_MIN);
    void *memory = mmap(NULL, MEMORY_LOCK_MIN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return error_set(error, "%s", strerror(errno));
    int result = 0;
    if (mlock(memory, MEMORY_LOCK_MIN) != 0)
        result = error_set(error, "%s", strerror(errno));
    else if (madvise(memory, MEMORY_LOCK_MIN, MADV_DONTDUMP) != 0)
        result = error_set(error, "it can't be left out of dumps: %s", strerror(errno));
    munmap(memory, MEMORY_LOCK_MIN);
    return result;
}

int memory_lock_check(struct error *error)
{
    if (try_lock(error) != 0)
        return error_add_context(error,
                                 "keys can't be locked into memory here, they may be written to the swap");
    return 0;
}
