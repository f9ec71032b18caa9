/* How many files this process may have open: each control connection is one. */
#include "engine/open_files.h"

#include <sys/resource.h>

#include "publish/publisher.h"

/* For all but the backends: local tors, listeners and those who ask there, the other processes, logs. */
#define OTHER_FILES 192

size_t open_files_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return OTHER_FILES;
    struct rlimit raised = {limit.rlim_max, limit.rlim_max};
    if (limit.rlim_cur < limit.rlim_max && setrlimit(RLIMIT_NOFILE, &raised) == 0)
        limit = raised;
    return limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
}

int open_files_check(const struct config *config, size_t maximum, struct error *error)
{
    size_t wanted = OTHER_FILES + config->tor_control_count, controls = 0, checked = 0;
    for (size_t i = 0; i < config->frontend_count; i++) {
        for (size_t j = 0; j < config->frontends[i].backend_count; j++) {
            controls += config->frontends[i].backends[j].has_control;
            checked += config->frontends[i].backends[j].health.is_on;
        }
    }
    size_t at_once = publisher_rules_default.check_permits;
    wanted += controls + (checked < at_once ? checked : at_once);
    if (wanted <= maximum)
        return 0;
    return error_set(error,
                     "the config names %zu control ports and %zu backends whose health is checked, for which "
                     "obpub needs %zu open files, but it may have "
                     "only %zu: raise LimitNOFILE= of its unit, or the hard limit of \"ulimit -n\"",
                     controls, checked, wanted, maximum);
}
