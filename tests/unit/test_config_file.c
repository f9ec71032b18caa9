/* Tests of the config file as a file: what is no config, no YAML, too much of it, or cut off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "helper_config.h"
#include "helper_folder.h"

static void test_files_that_are_no_config(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    static const struct {
        const char *path, *text;
    } cases[] = {
        {"missing.yaml", "missing.yaml: there is no such file"},
        {"folder", "folder: is a folder"},
        {"fifo", "fifo: is not a plain file"},
        {"/dev/zero", "is not a plain file"},
        {"folder/x/y", "there is no such file"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(config_load(&config, cases[i].path, &report), -1);
        assert_int_equal(report.error_count, 1);
        if (strstr(report.errors[0], cases[i].text) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", report.errors[0], cases[i].text);
        config_report_clear(&report);
    }
}

static void test_not_yaml(void **state)
{
    (void)state;
    config_check_bad("", "config.yaml: is empty");
    config_check_bad("# nothing\n\n", "config.yaml: is empty");
    config_check_bad("---\n", "has to be a mapping");
    config_check_bad("hello\n", "config.yaml:1: the config has to be a mapping");
    config_check_bad("- a\n", "config.yaml:1: the config has to be a mapping");
    config_check_bad("services:\n- key: x\n\tinstances: y\n", "config.yaml:3: not valid YAML");
    config_check_bad("services: [\n\n", "config.yaml:3: not valid YAML");
    config_check_bad("services: *x\n", "config.yaml:1: not valid YAML");
    config_check_bad("services: \"x\n", "not valid YAML");
    config_check_bad("a: b\n\nb: \x1b\n",
                     "config.yaml:3: not valid YAML: control characters are not allowed");
    config_check_bad("a: b\nb: \xff\n", "config.yaml:2: not valid YAML");
    config_check_bad("a: b\n--- \nb: c\n", "config.yaml:3: a second YAML document begins here");
    config_check_bad("a: b\n---\n[\n", "not valid YAML");
    config_check_bad("-----BEGIN PRIVATE KEY-----\n", "the config has to be a mapping");
}

/* Shapes on which a parser could spend a day. */
static void test_hostile_yaml(void **state)
{
    (void)state;
    size_t size = 1024 * 1024;
    char *text = memory_allocate(size + 1, 1);
    memset(text, '[', size);
    config_check_bad(text, "nested more than 32 deep");
    for (size_t i = 0; i < size; i += 2)
        memcpy(text + i, "- ", 2);
    config_check_bad(text, "nested more than 32 deep");
    size_t length = 0;
    for (unsigned i = 0; length < size - 32; i++)
        length += (size_t)snprintf(text + length, 32, "- &a%u x\n", i);
    config_check_bad(text, "more than 1000 anchors");
    static const char *const breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        length = 0;
        for (unsigned number = 0; length < size - 32; number++)
            length += (size_t)snprintf(text + length, 32, "%%TAG !%x! x%s", number, breaks[i]);
        config_check_bad(text, "more than 100 lines begin with \"%\"");
    }
    /* In UTF-16 the same would not be seen. */
    folder_write("config.yaml", "\xff\xfe{\0}\0", 6);
    struct config config;
    struct config_report report;
    assert_int_equal(config_load(&config, "config.yaml", &report), -1);
    assert_non_null(strstr(report.errors[0], "a config file is UTF-8 text"));
    config_report_clear(&report);
    config_check_good("\xef\xbb\xbf%TAG ! x\n---\n" GOOD_SERVICES, NULL);

    /* A mapping with very many keys that very many aliases name. */
    length =
        (size_t)snprintf(text, size, "services:\n- key: frontend0.key\n  instances:\n  - &a {address: @1");
    while (length < size / 2)
        length += (size_t)snprintf(text + length, size - length, ", nane: x");
    length += (size_t)snprintf(text + length, size - length, "}\n");
    for (size_t i = 0; i < 90; i++)
        length += (size_t)snprintf(text + length, size - length, "  - *a\n");
    assert_int_equal(config_load_text(&config, &report, text), -1);
    assert_int_equal(report.error_count, 91);
    for (size_t i = 0; i < report.error_count; i++)
        assert_non_null(strstr(report.errors[i], "an instance has more than 100 keys"));
    config_report_clear(&report);
    free(text);

    /* A list that holds itself, and a mapping that does. */
    config_check_bad("services: &a [*a]\n", "a service has to be a mapping");
    config_check_bad("services: [&a {key: frontend0.key, instances: *a}]\n",
                     "\"instances\" has to be a list");
    config_check_bad("services: [{key: frontend0.key, instances: &a [{address: *a}]}]\n",
                     "\"address\" has to be one text");
}

static void test_too_long(void **state)
{
    (void)state;
    size_t size = 5 * 1024 * 1024;
    char *text = memory_allocate(size + 1, 1);
    memset(text, '#', size);
    folder_write("config.yaml", text, size);
    free(text);
    struct config config;
    struct config_report report;
    assert_int_equal(config_load(&config, "config.yaml", &report), -1);
    assert_non_null(strstr(report.errors[0], "too long to be a config file"));
    config_report_clear(&report);
}

static void test_limits(void **state)
{
    (void)state;
    size_t size = 128 * 1024;
    char *text = memory_allocate(size, 1);
    size_t length = (size_t)snprintf(text, size, "services:\n");
    for (size_t i = 0; i < 1001; i++)
        length += (size_t)snprintf(text + length, size - length, "- {}\n");
    config_check_bad(text, "more than 1000 services");

    length = (size_t)snprintf(text, size, "services:\n- key: frontend0.key\n  instances:\n");
    for (size_t i = 0; i < 10001; i++)
        length += (size_t)snprintf(text + length, size - length, "  - x\n");
    config_check_bad(text, "more than 10000 instances");

    /* Of very many errors only the first ones are kept. */
    length = (size_t)snprintf(text, size, "services:\n");
    for (size_t i = 0; i < 1000; i++)
        length += (size_t)snprintf(text + length, size - length, "- {}\n");
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report, text), -1);
    assert_int_equal(report.error_count, 101);
    assert_non_null(strstr(report.errors[100], "there is more like this"));
    config_report_clear(&report);
    free(text);
}

static void test_anybody_may_change_the_config(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report, GOOD_SERVICES), 0);
    config_clear(&config);
    assert_int_equal(chmod("config.yaml", 0666), 0);
    assert_int_equal(config_load(&config, "config.yaml", &report), 0);
    assert_int_equal(report.warning_count, 1);
    assert_non_null(strstr(report.warnings[0], "chmod o-w"));
    config_clear(&config);
    config_report_clear(&report);
}

/* Cut off after any byte, a config is either still good or refused with a reason. */
static void test_truncated_anywhere(void **state)
{
    (void)state;
    char text[512];
    int length =
        snprintf(text, sizeof(text),
                 "tor-control: unix:/x\nservices:\n- key: frontend0.key\n  instances: [{address: %s.onion, "
                 "name: \"x\", control: 'a:1'}]\n",
                 config_addresses[1]);
    for (size_t cut = 0; cut <= (size_t)length; cut++) {
        struct config config;
        struct config_report report;
        folder_write("config.yaml", text, cut);
        int result = config_load(&config, "config.yaml", &report);
        assert_int_equal(result, cut >= (size_t)length - 1 ? 0 : -1);
        assert_int_equal(report.error_count == 0, result == 0);
        if (result == 0)
            config_clear(&config);
        config_report_clear(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_files_that_are_no_config),
        CONFIG_TEST(test_not_yaml),
        CONFIG_TEST(test_hostile_yaml),
        CONFIG_TEST(test_too_long),
        CONFIG_TEST(test_limits),
        CONFIG_TEST(test_anybody_may_change_the_config),
        CONFIG_TEST(test_truncated_anywhere),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
