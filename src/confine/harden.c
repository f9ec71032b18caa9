/* What the process gives up at its start, so that the keys in its memory stay there. */
#include "confine/harden.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

int process_harden(struct error *error)
{
    const struct rlimit none = {0, 0};
    int result = 0;
    umask(077);
    /* A pipe in core_pattern gets a dump whatever the limit is; a process that is not dumpable has none. */
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        result = error_set(error, "core dumps can't be forbidden (%s)", strerror(errno));
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        result = error_set(error, "the process's memory can't be closed to others (%s)", strerror(errno));
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        result = error_set(error, "new privileges can't be forbidden (%s)", strerror(errno));
    return result;
}
