/* The advice about AppArmor, on copies of the files that Debian has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "command/apparmor.h"
#include "helper_folder.h"

#define SOCKET "/run/obpub-agent/control.sock"

/* Makes the folders in which the files are. */
static int set_up(void **state)
{
    static const char *const folders[] = {
        "sys", "sys/module",     "sys/module/apparmor", "sys/module/apparmor/parameters",
        "etc", "etc/apparmor.d", "etc/apparmor.d/local"};
    if (folder_setup(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        assert_int_equal(mkdir(folders[i], 0700), 0);
    return 0;
}

static void write_files(const char *enabled, const char *profile, const char *local)
{
    folder_write_text("sys/module/apparmor/parameters/enabled", enabled);
    folder_write_text("etc/apparmor.d/system_tor", profile);
    folder_write_text("etc/apparmor.d/local/system_tor", local);
}

static bool is_kept(void)
{
    struct error advice = {.text = ""};
    bool kept = apparmor_keeps_tor_from(SOCKET, ".", &advice);
    assert_int_equal(kept, strstr(advice.text, "\"" SOCKET " rw,\"") != NULL);
    return kept;
}

static void says_nothing_where_there_is_no_apparmor(void **state)
{
    (void)state;
    assert_false(is_kept());
    write_files("N\n", "profile system_tor {\n}\n", "");
    assert_false(is_kept());
    write_files("Y\n", "", "");
    assert_false(is_kept());
}

static void says_what_to_add(void **state)
{
    (void)state;
    write_files("Y\n", "profile system_tor {\n}\n", "");
    assert_true(is_kept());
    write_files("Y\n", "profile system_tor {\n}\n",
                "# " SOCKET " rw,\n/run/other rw,\n/run/obpub-agent/x* rw,\n");
    assert_true(is_kept());
    write_files("Y\n", "profile system_tor {\n}\n", SOCKET "x rw,");
    assert_true(is_kept());
    assert_int_equal(unlink("etc/apparmor.d/local/system_tor"), 0);
    assert_true(is_kept());
}

static void says_nothing_once_it_is_there(void **state)
{
    (void)state;
    static const char *const good[] = {SOCKET " rw,\n", "# ours\n  " SOCKET " w,", "/run/obpub-agent/* rw,\n",
                                       "/run/x r,\n\n/run/obpub-agent/** rw,\n"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        write_files("Y\n", "profile system_tor {\n}\n", good[i]);
        assert_false(is_kept());
    }
}

static void takes_a_relative_path_for_none_of_its_business(void **state)
{
    (void)state;
    struct error advice;
    write_files("Y\n", "profile system_tor {\n}\n", "");
    assert_false(apparmor_keeps_tor_from("control.sock", ".", &advice));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_nothing_where_there_is_no_apparmor, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(says_what_to_add, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(says_nothing_once_it_is_there, set_up, folder_teardown),
        cmocka_unit_test_setup_teardown(takes_a_relative_path_for_none_of_its_business, set_up,
                                        folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
