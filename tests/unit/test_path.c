/* Tests of taking paths apart and putting them together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "files/path.h"

static void check_join(const char *folder, const char *name, const char *expected)
{
    char *path = path_join(folder, name);
    assert_string_equal(path, expected);
    free(path);
}

static void test_join(void **state)
{
    (void)state;
    check_join("/var/lib/tor", "hostname", "/var/lib/tor/hostname");
    check_join("service/", "hostname", "service/hostname");
    check_join("/", "hostname", "/hostname");
}

static void check_parts(const char *path, const char *folder, const char *name)
{
    char *copy = path_copy_folder(path);
    assert_string_equal(copy, folder);
    free(copy);
    assert_string_equal(path_file_name(path), name);
}

static void test_parts(void **state)
{
    (void)state;
    check_parts("/var/lib/tor/hostname", "/var/lib/tor", "hostname");
    check_parts("service/hostname", "service", "hostname");
    check_parts("hostname", ".", "hostname");
    check_parts("/hostname", "/", "hostname");
    check_parts("service/", "service", "");
    check_parts("", ".", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
