/* Confines a process to what its part needs. */
#include "confine/confine.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "confine/capabilities.h"
#include "confine/harden.h"
#include "confine/landlock.h"
#include "confine/memory_lock.h"
#include "confine/sanitizers.h"

#define SOCKET_FOLDERS_MAX 8

/* -- the plan ------------------------------------------------------------------------------------- */

static struct error *add_lack(struct confine_plan *plan)
{
    return &plan->lacks[plan->lack_count++];
}

void confine_plan_add_lack(struct confine_plan *plan, const struct error *lack)
{
    if (plan->lack_count < CONFINE_LACKS_MAX)
        *add_lack(plan) = *lack;
}

static void look_at_kernel(struct confine_plan *plan)
{
    struct error reason;
    if (HAS_SANITIZERS) {
        error_set(add_lack(plan), "this build has sanitizers in it, which can't work in a confined process");
        return;
    }
    plan->has_limits = true;
    plan->has_seccomp = seccomp_filter_check(&reason) == 0;
    if (!plan->has_seccomp)
        error_set(add_lack(plan), "system calls can't be filtered here: %s", reason.text);
    plan->landlock_version = landlock_version(&reason);
    if (plan->landlock_version == 0)
        error_set(add_lack(plan), "there is no Landlock here, which would close files to processes: %s",
                  reason.text);
    else if (landlock_check_version(plan->landlock_version, &reason) != 0)
        error_set(add_lack(plan), "the Landlock here does not do all that it could: %s", reason.text);
    if (memory_lock_check(&reason) != 0)
        *add_lack(plan) = reason;
}

/* Started as somebody else than root, obpub stays that user. */
static int keep_user(struct confine_plan *plan, const char *user_name, struct error *error)
{
    struct user user;
    if (user_name == NULL)
        return 0;
    if (user_find(&user, user_name, error) != 0)
        return error_add_context(error, "the config's \"user\"");
    if (user.uid != geteuid())
        error_set(add_lack(plan), "only root can become the config's user \"%s\": uid %u goes on as it is",
                  user_name, (unsigned)geteuid());
    return 0;
}

/* A user that the config names has to be there; without any, root goes on without its capabilities. Also
 * where the config asks for that, something is lacking: what belongs to root needs no capability of it. */
static int choose_user(struct confine_plan *plan, const char *user_name, struct error *error)
{
    if (geteuid() != 0)
        return keep_user(plan, user_name, error);
    int found = user_find(&plan->user, user_name != NULL ? user_name : CONFINE_USER_DEFAULT, error);
    if (found < 0 || (found > 0 && user_name != NULL))
        return error_add_context(error, "the config's \"user\"");
    plan->has_user = found == 0 && plan->user.uid != 0;
    if (found > 0)
        error_set(
            add_lack(plan),
            "obpub was started as root and stays it: there is no user \"%s\" (make one, or name another "
            "as \"user\" in the config)",
            CONFINE_USER_DEFAULT);
    else if (!plan->has_user)
        error_set(add_lack(plan),
                  "obpub was started as root and stays it: \"%s\" is root, to whom root's files are open "
                  "without capabilities, too (name another as \"user\" in the config)",
                  user_name != NULL ? user_name : CONFINE_USER_DEFAULT);
    return 0;
}

int confine_plan_make(struct confine_plan *plan, const char *user_name, bool is_required, struct error *error)
{
    memset(plan, 0, sizeof(*plan));
    plan->is_required = is_required;
    look_at_kernel(plan);
    if (choose_user(plan, user_name, error) != 0)
        return -1;
    if (is_required && plan->lack_count > 0)
        return error_set(error, "the config has \"require-sandbox\", and %s", plan->lacks[0].text);
    return 0;
}

/* -- confining ------------------------------------------------------------------------------------ */

static int confine_files(const struct confine_profile *profile, const struct confine_needs *needs,
                         struct error *error)
{
    struct landlock_grant grants[SOCKET_FOLDERS_MAX + 1];
    size_t count = 0;
    if (profile->may_read_files)
        grants[count++] = (struct landlock_grant){"/", LANDLOCK_READ};
    for (size_t i = 0; i < needs->socket_folder_count && i < SOCKET_FOLDERS_MAX; i++)
        grants[count++] = (struct landlock_grant){needs->socket_folders[i], profile->socket_right};
    const struct landlock_rules rules = {
        .grants = grants,
        .place_count = count,
        .may_use_tcp = profile->may_use_tcp,
        .may_use_abstract_sockets = needs->has_abstract_sockets,
        .may_send_signals = profile->has_children,
    };
    if (landlock_confine(&rules, error) != 0)
        return error_add_context(error, "Landlock");
    return 0;
}

static int lower_limits(const struct confine_profile *profile, struct error *error)
{
    for (size_t i = 0; i < profile->limit_count; i++) {
        struct rlimit limit = {profile->limits[i].value, profile->limits[i].value};
        struct rlimit now;
        if (getrlimit((__rlimit_resource_t)profile->limits[i].resource, &now) == 0 &&
            now.rlim_max < limit.rlim_max)
            limit.rlim_max = now.rlim_max;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        if (setrlimit((__rlimit_resource_t)profile->limits[i].resource, &limit) != 0)
            return error_set(error, "a limit on resources can't be lowered (%s)", strerror(errno));
    }
    return 0;
}

enum confine_result confine_process(const struct confine_plan *plan, enum confine_role role,
                                    const struct confine_needs *needs, struct error *error)
{
    static const struct confine_needs nothing = {0};
    const struct confine_profile *profile = &confine_profiles[role];
    bool is_complete = true;
    tzset(); /* reads a file, once */
    needs = needs != NULL ? needs : &nothing;
    if (plan->has_user && user_become(&plan->user, profile->kept_capabilities != 0, error) != 0)
        return CONFINE_FAILED;
    if (geteuid() == 0 && needs->group_count > 0 &&
        user_join_groups(needs->groups, needs->group_count, error) != 0)
        is_complete = false;
    if (process_harden(error) != 0)
        is_complete = false;
    if (capabilities_keep(profile->kept_capabilities, error) != 0)
        return CONFINE_FAILED;
    if (plan->landlock_version > 0 && confine_files(profile, needs, error) != 0)
        is_complete = false;
    if (plan->has_limits && lower_limits(profile, error) != 0)
        is_complete = false;
    if (plan->has_seccomp && seccomp_filter_install(&profile->calls, error) != 0)
        is_complete = false;
    if (is_complete)
        return CONFINE_DONE;
    error_add_context(error, "the %s is not confined as it should be", profile->name);
    return plan->is_required ? CONFINE_FAILED : CONFINE_INCOMPLETE;
}
