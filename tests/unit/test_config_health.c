/* Tests what the config file says of health checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "helper_config.h"
#include "helper_folder.h"

#define SERVICE(health, instances)                                                                           \
    "services:\n- key: frontend0.key\n  health: " health "\n  instances:\n" instances
#define INSTANCES(list) "services:\n- key: frontend0.key\n  instances:\n" list
#define TWINS(list) "services:\n- key: frontend0.key\n  mode: hardmap\n  instances:\n" list

static void load(struct config *config, const char *text)
{
    struct config_report report;
    assert_int_equal(config_load_text(config, &report, text), 0);
    assert_int_equal(report.warning_count, 0);
    config_report_clear(&report);
}

static void test_defaults(void **state)
{
    (void)state;
    struct config config;
    load(&config, INSTANCES("  - {address: @1, health: {port: 80}}\n  - {address: @2}\n"));
    const struct config_backend *backends = config.frontends[0].backends;
    const struct config_health *health = &backends[0].health;
    assert_true(health->is_on);
    assert_false(backends[1].health.is_on);
    assert_string_equal(health->address, backends[0].address);
    assert_int_equal(health->port, 80);
    assert_null(health->path);
    assert_null(health->host);
    assert_int_equal(health->expect_from, 200);
    assert_int_equal(health->expect_to, 399);
    assert_int_equal(health->interval, 30);
    assert_int_equal(health->timeout, 30);
    assert_int_equal(health->fall, 3);
    assert_int_equal(health->rise, 2);
    config_clear(&config);
}

/* An instance says what is other than at the others, key by key. */
static void test_instance_over_service(void **state)
{
    (void)state;
    struct config config;
    load(&config,
         SERVICE("{port: 80, path: /up, expect: 200, interval: 10, fall: 2}",
                 "  - {address: @1}\n"
                 "  - {address: @2, health: {path: '/other?a=b', host: www.example.com, timeout: 4}}\n"
                 "  - {address: @3, health: off}\n"
                 "  - {address: @4, health: {expect: 300-404, address: @5.onion, rise: 10}}\n"
                 "  - {address: @6, health: false}\n"
                 "  - {address: @7, health: ~}\n"));
    const struct config_backend *backends = config.frontends[0].backends;
    assert_true(backends[0].health.is_on && backends[1].health.is_on && backends[3].health.is_on);
    assert_false(backends[2].health.is_on || backends[4].health.is_on);
    assert_true(backends[5].health.is_on);
    assert_string_equal(backends[0].health.path, "/up");
    assert_int_equal(backends[0].health.expect_from, 200);
    assert_int_equal(backends[0].health.expect_to, 200);
    assert_int_equal(backends[0].health.timeout, 10); /* not beyond the interval */
    assert_string_equal(backends[1].health.path, "/other?a=b");
    assert_string_equal(backends[1].health.host, "www.example.com");
    assert_int_equal(backends[1].health.timeout, 4);
    assert_int_equal(backends[1].health.interval, 10);
    assert_int_equal(backends[1].health.fall, 2);
    assert_string_equal(backends[3].health.address, config_addresses[5]);
    assert_int_equal(backends[3].health.expect_from, 300);
    assert_int_equal(backends[3].health.expect_to, 404);
    assert_int_equal(backends[3].health.rise, 10);
    assert_string_equal(backends[5].health.address, backends[5].address);
    config_clear(&config);
}

static void test_off_for_all_but_one(void **state)
{
    (void)state;
    struct config config;
    load(&config, SERVICE("off", "  - {address: @1}\n  - {address: @2, health: {port: 1}}\n"));
    assert_false(config.frontends[0].backends[0].health.is_on);
    assert_true(config.frontends[0].backends[1].health.is_on);
    config_clear(&config);
}

/* What a service says is nothing to the next one. */
static void test_each_service_for_itself(void **state)
{
    (void)state;
    struct config config;
    load(&config, "services:\n"
                  "- {key: frontend0.key, health: {port: 80, path: /}, instances: [{address: @1}]}\n"
                  "- {key: frontend8.key, instances: [{address: @2}]}\n");
    assert_true(config.frontends[0].backends[0].health.is_on);
    assert_false(config.frontends[1].backends[0].health.is_on);
    config_clear(&config);
}

static void test_bad_values(void **state)
{
    (void)state;
    static const struct {
        const char *health, *error;
    } cases[] = {
        {"{path: /}", "config.yaml:4: \"health\" of this instance needs \"port\""},
        {"{port: 0}", "\"port\": \"0\" is no number from 1 to 65535"},
        {"{port: 65536}", "\"port\": \"65536\" is no number from 1 to 65535"},
        {"{port: 80, interval: 4}", "\"interval\": \"4\" is no number of seconds from 5 to 600"},
        {"{port: 80, interval: 601}", "\"interval\": \"601\" is no number of seconds from 5 to 600"},
        {"{port: 80, timeout: 0}", "\"timeout\": \"0\" is no number of seconds from 1 to 600"},
        {"{port: 80, timeout: 31}", "\"timeout\" is 31 and \"interval\" 30 seconds"},
        {"{port: 80, fall: 0}", "\"fall\": \"0\" is no number from 1 to 10"},
        {"{port: 80, rise: 11}", "\"rise\": \"11\" is no number from 1 to 10"},
        {"{port: 80, fall: -1}", "\"fall\": \"-1\" is no number"},
        {"{port: 80, path: up}", "\"path\": \"up\" is none"},
        {"{port: 80, path: '/a b'}", "\"path\": \"/a b\" is none"},
        {"{port: 80, path: \"/a\\r\\nX: y\"}", "is none"},
        {"{port: 80, path: '/#x'}", "\"path\": \"/#x\" is none"},
        {"{port: 80, path: \"/\\u00e9\"}", "is none"},
        {"{port: 80, path: /, host: 'a:80'}", "\"host\": \"a:80\" is no name of a host"},
        {"{port: 80, path: /, host: \"a\\r\\nX: y\"}", "is no name of a host"},
        {"{port: 80, path: /, host: .a}", "is no name of a host"},
        {"{port: 80, path: /, host: a.}", "is no name of a host"},
        {"{port: 80, path: /, host: -a}", "is no name of a host"},
        {"{port: 80, path: /, host: a_b}", "is no name of a host"},
        {"{port: 80, host: a}", "\"host\" is of no use without \"path\""},
        {"{port: 80, expect: 200}", "\"expect\" is of no use without \"path\""},
        {"{port: 80, path: /, expect: 20}", "\"expect\": \"20\" is neither a status"},
        {"{port: 80, path: /, expect: 600}", "is neither a status"},
        {"{port: 80, path: /, expect: 399-200}", "is neither a status"},
        {"{port: 80, path: /, expect: '200,204'}", "is neither a status"},
        {"{port: 80, path: /, expect: 200-}", "is neither a status"},
        {"{port: 80, address: nonsense}", "\"address\": "},
        {"{port: 80, pathh: /}", "write \"path\" if that is meant"},
        {"on", "\"health\": \"on\" is neither \"off\" nor keys and values"},
        {"80", "\"health\": \"80\" is neither \"off\" nor keys and values"},
        {"[80]", "has to"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];
        snprintf(text, sizeof(text), INSTANCES("  - {address: @1, health: %s}\n"), cases[i].health);
        config_check_bad(text, cases[i].error);
    }
}

static void test_service_has_no_address(void **state)
{
    (void)state;
    config_check_bad(SERVICE("{port: 80, address: @2}", "  - {address: @1}\n"),
                     "config.yaml:3: \"health\" of a service has no key \"address\"");
    config_check_bad(SERVICE("{path: /}", "  - {address: @1}\n"),
                     "config.yaml:5: \"health\" of this instance needs \"port\"");
}

/* Twins have one address, at which any of them answers. */
static void test_twins(void **state)
{
    (void)state;
    struct config config;
    load(&config, TWINS("  - {name: a, control: 'a:1', health: {port: 80, address: @1}}\n"
                        "  - {name: b, control: 'a:2', health: {port: 80, address: @2}}\n"
                        "  - {name: c, control: 'a:3'}\n"));
    assert_string_equal(config.frontends[0].backends[1].health.address, config_addresses[2]);
    assert_false(config.frontends[0].backends[2].health.is_on);
    config_clear(&config);
    config_check_bad(TWINS("  - {name: a, control: 'a:1', health: {port: 80}}\n"),
                     "config.yaml:5: \"health\" of an instance of a hardmap service needs \"address\"");
    config_check_bad(TWINS("  - {name: a, control: 'a:1', health: {port: 80, address: @0}}\n"),
                     "\"address\" of \"health\" is the service's own");
    config_check_bad(TWINS("  - {name: a, control: 'a:1', health: {port: 80, address: @1}}\n"
                           "  - {name: b, control: 'a:2', health: {port: 81, address: @1}}\n"),
                     "is there twice in this service, first in the instance on line 5");
    config_check_good("services:\n- key: frontend0.key\n  mode: hardmap\n  health: {port: 80}\n  instances:\n"
                      "  - {name: a, control: 'a:1', health: {address: @1}}\n"
                      "  - {name: b, control: 'a:2', health: off}\n",
                      NULL);
}

/* One that serves several frontends is checked once. */
static void test_shared_backend(void **state)
{
    (void)state;
    config_check_good("services:\n"
                      "- {key: frontend0.key, health: {port: 80}, instances: [{address: @1}]}\n"
                      "- {key: frontend8.key, health: {port: 80}, instances: [{address: @1}]}\n",
                      NULL);
    config_check_good("services:\n"
                      "- {key: frontend0.key, health: {port: 80}, instances: [{address: @1}]}\n"
                      "- {key: frontend8.key, instances: [{address: @1}]}\n",
                      NULL);
    config_check_good("services:\n"
                      "- {key: frontend0.key, health: {port: 80}, instances: [{address: @1}]}\n"
                      "- {key: frontend8.key, health: {port: 81}, instances: [{address: @1}]}\n",
                      "config.yaml:3: what is said here of the health checks of");
}

static void test_comparisons(void **state)
{
    (void)state;
    struct config config;
    load(&config, INSTANCES("  - {address: @1, health: {port: 80, path: /, address: @8}}\n"
                            "  - {address: @2, health: {port: 80, path: /, address: @8, interval: 20}}\n"
                            "  - {address: @3, health: {port: 80, path: /x, address: @8}}\n"));
    const struct config_backend *backends = config.frontends[0].backends;
    assert_true(config_health_asks_same(&backends[0].health, &backends[1].health));
    assert_false(config_health_equals(&backends[0].health, &backends[1].health));
    assert_false(config_health_asks_same(&backends[0].health, &backends[2].health));
    config_clear(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_defaults),
        CONFIG_TEST(test_instance_over_service),
        CONFIG_TEST(test_off_for_all_but_one),
        CONFIG_TEST(test_each_service_for_itself),
        CONFIG_TEST(test_bad_values),
        CONFIG_TEST(test_service_has_no_address),
        CONFIG_TEST(test_twins),
        CONFIG_TEST(test_shared_backend),
        CONFIG_TEST(test_comparisons),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
