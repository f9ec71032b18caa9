/* What a process may do with files, by path, and a few things besides (landlock(7)). */
#include "confine/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's headers end with version 2. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
#ifndef LANDLOCK_ACCESS_NET_BIND_TCP
#define LANDLOCK_ACCESS_NET_BIND_TCP (1ULL << 0)
#define LANDLOCK_ACCESS_NET_CONNECT_TCP (1ULL << 1)
#endif
#ifndef LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET
#define LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define LANDLOCK_SCOPE_SIGNAL (1ULL << 1)
#endif

/* struct landlock_ruleset_attr as of version 6. Older kernels take it as long as what they do not know is 0.
 */
struct ruleset {
    uint64_t files;
    uint64_t network;
    uint64_t scoped;
};

/* From which version on what can be forbidden. what: as a word for messages, where an older kernel allows it.
 */
static const struct {
    int version;
    struct ruleset rights;
    const char *what;
} generations[] = {
    /* executing, reading, writing, removing and making files of each kind: 13 rights without a gap */
    {1, {.files = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1}, NULL},
    {2, {.files = LANDLOCK_ACCESS_FS_REFER}, NULL},
    {3, {.files = LANDLOCK_ACCESS_FS_TRUNCATE}, "truncate()"},
    {4, {.network = LANDLOCK_ACCESS_NET_BIND_TCP | LANDLOCK_ACCESS_NET_CONNECT_TCP}, "TCP"},
    {5, {.files = LANDLOCK_ACCESS_FS_IOCTL_DEV}, "ioctl() of devices"},
    {6,
     {.scoped = LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | LANDLOCK_SCOPE_SIGNAL},
     "abstract unix sockets and signals"},
};

#define GENERATIONS (sizeof(generations) / sizeof(generations[0]))

static const uint64_t granted[] = {
    [LANDLOCK_READ] = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
    [LANDLOCK_BIND] = LANDLOCK_ACCESS_FS_MAKE_SOCK,
    [LANDLOCK_REMOVE] = LANDLOCK_ACCESS_FS_REMOVE_FILE,
};

int landlock_version(struct error *error)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version >= 1)
        return (int)version;
    error_set(error, "%s", errno == EOPNOTSUPP ? "it is turned off" : strerror(errno));
    return 0;
}

int landlock_check_version(int version, struct error *error)
{
    char missing[128] = "";
    size_t length = 0;
    for (size_t i = 0; i < GENERATIONS; i++) {
        if (generations[i].version <= version || generations[i].what == NULL || length >= sizeof(missing))
            continue;
        length += (size_t)snprintf(missing + length, sizeof(missing) - length, "%s%s", length > 0 ? ", " : "",
                                   generations[i].what);
    }
    if (length == 0)
        return 0;
    return error_set(error, "version %d can't forbid: %s (version %d can, Linux 6.12)", version, missing,
                     generations[GENERATIONS - 1].version);
}

/* All that the kernel can forbid and the rules do not grant outright. */
static struct ruleset choose_rights(const struct landlock_rules *rules, int version)
{
    struct ruleset ruleset = {0};
    for (size_t i = 0; i < GENERATIONS; i++) {
        if (generations[i].version > version)
            continue;
        ruleset.files |= generations[i].rights.files;
        ruleset.network |= generations[i].rights.network;
        ruleset.scoped |= generations[i].rights.scoped;
    }
    if (rules->may_use_tcp)
        ruleset.network = 0;
    if (rules->may_use_abstract_sockets)
        ruleset.scoped &= ~LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
    if (rules->may_send_signals)
        ruleset.scoped &= ~LANDLOCK_SCOPE_SIGNAL;
    return ruleset;
}

static int add_grant(int ruleset, const struct landlock_grant *grant, struct error *error)
{
    int folder = open(grant->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0)
        return 0;
    struct landlock_path_beneath_attr rule = {.allowed_access = granted[grant->right], .parent_fd = folder};
    long result = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    if (result != 0)
        error_set(error, "no rule for %s can be made (%s)", grant->folder, strerror(errno));
    close(folder);
    return (int)result;
}

int landlock_confine(const struct landlock_rules *rules, struct error *error)
{
    int version = landlock_version(error);
    if (version == 0)
        return -1;
    struct ruleset rights = choose_rights(rules, version);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rights, sizeof(rights), 0);
    if (ruleset < 0)
        return error_set(error, "no set of rules can be made (%s)", strerror(errno));
    int result = 0;
    for (size_t i = 0; i < rules->place_count && result == 0; i++)
        result = add_grant(ruleset, &rules->grants[i], error);
    if (result == 0) {
        result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
        if (result != 0)
            error_set(error, "the rules are not accepted (%s)", strerror(errno));
    }
    close(ruleset);
    return result;
}
