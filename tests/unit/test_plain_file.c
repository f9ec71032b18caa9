/* Tests of opening files of which nothing is known but their paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "files/plain_file.h"
#include "helper_folder.h"

#define NOBODY 65534

static const struct plain_file_policy private_policy = {
    .is_private = true, .forbidden_mode = 077, .forbidden_mode_of_roots = 037};

/* Opens a file that can't be used. Returns why, with nothing left open. */
static enum plain_file_fault find_fault(const char *path, const struct plain_file_policy *policy)
{
    struct plain_file file;
    enum plain_file_fault fault = plain_file_open(&file, path, policy);
    assert_int_equal(file.descriptor, -1);
    plain_file_close(&file);
    return fault;
}

static void check_content(const char *path, const struct plain_file_policy *policy, const char *content)
{
    struct plain_file file;
    char bytes[64];
    assert_int_equal(plain_file_open(&file, path, policy), PLAIN_FILE_GOOD);
    assert_int_equal(file.status.st_size, strlen(content));
    assert_int_equal(plain_file_read(&file, bytes, sizeof(bytes)), strlen(content));
    assert_memory_equal(bytes, content, strlen(content));
    plain_file_close(&file);
    assert_int_equal(file.descriptor, -1);
}

/* In pieces, and not beyond its end; the descriptor is not for programs that are run. */
static void test_reading(void **state)
{
    (void)state;
    struct plain_file file;
    char bytes[8];
    folder_write_text("file", "0123456789");
    check_content("file", NULL, "0123456789");
    assert_int_equal(plain_file_open(&file, "file", NULL), PLAIN_FILE_GOOD);
    assert_int_equal(fcntl(file.descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(plain_file_read(&file, bytes, 8), 8);
    assert_memory_equal(bytes, "01234567", 8);
    assert_int_equal(plain_file_read(&file, bytes, 8), 2);
    assert_memory_equal(bytes, "89", 2);
    assert_int_equal(plain_file_read(&file, bytes, 8), 0);
    plain_file_close(&file);
    assert_int_equal(plain_file_read(&file, bytes, 8), -1);
    folder_write_text("empty", "");
    check_content("empty", NULL, "");
}

static void test_links_are_followed(void **state)
{
    (void)state;
    folder_write_text("file", "text");
    assert_int_equal(symlink("file", "link"), 0);
    check_content("link", &private_policy, "text");
    assert_int_equal(symlink("gone", "dangling"), 0);
    assert_int_equal(find_fault("dangling", NULL), PLAIN_FILE_MISSING);
    assert_int_equal(symlink("/dev/zero", "device"), 0);
    assert_int_equal(find_fault("device", NULL), PLAIN_FILE_NOT_PLAIN);
}

/* None of these is waited for. */
static void test_what_is_no_file(void **state)
{
    (void)state;
    assert_int_equal(find_fault("missing", NULL), PLAIN_FILE_MISSING);
    folder_write_text("file", "text");
    assert_int_equal(find_fault("file/missing", NULL), PLAIN_FILE_MISSING);
    assert_int_equal(find_fault(".", NULL), PLAIN_FILE_FOLDER);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(find_fault("fifo", NULL), PLAIN_FILE_NOT_PLAIN);
    assert_int_equal(find_fault("/dev/null", NULL), PLAIN_FILE_NOT_PLAIN);
    assert_int_equal(find_fault("/dev/zero", NULL), PLAIN_FILE_NOT_PLAIN);

    struct plain_file file;
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_int_equal(plain_file_open(&file, "loop", NULL), PLAIN_FILE_FAILED);
    assert_int_equal(file.error_number, ELOOP);
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(descriptor, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(find_fault("socket", NULL), PLAIN_FILE_FAILED);
    close(descriptor);
}

/* Opening some things does something: they are not opened to be looked at. */
static void test_nothing_else_is_opened(void **state)
{
    (void)state;
    uint8_t event[sizeof(struct inotify_event) + NAME_MAX + 1];
    assert_int_equal(mkfifo("fifo", 0600), 0);
    folder_write_text("file", "text");
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    assert_true(inotify_add_watch(watch, "fifo", IN_OPEN) >= 0);
    assert_true(inotify_add_watch(watch, "file", IN_OPEN) >= 0);
    assert_int_equal(find_fault("fifo", NULL), PLAIN_FILE_NOT_PLAIN);
    assert_int_equal(read(watch, event, sizeof(event)), -1);
    assert_int_equal(errno, EAGAIN);
    check_content("file", NULL, "text");
    assert_true(read(watch, event, sizeof(event)) > 0);
    close(watch);
}

static void test_permission(void **state)
{
    (void)state;
    uid_t user = geteuid();
    folder_write_text("file", "text");
    if (user == 0) { /* root may open anything: be somebody else for a moment */
        assert_int_equal(chmod(".", 0755), 0);
        assert_int_equal(seteuid(NOBODY), 0);
    } else {
        assert_int_equal(chmod("file", 0), 0);
    }
    enum plain_file_fault fault = find_fault("file", NULL);
    assert_int_equal(seteuid(user), 0);
    assert_int_equal(fault, PLAIN_FILE_FORBIDDEN);
}

/* Every bit of the mode counts by itself, and those of root's files are judged by their own mask. */
static void test_modes(void **state)
{
    (void)state;
    folder_write_text("file", "text");
    bool is_roots = geteuid() == 0 && getegid() == 0;
    for (mode_t bit = 01; bit <= 0400; bit <<= 1) {
        assert_int_equal(chmod("file", 0600 | bit), 0);
        bool is_forbidden = (bit & (is_roots ? 037 : 077)) != 0;
        if (is_forbidden)
            assert_int_equal(find_fault("file", &private_policy), PLAIN_FILE_EXPOSED);
        else
            check_content("file", &private_policy, "text");
        check_content("file", NULL, "text");
    }
    if (geteuid() != 0)
        return;
    assert_int_equal(chmod("file", 0640), 0);
    assert_int_equal(chown("file", 0, NOBODY), 0); /* the group's right to read is this group's now */
    assert_int_equal(find_fault("file", &private_policy), PLAIN_FILE_EXPOSED);
}

/* Of root's files those that a group of this process can read, and nobody else, where the policy takes them.
 */
static void test_groups(void **state)
{
    (void)state;
    struct plain_file_policy policy = private_policy;
    const gid_t groups[] = {NOBODY};
    folder_write_text("file", "text");
    if (geteuid() != 0 || setgroups(1, groups) != 0) /* only root can make such files */
        return;
    policy.takes_groups = true;
    assert_int_equal(chown("file", 0, NOBODY), 0);
    for (mode_t bit = 01; bit <= 0400; bit <<= 1) {
        assert_int_equal(chmod("file", 0440 | bit), 0);
        assert_int_equal(find_fault("file", &private_policy), PLAIN_FILE_EXPOSED);
        if ((bit & 037) != 0)
            assert_int_equal(find_fault("file", &policy), PLAIN_FILE_EXPOSED);
        else
            check_content("file", &policy, "text");
    }
    assert_int_equal(chmod("file", 0440), 0);
    assert_int_equal(chown("file", 0, NOBODY - 1), 0); /* no group of this process */
    assert_int_equal(find_fault("file", &policy), PLAIN_FILE_EXPOSED);
    assert_int_equal(chown("file", NOBODY, NOBODY), 0);
    assert_int_equal(find_fault("file", &policy), PLAIN_FILE_FOREIGN);
    assert_int_equal(setgroups(0, NULL), 0);
    assert_int_equal(chown("file", 0, NOBODY), 0);
    assert_int_equal(find_fault("file", &policy), PLAIN_FILE_EXPOSED);
    assert_int_equal(setegid(NOBODY), 0);
    check_content("file", &policy, "text");
    assert_int_equal(setegid(0), 0);
}

static void test_owners(void **state)
{
    (void)state;
    folder_write_text("file", "text");
    check_content("file", &private_policy, "text");
    if (geteuid() != 0) /* only root can give a file away */
        return;
    assert_int_equal(chown("file", NOBODY, NOBODY), 0);
    assert_int_equal(find_fault("file", &private_policy), PLAIN_FILE_FOREIGN);
    check_content("file", NULL, "text");
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(seteuid(NOBODY), 0);
    struct plain_file file;
    enum plain_file_fault fault = plain_file_open(&file, "file", &private_policy);
    plain_file_close(&file);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(fault, PLAIN_FILE_GOOD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_reading, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_links_are_followed, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_what_is_no_file, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_nothing_else_is_opened, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_permission, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_modes, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_groups, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_owners, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
