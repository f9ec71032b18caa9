/* Tests of saying what one config says otherwise than another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/config_difference.h"
#include "helper_config.h"
#include "helper_folder.h"

/* Compares two configs; the expected text has addresses as helper_config.h writes them. */
static void check(const char *from, const char *to, size_t count, const char *expected)
{
    struct config configs[2];
    struct config_report report;
    const char *const texts[] = {from, to};
    char text[CONFIG_DIFFERENCE_TEXT_SIZE];
    for (size_t i = 0; i < 2; i++) {
        if (config_load_text(&configs[i], &report, texts[i]) != 0)
            fail_msg("%s", report.errors[0]);
        config_report_clear(&report);
    }
    size_t found = config_difference_describe(text, &configs[0], &configs[1]);
    char *wanted = config_expand(expected);
    assert_string_equal(text, wanted);
    assert_int_equal(found, count);
    free(wanted);
    config_clear(&configs[0]);
    config_clear(&configs[1]);
}

#define SERVICE(key, instances) "services: [{key: frontend" key ".key, instances: [" instances "]}]\n"

static void test_nothing(void **state)
{
    (void)state;
    check(GOOD_SERVICES, GOOD_SERVICES, 0, "");
    check(SERVICE("0", "{address: @1}, {address: @2}"), SERVICE("0", "{address: @2}, {address: @1}"), 0, "");
}

static void test_backends(void **state)
{
    (void)state;
    check(SERVICE("0", "{address: @1, name: a}, {address: @2, name: b}"),
          SERVICE("0", "{address: @2, name: b}, {address: @3, name: c}"), 2,
          "@0.onion: backend c is new; @0.onion: backend a is gone");
    check(SERVICE("0", "{address: @1, name: a, weight: 3}"),
          SERVICE("0", "{address: @1, name: b, control: '127.0.0.1:9', health: {port: 80}}"), 1,
          "@0.onion: backend b has another name, control, weight, health");
}

static void test_twins(void **state)
{
    (void)state;
    check(
        "services: [{key: frontend0.key, mode: hardmap, instances: [{name: a, control: 'unix:/a'}, {name: b, "
        "control: 'unix:/b'}]}]\n",
        "services: [{key: frontend0.key, mode: hardmap, lead: 1, proof-of-work: off, instances: [{name: a, "
        "control: "
        "'unix:/c'}, {name: d, control: 'unix:/b'}]}]\n",
        4,
        "@0.onion has another lead, proof-of-work; @0.onion: backend a has another control; @0.onion: "
        "backend d is "
        "new; @0.onion: backend b is gone");
    check(SERVICE("0", "{address: @1, name: a}"),
          "services: [{key: frontend0.key, mode: hardmap, instances: [{name: a, control: 'unix:/a'}]}]\n", 3,
          "@0.onion has another mode, lead; @0.onion: backend a is new; @0.onion: backend a is gone");
}

static void test_frontends(void **state)
{
    (void)state;
    check(SERVICE("0", "{address: @1}"), SERVICE("8", "{address: @1}"), 2,
          "frontend @8.onion is new; frontend @0.onion is gone");
    folder_write("other.key", config_keys[0], config_key_lengths[0]);
    check(GOOD_SERVICES,
          "services: [{key: other.key, descriptors: same, "
          "max-introduction-points: 8, instances: [{address: @1}]}]\n",
          1, "@0.onion has another key, descriptors, max-introduction-points");
}

static void test_top(void **state)
{
    (void)state;
    folder_write_text("p", "secret\n");
    check(
        GOOD_SERVICES,
        "tor-control: 127.0.0.1:9\ntor-control-password-file: p\ntor-socks: 127.0.0.1:9050\n"
        "status-socket-location: /s\ncommand-socket-location: /c\nmetrics-listen: "
        "127.0.0.1:1\nbackend-grace: 1\n"
        "log-level: info\nuser: x\nrequire-sandbox: true\nother-publishers: true\ngroup-readable: true\n"
        "wait-for-backends: true\n" GOOD_SERVICES,
        1,
        "another tor-control, tor-control-password-file, tor-socks, status-socket-location, "
        "command-socket-location, "
        "metrics-listen, backend-grace, log-level, user, require-sandbox, other-publishers, group-readable, "
        "wait-for-backends");
    check("tor-control: 127.0.0.1:9\ntor-control-cookie-file: a\ntor-socks: 127.0.0.1:9\n" GOOD_SERVICES,
          "tor-control: 127.0.0.1:8\ntor-control-cookie-file: b\ntor-socks: 127.0.0.1:8\n" GOOD_SERVICES, 1,
          "another tor-control, tor-control-cookie-file, tor-socks");
}

/* Very many are counted and not named. */
static void test_many(void **state)
{
    (void)state;
    char *text = memory_allocate(16384, 1);
    size_t length =
        (size_t)snprintf(text, 16384, "services:\n- key: frontend0.key\n  mode: hardmap\n  instances:\n");
    for (int i = 0; i < 30; i++)
        length += (size_t)snprintf(text + length, 16384 - length, "  - {name: %0100d, control: 'unix:/%d'}\n",
                                   i, i);
    struct config configs[2];
    struct config_report report;
    char found[CONFIG_DIFFERENCE_TEXT_SIZE];
    assert_int_equal(config_load_text(&configs[0], &report,
                                      "services: [{key: frontend0.key, mode: hardmap, instances: "
                                      "[{name: a, control: 'unix:/a'}]}]\n"),
                     0);
    config_report_clear(&report);
    assert_int_equal(config_load_text(&configs[1], &report, text), 0);
    config_report_clear(&report);
    assert_int_equal(config_difference_describe(found, &configs[0], &configs[1]), 31);
    assert_non_null(strstr(found, "19 is new; and 11 more"));
    assert_null(strstr(found, "20 is new"));
    config_clear(&configs[0]);
    config_clear(&configs[1]);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_nothing),   CONFIG_TEST(test_backends), CONFIG_TEST(test_twins),
        CONFIG_TEST(test_frontends), CONFIG_TEST(test_top),      CONFIG_TEST(test_many),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
