/* Tests of the config file: what it says, and every way to get it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "config/config.h"
#include "helper_folder.h"
#include "obpub/memory.h"
#include "vectors.h"

/* The keys of the vectors, written as frontend0.key and so on, and their addresses. All are good addresses
 * for backends too. */
#define KEYS 9
static char addresses[KEYS][ONION_ADDRESS_SIZE];
static uint8_t keys[KEYS][512];
static size_t key_lengths[KEYS], key_count;

static void remember_vector(char **words)
{
    assert_true(key_count < KEYS);
    key_lengths[key_count] = strlen(words[1]) / 2;
    vectors_decode_hex(words[1], keys[key_count], key_lengths[key_count]);
    snprintf(addresses[key_count], sizeof(addresses[key_count]), "%s", words[2]);
    key_count++;
}

static int prepare(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    vectors_for_each("key_files.txt", 3, remember_vector);
    return 0;
}

/* Makes the folder with two frontends' keys. */
static int setup(void **state)
{
    if (folder_setup(state) != 0)
        return -1;
    folder_write("frontend0.key", keys[0], key_lengths[0]);
    folder_write("frontend8.key", keys[8], key_lengths[8]);
    return 0;
}

/* Writes config.yaml, "@3" in it standing for the fourth address, and loads it. */
static int load(struct config *config, struct config_report *report, const char *text)
{
    size_t size = strlen(text) * 30 + 1, length = 0;
    char *expanded = memory_allocate(size, 1);
    for (const char *c = text; *c != '\0'; c++) {
        if (c[0] == '@' && c[1] >= '0' && c[1] < '0' + KEYS) {
            memcpy(expanded + length, addresses[c[1] - '0'], ONION_ADDRESS_LENGTH);
            length += ONION_ADDRESS_LENGTH;
            c++;
        } else {
            expanded[length++] = *c;
        }
    }
    folder_write("config.yaml", expanded, length);
    free(expanded);
    return config_load(config, "config.yaml", report);
}

/* A config that is good; warnings may be NULL, or the text that its only warning has in it. */
static void check_good(const char *text, const char *warning)
{
    struct config config;
    struct config_report report;
    if (load(&config, &report, text) != 0)
        fail_msg("%s", report.errors[0]);
    assert_int_equal(report.error_count, 0);
    assert_int_equal(report.warning_count, warning != NULL ? 1 : 0);
    if (warning != NULL && strstr(report.warnings[0], warning) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", report.warnings[0], warning);
    config_clear(&config);
    config_report_clear(&report);
}

/* A config with exactly one error, which has the text in it, and nothing in config. */
static void check_bad(const char *text, const char *error)
{
    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report, text), -1);
    const struct config nothing = {0};
    assert_memory_equal(&config, &nothing, sizeof(config));
    if (report.error_count != 1)
        fail_msg("%zu errors, the last one: %s", report.error_count, report.errors[report.error_count - 1]);
    if (strstr(report.errors[0], error) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", report.errors[0], error);
    config_report_clear(&report);
}

/* As config_generator writes it, keys in alphabetical order. */
static void test_onionbalance_config(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report,
                          "# Onionbalance Config File\n"
                          "services:\n"
                          "- instances:\n"
                          "  - address: @1.onion\n"
                          "    name: node1\n"
                          "  - address: @2.onion\n"
                          "    name: node2\n"
                          "  key: frontend8.key\n"),
                     0);
    assert_int_equal(report.error_count + report.warning_count, 0);
    assert_string_equal(config.path, "config.yaml");
    assert_int_equal(config.tor_control_count, 0);
    assert_null(config.status_socket_location);
    assert_int_equal(config.frontend_count, 1);
    const struct config_frontend *frontend = &config.frontends[0];
    assert_string_equal(frontend->address, addresses[8]);
    assert_string_equal(frontend->key_path, "frontend8.key");
    assert_int_equal(frontend->key_format, KEY_FORMAT_PEM);
    assert_int_equal(frontend->line, 3);
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    ed25519_derive_public_key(public_key, frontend->secret_key);
    assert_memory_equal(public_key, frontend->identity_key, sizeof(public_key));
    assert_int_equal(frontend->backend_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(frontend->backends[i].address, addresses[i + 1]);
        assert_string_equal(frontend->backends[i].name, i == 0 ? "node1" : "node2");
        assert_int_equal(frontend->backends[i].line, 4 + 2 * i);
        assert_false(frontend->backends[i].has_control);
        assert_null(frontend->backends[i].control_password_file);
        assert_null(frontend->backends[i].control_cookie_file);
    }
    config_clear(&config);
    config_report_clear(&report);
}

/* As EOTK writes it: comments between, quoted addresses without ".onion", no names. */
static void test_eotk_config(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report,
                          "services:\n"
                          "# PROJECT example\n"
                          "  # example.com => @0.onion\n"
                          "  - key: frontend0.key\n"
                          "    instances:\n"
                          "      - address: '@1'\n"
                          "      - address: '@2'\n"),
                     0);
    assert_int_equal(report.warning_count, 0);
    assert_int_equal(config.frontends[0].key_format, KEY_FORMAT_TOR);
    assert_string_equal(config.frontends[0].address, addresses[0]);
    char name[17];
    snprintf(name, sizeof(name), "%.16s", addresses[2]);
    assert_string_equal(config.frontends[0].backends[1].name, name);
    config_clear(&config);
    config_report_clear(&report);
}

/* All that obpub adds, and paths relative to the config's folder. */
static void test_everything(void **state)
{
    assert_int_equal(mkdir("sub", 0700), 0);
    folder_write("sub/k", keys[0], key_lengths[0]);
    folder_write_text("sub/secret", "x\n");
    char text[2048];
    snprintf(text, sizeof(text),
             "tor-control: unix:/run/tor/control\n"
             "tor-control-cookie-file: /run/tor/cookie\n"
             "status-socket-location: status\n"
             "services:\n"
             "  - key: k\n"
             "    instances:\n"
             "      - {address: %s.onion, name: 7, control: '[::1]:9051', control-password-file: secret}\n"
             "      - {address: %s, name: null, control: 10.0.0.1:9051, control-cookie-file: c/d}\n"
             "  - key: %s/frontend8.key\n"
             "    instances: [{address: %s}]\n",
             addresses[1], addresses[2], (const char *)*state, addresses[1]);
    folder_write_text("sub/x.yaml", text);
    struct config config;
    struct config_report report;
    if (config_load(&config, "sub/x.yaml", &report) != 0)
        fail_msg("%s", report.errors[0]);
    assert_int_equal(report.warning_count, 0);
    assert_int_equal(config.tor_control_count, 1);
    assert_string_equal(config.tor_controls[0].socket_path, "/run/tor/control");
    assert_null(config.tor_control_password_file);
    assert_string_equal(config.tor_control_cookie_file, "/run/tor/cookie");
    assert_string_equal(config.status_socket_location, "status");
    assert_int_equal(config.frontend_count, 2);
    assert_string_equal(config.frontends[0].key_path, "sub/k");
    const struct config_backend *backends = config.frontends[0].backends;
    assert_string_equal(backends[0].name, "7");
    assert_string_equal(backends[0].control.host, "::1");
    assert_int_equal(backends[0].control.port, 9051);
    assert_string_equal(backends[0].control_password_file, "sub/secret");
    assert_string_equal(backends[1].control.host, "10.0.0.1");
    assert_string_equal(backends[1].control_cookie_file, "sub/c/d");
    assert_int_equal(strlen(backends[1].name), 16);
    assert_string_equal(config.frontends[1].backends[0].address, addresses[1]);
    config_clear(&config);
    config_report_clear(&report);
}

/* A list that two services share by an anchor. */
static void test_alias(void **state)
{
    (void)state;
    check_good("services:\n"
               "- key: frontend0.key\n"
               "  instances: &all [{address: @1}, {address: @2}]\n"
               "- key: frontend8.key\n"
               "  instances: *all\n",
               NULL);
}

static void test_upper_case_address(void **state)
{
    (void)state;
    char upper[ONION_ADDRESS_SIZE];
    for (size_t i = 0; i < ONION_ADDRESS_SIZE; i++)
        upper[i] = (char)(addresses[1][i] >= 'a' ? addresses[1][i] - 'a' + 'A' : addresses[1][i]);
    char text[256];
    snprintf(text, sizeof(text),
             "services: [{key: frontend0.key, instances: [{address: %s.ONION}, {address: @1}]}]\n", upper);
    check_bad(text, "there twice");
}

static void test_retired_keys(void **state)
{
    (void)state;
#define GOOD_SERVICES "services: [{key: frontend0.key, instances: [{address: @1}]}]\n"
    check_good("REFRESH_INTERVAL: 600\n" GOOD_SERVICES,
               "config.yaml:1: \"REFRESH_INTERVAL\" does nothing here");
    check_good("refresh_interval: 600\n" GOOD_SERVICES, "\"refresh_interval\"");
    check_good("Publish-Check-Interval: 600\n" GOOD_SERVICES, "\"Publish-Check-Interval\"");
    check_good("STATUS_SOCKET_LOCATION: /x\n" GOOD_SERVICES, "status-socket-location");
    check_good("TOR_PORT: 9051\n" GOOD_SERVICES, "tor-control: ADDRESS:PORT");
    check_good("services: [{key: frontend0.key, instances: [{address: @1, auth: x}]}]\n", "\"auth\"");

    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report, "TOR_CONTROL_PASSWORD: hunter2\n" GOOD_SERVICES), 0);
    assert_int_equal(report.warning_count, 1);
    assert_null(strstr(report.warnings[0], "hunter2"));
    config_clear(&config);
    config_report_clear(&report);
}

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
    check_bad("", "config.yaml: is empty");
    check_bad("# nothing\n\n", "config.yaml: is empty");
    check_bad("---\n", "has to be a mapping");
    check_bad("hello\n", "config.yaml:1: the config has to be a mapping");
    check_bad("- a\n", "config.yaml:1: the config has to be a mapping");
    check_bad("services:\n- key: x\n\tinstances: y\n", "config.yaml:3: not valid YAML");
    check_bad("services: [\n\n", "config.yaml:3: not valid YAML");
    check_bad("services: *x\n", "config.yaml:1: not valid YAML");
    check_bad("services: \"x\n", "not valid YAML");
    check_bad("a: b\n\nb: \x1b\n", "config.yaml:3: not valid YAML: control characters are not allowed");
    check_bad("a: b\nb: \xff\n", "config.yaml:2: not valid YAML");
    check_bad("a: b\n--- \nb: c\n", "config.yaml:3: a second YAML document begins here");
    check_bad("a: b\n---\n[\n", "not valid YAML");
    check_bad("-----BEGIN PRIVATE KEY-----\n", "the config has to be a mapping");
}

/* Shapes on which a parser could spend a day. */
static void test_hostile_yaml(void **state)
{
    (void)state;
    size_t size = 1024 * 1024;
    char *text = memory_allocate(size + 1, 1);
    memset(text, '[', size);
    check_bad(text, "nested more than 32 deep");
    for (size_t i = 0; i < size; i += 2)
        memcpy(text + i, "- ", 2);
    check_bad(text, "nested more than 32 deep");
    size_t length = 0;
    for (unsigned i = 0; length < size - 32; i++)
        length += (size_t)snprintf(text + length, 32, "- &a%u x\n", i);
    check_bad(text, "more than 1000 anchors");
    static const char *const breaks[] = {"\n", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
    for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
        length = 0;
        for (unsigned number = 0; length < size - 32; number++)
            length += (size_t)snprintf(text + length, 32, "%%TAG !%x! x%s", number, breaks[i]);
        check_bad(text, "more than 100 lines begin with \"%\"");
    }
    /* In UTF-16 the same would not be seen. */
    folder_write("config.yaml", "\xff\xfe{\0}\0", 6);
    struct config config;
    struct config_report report;
    assert_int_equal(config_load(&config, "config.yaml", &report), -1);
    assert_non_null(strstr(report.errors[0], "a config file is UTF-8 text"));
    config_report_clear(&report);
    check_good("\xef\xbb\xbf%TAG ! x\n---\n" GOOD_SERVICES, NULL);

    /* A mapping with very many keys that very many aliases name. */
    length =
        (size_t)snprintf(text, size, "services:\n- key: frontend0.key\n  instances:\n  - &a {address: @1");
    while (length < size / 2)
        length += (size_t)snprintf(text + length, size - length, ", nane: x");
    length += (size_t)snprintf(text + length, size - length, "}\n");
    for (size_t i = 0; i < 90; i++)
        length += (size_t)snprintf(text + length, size - length, "  - *a\n");
    assert_int_equal(load(&config, &report, text), -1);
    assert_int_equal(report.error_count, 91);
    for (size_t i = 0; i < report.error_count; i++)
        assert_non_null(strstr(report.errors[i], "an instance has more than 100 keys"));
    config_report_clear(&report);
    free(text);

    /* A list that holds itself, and a mapping that does. */
    check_bad("services: &a [*a]\n", "a service has to be a mapping");
    check_bad("services: [&a {key: frontend0.key, instances: *a}]\n", "\"instances\" has to be a list");
    check_bad("services: [{key: frontend0.key, instances: &a [{address: *a}]}]\n",
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

static void test_wrong_keys_and_types(void **state)
{
    (void)state;
    check_bad("sevices: x\n" GOOD_SERVICES,
              "config.yaml:1: the config has no key \"sevices\": write \"services\"");
    check_bad(GOOD_SERVICES "zzzzzzzzzz: x\n",
              "config.yaml:2: the config has no key \"zzzzzzzzzz\": remove it");
    check_bad(GOOD_SERVICES "[a]: x\n", "a key of the config has to be a word");
    check_bad(GOOD_SERVICES "\"tor-control\\0x\": 127.0.0.1:1\n", "a key of the config has a NUL in it");
    check_bad(GOOD_SERVICES GOOD_SERVICES, "config.yaml:2: \"services\" is there twice, first on line 1");
    check_bad(GOOD_SERVICES "<<: {a: b}\n", "merge keys");
    check_bad("{}\n", "needs \"services:\", which is missing");
    check_bad("services:\n", "config.yaml:1: \"services\" has no value");
    check_bad("services: ~\n", "config.yaml:1: \"services\" has no value");
    check_bad("services: x\n", "\"services\" has to be a list");
    check_bad("services: {key: x}\n", "\"services\" has to be a list");
    check_bad("services: []\n", "\"services\" is an empty list");
    check_bad("services: [x]\n", "a service has to be a mapping");
    check_bad("services:\n- key: frontend0.key\n", "config.yaml:2: a service needs \"instances:\"");
    check_bad("services:\n- instances:\n  - address: @1\n", "config.yaml:2: a service needs \"key:\"");
    check_bad("services:\n- key: frontend0.key\n  instances:\n", "config.yaml:3: \"instances\" has no value");
    check_bad("services: [{key: frontend0.key, instances: []}]\n", "\"instances\" is an empty list");
    check_bad("services: [{key: frontend0.key, instances: @1}]\n", "\"instances\" has to be a list");
    check_bad("services: [{key: frontend0.key, instances: [@1]}]\n", "an instance has to be a mapping");
    check_bad("services: [{key: frontend0.key, instances: [{name: x}]}]\n", "an instance needs \"address:\"");
    check_bad("services: [{key: frontend0.key, instances: [{adress: @1, address: @1}]}]\n",
              "write \"address\"");
    check_bad("services: [{key: frontend0.key, instances: [{address: [@1]}]}]\n",
              "\"address\" has to be one text");
    check_bad("services: [{key: frontend0.key, instances: [{address: ''}]}]\n", "\"address\" is empty");
    check_bad("services: [{key: frontend0.key, instances: [{address: @1, name: {a: b}}]}]\n",
              "\"name\" has to be one text");
    check_bad("services: [{key: [frontend0.key], instances: [{address: @1}]}]\n",
              "\"key\" has to be one text");
    check_bad("services: [{key: \"frontend0.key\\0x\", instances: [{address: @1}]}]\n",
              "\"key\" has a NUL in it");
    check_bad("status-socket-location: [x]\n" GOOD_SERVICES, "\"status-socket-location\" has to be one text");
    check_bad("status-socket-location: ''\n" GOOD_SERVICES, "\"status-socket-location\" is empty");
    check_good("status-socket-location:\ntor-control: ~\n" GOOD_SERVICES, NULL);
}

static void test_addresses(void **state)
{
    (void)state;
    char wrong[ONION_ADDRESS_SIZE];
    snprintf(wrong, sizeof(wrong), "%s", addresses[1]);
    wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
    char text[256];
    snprintf(text, sizeof(text), "services:\n- key: frontend0.key\n  instances:\n  - address: %s.onion\n",
             wrong);
    check_bad(text, "config.yaml:4: \"address\": ");
    check_bad(text, "checksum");
    check_bad("services: [{key: frontend0.key, instances: [{address: 7s4hxwwifcslrus2.onion}]}]\n",
              "version 2");
    check_bad(
        "services: [{key: frontend0.key, instances: [{address: <Enter the instance onion address here>}]}]\n",
        "onionbalance-config's placeholder");
    check_bad(
        "services: [{key: frontend0.key, instances: [{address: @1}, {address: @2}, {address: @1.onion}]}]\n",
        "there twice in this service, first on line 1");
    check_bad("services:\n- instances:\n  - address: @1\n  - address: @0\n  key: frontend0.key\n",
              "config.yaml:4: ");
    check_bad("services: [{key: frontend0.key, instances: [{address: @0}]}]\n", "this service's own address");
    check_bad("services:\n- key: frontend0.key\n  instances: [{address: @1}]\n"
              "- key: ./frontend0.key\n  instances: [{address: @2}]\n",
              "config.yaml:4: the frontend ");
    check_good("services:\n- key: frontend0.key\n  instances: [{address: @8}]\n"
               "- key: frontend8.key\n  instances: [{address: @2}]\n",
               "is itself a frontend, on line 4");
}

static void test_keys(void **state)
{
    (void)state;
    check_bad("services: [{key: nope.key, instances: [{address: @1}]}]\n",
              "config.yaml:1: key nope.key: there is no such file");
    assert_int_equal(chmod("frontend0.key", 0640), 0);
    check_bad(GOOD_SERVICES, "config.yaml:1: key frontend0.key: can be read or changed by others");
    assert_int_equal(chmod("frontend0.key", 0600), 0);
    folder_write("frontend0.key", keys[0], 50);
    check_bad(GOOD_SERVICES, "config.yaml:1: key frontend0.key: is truncated");
}

static void test_control(void **state)
{
    (void)state;
#define INSTANCE(more) "services: [{key: frontend0.key, instances: [{address: @1, " more "}]}]\n"
    check_bad(INSTANCE("control: 9051"), "config.yaml:1: \"control\": ");
    check_bad(INSTANCE("control: 'unix:'"), "\"control\": ");
    check_bad(INSTANCE("control: ['127.0.0.1:9051']"), "\"control\" has to be one text");
    check_bad("tor-control: nonsense\n" GOOD_SERVICES, "config.yaml:1: \"tor-control\": ");
    check_bad(INSTANCE("control-cookie-file: x"),
              "\"control-cookie-file\" is of no use without \"control:\"");
    folder_write_text("p", "x\n");
    check_bad(INSTANCE("control-password-file: p"),
              "\"control-password-file\" is of no use without \"control:\"");
    check_bad(INSTANCE("control: 'a:1', control-password-file: p, control-cookie-file: x"),
              "can't both be used");
    check_bad(INSTANCE("control: 'a:1', control-password-file: q"), "password file q: there is no such file");
    check_bad("tor-control-password-file: p\ntor-control-cookie-file: q\n" GOOD_SERVICES,
              "can't both be used");
    check_good("tor-control-password-file: p\n" GOOD_SERVICES, NULL);
    check_good(INSTANCE("control: 'a:1', control-password-file: p"), NULL);
}

static void test_listeners(void **state)
{
    (void)state;
    check_good("metrics-listen: 127.0.0.1:9470\n" GOOD_SERVICES, NULL);
    check_good("metrics-listen: '[::1]:9470'\n" GOOD_SERVICES, NULL);
    check_good("metrics-listen: unix:/run/obpub/metrics\n" GOOD_SERVICES, NULL);
    check_good("metrics-listen: 0.0.0.0:9470\n" GOOD_SERVICES, "whoever can reach 0.0.0.0:9470");
    check_good("metrics-listen: '[::]:9470'\n" GOOD_SERVICES, "whoever can reach [::]:9470");
    check_bad("metrics-listen: localhost:9470\n" GOOD_SERVICES,
              "config.yaml:1: \"metrics-listen\": 'localhost' is no IP address");
    check_bad("metrics-listen: 9470\n" GOOD_SERVICES, "\"metrics-listen\"");
    check_bad("metrics-listen: unix:metrics\n" GOOD_SERVICES, "whole path");
    check_bad("metrics-listen: [x]\n" GOOD_SERVICES, "\"metrics-listen\" has to be one text");
    check_bad(
        "status-socket-location: "
        "/pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
        "pppppppppp\n" GOOD_SERVICES,
        "\"status-socket-location\": the path of the socket has 109 bytes and may have 107");
    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report, "metrics-listen: 127.0.0.1:9470\n" GOOD_SERVICES), 0);
    assert_string_equal(config.metrics_listen, "127.0.0.1:9470");
    config_clear(&config);
    config_report_clear(&report);
}

static void test_names(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report, INSTANCE("name: \"a\\e[2J\\u0085\"")), 0);
    assert_string_equal(config.frontends[0].backends[0].name, "a?[2J??");
    assert_int_equal(report.warning_count, 1);
    config_clear(&config);
    config_report_clear(&report);

    char text[512];
    snprintf(text, sizeof(text), "services: [{key: frontend0.key, instances: [{address: @1, name: %0*d}]}]\n",
             129, 0);
    check_bad(text, "\"name\" is longer than 128 bytes");
    snprintf(text, sizeof(text), "services: [{key: frontend0.key, instances: [{address: @1, name: %0*d}]}]\n",
             128, 0);
    check_good(text, NULL);
}

/* A name or path of megabytes that every instance has by an alias is not copied for each of them: that would
 * be more memory than there is. */
static void test_long_texts_by_alias(void **state)
{
    (void)state;
    static const char *const keys_with_texts[] = {"name", "control-password-file", "control-cookie-file"};
    size_t size = 2 * 1024 * 1024, long_length = 1024 * 1024;
    char *text = memory_allocate(size, 1);
    for (size_t i = 0; i < sizeof(keys_with_texts) / sizeof(keys_with_texts[0]); i++) {
        size_t length = (size_t)snprintf(text, size,
                                         "services:\n- &a\n  key: frontend0.key\n  instances:\n"
                                         "  - address: %s\n    control: unix:/x\n    %s: ",
                                         addresses[1], keys_with_texts[i]);
        memset(text + length, 'x', long_length);
        length += long_length;
        text[length++] = '\n';
        for (size_t j = 0; j < 999; j++)
            length += (size_t)snprintf(text + length, size - length, "- *a\n");
        folder_write("config.yaml", text, length);
        struct config config;
        struct config_report report;
        struct rusage before, after;
        assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
        assert_int_equal(config_load(&config, "config.yaml", &report), -1);
        assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
        assert_true(after.ru_maxrss - before.ru_maxrss < 400 * 1024); /* KiB */
        assert_non_null(strstr(report.errors[0], "is longer than"));
        config_report_clear(&report);
    }
    free(text);
}

#define ONE_SERVICE "services:\n- key: frontend8.key\n  instances:\n  - address: @1.onion\n"

static void test_several_tors(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(
        load(&config, &report,
             "tor-control:\n- unix:/run/tor/control\n- 127.0.0.1:9052\n- tor3:9051\n" ONE_SERVICE),
        0);
    assert_int_equal(config.tor_control_count, 3);
    assert_string_equal(config.tor_controls[0].socket_path, "/run/tor/control");
    assert_int_equal(config.tor_controls[1].port, 9052);
    assert_string_equal(config.tor_controls[2].host, "tor3");
    config_clear(&config);
    config_report_clear(&report);
}

static void test_bad_lists_of_tors(void **state)
{
    (void)state;
    char many[1024] = "tor-control:\n";
    for (int i = 0; i <= CONFIG_TORS_MAX; i++)
        snprintf(many + strlen(many), sizeof(many) - strlen(many), "- tor%d:9051\n", i);
    strncat(many, ONE_SERVICE, sizeof(many) - strlen(many) - 1);
    check_bad(many, "more than 16 local tors");
    check_bad("tor-control: []\n" ONE_SERVICE, "empty list");
    check_bad("tor-control: [a:1, [b:1]]\n" ONE_SERVICE, "one text");
    check_bad("tor-control: [a:1, b:1, a:1]\n" ONE_SERVICE, "names a:1 twice");
    check_bad("tor-control: [a:1, 9051]\n" ONE_SERVICE, "host:port");
    check_bad("tor-control: [a:1, b:1]\ntor-control-cookie-file: c\n" ONE_SERVICE,
              "can't be the cookie of 2 tors");
}

static void test_all_errors_are_found(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report,
                          "service: x\n"
                          "tor-control: x\n"
                          "services:\n"
                          "- key: nope.key\n"
                          "  instances:\n"
                          "  - address: x\n"
                          "  - {address: @1, control: x}\n"
                          "- {}\n"),
                     -1);
    static const size_t lines[] = {1, 2, 4, 6, 7, 8, 8};
    assert_int_equal(report.error_count, sizeof(lines) / sizeof(lines[0]));
    for (size_t i = 0; i < report.error_count; i++) {
        char prefix[32];
        int length = snprintf(prefix, sizeof(prefix), "config.yaml:%zu: ", lines[i]);
        if (strncmp(report.errors[i], prefix, (size_t)length) != 0)
            fail_msg("\"%s\" is not on line %zu", report.errors[i], lines[i]);
    }
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
    check_bad(text, "more than 1000 services");

    length = (size_t)snprintf(text, size, "services:\n- key: frontend0.key\n  instances:\n");
    for (size_t i = 0; i < 10001; i++)
        length += (size_t)snprintf(text + length, size - length, "  - x\n");
    check_bad(text, "more than 10000 instances");

    /* Of very many errors only the first ones are kept. */
    length = (size_t)snprintf(text, size, "services:\n");
    for (size_t i = 0; i < 1000; i++)
        length += (size_t)snprintf(text + length, size - length, "- {}\n");
    struct config config;
    struct config_report report;
    assert_int_equal(load(&config, &report, text), -1);
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
    assert_int_equal(load(&config, &report, GOOD_SERVICES), 0);
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
                 addresses[1]);
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

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, folder_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_onionbalance_config),
        TEST(test_eotk_config),
        TEST(test_everything),
        TEST(test_alias),
        TEST(test_upper_case_address),
        TEST(test_retired_keys),
        TEST(test_files_that_are_no_config),
        TEST(test_not_yaml),
        TEST(test_hostile_yaml),
        TEST(test_too_long),
        TEST(test_wrong_keys_and_types),
        TEST(test_addresses),
        TEST(test_keys),
        TEST(test_control),
        TEST(test_names),
        TEST(test_listeners),
        TEST(test_long_texts_by_alias),
        TEST(test_several_tors),
        TEST(test_bad_lists_of_tors),
        TEST(test_all_errors_are_found),
        TEST(test_limits),
        TEST(test_anybody_may_change_the_config),
        TEST(test_truncated_anywhere),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
