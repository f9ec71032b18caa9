/* Root's powers one by one (capabilities(7)): gives them up. */
#include "confine/capabilities.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel takes and gives the sets as two words of 32 bits each. */
#define WORDS _LINUX_CAPABILITY_U32S_3
#define CAPABILITIES_MAX (32 * WORDS)

static int get_sets(struct __user_cap_data_struct sets[WORDS])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return (int)syscall(SYS_capget, &header, sets);
}

static int set_sets(const struct __user_cap_data_struct sets[WORDS])
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    return (int)syscall(SYS_capset, &header, sets);
}

/* Nothing started from here can have them either. A process that is not privileged is refused, and needs it
 * not: it runs with no_new_privs. The kernel says EINVAL past its last capability. */
static void drop_bounding_set(uint64_t kept)
{
    for (unsigned capability = 0; capability < CAPABILITIES_MAX; capability++) {
        if ((kept >> capability & 1) == 0 && prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 &&
            errno == EINVAL)
            break;
    }
}

int capabilities_keep(uint64_t kept, struct error *error)
{
    struct __user_cap_data_struct sets[WORDS] = {{0}};
    bool has_more = false;
    drop_bounding_set(kept);
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (get_sets(sets) != 0)
        return error_set(error, "the process's capabilities can't be seen (%s)", strerror(errno));
    for (unsigned word = 0; word < WORDS; word++) {
        uint32_t permitted = sets[word].permitted & (uint32_t)(kept >> (32 * word));
        has_more = has_more || sets[word].permitted != permitted || sets[word].effective != permitted ||
                   sets[word].inheritable != 0;
        sets[word].permitted = permitted;
        sets[word].effective = sets[word].permitted;
        sets[word].inheritable = 0;
    }
    if (has_more && set_sets(sets) != 0) /* one without any may not be allowed to make the call */
        return error_set(error, "the process's capabilities can't be given up (%s)", strerror(errno));
    return 0;
}

bool capabilities_have(uint64_t set)
{
    struct __user_cap_data_struct sets[WORDS] = {{0}};
    if (get_sets(sets) != 0)
        return false;
    for (unsigned word = 0; word < WORDS; word++) {
        uint32_t wanted = (uint32_t)(set >> (32 * word));
        if ((sets[word].effective & wanted) != wanted)
            return false;
    }
    return true;
}
