/* Memory that is never written to a disk: how much of it a process may have. */
#ifndef OBPUB_CONFINE_MEMORY_LOCK_H
#define OBPUB_CONFINE_MEMORY_LOCK_H

#include "base/error.h"

/* What each process locks with one frontend, and some room: its buffers for secrets and a page for each key.
 */
#define MEMORY_LOCK_MIN 65536 /* bytes */

/* Raises the limit on locked memory (RLIMIT_MEMLOCK) as far as this process may, for it and the children to
 * come, and tries whether so much can be locked and left out of dumps (mlock(2), madvise(2)). Returns 0, or
 * -1 with a sentence that says what it means for keys, and the reason. */
int memory_lock_check(struct error *error);

#endif
