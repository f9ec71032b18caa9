/* Tests of what the config says of services whose tors have the frontend's key, and of what is wrong in that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "helper_bundle.h"
#include "helper_config.h"
#include "helper_folder.h"

#define TWIN_A "{name: a, control: unix:/a}"
#define TWIN_B "{name: b, control: '127.0.0.1:9051'}"
#define TWINS "instances: [" TWIN_A ", " TWIN_B "]"
#define HARDMAP "services:\n- key: frontend0.key\n  mode: hardmap\n  "

/* Loads a config that is good and gets no warning. */
static void load(struct config *config, const char *text)
{
    struct config_report report;
    if (config_load_text(config, &report, text) != 0)
        fail_msg("%s", report.errors[0]);
    if (report.warning_count > 0)
        fail_msg("%s", report.warnings[0]);
    config_report_clear(&report);
}

static void check_twin(const struct config_frontend *frontend, size_t i, const char *name, size_t source)
{
    const struct config_backend *twin = &frontend->backends[i];
    assert_true(twin->is_twin);
    assert_true(twin->has_control);
    assert_string_equal(twin->name, name);
    assert_string_equal(twin->address, frontend->address);
    assert_memory_equal(twin->identity_key, frontend->identity_key, sizeof(twin->identity_key));
    assert_int_equal(twin->source, source);
}

static void test_twins(void **state)
{
    (void)state;
    struct config config;
    folder_write_text("p", "secret\n");
    load(&config, "services:\n"
                  "- key: frontend0.key\n"
                  "  mode: hardmap\n"
                  "  instances:\n"
                  "  - {name: a, control: unix:/a, control-cookie-file: c}\n"
                  "  - {name: b, control: '127.0.0.1:9051', control-password-file: p, address: @0}\n"
                  "  - {name: c, control: '127.0.0.1:9052', address: @0.onion}\n"
                  "- instances: [{address: @1, control: unix:/a}, {address: @2}]\n"
                  "  key: frontend8.key\n"
                  "  mode: softmap\n");
    assert_int_equal(config.frontend_count, 2);
    assert_int_equal(config.source_count, 5);
    const struct config_frontend *hardmap = &config.frontends[0], *softmap = &config.frontends[1];
    assert_int_equal(hardmap->mode, CONFIG_MODE_HARDMAP);
    assert_int_equal(hardmap->lead, 45 * 60);
    assert_false(hardmap->has_proof_of_work_off);
    assert_string_equal(hardmap->address, config_addresses[0]);
    assert_int_equal(hardmap->backend_count, 3);
    check_twin(hardmap, 0, "a", 0);
    check_twin(hardmap, 1, "b", 1);
    check_twin(hardmap, 2, "c", 2);
    assert_string_equal(hardmap->backends[0].control.socket_path, "/a");
    assert_string_equal(hardmap->backends[0].control_cookie_file, "c");
    assert_string_equal(hardmap->backends[1].control_password_file, "p");
    assert_int_equal(softmap->mode, CONFIG_MODE_SOFTMAP);
    assert_int_equal(softmap->lead, 0);
    assert_false(softmap->has_proof_of_work_off);
    for (size_t i = 0; i < 2; i++) {
        assert_false(softmap->backends[i].is_twin);
        assert_string_equal(softmap->backends[i].address, config_addresses[i + 1]);
        assert_int_equal(softmap->backends[i].source, 3 + i);
    }
    config_clear(&config);
}

static void test_softmap_unless_given(void **state)
{
    (void)state;
    struct config config;
    load(&config, GOOD_SERVICES);
    assert_int_equal(config.frontends[0].mode, CONFIG_MODE_SOFTMAP);
    assert_int_equal(config.frontends[0].lead, 0);
    assert_false(config.frontends[0].backends[0].is_twin);
    config_clear(&config);
    load(&config, "services: [{key: frontend0.key, mode: ~, lead: ~, instances: [{address: @1}]}]\n");
    assert_int_equal(config.frontends[0].mode, CONFIG_MODE_SOFTMAP);
    config_clear(&config);
    assert_string_equal(config_mode_name(CONFIG_MODE_SOFTMAP), "softmap");
    assert_string_equal(config_mode_name(CONFIG_MODE_HARDMAP), "hardmap");
}

/* A tor with the keys of two frontends has points of its own for each. */
static void test_one_tor_with_two_keys(void **state)
{
    (void)state;
    struct config config;
    load(&config, "services:\n"
                  "- {key: frontend0.key, mode: hardmap, instances: &all [" TWIN_A ", " TWIN_B "]}\n"
                  "- {key: frontend8.key, mode: hardmap, instances: *all}\n");
    assert_int_equal(config.source_count, 4);
    for (size_t i = 0; i < 2; i++) {
        check_twin(&config.frontends[i], 0, "a", 2 * i);
        check_twin(&config.frontends[i], 1, "b", 2 * i + 1);
    }
    config_clear(&config);
}

/* A softmap service may have as its backend what is a frontend with twins, which is no twin for that. */
static void test_frontend_with_twins_as_backend(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
                                      HARDMAP TWINS "\n- {key: frontend8.key, instances: [{address: @0}]}\n"),
                     0);
    assert_int_equal(report.warning_count, 1);
    char *warning = config_expand("config.yaml:5: @0.onion is itself a frontend, on line 2: better list "
                                  "backends with addresses of their own here");
    assert_string_equal(report.warnings[0], warning);
    free(warning);
    assert_int_equal(config.source_count, 3);
    assert_int_equal(config.frontends[1].backends[0].source, 2);
    assert_false(config.frontends[1].backends[0].is_twin);
    config_clear(&config);
    config_report_clear(&report);
}

/* One twin of a service may be without a control port. */
static void test_without_control(void **state)
{
    (void)state;
    struct config config;
    load(&config, "services:\n"
                  "- {key: frontend0.key, mode: hardmap, lead: 1, instances: [{name: c}, " TWIN_A "]}\n"
                  "- {key: frontend8.key, mode: hardmap, instances: [{name: c}]}\n");
    assert_int_equal(config.source_count, 3);
    check_twin(&config.frontends[0], 1, "a", 1);
    for (size_t i = 0; i < 2; i++) {
        const struct config_backend *twin = &config.frontends[i].backends[0];
        assert_true(twin->is_twin);
        assert_false(twin->has_control);
        assert_string_equal(twin->address, config.frontends[i].address);
        assert_int_equal(twin->source, 2 * i);
    }
    config_clear(&config);
}

static void test_one_instance(void **state)
{
    (void)state;
    struct config config;
    load(&config, HARDMAP "instances: [" TWIN_A "]\n");
    assert_int_equal(config.frontends[0].backend_count, 1);
    check_twin(&config.frontends[0], 0, "a", 0);
    config_clear(&config);
}

/* The key itself may stay offline. */
static void test_bundle(void **state)
{
    (void)state;
    struct config config;
    size_t length = 0;
    /* one certificate: a second may be of another time period than the first, in one hour of the day */
    uint8_t *bytes = encode_bundle(make_small_bundle(1, &schedule_public, clock_wall_seconds(), 1), &length);
    folder_write("k.bundle", bytes, length);
    secret_free(bytes);
    load(&config, "services: [{key: k.bundle, mode: hardmap, lead: 10, " TWINS "}]\n");
    const struct config_frontend *frontend = &config.frontends[0];
    assert_int_equal(frontend->key_format, KEY_FORMAT_BUNDLE);
    assert_null(frontend->secret_key);
    assert_non_null(frontend->bundle);
    assert_int_equal(frontend->mode, CONFIG_MODE_HARDMAP);
    assert_int_equal(frontend->lead, 600);
    assert_memory_equal(frontend->identity_key, frontend->bundle->identity_key, ED25519_PUBLIC_KEY_SIZE);
    check_twin(frontend, 0, "a", 0);
    check_twin(frontend, 1, "b", 1);
    config_clear(&config);
}

/* While its address goes over from tors that have its key to backends that have their own, or back. */
static void test_lead_of_softmap(void **state)
{
    (void)state;
    struct config config;
    load(&config, "services: [{key: frontend0.key, lead: 45, instances: [{address: @1}]}]\n");
    assert_int_equal(config.frontends[0].mode, CONFIG_MODE_SOFTMAP);
    assert_int_equal(config.frontends[0].lead, 45 * 60);
    assert_false(config.frontends[0].has_proof_of_work_off);
    config_clear(&config);
}

static void test_lead_and_proof_of_work(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned lead;
        bool has_proof_of_work_off;
    } rows[] = {
        {"lead: 0", 0, false},
        {"lead: 1", 60, false},
        {"lead: '060'", 3600, false},
        {"lead: 60\n  proof-of-work: off", 3600, true},
        {"lead:\n  proof-of-work: ~", 45 * 60, false},
        {"proof-of-work: auto", 45 * 60, false},
        {"proof-of-work: 'off'", 45 * 60, true},
        {"proof-of-work: false", 45 * 60, true}, /* as other programs write off */
        {"proof-of-work: No", 45 * 60, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config config;
        char text[512];
        snprintf(text, sizeof(text), HARDMAP TWINS "\n  %s\n", rows[i].text);
        load(&config, text);
        assert_int_equal(config.frontends[0].lead, rows[i].lead);
        assert_int_equal(config.frontends[0].has_proof_of_work_off, rows[i].has_proof_of_work_off);
        config_clear(&config);
    }
}

/* What is wrong, and the one error that is said of it. */
static const struct {
    const char *text, *error;
} bad[] = {
    {"services:\n- key: frontend0.key\n  mode: hardmpa\n  " TWINS "\n",
     "config.yaml:3: \"mode\": \"hardmpa\" is neither softmap nor hardmap"},
    {"services:\n- key: frontend0.key\n  mode: Hardmap\n  " TWINS "\n",
     "config.yaml:3: \"mode\": \"Hardmap\" is neither softmap nor hardmap"},
    {"services:\n- key: frontend0.key\n  mode: [hardmap]\n  " TWINS "\n",
     "config.yaml:3: \"mode\" has to be one text, not a list or a mapping"},
    {"services:\n- key: frontend0.key\n  mode: ''\n  " TWINS "\n",
     "config.yaml:3: \"mode\" is empty: give it a value, or remove it"},
    {HARDMAP TWINS "\n  leed: 1\n",
     "config.yaml:5: a service has no key \"leed\": write \"lead\" if that is meant"},
    {HARDMAP TWINS "\n  proof_of_work: off\n",
     "config.yaml:5: a service has no key \"proof_of_work\": write \"proof-of-work\" if that is meant"},
    {HARDMAP TWINS "\n  mod: hardmap\n",
     "config.yaml:5: a service has no key \"mod\": write \"mode\" if that is meant"},

    {HARDMAP TWINS "\n  lead: 61\n", "config.yaml:5: \"lead\": \"61\" is no number of minutes from 0 to 60"},
    {HARDMAP TWINS "\n  lead: -1\n", "config.yaml:5: \"lead\": \"-1\" is no number of minutes from 0 to 60"},
    {HARDMAP TWINS "\n  lead: 1.5\n",
     "config.yaml:5: \"lead\": \"1.5\" is no number of minutes from 0 to 60"},
    {HARDMAP TWINS "\n  lead: 45m\n",
     "config.yaml:5: \"lead\": \"45m\" is no number of minutes from 0 to 60"},
    {HARDMAP TWINS "\n  lead: 4294967296\n",
     "config.yaml:5: \"lead\": \"4294967296\" is no number of minutes from 0 to 60"},
    {HARDMAP TWINS "\n  lead: [1]\n", "config.yaml:5: \"lead\" has to be one text, not a list or a mapping"},
    {HARDMAP TWINS "\n  proof-of-work: on\n",
     "config.yaml:5: \"proof-of-work\": \"on\" is neither auto nor off"},
    {HARDMAP TWINS "\n  proof-of-work: 1\n",
     "config.yaml:5: \"proof-of-work\": \"1\" is neither auto nor off"},
    {HARDMAP TWINS "\n  proof-of-work: {}\n",
     "config.yaml:5: \"proof-of-work\" has to be one text, not a list or a mapping"},

    /* what a softmap service may not have */
    {"services:\n- key: frontend0.key\n  lead: 61\n  instances: [{address: @1}]\n",
     "config.yaml:3: \"lead\": \"61\" is no number of minutes from 0 to 60"},
    {"services:\n- key: frontend0.key\n  mode: softmap\n  proof-of-work: auto\n  instances: [{address: "
     "@1}]\n",
     "config.yaml:4: \"proof-of-work\" is only for a service with \"mode: hardmap\": write that mode, or "
     "remove "
     "it"},
    {"services:\n- key: frontend0.key\n  instances:\n  - name: a\n    control: unix:/a\n",
     "config.yaml:4: an instance needs \"address:\", which is missing: add it"},
    {"services:\n- key: frontend0.key\n  instances:\n  - {name: a, address: @0}\n",
     "config.yaml:4: @0.onion is this service's own address, which its key makes: list the addresses of its "
     "backends, never the frontend's; or write \"mode: hardmap\" in the service if its tors have this key "
     "themselves"},

    /* what a twin needs */
    {HARDMAP "lead: 0\n  instances:\n  - " TWIN_A "\n  - name: b\n",
     "config.yaml:7: an instance of a hardmap service needs \"control:\" where \"lead\" is 0: without that "
     "port its tor is seen only by uploads of its own, which a lead keeps from replacing obpub's; add one of "
     "them"},
    {HARDMAP "instances:\n  - name: c\n  - " TWIN_A "\n  - name: b\n",
     "config.yaml:7: a second instance of a hardmap service has no \"control:\", the first one is on line 5: "
     "nothing tells which of the two tors has made what HSDirs have; add it to all but one"},
    {HARDMAP "instances:\n  - name: c\n    control:\n  - name: b\n    control:\n",
     "config.yaml:7: a second instance of a hardmap service has no \"control:\", the first one is on line 5: "
     "nothing tells which of the two tors has made what HSDirs have; add it to all but one"},
    {HARDMAP "instances:\n  - " TWIN_A "\n  - {name: b, control: 9051}\n",
     "config.yaml:6: \"control\": '9051' is neither 'unix:/path' nor 'host:port'"},
    {HARDMAP "instances:\n  - " TWIN_A "\n  - control: unix:/b\n",
     "config.yaml:6: an instance of a hardmap service needs \"name:\", which is missing: add it"},
    {HARDMAP "instances:\n  - " TWIN_A "\n  - {control: unix:/b, name: ''}\n",
     "config.yaml:6: \"name\" is empty: give it a value, or remove it"},
    {HARDMAP "instances: [@0]\n",
     "config.yaml:4: an instance of a hardmap service has to be a mapping, lines like \"name: ...\""},
    {HARDMAP "instances:\n  - {name: a, control: unix:/a, adress: @0}\n",
     "config.yaml:5: an instance of a hardmap service has no key \"adress\": write \"address\" if that is "
     "meant"},

    /* what twins have in common */
    {HARDMAP "instances:\n  - " TWIN_A "\n  - " TWIN_B "\n  - {name: a, control: unix:/c}\n",
     "config.yaml:7: the name \"a\" is there twice in this service, first on line 5: call one of them "
     "otherwise, since all have the same address"},
    {HARDMAP "instances:\n  - " TWIN_A "\n  - " TWIN_B "\n  - {name: c, control: '127.0.0.1:9051'}\n",
     "config.yaml:7: the control port 127.0.0.1:9051 is there twice in this service, first on line 6: it is "
     "one tor's, so remove one of them"},

/* addresses that are not the service's own */
#define NOT_OWN                                                                                              \
    "config.yaml:6: \"address\" is not @0.onion, which the service's key makes and each of its tors has "    \
    "with "                                                                                                  \
    "\"mode: hardmap\": remove \"address\", or that mode if the tors have keys of their own"
    {HARDMAP "instances:\n  - " TWIN_A "\n  - {name: b, control: unix:/b, address: @1.onion}\n", NOT_OWN},
    {HARDMAP "instances:\n  - " TWIN_A "\n  - {name: b, control: unix:/b, address: abc}\n", NOT_OWN},
    {HARDMAP "instances:\n  - " TWIN_A "\n  - {name: b, control: unix:/b, address: <Enter it>}\n", NOT_OWN},
    {HARDMAP "instances:\n  - " TWIN_A "\n  - {name: b, control: unix:/b, address: [@0]}\n",
     "config.yaml:6: \"address\" has to be one text, not a list or a mapping"},

    {HARDMAP TWINS "\n- key: frontend0.key\n  instances: [{address: @1}]\n",
     "config.yaml:5: the frontend @0.onion is there twice, first in the service on line 2: put all its "
     "instances under one of them"},
};

static void test_bad(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct config config;
        struct config_report report;
        if (config_load_text(&config, &report, bad[i].text) == 0)
            fail_msg("\"%s\" is taken", bad[i].text);
        if (report.error_count != 1)
            fail_msg("\"%s\": %zu errors, the last one: %s", bad[i].text, report.error_count,
                     report.errors[report.error_count - 1]);
        char *error = config_expand(bad[i].error);
        assert_string_equal(report.errors[0], error);
        free(error);
        config_report_clear(&report);
    }
}

/* Errors do not hide each other; an address that can't be compared with the frontend's is no error more. */
static void test_all_errors_are_found(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    assert_int_equal(config_load_text(&config, &report,
                                      "services:\n"
                                      "- key: nope.key\n"
                                      "  mode: hardmap\n"
                                      "  lead: x\n"
                                      "  proof-of-work: x\n"
                                      "  instances:\n"
                                      "  - {name: a, control: unix:/a, address: @1}\n"
                                      "  - {name: a, control: unix:/a}\n"
                                      "  - {control-cookie-file: x}\n"),
                     -1);
    static const size_t lines[] = {2, 4, 5, 8, 8, 9, 9};
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
        CONFIG_TEST(test_without_control),
        CONFIG_TEST(test_twins),
        CONFIG_TEST(test_softmap_unless_given),
        CONFIG_TEST(test_one_tor_with_two_keys),
        CONFIG_TEST(test_frontend_with_twins_as_backend),
        CONFIG_TEST(test_one_instance),
        CONFIG_TEST(test_bundle),
        CONFIG_TEST(test_lead_of_softmap),
        CONFIG_TEST(test_lead_and_proof_of_work),
        CONFIG_TEST(test_bad),
        CONFIG_TEST(test_all_errors_are_found),
    };
    return cmocka_run_group_tests(tests, config_prepare, NULL);
}
