/* Tests of the config file: what it says, and the ways to say something wrong in it. */
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

#include "base/memory.h"
#include "helper_config.h"
#include "helper_folder.h"

/* As config_generator writes it, keys in alphabetical order. */
static void test_onionbalance_config(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
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
    assert_string_equal(frontend->address, config_addresses[8]);
    assert_string_equal(frontend->key_path, "frontend8.key");
    assert_int_equal(frontend->key_format, KEY_FORMAT_PEM);
    assert_int_equal(frontend->line, 3);
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    ed25519_derive_public_key(public_key, frontend->secret_key);
    assert_memory_equal(public_key, frontend->identity_key, sizeof(public_key));
    assert_int_equal(frontend->backend_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(frontend->backends[i].address, config_addresses[i + 1]);
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
    assert_int_equal(config_load_text(&config, &report,
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
    assert_string_equal(config.frontends[0].address, config_addresses[0]);
    char name[17];
    snprintf(name, sizeof(name), "%.16s", config_addresses[2]);
    assert_string_equal(config.frontends[0].backends[1].name, name);
    config_clear(&config);
    config_report_clear(&report);
}

/* All that obpub adds, and paths relative to the config's folder. */
static void test_everything(void **state)
{
    assert_int_equal(mkdir("sub", 0700), 0);
    folder_write("sub/k", config_keys[0], config_key_lengths[0]);
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
             config_addresses[1], config_addresses[2], (const char *)*state, config_addresses[1]);
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
    assert_int_equal(config.source_count, 2); /* two services have the same one */
    assert_int_equal(backends[0].source, 0);
    assert_int_equal(backends[1].source, 1);
    assert_int_equal(config.frontends[1].backends[0].source, 0);
    assert_string_equal(backends[0].control.host, "::1");
    assert_int_equal(backends[0].control.port, 9051);
    assert_string_equal(backends[0].control_password_file, "sub/secret");
    assert_string_equal(backends[1].control.host, "10.0.0.1");
    assert_string_equal(backends[1].control_cookie_file, "sub/c/d");
    assert_int_equal(strlen(backends[1].name), 16);
    assert_string_equal(config.frontends[1].backends[0].address, config_addresses[1]);
    config_clear(&config);
    config_report_clear(&report);
}

/* A list that two services share by an anchor. */
static void test_alias(void **state)
{
    (void)state;
    config_check_good("services:\n"
                      "- key: frontend0.key\n"
                      "  instances: &all [{address: @1}, {address: @2}]\n"
                      "- key: frontend8.key\n"
                      "  instances: *all\n",
                      NULL);
}

/* What several entries have in common, as YAML 1.1 has it: what stands in an entry itself counts first, then
 * what is first in a list. */
static void test_merge_keys(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
                                      "x: &all {weight: 3, name: common}\n"
                                      "y: &more {<<: *all, control: '127.0.0.1:9', weight: 5}\n"
                                      "services:\n"
                                      "- &first\n"
                                      "  key: frontend0.key\n"
                                      "  descriptors: same\n"
                                      "  instances:\n"
                                      "  - {<<: *all, address: @1}\n"
                                      "  - <<: [{weight: 7}, *more]\n"
                                      "    name: own\n"
                                      "    address: @2\n"
                                      "- {<<: *first, key: frontend8.key}\n"),
                     0);
    assert_int_equal(report.warning_count, 2); /* of x and y, which do nothing themselves */
    const struct config_backend *backends = config.frontends[0].backends;
    assert_int_equal(config.frontends[0].backend_count, 2);
    assert_int_equal(backends[0].weight, 3);
    assert_string_equal(backends[0].name, "common");
    assert_false(backends[0].has_control);
    assert_int_equal(backends[1].weight, 7);
    assert_string_equal(backends[1].name, "own");
    assert_int_equal(backends[1].control.port, 9);
    assert_int_equal(config.frontends[1].backend_count, 2);
    assert_int_equal(config.frontends[1].descriptors, CONFIG_DESCRIPTORS_SAME);
    config_clear(&config);
    config_report_clear(&report);

    config_check_good(GOOD_SERVICES "<<: {a: b}\n", "config.yaml:2: the config has no key \"a\"");
    config_check_good(GOOD_SERVICES "<<: {LOG_LEVEL: warn}\n", "\"LOG_LEVEL\" counts as \"log-level\"");
    config_check_good(GOOD_SERVICES "<<: {services: x}\n", NULL);
    config_check_bad(GOOD_SERVICES "<<: {backend-grce: 5}\n", "write \"backend-grace\"");
    config_check_bad(GOOD_SERVICES "<<: {[a]: 5}\n", "a key of the config has to be a word");
    config_check_bad(GOOD_SERVICES "<<: x\n", "config.yaml:2: a merge key");
    config_check_bad(GOOD_SERVICES "<<:\n", "a merge key");
    config_check_bad(GOOD_SERVICES "<<: [{a: b}, x]\n", "a merge key");
    config_check_bad("&all\n<<: *all\n" GOOD_SERVICES, "more than 16 others by merge keys");
    config_check_bad(GOOD_SERVICES "<<: &l [*l, *l]\n", "more than 16 others by merge keys");
}

static void test_max_introduction_points(void **state)
{
    (void)state;
    static const char *const bad[] = {"0", "21", "-1", "8.0", "08x", "many", "008", "''", "[8]"};
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
                                      "services:\n"
                                      "- {key: frontend0.key, max-introduction-points: 8, instances: "
                                      "[{address: @1}]}\n"
                                      "- {key: frontend8.key, instances: [{address: @1}]}\n"),
                     0);
    assert_int_equal(config.frontends[0].points_max, 8);
    assert_int_equal(config.frontends[1].points_max, 20);
    config_clear(&config);
    config_report_clear(&report);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char text[256];
        snprintf(
            text, sizeof(text),
            "services: [{key: frontend0.key, max-introduction-points: %s, instances: [{address: @1}]}]\n",
            bad[i]);
        config_check_bad(text, "\"max-introduction-points\"");
    }
}

static void test_upper_case_address(void **state)
{
    (void)state;
    char upper[ONION_ADDRESS_SIZE];
    for (size_t i = 0; i < ONION_ADDRESS_SIZE; i++)
        upper[i] = (char)(config_addresses[1][i] >= 'a' ? config_addresses[1][i] - 'a' + 'A'
                                                        : config_addresses[1][i]);
    char text[256];
    snprintf(text, sizeof(text),
             "services: [{key: frontend0.key, instances: [{address: %s.ONION}, {address: @1}]}]\n", upper);
    config_check_bad(text, "there twice");
}

static void test_retired_keys(void **state)
{
    (void)state;
    config_check_good("REFRESH_INTERVAL: 600\n" GOOD_SERVICES,
                      "config.yaml:1: \"REFRESH_INTERVAL\" does nothing here");
    config_check_good("refresh_interval: 600\n" GOOD_SERVICES, "\"refresh_interval\"");
    config_check_good("Publish-Check-Interval: 600\n" GOOD_SERVICES, "\"Publish-Check-Interval\"");
    config_check_good("STATUS_SOCKET_LOCATION: /x\n" GOOD_SERVICES, "status-socket-location");
    config_check_good("TOR_PORT: 9051\n" GOOD_SERVICES, "tor-control: ADDRESS:PORT");
    config_check_good("services: [{key: frontend0.key, instances: [{address: @1, auth: x}]}]\n", "\"auth\"");

    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report, "TOR_CONTROL_PASSWORD: hunter2\n" GOOD_SERVICES), 0);
    assert_int_equal(report.warning_count, 1);
    assert_null(strstr(report.warnings[0], "hunter2"));
    config_clear(&config);
    config_report_clear(&report);
}

static void test_wrong_keys_and_types(void **state)
{
    (void)state;
    config_check_bad("sevices: x\n" GOOD_SERVICES,
                     "config.yaml:1: the config has no key \"sevices\": write \"services\"");
    config_check_good(GOOD_SERVICES "zzzzzzzzzz: x\n",
                      "config.yaml:2: the config has no key \"zzzzzzzzzz\": it does nothing here");
    config_check_bad(GOOD_SERVICES "[a]: x\n", "a key of the config has to be a word");
    config_check_bad(GOOD_SERVICES "\"tor-control\\0x\": 127.0.0.1:1\n",
                     "a key of the config has a NUL in it");
    config_check_bad(GOOD_SERVICES GOOD_SERVICES,
                     "config.yaml:2: \"services\" is there twice, first on line 1");
    config_check_good(GOOD_SERVICES "\"<<\": {a: b}\n", "the config has no key \"<<\"");
    config_check_bad("{}\n", "needs \"services:\", which is missing");
    config_check_bad("services:\n", "config.yaml:1: \"services\" has no value");
    config_check_bad("services: ~\n", "config.yaml:1: \"services\" has no value");
    config_check_bad("services: x\n", "\"services\" has to be a list");
    config_check_bad("services: {key: x}\n", "\"services\" has to be a list");
    config_check_bad("services: []\n", "\"services\" is an empty list");
    config_check_bad("services: [x]\n", "a service has to be a mapping");
    config_check_bad("services:\n- key: frontend0.key\n", "config.yaml:2: a service needs \"instances:\"");
    config_check_bad("services:\n- instances:\n  - address: @1\n", "config.yaml:2: a service needs \"key:\"");
    config_check_bad("services:\n- key: frontend0.key\n  instances:\n",
                     "config.yaml:3: \"instances\" has no value");
    config_check_bad("services: [{key: frontend0.key, instances: []}]\n", "\"instances\" is an empty list");
    config_check_bad("services: [{key: frontend0.key, instances: @1}]\n", "\"instances\" has to be a list");
    config_check_bad("services: [{key: frontend0.key, instances: [@1]}]\n",
                     "an instance has to be a mapping");
    config_check_bad("services: [{key: frontend0.key, instances: [{name: x}]}]\n",
                     "an instance needs \"address:\"");
    config_check_bad("services: [{key: frontend0.key, instances: [{adress: @1, address: @1}]}]\n",
                     "write \"address\"");
    config_check_bad("services: [{key: frontend0.key, instances: [{address: [@1]}]}]\n",
                     "\"address\" has to be one text");
    config_check_bad("services: [{key: frontend0.key, instances: [{address: ''}]}]\n",
                     "\"address\" is empty");
    config_check_bad("services: [{key: frontend0.key, instances: [{address: @1, name: {a: b}}]}]\n",
                     "\"name\" has to be one text");
    config_check_bad("services: [{key: [frontend0.key], instances: [{address: @1}]}]\n",
                     "\"key\" has to be one text");
    config_check_bad("services: [{key: \"frontend0.key\\0x\", instances: [{address: @1}]}]\n",
                     "\"key\" has a NUL in it");
    config_check_bad("status-socket-location: [x]\n" GOOD_SERVICES,
                     "\"status-socket-location\" has to be one text");
    config_check_bad("status-socket-location: ''\n" GOOD_SERVICES, "\"status-socket-location\" is empty");
    config_check_good("status-socket-location:\ntor-control: ~\n" GOOD_SERVICES, NULL);
}

static void test_addresses(void **state)
{
    (void)state;
    char wrong[ONION_ADDRESS_SIZE];
    snprintf(wrong, sizeof(wrong), "%s", config_addresses[1]);
    wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
    char text[256];
    snprintf(text, sizeof(text), "services:\n- key: frontend0.key\n  instances:\n  - address: %s.onion\n",
             wrong);
    config_check_bad(text, "config.yaml:4: \"address\": ");
    config_check_bad(text, "checksum");
    config_check_bad("services: [{key: frontend0.key, instances: [{address: 7s4hxwwifcslrus2.onion}]}]\n",
                     "version 2");
    config_check_bad(
        "services: [{key: frontend0.key, instances: [{address: <Enter the instance onion address here>}]}]\n",
        "onionbalance-config's placeholder");
    config_check_bad(
        "services: [{key: frontend0.key, instances: [{address: @1}, {address: @2}, {address: @1.onion}]}]\n",
        "there twice in this service, first on line 1");
    config_check_bad("services:\n- instances:\n  - address: @1\n  - address: @0\n  key: frontend0.key\n",
                     "config.yaml:4: ");
    config_check_bad("services: [{key: frontend0.key, instances: [{address: @0}]}]\n",
                     "this service's own address");
    config_check_bad("services:\n- key: frontend0.key\n  instances: [{address: @1}]\n"
                     "- key: ./frontend0.key\n  instances: [{address: @2}]\n",
                     "config.yaml:4: the frontend ");
    config_check_good("services:\n- key: frontend0.key\n  instances: [{address: @8}]\n"
                      "- key: frontend8.key\n  instances: [{address: @2}]\n",
                      "is itself a frontend, on line 4");
}

/* A backend of several services is one tor: what counts of its control port is what the first one says. */
static void test_control_of_one_backend(void **state)
{
    (void)state;
    static const char *const others[] = {
        "control: '127.0.0.1:2'",
        "control: '127.0.0.1:1', control-password-file: p",
        "control: '127.0.0.1:1', control-cookie-file: c",
        "control: unix:/s",
    };
    char text[512];
    folder_write_text("p", "secret\n");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(text, sizeof(text),
                 "services:\n- key: frontend0.key\n  instances: [{address: @1, control: '127.0.0.1:1'}]\n"
                 "- key: frontend8.key\n  instances:\n  - {address: @1, %s}\n",
                 others[i]);
        config_check_good(text, "config.yaml:6: what is said here of the control port of ");
        config_check_good(text, "line 3 says something else, or nothing");
    }
    snprintf(text, sizeof(text),
             "services:\n- key: frontend0.key\n  instances: [{address: @1}]\n"
             "- key: frontend8.key\n  instances: [{address: @1, %s}]\n",
             others[0]);
    config_check_good(text, "config.yaml:5: what is said here");
    /* The same, and nothing, go without saying. */
    static const char *const alike[] = {"address: @1, control: '127.0.0.1:1'", "address: @1"};
    for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++) {
        snprintf(text, sizeof(text),
                 "services:\n- key: frontend0.key\n  instances: [{address: @1, control: '127.0.0.1:1'}]\n"
                 "- key: frontend8.key\n  instances: [{%s}]\n",
                 alike[i]);
        config_check_good(text, NULL);
    }
}

static void test_keys(void **state)
{
    (void)state;
    config_check_bad("services: [{key: nope.key, instances: [{address: @1}]}]\n",
                     "config.yaml:1: key nope.key: there is no such file");
    assert_int_equal(chmod("frontend0.key", 0640), 0);
    config_check_bad(GOOD_SERVICES, "config.yaml:1: key frontend0.key: can be read or changed by others");
    assert_int_equal(chmod("frontend0.key", 0600), 0);
    folder_write("frontend0.key", config_keys[0], 50);
    config_check_bad(GOOD_SERVICES, "config.yaml:1: key frontend0.key: is truncated");
}

/* A state to wait in, but only where the config says so. */
static void test_no_backends(void **state)
{
    (void)state;
    static const char *const services[] = {
        "services: [{key: frontend0.key, instances: []}]\n",
        "services: [{key: frontend0.key, instances: null}]\n",
        "services: [{key: frontend0.key}]\n",
        "services: [{key: frontend0.key, mode: hardmap}, {key: frontend8.key, instances: [{address: @1}]}]\n",
    };
    char text[512];
    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        config_check_bad(services[i], "\"instances");
        snprintf(text, sizeof(text), "wait-for-backends: true\n%s", services[i]);
        config_check_good(text, NULL);
    }
    config_check_bad("wait-for-backends: true\nservices: []\n", "\"services\" is an empty list");
    config_check_bad("wait-for-backends: true\nservices: [{key: frontend0.key, instances: x}]\n",
                     "\"instances\" has to be a list");
    config_check_bad("wait-for-backends: maybe\n" GOOD_SERVICES, "neither true nor false");
    config_check_bad(
        "wait-for-backends: true\nservices:\n- key: frontend0.key\ninstances:\n- address: @1\n",
        "config.yaml:4: the config has no key \"instances\", which is one of a service: write it there");
}

static void test_control(void **state)
{
    (void)state;
#define INSTANCE(more) "services: [{key: frontend0.key, instances: [{address: @1, " more "}]}]\n"
    config_check_bad(INSTANCE("control: 9051"), "config.yaml:1: \"control\": ");
    config_check_bad(INSTANCE("control: 'unix:'"), "\"control\": ");
    config_check_bad(INSTANCE("control: ['127.0.0.1:9051']"), "\"control\" has to be one text");
    config_check_bad("tor-control: nonsense\n" GOOD_SERVICES, "config.yaml:1: \"tor-control\": ");
    config_check_bad(INSTANCE("control-cookie-file: x"),
                     "\"control-cookie-file\" is of no use without \"control:\"");
    folder_write_text("p", "x\n");
    config_check_bad(INSTANCE("control-password-file: p"),
                     "\"control-password-file\" is of no use without \"control:\"");
    config_check_bad(INSTANCE("control: 'a:1', control-password-file: p, control-cookie-file: x"),
                     "can't both be used");
    config_check_bad(INSTANCE("control: 'a:1', control-password-file: q"),
                     "password file q: there is no such file");
    config_check_bad("tor-control-password-file: p\ntor-control-cookie-file: q\n" GOOD_SERVICES,
                     "can't both be used");
    config_check_good("tor-control-password-file: p\n" GOOD_SERVICES, NULL);
    config_check_good(INSTANCE("control: 'a:1', control-password-file: p"), NULL);
}

static void test_listeners(void **state)
{
    (void)state;
    config_check_good("metrics-listen: 127.0.0.1:9470\n" GOOD_SERVICES, NULL);
    config_check_good("metrics-listen: '[::1]:9470'\n" GOOD_SERVICES, NULL);
    config_check_good("metrics-listen: unix:/run/obpub/metrics\n" GOOD_SERVICES, NULL);
    config_check_good("metrics-listen: 0.0.0.0:9470\n" GOOD_SERVICES, "whoever can reach 0.0.0.0:9470");
    config_check_good("metrics-listen: '[::]:9470'\n" GOOD_SERVICES, "whoever can reach [::]:9470");
    config_check_good("command-socket-location: /a\nstatus-socket-location: /b\n" GOOD_SERVICES, NULL);
    config_check_bad("status-socket-location: /a\ncommand-socket-location: /a\n" GOOD_SERVICES,
                     "config.yaml:2: \"command-socket-location\" is also the \"status-socket-location\"");
    config_check_bad("command-socket-location: [x]\n" GOOD_SERVICES,
                     "\"command-socket-location\" has to be one text");
    config_check_bad("metrics-listen: localhost:9470\n" GOOD_SERVICES,
                     "config.yaml:1: \"metrics-listen\": 'localhost' is no IP address");
    config_check_bad("metrics-listen: 9470\n" GOOD_SERVICES, "\"metrics-listen\"");
    config_check_bad("metrics-listen: unix:metrics\n" GOOD_SERVICES, "whole path");
    config_check_bad("metrics-listen: [x]\n" GOOD_SERVICES, "\"metrics-listen\" has to be one text");
    config_check_bad(
        "status-socket-location: "
        "/pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp"
        "pppppppppp\n" GOOD_SERVICES,
        "\"status-socket-location\": the path of the socket has 109 bytes and may have 107");
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report, "metrics-listen: 127.0.0.1:9470\n" GOOD_SERVICES), 0);
    assert_string_equal(config.metrics_listen, "127.0.0.1:9470");
    config_clear(&config);
    config_report_clear(&report);
}

static void test_names(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report, INSTANCE("name: \"a\\e[2J\\u0085\"")), 0);
    assert_string_equal(config.frontends[0].backends[0].name, "a?[2J??");
    assert_int_equal(report.warning_count, 1);
    config_clear(&config);
    config_report_clear(&report);

    char text[512];
    snprintf(text, sizeof(text), "services: [{key: frontend0.key, instances: [{address: @1, name: %0*d}]}]\n",
             129, 0);
    config_check_bad(text, "\"name\" is longer than 128 bytes");
    snprintf(text, sizeof(text), "services: [{key: frontend0.key, instances: [{address: @1, name: %0*d}]}]\n",
             128, 0);
    config_check_good(text, NULL);
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
                                         config_addresses[1], keys_with_texts[i]);
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
        config_load_text(
            &config, &report,
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
    config_check_bad(many, "more than 16 local tors");
    config_check_bad("tor-control: []\n" ONE_SERVICE, "empty list");
    config_check_bad("tor-control: [a:1, [b:1]]\n" ONE_SERVICE, "one text");
    config_check_bad("tor-control: [a:1, b:1, a:1]\n" ONE_SERVICE, "names a:1 twice");
    config_check_bad("tor-control: [a:1, 9051]\n" ONE_SERVICE, "host:port");
    config_check_bad("tor-control: [a:1, b:1]\ntor-control-cookie-file: c\n" ONE_SERVICE,
                     "can't be the cookie of 2 tors");
}

static void test_all_errors_are_found(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(test_onionbalance_config),
        CONFIG_TEST(test_eotk_config),
        CONFIG_TEST(test_everything),
        CONFIG_TEST(test_alias),
        CONFIG_TEST(test_max_introduction_points),
        CONFIG_TEST(test_merge_keys),
        CONFIG_TEST(test_upper_case_address),
        CONFIG_TEST(test_retired_keys),
        CONFIG_TEST(test_wrong_keys_and_types),
        CONFIG_TEST(test_addresses),
        CONFIG_TEST(test_control_of_one_backend),
        CONFIG_TEST(test_keys),
        CONFIG_TEST(test_control),
        CONFIG_TEST(test_no_backends),
        CONFIG_TEST(test_names),
        CONFIG_TEST(test_listeners),
        CONFIG_TEST(test_long_texts_by_alias),
        CONFIG_TEST(test_several_tors),
        CONFIG_TEST(test_bad_lists_of_tors),
        CONFIG_TEST(test_all_errors_are_found),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
