/* Confines a process to what its part needs. */
#include "confine/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "confine/capabilities.h"
#include "confine/harden.h"
#include "confine/landlock.h"
#include "confine/memory_lock.h"
#include "confine/sanitizers.h"
#include "confine/trial.h"

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

/* -- what is tried in a child */

/* What an attempt returns that was refused. */
static int refused(void)
{
    return errno != 0 ? errno : EPERM;
}

static int try_filter(const void *context)
{
    const enum seccomp_way *way = context;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (seccomp_filter_install(&confine_profiles[CONFINE_SIGNER].calls, *way, NULL) == 0)
        return 0;
    return refused();
}

static int try_landlock(const void *context)
{
    static const struct landlock_grant grant = {"/", LANDLOCK_READ};
    const struct landlock_rules rules = {.grants = &grant, .place_count = 1};
    (void)context;
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return landlock_confine(&rules, NULL) == 0 ? 0 : refused();
}

static int try_capabilities(const void *context)
{
    (void)context;
    return capabilities_keep(0, NULL) == 0 ? 0 : refused();
}

static int try_groups(const void *context)
{
    (void)context;
    return user_join_groups(NULL, 0, NULL) == 0 ? 0 : refused();
}

static int try_giving(const void *context)
{
    (void)context;
    return fchownat(-1, "", (uid_t)-1, (gid_t)-1, AT_EMPTY_PATH) == 0 ? 0 : refused();
}

static int try_limits(const void *context)
{
    const struct confine_profile *profile = context;
    return lower_limits(profile, NULL) == 0 ? 0 : refused();
}

/* What is behind the user database may make any call. */
static int try_to_find_user(const void *context)
{
    struct user user;
    (void)!user_find(&user, context, NULL);
    return 0;
}

/* As who keeps capabilities does, and who does not. */
static int try_user_with_capabilities(const void *user)
{
    return user_become(user, true, NULL) == 0 ? 0 : refused();
}

static int try_user(const void *user)
{
    return user_become(user, false, NULL) == 0 ? 0 : refused();
}

/* -- what follows from it */

static void choose_limits(struct confine_plan *plan)
{
    const struct trial_outcome outcome = trial_run_one(try_limits, &confine_profiles[CONFINE_SIGNER]);
    plan->has_limits = outcome.result == TRIAL_DONE;
    if (!plan->has_limits)
        error_set(add_lack(plan), "limits on resources can't be lowered here: %s", trial_describe(&outcome));
}

/* Of the ways to filter the first that works. */
static void choose_filter(struct confine_plan *plan)
{
    struct trial_outcome outcomes[SECCOMP_WAYS];
    for (enum seccomp_way way = 0; way < SECCOMP_WAYS; way++) {
        outcomes[way] = trial_run_one(try_filter, &way);
        plan->seccomp_way = way;
        plan->has_seccomp = outcomes[way].result == TRIAL_DONE;
        if (plan->has_seccomp)
            return;
    }
    error_set(add_lack(plan), "system calls can't be filtered here: %s",
              trial_describe(&outcomes[SECCOMP_BY_CALL]));
}

static void choose_landlock(struct confine_plan *plan)
{
    struct error reason;
    const struct trial_outcome outcome = trial_run_one(try_landlock, NULL);
    plan->landlock_version = outcome.result == TRIAL_DONE ? landlock_version(&reason) : 0;
    if (plan->landlock_version == 0)
        error_set(add_lack(plan), "there is no Landlock here, which would close files to processes: %s",
                  outcome.number == EOPNOTSUPP ? "it is turned off" : trial_describe(&outcome));
    else if (landlock_check_version(plan->landlock_version, &reason) != 0)
        error_set(add_lack(plan), "the Landlock here does not do all that it could: %s", reason.text);
}

/* Who becomes another user has no capabilities then but those that it keeps on purpose. */
static void choose_capabilities(struct confine_plan *plan)
{
    const struct trial_outcome outcome = trial_run_one(try_capabilities, NULL);
    plan->has_capabilities = outcome.result == TRIAL_DONE;
    if (!plan->has_capabilities && !plan->has_user)
        error_set(add_lack(plan), "capabilities can't be given up here: %s", trial_describe(&outcome));
}

static void look_at_kernel(struct confine_plan *plan)
{
    struct error reason;
    plan->may_set_groups = trial_run_one(try_groups, NULL).result != TRIAL_KILLED;
    plan->may_give_files = trial_run_one(try_giving, NULL).result != TRIAL_KILLED;
    if (HAS_SANITIZERS) {
        error_set(add_lack(plan), "this build has sanitizers in it, which can't work in a confined process");
        return;
    }
    choose_limits(plan);
    choose_filter(plan);
    choose_landlock(plan);
    if (memory_lock_check(&reason) != 0)
        *add_lack(plan) = reason;
}

/* As user_find(). */
static int find_user(struct user *user, const char *name, struct error *error)
{
    if (trial_run_one(try_to_find_user, name).result == TRIAL_KILLED)
        return error_set(
            error,
            "the user \"%s\" can't be looked up: a filter of system calls kills who tries. Allow what "
            "the machine's user database needs, or start obpub as that user",
            name);
    return user_find(user, name, error);
}

/* Started as somebody else than root, obpub stays that user. */
static int keep_user(struct confine_plan *plan, const char *user_name, struct error *error)
{
    struct user user;
    if (user_name == NULL)
        return 0;
    if (find_user(&user, user_name, error) != 0)
        return error_add_context(error, "the config's \"user\"");
    if (user.uid != geteuid())
        error_set(add_lack(plan), "only root can become the config's user \"%s\": uid %u goes on as it is",
                  user_name, (unsigned)geteuid());
    return 0;
}

/* Says of root that can't become a user what it lacks, and both ways out. */
static int refuse_user(const struct user *user, const char *name, const struct trial_outcome *outcome,
                       struct error *error)
{
    const char *const start = "obpub was started as root, to become the user";
    const unsigned uid = (unsigned)user->uid;
    if (outcome->result == TRIAL_KILLED)
        return error_set(error,
                         "%s \"%s\" (uid %u), and a filter of system calls kills who tries: allow @setuid in "
                         "the unit's SystemCallFilter=, or have obpub started as that user (User=)",
                         start, name, uid);
    if (capabilities_have(UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID))
        return error_set(
            error,
            "%s \"%s\" (uid %u), and can't (%s), as in a user namespace without that user%s: have "
            "this namespace have uid %u and its groups%s, or start obpub as that user",
            start, name, uid, trial_describe(outcome),
            trial_is_filtered() ? ", or by a filter of system calls" : "", uid,
            trial_is_filtered() ? ", or allow @setuid in the unit's SystemCallFilter=" : "");
    return error_set(
        error,
        "%s \"%s\" (uid %u), and can't (%s): this root lacks the capabilities SETUID and SETGID, as "
        "in a container that has dropped them. Give it these, or start obpub as that user (docker "
        "run --user %u:%u, runAsUser)",
        start, name, uid, trial_describe(outcome), uid, (unsigned)user->gid);
}

/* Whether root can become the user of the plan, by trying. */
static int check_user(const struct confine_plan *plan, const char *name, struct error *error)
{
    static const trial_attempt attempts[] = {try_user, try_user_with_capabilities};
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        const struct trial_outcome outcome = trial_run_one(attempts[i], &plan->user);
        if (outcome.result != TRIAL_DONE)
            return refuse_user(&plan->user, name, &outcome, error);
    }
    return 0;
}

/* A user that the config names has to be there; without any, root goes on without its capabilities. Also
 * where the config asks for that, something is lacking: what belongs to root needs no capability of it. */
static int choose_user(struct confine_plan *plan, const char *user_name, struct error *error)
{
    if (geteuid() != 0)
        return keep_user(plan, user_name, error);
    const char *name = user_name != NULL ? user_name : CONFINE_USER_DEFAULT;
    int found = find_user(&plan->user, name, error);
    if (found != 0 && user_name != NULL)
        return error_add_context(error, "the config's \"user\"");
    if (found < 0)
        return -1;
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
                  name);
    return plan->has_user ? check_user(plan, name, error) : 0;
}

int confine_plan_make(struct confine_plan *plan, const char *user_name, bool is_required, struct error *error)
{
    memset(plan, 0, sizeof(*plan));
    plan->is_required = is_required;
    plan->starter = geteuid();
    look_at_kernel(plan);
    if (choose_user(plan, user_name, error) != 0)
        return -1;
    choose_capabilities(plan);
    if (is_required && plan->lack_count > 0)
        return error_set(error, "the config has \"require-sandbox\", and %s", plan->lacks[0].text);
    return 0;
}

void confine_plan_describe(const struct confine_plan *plan, char text[CONFINE_TEXT_SIZE])
{
    char landlock[64] = "no Landlock", user[64] = "";
    if (plan->landlock_version > 0)
        snprintf(landlock, sizeof(landlock), "Landlock %d", plan->landlock_version);
    if (plan->has_user)
        snprintf(user, sizeof(user), "from root to uid %u, ", (unsigned)plan->user.uid);
    snprintf(text, CONFINE_TEXT_SIZE, "%s%s, %s, capabilities %s", user,
             !plan->has_seccomp                      ? "no filter of system calls"
             : plan->seccomp_way == SECCOMP_BY_PRCTL ? "system calls filtered (by prctl)"
                                                     : "system calls filtered",
             landlock, plan->has_capabilities ? "given up" : "as they are");
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

/* The groups of control sockets, which root that stays root has to be in. */
static int join_groups(const struct confine_plan *plan, const struct confine_needs *needs,
                       struct error *error)
{
    if (plan->may_set_groups)
        return user_join_groups(needs->groups, needs->group_count, error);
    return error_set(
        error, "the process can't join the groups of the control sockets (a filter of system calls kills "
               "who tries: setgroups, @setuid)");
}

int confine_become_user(const struct confine_plan *plan, enum confine_role role, struct error *error)
{
    const uint64_t kept = plan->has_capabilities ? confine_profiles[role].kept_capabilities : 0;
    if (!plan->has_user)
        return 0;
    if (user_become(&plan->user, kept != 0, error) != 0)
        return -1;
    return kept != 0 ? capabilities_keep(kept, error) : 0;
}

enum confine_result confine_process(const struct confine_plan *plan, enum confine_role role,
                                    const struct confine_needs *needs, struct error *error)
{
    static const struct confine_needs nothing = {0};
    const struct confine_profile *profile = &confine_profiles[role];
    const bool keeps_capabilities = profile->kept_capabilities != 0 && plan->has_capabilities;
    bool is_complete = true;
    tzset(); /* reads a file, once */
    needs = needs != NULL ? needs : &nothing;
    if (plan->has_user && user_become(&plan->user, keeps_capabilities, error) != 0)
        return CONFINE_FAILED;
    if (geteuid() == 0 && needs->group_count > 0 && join_groups(plan, needs, error) != 0)
        is_complete = false;
    if (process_harden(error) != 0)
        is_complete = false;
    if (plan->has_capabilities && capabilities_keep(profile->kept_capabilities, error) != 0)
        return CONFINE_FAILED;
    if (plan->landlock_version > 0 && confine_files(profile, needs, error) != 0)
        is_complete = false;
    if (plan->has_limits && lower_limits(profile, error) != 0)
        is_complete = false;
    if (plan->has_seccomp && seccomp_filter_install(&profile->calls, plan->seccomp_way, error) != 0)
        is_complete = false;
    if (is_complete)
        return CONFINE_DONE;
    error_add_context(error, "the %s is not confined as it should be", profile->name);
    return plan->is_required ? CONFINE_FAILED : CONFINE_INCOMPLETE;
}
