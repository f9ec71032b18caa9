/* Tests that secrets are kept from the swap and from dumps, as the kernel sees it, and that it is noticed
 * where it is not so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "confine/capabilities.h"
#include "confine/confine.h"
#include "confine/memory_lock.h"
#include "confine/sanitizers.h"

/* Nor is there anything to be seen where the limit is too low for obpub itself. */
static void skip_where_nothing_is_locked(void)
{
    struct error error = {.text = "this build has sanitizers in it, which lock no memory"};
    if (!HAS_SANITIZERS && memory_lock_check(&error) == 0)
        return;
    print_message("left out: %s\n", error.text);
    skip();
}

/* Writes what /proc/self/smaps says of the mapping that an address is in: its VmFlags, see proc(5). */
static void find_flags(const void *address, char *flags, size_t size)
{
    char line[512];
    uintptr_t start = 0, end = 0, wanted = (uintptr_t)address;
    FILE *file = fopen("/proc/self/smaps", "re");
    assert_non_null(file);
    flags[0] = '\0';
    while (flags[0] == '\0' && fgets(line, sizeof(line), file) != NULL) {
        if (strncmp(line, "VmFlags:", 8) == 0 && wanted >= start && wanted < end)
            snprintf(flags, size, "%s", line + 8);
        else
            sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &start, &end);
    }
    fclose(file);
    assert_string_not_equal(flags, "");
}

static void assert_flag(const void *address, const char *flag, bool expected)
{
    char flags[512];
    find_flags(address, flags, sizeof(flags));
    if ((strstr(flags, flag) != NULL) != expected)
        fail_msg("\"%s\" is %s the flags%s", flag, expected ? "not in" : "in", flags);
}

static void test_secret_memory(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 64, 4096, 50000};
    skip_where_nothing_is_locked();
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *secret = secret_allocate(sizes[i]);
        assert_true(secret_is_locked(secret, sizes[i]));
        for (size_t offset = 0; offset < sizes[i]; offset += 1000) {
            assert_flag(secret + offset, " lo ", true);
            assert_flag(secret + offset, " dd ", true);
        }
        secret_free(secret);
    }
    /* The search finds memory that is neither. */
    uint8_t *other = memory_allocate(1, 64);
    assert_flag(other, " lo ", false);
    assert_flag(other, " dd ", false);
    free(other);
}

#define NOBODY 65534

/* Runs a check in a child without root's powers that may lock so many bytes and has these for a hard limit.
 * Root becomes nobody: root that stays root lacks something more. */
static void run_with_limit(rlim_t soft, rlim_t hard, void (*check)(void))
{
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {soft, hard};
        struct error error;
        if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 ||
            (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0) || capabilities_keep(0, &error) != 0)
            _exit(100);
        check();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* These exit with the number of the first thing that is not as it should be. */
static void check_without(void)
{
    struct confine_plan plan;
    struct error error;
    void *secret = secret_allocate(64);
    if (secret_is_locked(secret, 64))
        _exit(1);
    secret_free(secret);
    if (memory_lock_check(&error) == 0)
        _exit(2);
    if (strstr(error.text, "the limit is 0 bytes") == NULL)
        _exit(3);
    if (confine_plan_make(&plan, NULL, false, &error) != 0 || plan.lack_count == 0 ||
        strstr(plan.lacks[plan.lack_count - 1].text, "keys can't be locked into memory here") == NULL)
        _exit(4);
    if (confine_plan_make(&plan, NULL, true, &error) == 0 || strstr(error.text, "require-sandbox") == NULL)
        _exit(5);
}

static void check_raised(void)
{
    struct rlimit limit;
    if (memory_lock_check(NULL) != 0)
        _exit(1);
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != MEMORY_LOCK_MIN)
        _exit(2);
}

static void check_used_up(void)
{
    enum { PAGES = MEMORY_LOCK_MIN / 4096 };
    void *secrets[PAGES + 1];
    if (memory_lock_check(NULL) != 0)
        _exit(1);
    for (int i = 0; i <= PAGES; i++)
        secrets[i] = secret_allocate(64);
    if (!secret_is_locked(secrets[0], 64))
        _exit(2);
    if (secret_is_locked(secrets[PAGES], 64))
        _exit(3);
    for (int i = 0; i <= PAGES; i++)
        secret_free(secrets[i]);
}

static void test_no_limit_left(void **state)
{
    (void)state;
    skip_where_nothing_is_locked();
    run_with_limit(0, 0, check_without);
}

static void test_limit_is_raised(void **state)
{
    (void)state;
    skip_where_nothing_is_locked();
    run_with_limit(0, MEMORY_LOCK_MIN, check_raised);
}

static void test_more_than_the_limit(void **state)
{
    (void)state;
    skip_where_nothing_is_locked();
    run_with_limit(MEMORY_LOCK_MIN, MEMORY_LOCK_MIN, check_used_up);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret_memory),
        cmocka_unit_test(test_no_limit_left),
        cmocka_unit_test(test_limit_is_raised),
        cmocka_unit_test(test_more_than_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
