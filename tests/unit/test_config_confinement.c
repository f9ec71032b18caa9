/* Tests of finding in a config what its reader's own process is to be confined to, before anything else of it
 * is read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "helper_folder.h"

static void check(const char *text, int result, const char *expected_user, bool expected_requirement)
{
    char *user = NULL;
    bool requires_sandbox = !expected_requirement;
    folder_write_text("config.yaml", text);
    assert_int_equal(config_find_confinement(&user, &requires_sandbox, "config.yaml"), result);
    assert_int_equal(requires_sandbox, expected_requirement);
    if (expected_user == NULL)
        assert_null(user);
    else
        assert_string_equal(user, expected_user);
    free(user);
}

static void test_found(void **state)
{
    (void)state;
    check("services: [{key: absent, instances: []}]\n", 0, NULL, false);
    check("user: onions\nservices: 5\n", 0, "onions", false);
    check("require-sandbox: true\nservices: 5\n", 0, NULL, true);
    check("require-sandbox: Yes\nuser: root\nservices: 5\n", 0, "root", true);
    check("require-sandbox: on\nservices: 5\n", 0, NULL, true);
    check("require-sandbox: false\nservices: 5\n", 0, NULL, false);
    check("require-sandbox: \"no\"\nservices: 5\n", 0, NULL, false);
    check("require-sandbox: OFF\nservices: 5\n", 0, NULL, false);
}

static void test_bad(void **state)
{
    (void)state;
    char long_user[300] = "services: 5\nuser: ";
    memset(long_user + strlen(long_user), 'x', 200);
    check(long_user, -1, NULL, false);
    check("{", -1, NULL, false);
    check("user: []\nservices: 5\n", -1, NULL, false);
    check("require-sandbox: 1\nservices: 5\n", -1, NULL, false);
    check("require-sandbox: truely\nservices: 5\n", -1, NULL, false);
    check("require-sandbox:\nservices: 5\n", 0, NULL, false);
    /* Errors elsewhere are for others to report. */
    check("require-sandbox: true\nsandbox: false\nservices: 5\n", -1, NULL, true);
    assert_int_equal(remove("config.yaml"), 0);
    char *user;
    bool requires_sandbox;
    assert_int_equal(config_find_confinement(&user, &requires_sandbox, "config.yaml"), -1);
    assert_null(user);
}

static void assert_error(const char *text, const char *expected)
{
    struct config config;
    struct config_report report;
    folder_write_text("config.yaml", text);
    assert_int_equal(config_load(&config, "config.yaml", &report), -1);
    bool is_there = false;
    for (size_t i = 0; i < report.error_count; i++)
        is_there = is_there || strstr(report.errors[i], expected) != NULL;
    if (!is_there)
        fail_msg("no error \"%s\"", expected);
    config_report_clear(&report);
}

static void test_errors(void **state)
{
    (void)state;
    assert_error("require-sandbox: maybe\nservices: 5\n",
                 "config.yaml:1: \"require-sandbox\": \"maybe\" is neither true nor false");
    assert_error("other-publishers: 2\nservices: 5\n",
                 "config.yaml:1: \"other-publishers\": \"2\" is neither true nor false");
    assert_error("services: 5\nrequire-sandbx: true\n", "write \"require-sandbox\" if that is meant");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_errors),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
