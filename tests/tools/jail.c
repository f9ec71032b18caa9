/* Runs a program where less is allowed: under a filter of system calls, in a namespace of its own, without
 * capabilities. As a service manager or a container would have it. Exits with 99 when that can't be had here.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <seccomp.h>

#define NO_JAIL 99 /* as the exit status */
#define NAME_SIZE 64

enum { KILL, EPERM_, ENOSYS_, ALLOW, DENY, NO_CAPABILITIES, USER_NAMESPACE, NO_PROC, READ_ONLY };

static const struct {
    const char *name;
    bool has_value;
} table[] = {
    [KILL] = {"kill", false},                       /* what the filter does: that, or one of the two */
    [EPERM_] = {"eperm", false},                    /* errors */
    [ENOSYS_] = {"enosys", false},                  /* */
    [ALLOW] = {"allow", true},                      /* a file of calls, all others are forbidden */
    [DENY] = {"deny", true},                        /* a file of calls that are forbidden, too */
    [NO_CAPABILITIES] = {"no-capabilities", false}, /* and none to be had */
    [USER_NAMESPACE] = {"user-namespace", false}, /* where who runs this is root, and there is nobody else */
    [NO_PROC] = {"no-proc", false},               /* /proc is empty */
    [READ_ONLY] = {"read-only", false},           /* / is, and all below but /tmp and /dev/shm */
};
#define OPTIONS (sizeof(table) / sizeof(table[0]))

static void fail(const char *what) __attribute__((noreturn));

static void fail(const char *what)
{
    fprintf(stderr, "jail: %s: %s\n", what, strerror(errno));
    exit(NO_JAIL);
}

struct names {
    char (*names)[NAME_SIZE];
    size_t count;
};

/* Reads a file of names, one in each line; path may be NULL. */
static struct names read_names(const char *path)
{
    struct names names = {NULL, 0};
    FILE *file = path != NULL ? fopen(path, "r") : NULL;
    if (path != NULL && file == NULL)
        fail(path);
    for (char name[NAME_SIZE]; file != NULL && fgets(name, sizeof(name), file) != NULL;) {
        name[strcspn(name, "\n")] = '\0';
        names.names = realloc(names.names, (names.count + 1) * sizeof(*names.names));
        if (names.names == NULL)
            fail("memory");
        memcpy(names.names[names.count++], name, sizeof(name));
    }
    if (file != NULL)
        fclose(file);
    return names;
}

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->names[i], name) == 0)
            return true;
    }
    return false;
}

/* Adds a rule for each name but some. Calls of other kinds of machine are passed over. */
static void add_rules(scmp_filter_ctx filter, const struct names *names, const struct names *but,
                      uint32_t action)
{
    for (size_t i = 0; i < names->count; i++) {
        const char *name = names->names[i];
        int number = seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR || (but != NULL && has_name(but, name)))
            continue;
        int result = seccomp_rule_add(filter, action, number, 0);
        if (result != 0 && result != -EDOM && result != -EEXIST) {
            errno = -result;
            fail(name);
        }
    }
}

static void filter_calls(const char *allow_path, const char *deny_path, uint32_t action)
{
    const struct names allowed = read_names(allow_path), denied = read_names(deny_path);
    scmp_filter_ctx filter = seccomp_init(allow_path != NULL ? action : SCMP_ACT_ALLOW);
    if (filter == NULL)
        fail("the filter");
    if (allow_path != NULL)
        add_rules(filter, &allowed, &denied, SCMP_ACT_ALLOW);
    else
        add_rules(filter, &denied, NULL, action);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    int result = seccomp_load(filter);
    if (result == 0)
        return;
    errno = -result;
    fail("the filter");
}

static void write_file(const char *path, const char *text)
{
    int file = open(path, O_WRONLY);
    if (file < 0 || write(file, text, strlen(text)) < 0)
        fail(path);
    close(file);
}

/* As "unshare --map-root-user". */
static void enter_user_namespace(void)
{
    char map[NAME_SIZE];
    const uid_t uid = geteuid();
    const gid_t gid = getegid();
    if (unshare(CLONE_NEWUSER) != 0)
        fail("a user namespace");
    write_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof(map), "0 %u 1", (unsigned)uid);
    write_file("/proc/self/uid_map", map);
    snprintf(map, sizeof(map), "0 %u 1", (unsigned)gid);
    write_file("/proc/self/gid_map", map);
}

static void enter_mount_namespace(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        fail("a mount namespace");
}

static void make_read_only(void)
{
    static const char *const kept[] = {"/tmp", "/dev/shm"};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        (void)!mount(kept[i], kept[i], NULL, MS_BIND | MS_REC, NULL);
    struct statvfs status;
    unsigned long kept_flags = 0;
    /* those that a user namespace must not take away */
    if (statvfs("/", &status) == 0)
        kept_flags =
            status.f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_RELATIME);
    if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | kept_flags, NULL) != 0)
        fail("a root that is read-only");
}

/* Without any in the bounding set a program of root's gets none. */
static void drop_capabilities(void)
{
    for (unsigned long capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
            fail("dropping capabilities");
    }
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int main(int argc, char **argv)
{
    struct option options[OPTIONS + 1] = {{0}};
    const char *values[OPTIONS] = {NULL};
    for (size_t i = 0; i < OPTIONS; i++)
        options[i] = (struct option){table[i].name, table[i].has_value, NULL, (int)i};
    for (int found; (found = getopt_long(argc, argv, "+", options, NULL)) >= 0;) {
        if (found >= (int)OPTIONS)
            return NO_JAIL;
        values[found] = optarg != NULL ? optarg : "";
    }
    if (optind >= argc)
        return NO_JAIL;
    if (values[USER_NAMESPACE] != NULL)
        enter_user_namespace();
    if (values[NO_PROC] != NULL || values[READ_ONLY] != NULL)
        enter_mount_namespace();
    if (values[READ_ONLY] != NULL)
        make_read_only();
    if (values[NO_PROC] != NULL && mount("none", "/proc", "tmpfs", MS_RDONLY, NULL) != 0)
        fail("an empty /proc");
    if (values[NO_CAPABILITIES] != NULL)
        drop_capabilities();
    if (values[ALLOW] != NULL || values[DENY] != NULL)
        filter_calls(values[ALLOW], values[DENY],
                     values[KILL] != NULL      ? SCMP_ACT_KILL_PROCESS
                     : values[ENOSYS_] != NULL ? SCMP_ACT_ERRNO(ENOSYS)
                                               : SCMP_ACT_ERRNO(EPERM));
    execvp(argv[optind], argv + optind);
    fail(argv[optind]);
}
