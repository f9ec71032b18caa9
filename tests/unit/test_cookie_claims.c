/* Tests of which control port a cookie file is for, and of saying a thing once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper_folder.h"
#include "reader/cookie_claims.h"
#include "reader/log_once.h"

#define HERE "unix:/run/tor/control"
#define THERE "127.0.0.1:9151"

static struct cookie_claims claims;

static struct cookie_origin find_origin(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return (struct cookie_origin){status.st_uid, status.st_dev, status.st_ino};
}

static void note(const char *place, bool is_local_tor, const char *path)
{
    const struct cookie_origin origin = find_origin(path);
    cookie_claims_note(&claims, place, is_local_tor, path, &origin);
}

/* Whether a control port may use a file. */
static bool may(const char *place, bool is_local_tor, const char *path)
{
    const struct cookie_origin origin = find_origin(path);
    return cookie_claims_find(&claims, place, is_local_tor, path, &origin) == NULL;
}

static int set_up(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    folder_write_text("one", "1");
    folder_write_text("two", "2");
    return symlink("one", "link");
}

static int tear_down(void **state)
{
    cookie_claims_clear(&claims);
    unlink("link");
    return folder_teardown(state);
}

static void test_one_file_for_one_port(void **state)
{
    (void)state;
    assert_true(may(THERE, false, "one"));
    note(HERE, true, "one");
    assert_true(may(HERE, true, "one"));
    assert_true(may(HERE, false, "one")); /* a backend that is the local tor */
    assert_false(may(THERE, false, "one"));
    assert_false(may(THERE, false, "link"));
    assert_false(may(THERE, false, "./one"));
    assert_false(may(THERE, true, "one"));
    assert_true(may(THERE, false, "two"));
}

/* tor writes its cookie anew when it starts. */
static void test_files_made_anew(void **state)
{
    (void)state;
    note(HERE, true, "one");
    folder_write_text("new", "3");
    assert_int_equal(rename("new", "one"), 0);
    assert_false(may(THERE, false, "one"));
    assert_false(may(THERE, false, "link"));
    /* Its old inode may be another file's by now. */
    unlink("one");
    folder_write_text("three", "4");
    assert_true(may(THERE, false, "three"));
}

/* What somebody has claimed with a file of his own keeps nobody else from using theirs, once he has put a
 * link to that in its place. */
static void test_link_to_others_file(void **state)
{
    (void)state;
    struct cookie_origin origin = find_origin("two");
    origin.owner++;
    cookie_claims_note(&claims, THERE, false, "link", &origin);
    assert_true(may(HERE, false, "one"));
    note(HERE, false, "one");
    assert_false(may("[::1]:9051", false, "one"));
    assert_int_equal(claims.count, 2);
}

/* Neither order helps a backend against a local tor. */
static void test_local_tor_wins(void **state)
{
    (void)state;
    note(THERE, false, "one");
    assert_true(may(HERE, true, "one"));
    note(HERE, true, "one");
    assert_false(may(THERE, false, "one"));
    const struct cookie_origin origin = find_origin("one");
    assert_true(cookie_claims_has(&claims, HERE, "one", &origin));
    assert_false(cookie_claims_has(&claims, THERE, "one", &origin));
    /* A backend at the same place does not weaken it. */
    note(HERE, false, "one");
    assert_false(may(THERE, false, "one"));
    assert_int_equal(claims.count, 1);
}

static void test_first_backend_wins(void **state)
{
    (void)state;
    note(HERE, false, "one");
    assert_false(may(THERE, false, "one"));
    note(HERE, false, "two"); /* it has another cookie now */
    assert_true(may(THERE, false, "one"));
    assert_false(may(THERE, false, "two"));
}

static bool is_nowhere(const char *place, const void *context)
{
    (void)place;
    (void)context;
    return false;
}

static bool is_same_place(const char *place, const void *context)
{
    return strcmp(place, context) == 0;
}

/* Those that are where they were keep what they have. */
static void test_listed_claims(void **state)
{
    (void)state;
    note(HERE, true, "one");
    note(THERE, false, "two");
    cookie_claims_grow_old(&claims, is_same_place, THERE);
    assert_false(may("[::1]:9051", false, "two"));
    assert_true(may("[::1]:9051", true, "one"));
}

/* With another config control ports may have moved. */
static void test_old_claims(void **state)
{
    (void)state;
    note(HERE, true, "one");
    note(THERE, false, "two");
    cookie_claims_grow_old(&claims, is_nowhere, NULL);
    assert_true(may("[::1]:9051", true, "one"));
    assert_false(may("[::1]:9051", false, "one"));
    assert_true(may("[::1]:9051", false, "two"));
    note("[::1]:9051", true, "one");
    assert_false(may(HERE, true, "one"));
    note(THERE, false, "two");
    assert_false(may("[::1]:9151", false, "two"));
}

/* -- saying a thing once ---------------------------------------------------------------------------- */

static size_t count_lines(int file)
{
    char text[16384];
    size_t count = 0;
    ssize_t length = pread(file, text, sizeof(text), 0);
    assert_true(length >= 0 && (size_t)length < sizeof(text));
    for (ssize_t i = 0; i < length; i++)
        count += text[i] == '\n';
    return count;
}

static void test_said_once(void **state)
{
    (void)state;
    struct log_once said = {.count = 0};
    struct log log;
    int file = open("log", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    log_open(&log, file, LOG_LEVEL_INFO);
    log_once_warn(&said, &log, 0, "first");
    log_once_warn(&said, &log, 1000, "first");
    log_once_warn(&said, &log, 1000, "second");
    assert_int_equal(count_lines(file), 2);
    log_once_warn(&said, &log, 3600000, "first"); /* an hour later */
    assert_int_equal(count_lines(file), 3);
    for (int i = 0; i < 1000; i++) {
        char text[32];
        snprintf(text, sizeof(text), "number %d", i);
        log_once_warn(&said, &log, 3600000, text);
    }
    assert_int_equal(count_lines(file), 1 + LOG_ONCE_MAX);
    log_once_warn(&said, NULL, 9000000, "to nobody");
    close(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_file_for_one_port, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_made_anew, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_link_to_others_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_local_tor_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_first_backend_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_listed_claims, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_old_claims, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_said_once, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
