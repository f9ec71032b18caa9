/* Tests of finding the sockets in a config whose keys are out of reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "config/config.h"
#include "helper_folder.h"

static void check_status_socket(const char *text, const char *expected)
{
    char *location = NULL;
    struct config_report report;
    folder_write_text("config.yaml", text);
    assert_int_equal(config_find_status_socket(&location, "config.yaml", &report), 0);
    assert_int_equal(report.error_count, 0);
    if (expected == NULL)
        assert_null(location);
    else
        assert_string_equal(location, expected);
    free(location);
    config_report_clear(&report);
}

static void test_good_and_bad(void **state)
{
    (void)state;
    check_status_socket("status-socket-location: /run/x\nservices: [{key: absent, instances: []}]\n",
                        "/run/x");
    check_status_socket("status-socket-location: x\nservices: 5\n", "x");
    check_status_socket("services: 5\n", NULL);
    check_status_socket("status-socket-location:\nservices: 5\n", NULL);

    static const char *const bad[] = {
        "",  "x", "status-socket-location: []\nservices: 5\n", "status-socket-locatoin: x\nservices: 5\n",
        "{", NULL};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *location = NULL;
        struct config_report report;
        if (bad[i] != NULL)
            folder_write_text("config.yaml", bad[i]);
        const char *path = bad[i] != NULL ? "config.yaml" : "absent.yaml";
        assert_int_equal(config_find_status_socket(&location, path, &report), -1);
        assert_null(location);
        assert_true(report.error_count > 0);
        config_report_clear(&report);
    }
}

static void test_command_socket(void **state)
{
    (void)state;
    char *location = NULL, *status = NULL, *metrics = NULL;
    struct config_report report;
    folder_write_text("config.yaml", "command-socket-location: /run/c\nstatus-socket-location: /run/s\n"
                                     "metrics-listen: unix:/run/m\nservices: 5\n");
    assert_int_equal(config_find_command_socket(&location, "config.yaml", &report), 0);
    assert_string_equal(location, "/run/c");
    config_report_clear(&report);
    free(location);
    config_find_listeners(&status, &location, &metrics, "config.yaml");
    assert_string_equal(status, "/run/s");
    assert_string_equal(location, "/run/c");
    assert_string_equal(metrics, "unix:/run/m");
    free(status);
    free(location);
    free(metrics);
    folder_write_text("config.yaml", "command-socket-location: ''\nservices: 5\n");
    assert_int_equal(config_find_command_socket(&location, "config.yaml", &report), -1);
    assert_null(location);
    config_report_clear(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_good_and_bad, folder_setup, folder_teardown),
        cmocka_unit_test_setup_teardown(test_command_socket, folder_setup, folder_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
