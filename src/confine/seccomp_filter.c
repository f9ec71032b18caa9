/* Which system calls a process may make, and with which arguments (seccomp(2)). */
#include "confine/seccomp_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

/* Has libseccomp know which way it is to go, before it looks for itself: its looking is calls of seccomp(),
 * too. Returns 0, or -1 with errno. */
static int choose_way(enum seccomp_way way)
{
    const unsigned prctl_alone = 1; /* what libseccomp calls a level: see seccomp_api_set(3) */
    uint32_t action = SECCOMP_RET_KILL_PROCESS;
    if (way == SECCOMP_BY_CALL)
        return (int)syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action);
    return seccomp_api_set(prctl_alone);
}

/* What ends a process: prctl() can only have the thread end, which is all that there is of it. */
static uint32_t find_end(enum seccomp_way way)
{
    return way == SECCOMP_BY_CALL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_KILL_THREAD;
}

/* Adds a rule for a call by name. Returns 0 or a negated errno; calls of other kinds of machine are no error.
 */
static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *call, unsigned condition_count,
                    const struct scmp_arg_cmp *condition)
{
    int number = seccomp_syscall_resolve_name(call);
    if (number == __NR_SCMP_ERROR)
        return 0; /* newer than this libseccomp: not allowed then */
    int result = seccomp_rule_add_array(filter, action, number, condition_count, condition);
    return result == -EDOM ? 0 : result;
}

static int add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
    int result = 0;
    for (; *names != NULL && result == 0; names++)
        result = add_rule(filter, action, *names, 0, NULL);
    return result;
}

static int add_conditions(scmp_filter_ctx filter, const struct seccomp_condition *condition)
{
    int result = 0;
    for (; condition->call != NULL && result == 0; condition++) {
        const struct scmp_arg_cmp comparison = {
            .arg = condition->argument,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = condition->mask,
            .datum_b = condition->value,
        };
        result = add_rule(filter, SCMP_ACT_ALLOW, condition->call, 1, &comparison);
    }
    return result;
}

/* Returns 0 or a negated errno. */
static int fill_filter(scmp_filter_ctx filter, const struct seccomp_rules *rules, uint32_t end)
{
    int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, end);
    /* A tree instead of a list: the engine makes very many calls, and there are about a hundred rules. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    for (size_t i = 0; i < SECCOMP_LISTS_MAX && rules->allowed[i] != NULL && result == 0; i++)
        result = add_names(filter, SCMP_ACT_ALLOW, rules->allowed[i]);
    for (size_t i = 0; i < SECCOMP_LISTS_MAX && rules->conditions[i] != NULL && result == 0; i++)
        result = add_conditions(filter, rules->conditions[i]);
    if (result == 0 && rules->fatal != NULL)
        result = add_names(filter, end, rules->fatal);
    return result;
}

int seccomp_filter_install(const struct seccomp_rules *rules, enum seccomp_way way, struct error *error)
{
    const uint32_t end = find_end(way);
    if (choose_way(way) != 0)
        return error_set(error, "%s", strerror(errno));
    scmp_filter_ctx filter = seccomp_init(rules->is_strict ? end : SCMP_ACT_ERRNO((uint32_t)EPERM));
    if (filter == NULL)
        return error_set(error, "libseccomp can't be initialised");
    int result = fill_filter(filter, rules, end);
    if (result == 0)
        result = seccomp_load(filter);
    seccomp_release(filter);
    if (result == 0)
        return 0;
    error_set(error, "the filter is not accepted (%s)", strerror(-result));
    errno = -result;
    return -1;
}
