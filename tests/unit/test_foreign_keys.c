/* Tests of keys that a config file has and obpub does not, or not there: what is an error, and what is said.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "helper_config.h"
#include "helper_folder.h"

/* Onionbalance takes such files. */
static void test_keys_of_others(void **state)
{
    (void)state;
    config_check_good(
        "services:\n- key: frontend0.key\n  ports:\n  - 80: 80\n  instances:\n  - address: @1\n",
        "config.yaml:3: a service has no key \"ports\": it does nothing here");
    config_check_good("x: &a\n- address: @1\nservices:\n- key: frontend0.key\n  instances: *a\n",
                      "config.yaml:1: the config has no key \"x\": it does nothing here");
    config_check_good("services: [{key: frontend0.key, instances: [{address: @1, zone: x}]}]\n",
                      "config.yaml:1: an instance has no key \"zone\": it does nothing here");
    config_check_good("services: [{key: frontend0.key, name: shop, instances: [{address: @1}]}]\n",
                      "a service has no key \"name\", which is one of an instance: it does nothing here");
}

/* A key that holds what an anchor is for may have the name of one of another place, or the end of one. */
static void test_anchors(void **state)
{
    (void)state;
    config_check_good("backends: &a\n- address: @1\nservices:\n- key: frontend0.key\n  instances: *a\n",
                      "config.yaml:1: the config has no key \"backends\": it does nothing here");
    config_check_good(
        "instances: &a\n- address: @1\nservices:\n- key: frontend0.key\n  instances: *a\n",
        "config.yaml:1: the config has no key \"instances\", which is one of a service: it does "
        "nothing here");
    config_check_good(
        "control: [&a {address: @1}]\nservices:\n- key: frontend0.key\n  instances: [*a]\n",
        "config.yaml:1: the config has no key \"control\", which is one of an instance: it does "
        "nothing here");
    config_check_good(
        "services: [{key: frontend0.key, file: {a: &a 2}, instances: [{address: @1, weight: *a}]}]\n",
        "a service has no key \"file\": it does nothing here");
    config_check_good(
        "services: [{key: frontend0.key, weight: &a 2, instances: [{address: @1, weight: *a}]}]\n",
        "a service has no key \"weight\", which is one of an instance: it does nothing here");
    config_check_good("backends: [{x: {y: [&a 2]}}]\nservices: [{key: frontend0.key, instances: [{address: "
                      "@1, weight: *a}]}]\n",
                      "config.yaml:1: the config has no key \"backends\": it does nothing here");
    config_check_bad("&a {backends: [*a], services: [{key: frontend0.key, instances: [{address: bad}]}]}\n",
                     "bad");
    config_check_bad(
        "services: [{key: frontend0.key, instances: [{address: @1, weight: &a 2}], weight: *a}]\n",
        "a service has no key \"weight\", which is one of an instance: write it there");
    config_check_bad("backends: &a\n- address: @1\n" GOOD_SERVICES,
                     "write \"wait-for-backends\" if that is meant");
    config_check_bad("service: &a\n- key: frontend0.key\n  instances: [{address: @1}]\nx: *a\n" GOOD_SERVICES,
                     "write \"services\" if that is meant");
    config_check_bad(
        "services:\n- key: frontend0.key\n  instances: &a\n  - address: @1\n- key: frontend8.key\n"
        "instances: *a\n",
        "config.yaml:6: \"instances\" stands in the config itself and is missing in a service");
}

/* The same everywhere is said once. */
static void test_said_once(void **state)
{
    (void)state;
    config_check_good(
        "services:\n- key: frontend0.key\n  ports: 1\n  instances: [{address: @1}]\n"
        "- key: frontend8.key\n  ports: 2\n  instances: [{address: @1}]\n",
        "config.yaml:3: a service has no key \"ports\": it does nothing here (obpub.yaml(5) has all "
        "keys) (so in 1 more place)");
    config_check_good(
        "services:\n- key: frontend0.key\n  instances: [{address: @1, auth: x}, {address: @2, auth: "
        "y}, {address: @3, auth: z}]\n",
        "\"auth\" does nothing here: it was for v2 services; remove it (so in 2 more places)");
}

/* What was meant to do something is not passed over. */
static void test_errors(void **state)
{
    (void)state;
    config_check_bad("services: [{key: frontend0.key, mod: hardmap, instances: [{address: @1}]}]\n",
                     "write \"mode\" if that is meant");
    config_check_bad("sandbox: true\n" GOOD_SERVICES, "write \"require-sandbox\" if that is meant");
    config_check_bad(
        "mode: hardmap\n" GOOD_SERVICES,
        "config.yaml:1: the config has no key \"mode\", which is one of a service: write it there");
    config_check_bad("services: [{key: frontend0.key, weight: 1, instances: [{address: @1}]}]\n",
                     "a service has no key \"weight\", which is one of an instance: write it there");
    config_check_bad(
        "control-password-file: x\n" GOOD_SERVICES,
        "the config has no key \"control-password-file\", which is one of an instance: write it there, "
        "or \"tor-control-password-file\" here if that is meant");
    config_check_bad("instances: [{address: @1}]\n" GOOD_SERVICES,
                     "the config has no key \"instances\", which is one of a service: write it there");
    config_check_bad("services: [{key: frontend0.key, health: {port: 80, zzzzzzzz: 1}, instances: [{address: "
                     "@1}]}]\n",
                     "\"health\" of a service has no key \"zzzzzzzz\": remove it");
}

static void test_wrong_indentation(void **state)
{
    (void)state;
    config_check_bad(
        "services:\n- key: frontend0.key\ninstances:\n  - address: @1\n",
        "config.yaml:3: \"instances\" stands in the config itself and is missing in a service, the one "
        "on line 2: put as many blanks before it");
    config_check_bad(
        "services:\n- key: frontend0.key\n  instances:\n  - name: a\n  address: @1\n",
        "config.yaml:5: \"address\" stands in a service itself and is missing in an instance, the one "
        "on line 4: put as many blanks before it");
}

/* As EOTK writes it, for all of which it had ten warnings. */
static void test_eotk(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
                                      "LOG_LEVEL: warn\n"
                                      "TOR_ADDRESS: 127.0.0.1\n"
                                      "TOR_PORT: 9055\n"
                                      "STATUS_SOCKET_LOCATION: /run/ob-status\n"
                                      "REFRESH_INTERVAL: 600\n"
                                      "INITIAL_DELAY: 100\n"
                                      "PUBLISH_CHECK_INTERVAL: 300\n"
                                      "DESCRIPTOR_OVERLAP_PERIOD: 2400\n"
                                      "DESCRIPTOR_UPLOAD_PERIOD: 2400\n"
                                      "DESCRIPTOR_VALIDITY_PERIOD: 86400\n" GOOD_SERVICES),
                     0);
    assert_int_equal(report.warning_count, 1);
    assert_string_equal(
        report.warnings[0],
        "config.yaml:1: from here on are keys of Onionbalance for v2 services, which do nothing here and can "
        "be "
        "removed: TOR_ADDRESS, TOR_PORT, REFRESH_INTERVAL, INITIAL_DELAY, PUBLISH_CHECK_INTERVAL, "
        "DESCRIPTOR_OVERLAP_PERIOD, DESCRIPTOR_UPLOAD_PERIOD, DESCRIPTOR_VALIDITY_PERIOD; others count: "
        "LOG_LEVEL "
        "as \"log-level\", STATUS_SOCKET_LOCATION as \"status-socket-location\"");
    assert_string_equal(config.status_socket_location, "/run/ob-status");
    assert_true(config.has_log_level && config.log_level == LOG_LEVEL_WARNING);
    assert_int_equal(config.tor_control_count, 0);
    config_clear(&config);
    config_report_clear(&report);

    char *location = NULL;
    enum log_level level = LOG_LEVEL_INFO;
    assert_int_equal(config_find_status_socket(&location, "config.yaml", &report), 0);
    assert_string_equal(location, "/run/ob-status");
    assert_true(config_find_log_level(&level, "config.yaml") && level == LOG_LEVEL_WARNING);
    free(location);
    config_report_clear(&report);
}

/* The key of today wins over that of the past. */
static void test_old_and_new(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
                                      "STATUS_SOCKET_LOCATION: /run/old\nstatus-socket-location: /run/new\n"
                                      "log-level: error\n" GOOD_SERVICES),
                     0);
    assert_int_equal(report.warning_count, 1);
    assert_non_null(strstr(report.warnings[0], "\"STATUS_SOCKET_LOCATION\" does nothing here"));
    assert_string_equal(config.status_socket_location, "/run/new");
    assert_true(config.has_log_level && config.log_level == LOG_LEVEL_ERROR);
    config_clear(&config);
    config_report_clear(&report);
    config_check_good("log-level: loud\n" GOOD_SERVICES,
                      "config.yaml:1: \"log-level\": \"loud\" is no level and does not count");
    config_check_bad("log-level: [info]\n" GOOD_SERVICES, "\"log-level\" has to be one text");
    enum log_level level = LOG_LEVEL_ERROR;
    assert_false(config_find_log_level(&level, "config.yaml"));
    assert_false(config_find_log_level(&level, "absent.yaml"));
    folder_write_text("config.yaml", "log-level: loud\n");
    assert_false(config_find_log_level(&level, "config.yaml"));
    assert_int_equal(level, LOG_LEVEL_ERROR);
}

/* There is no end to what a file may have. */
static void test_many(void **state)
{
    (void)state;
    char *text = memory_allocate(16384, 1);
    size_t length = 0;
    for (int i = 0; i < 90; i++)
        length += (size_t)snprintf(text + length, 16384 - length, "%s%d%s: x\n", "qqqqqqqqqqqqqqq", i,
                                   i == 0 ? "qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq" : "");
    snprintf(text + length, 16384 - length, GOOD_SERVICES);
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report, text), 0);
    assert_int_equal(report.warning_count, 65);
    assert_string_equal(report.warnings[64], "config.yaml: 26 other keys do nothing here, too");
    config_clear(&config);
    config_report_clear(&report);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_keys_of_others),    CONFIG_TEST(test_anchors),
        CONFIG_TEST(test_said_once),         CONFIG_TEST(test_errors),
        CONFIG_TEST(test_wrong_indentation), CONFIG_TEST(test_eotk),
        CONFIG_TEST(test_old_and_new),       CONFIG_TEST(test_many),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
