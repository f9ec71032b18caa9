/* Tests of allocation that ends the process, and of memory for secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

/* True when action() does not come back: it is run in a process of its own. */
static bool ends_process(void (*action)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        signal(SIGSEGV, SIG_DFL);
        int silence = open("/dev/null", O_WRONLY);
        dup2(silence, STDERR_FILENO);
        action();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void do_nothing(void)
{
}

/* A size that the compiler can't see through. */
static size_t huge(void)
{
    volatile size_t size = SIZE_MAX / 2 + 2;
    return size;
}

static void allocate_too_much(void)
{
    free(memory_allocate(huge(), 2));
}

static void resize_too_much(void)
{
    free(memory_resize(NULL, huge(), 2));
}

static void make_too_much_room(void)
{
    size_t room = 0;
    free(memory_make_room(NULL, &room, huge(), 8, 2));
}

static void extend_too_much(void)
{
    size_t count = 0;
    free(memory_extend(NULL, &count, huge(), 2));
}

static void copy_too_much(void)
{
    free(memory_copy_text("text", SIZE_MAX));
}

static void write_behind_secret(void)
{
    volatile uint8_t *secret = secret_allocate(32);
    secret[32] = 1;
}

static void test_allocate_zeroes(void **state)
{
    (void)state;
    uint8_t *memory = memory_allocate(100, 3);
    for (size_t i = 0; i < 300; i++)
        assert_int_equal(memory[i], 0);
    free(memory);
    void *nothing = memory_allocate(0, 16);
    assert_non_null(nothing);
    free(nothing);
}

static void test_resize_keeps_content(void **state)
{
    (void)state;
    uint32_t *numbers = memory_resize(NULL, 2, sizeof(*numbers));
    numbers[0] = 17;
    numbers[1] = 42;
    numbers = memory_resize(numbers, 2000, sizeof(*numbers));
    assert_int_equal(numbers[0], 17);
    assert_int_equal(numbers[1], 42);
    numbers = memory_resize(numbers, 0, sizeof(*numbers));
    assert_non_null(numbers);
    free(numbers);
}

/* Adding one after the other keeps what is there, and asks for memory a few times only. */
static void test_room_doubles(void **state)
{
    (void)state;
    uint32_t *numbers = NULL;
    size_t room = 0, times = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        size_t before = room;
        numbers = memory_make_room(numbers, &room, (size_t)i + 1, 8, sizeof(*numbers));
        assert_true(room > i);
        times += room != before;
        numbers[i] = i;
    }
    assert_int_equal(room, 1024);
    assert_int_equal(times, 8);
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
    numbers = memory_make_room(numbers, &room, 5000, 8, sizeof(*numbers));
    assert_int_equal(room, 5000);
    assert_int_equal(numbers[999], 999);
    assert_ptr_equal(memory_make_room(numbers, &room, 0, 8, sizeof(*numbers)), numbers);
    assert_int_equal(room, 5000);
    free(numbers);
    room = 0;
    assert_null(memory_make_room(NULL, &room, 0, 8, 1));
}

static void test_extend_zeroes_what_is_new(void **state)
{
    (void)state;
    size_t count = 0;
    uint64_t *numbers = memory_extend(NULL, &count, 3, sizeof(*numbers));
    assert_int_equal(count, 3);
    assert_true(numbers[0] == 0 && numbers[2] == 0);
    memset(numbers, 0xff, 3 * sizeof(*numbers));
    numbers = memory_extend(numbers, &count, 500, sizeof(*numbers));
    assert_int_equal(count, 500);
    assert_true(numbers[2] == UINT64_MAX);
    for (size_t i = 3; i < 500; i++)
        assert_true(numbers[i] == 0);
    assert_ptr_equal(memory_extend(numbers, &count, 3, sizeof(*numbers)), numbers);
    assert_int_equal(count, 500);
    free(numbers);
}

static void test_copy_text_ends_with_nul(void **state)
{
    (void)state;
    char *copy = memory_copy_text("onion service", 5);
    assert_string_equal(copy, "onion");
    free(copy);
    copy = memory_copy_text("", 0);
    assert_string_equal(copy, "");
    free(copy);
}

static void test_overflow_ends_process(void **state)
{
    (void)state;
    assert_false(ends_process(do_nothing));
    assert_true(ends_process(allocate_too_much));
    assert_true(ends_process(resize_too_much));
    assert_true(ends_process(make_too_much_room));
    assert_true(ends_process(extend_too_much));
    assert_true(ends_process(copy_too_much));
}

static void test_secret_is_zeroed_and_guarded(void **state)
{
    (void)state;
    uint8_t *secret = secret_allocate(64);
    assert_true(sodium_is_zero(secret, 64));
    memset(secret, 0xaa, 64);
    secret_free(secret);
    secret_free(NULL);
    assert_true(ends_process(write_behind_secret));
}

/* In a child, since this counts for the rest of its life. Returns the number of the first thing that is not
 * so. */
static int check_forbidden_locking(void)
{
    static const size_t sizes[] = {1, 64, 4096, 50000};
    secret_forbid_locking();
    if (!secret_locking_is_forbidden())
        return 1;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint8_t *secret = secret_allocate(sizes[i]);
        if (!sodium_is_zero(secret, sizes[i]) || (uintptr_t)secret % _Alignof(max_align_t) != 0)
            return 2;
        memset(secret, 0xaa, sizes[i]);
        if (secret_is_locked(secret, sizes[i]))
            return 3;
        secret_free(secret);
    }
    secret_free(NULL);
    return 0;
}

/* Where a secret ends is not where its page does: the closed page is the next one. */
static void write_behind_unlocked_secret(void)
{
    secret_forbid_locking();
    volatile uint8_t *secret = secret_allocate(32);
    secret[getauxval(AT_PAGESZ)] = 1;
}

static void write_before_unlocked_secret(void)
{
    secret_forbid_locking();
    volatile uint8_t *secret = secret_allocate(32);
    secret[-64] = 1;
}

static void use_released_secret(void)
{
    secret_forbid_locking();
    volatile uint8_t *secret = secret_allocate(32);
    secret_free((void *)(uintptr_t)secret);
    secret[0] = 1;
}

static void test_secrets_without_locks(void **state)
{
    (void)state;
    int status = -1;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(check_forbidden_locking());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(ends_process(write_behind_unlocked_secret));
    assert_true(ends_process(write_before_unlocked_secret));
    assert_true(ends_process(use_released_secret));
    assert_false(secret_locking_is_forbidden());
}

static void test_wipe_leaves_the_rest(void **state)
{
    (void)state;
    uint8_t bytes[8];
    memset(bytes, 0x55, sizeof(bytes));
    secret_wipe(bytes, 7);
    assert_true(sodium_is_zero(bytes, 7));
    assert_int_equal(bytes[7], 0x55);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocate_zeroes),
        cmocka_unit_test(test_resize_keeps_content),
        cmocka_unit_test(test_room_doubles),
        cmocka_unit_test(test_extend_zeroes_what_is_new),
        cmocka_unit_test(test_copy_text_ends_with_nul),
        cmocka_unit_test(test_overflow_ends_process),
        cmocka_unit_test(test_secret_is_zeroed_and_guarded),
        cmocka_unit_test(test_secrets_without_locks),
        cmocka_unit_test(test_wipe_leaves_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
