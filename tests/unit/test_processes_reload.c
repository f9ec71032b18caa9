/* Tests what the signer and the reader make of bundles, and of a config that is read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "command/processes.h"
#include "helper_bundle.h"
#include "helper_children.h"
#include "helper_folder.h"

/* Writes a new bundle in the place of a frontend's key, made for so many days. Its number stands for the
 * master key. */
static void write_bundle(uint8_t number, unsigned days)
{
    size_t length;
    uint8_t *bytes = encode_bundle(make_bundle(number, &schedule_public, time(NULL), days), &length);
    folder_write("frontend0.key", bytes, length);
    secret_free(bytes);
}

/* Has the signer certify for a frontend with a bundle, which has to be good for so many days. */
static void check_presigned(const struct config_frontend *frontend, unsigned days)
{
    int64_t now = time(NULL);
    const struct signer_period period = {frontend->signer_frontend, time_period_number(&schedule_public, now),
                                         CHILDREN_PERIOD_LENGTH};
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct signer_answer answer;
    struct certificate certificate;
    struct error error = {.text = ""};
    secret_free(make_master_key(77, signing_key));
    assert_int_equal(frontend->key_format, KEY_FORMAT_BUNDLE);
    assert_in_range(bundle_plan_end(&frontend->plan), now + days * 86400 - 60, now + days * 86400 + 3600);
    if (signer_client_certify(children.signer, &period, signing_key, signer_expiration_hour(now), &answer,
                              &error) != 0)
        fail_msg("%s", error.text);
    assert_true(answer.is_presigned);
    assert_int_equal(certificate_verify(&certificate, answer.certificate, sizeof(answer.certificate),
                                        CERTIFICATE_DESCRIPTOR_SIGNING_KEY, answer.blinded_key, now, &error),
                     0);
}

/* A bundle goes the way of a key; another one in its place is new, also for the same address. */
static void test_bundles(void **state)
{
    (void)state;
    struct config first, second, third;
    struct error error;
    write_bundle(1, 1);
    children_take_config(&first);
    check_presigned(&first.frontends[0], 1);
    assert_null(first.frontends[0].bundle);
    assert_int_equal(children_certify(first.frontends[1].signer_frontend), 0);

    children_take_config(&second);
    assert_int_equal(second.frontends[0].signer_frontend, first.frontends[0].signer_frontend);

    write_bundle(1, 2);
    children_load(&third);
    assert_string_equal(third.frontends[0].address, first.frontends[0].address);
    assert_int_not_equal(third.frontends[0].signer_frontend, first.frontends[0].signer_frontend);
    check_presigned(&first.frontends[0], 1); /* until the engine goes by the new config */
    check_presigned(&third.frontends[0], 2);
    assert_int_equal(reader_client_keep(children.reader, &error), 0);
    check_presigned(&third.frontends[0], 2);
    config_clear(&first);
    config_clear(&second);
    config_clear(&third);
}

/* A request for what a bundle does not have is answered so, and nobody ends. */
static void test_bundle_without_the_period(void **state)
{
    (void)state;
    struct config config;
    struct error error = {.text = ""};
    uint64_t counter = 0;
    write_bundle(1, 1);
    children_take_config(&config);
    const struct signer_period period = {config.frontends[0].signer_frontend,
                                         (uint64_t)time(NULL) / 60 / 1439, 1439};
    assert_int_equal(signer_client_count(children.signer, &period, 1, &counter, &error), -1);
    assert_non_null(strstr(error.text, "bundle has nothing"));
    check_presigned(&config.frontends[0], 1);
    assert_int_equal(processes_check(&children, &error), 0);
    config_clear(&config);
}

/* -- reloading ------------------------------------------------------------------------------------ */

static void test_reload(void **state)
{
    (void)state;
    struct config first, second, third;
    struct error error;
    children_take_config(&first);
    size_t number0 = first.frontends[0].signer_frontend, number8 = first.frontends[1].signer_frontend;

    children_write_config("", (const int[]){8}, 1);
    children_load(&second);
    assert_int_equal(second.frontends[0].signer_frontend, number8);
    assert_int_equal(children_certify(number0), 0); /* until the engine goes by the new config */
    assert_int_equal(reader_client_keep(children.reader, &error), 0);
    assert_int_equal(children_certify(number8), 0);

    children_write_config("", (const int[]){8, 0}, 2);
    children_take_config(&third);
    assert_int_equal(third.frontends[0].signer_frontend, number8);
    assert_int_equal(third.frontends[1].signer_frontend, number0); /* its number was free again */
    assert_int_equal(children_certify(number0), 0);
    assert_int_equal(children_certify(number8), 0);
    config_clear(&first);
    config_clear(&second);
    config_clear(&third);
}

static void test_removed_frontend(void **state)
{
    (void)state;
    struct config config;
    children_take_config(&config);
    size_t number0 = config.frontends[0].signer_frontend;
    config_clear(&config);
    children_write_config("", (const int[]){8}, 1);
    children_take_config(&config);
    config_clear(&config);
    assert_int_equal(children_certify(number0), -1); /* unknown now, so the end */
    children_check_both_end();
}

static void test_dropped_config(void **state)
{
    (void)state;
    struct config first, second;
    struct error error;
    children_write_config("", (const int[]){0}, 1);
    children_take_config(&first);
    children_write_config("", (const int[]){8}, 1);
    children_load(&second);
    size_t number8 = second.frontends[0].signer_frontend;
    assert_int_not_equal(number8, first.frontends[0].signer_frontend);
    assert_int_equal(children_certify(number8), 0);
    assert_int_equal(reader_client_drop(children.reader, &error), 0);
    assert_int_equal(children_certify(first.frontends[0].signer_frontend), 0);
    assert_int_equal(children_certify(number8), -1);
    config_clear(&first);
    config_clear(&second);
}

/* A config that can't be used changes nothing, also where some of its keys were good. */
static void test_bad_config(void **state)
{
    (void)state;
    struct config first, second;
    struct config_report report;
    children_write_config("", (const int[]){0}, 1);
    children_take_config(&first);
    children_write_config("sevices: 1\n", (const int[]){8, 5}, 2);
    assert_int_equal(reader_client_load(children.reader, &second, &report), -1);
    assert_int_equal(report.error_count, 2);
    assert_non_null(strstr(report.errors[0], "config.yaml:1: "));
    assert_non_null(strstr(report.errors[1], "frontend5.key: there is no such file"));
    config_report_clear(&report);
    assert_int_equal(children_certify(first.frontends[0].signer_frontend), 0);
    config_clear(&first);
}

/* Warnings come with a config that can be used, and errors are as many as a report has. */
static void test_reports(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    children_write_config("REFRESH_INTERVAL: 1\n", (const int[]){0}, 1);
    assert_int_equal(reader_client_load(children.reader, &config, &report), 0);
    assert_int_equal(report.warning_count, 1);
    assert_non_null(strstr(report.warnings[0], "REFRESH_INTERVAL"));
    config_report_clear(&report);
    config_clear(&config);

    char text[8192] = "";
    for (int i = 0; i < 300; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "wrong%d: 1\n", i);
    folder_write_text("config.yaml", text);
    struct config_report own;
    assert_int_equal(reader_client_load(children.reader, &config, &report), -1);
    assert_int_equal(config_load(&config, "config.yaml", &own), -1);
    assert_int_equal(report.error_count, own.error_count);
    for (size_t i = 0; i < own.error_count; i++)
        assert_string_equal(report.errors[i], own.errors[i]);
    config_report_clear(&report);
    config_report_clear(&own);
}

/* A config of many pieces, and one that is not there. */
static void test_long_config(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    size_t size = (size_t)3 << 20;
    char *comment = memory_allocate(size, 1);
    memset(comment, '#', size - 2);
    comment[size - 2] = '\n';
    char text[512];
    snprintf(text, sizeof(text), "services:\n  - key: frontend0.key\n    instances: [{address: %s}]\n",
             children_address(3));
    int file = open("config.yaml", O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(file, comment, size - 1), (ssize_t)size - 1);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    free(comment);
    children_take_config(&config);
    assert_int_equal(children_certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
    unlink("config.yaml");
    assert_int_equal(reader_client_load(children.reader, &config, &report), -1);
    assert_int_equal(report.error_count, 1);
    assert_non_null(strstr(report.errors[0], "there is no such file"));
    config_report_clear(&report);
}

/* A config with a key of a client for a backend, and one for that one's agent. */
static void write_client_config(void)
{
    char text[1024];
    snprintf(text, sizeof(text),
             "services:\n"
             "  - {key: frontend0.key, instances: [{address: %s}]}\n"
             "  - {key: frontend8.key, instances: [{address: %s, client-key: own, control: '%s.onion:1',\n"
             "     control-password-file: own, control-client-key: agents}]}\n",
             children_address(3), children_address(4), children_address(5));
    folder_write_text("config.yaml", text);
}

static void check_client_keys(const struct config *config, uint8_t own, uint8_t agents)
{
    const struct config_backend *backend = &config->frontends[1].backends[0];
    assert_null(config->frontends[0].backends[0].client_secret);
    assert_null(config->frontends[0].backends[0].control_client_secret);
    assert_int_equal(backend->client_secret[0], own);
    assert_int_equal(backend->control_client_secret[0], agents);
    for (size_t i = 1; i < X25519_SECRET_KEY_SIZE; i++) {
        assert_int_equal(backend->client_secret[i], 0);
        assert_int_equal(backend->control_client_secret[i], 0);
    }
}

#define REST "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"

/* The keys of clients come with the config, each to its place, and others when other ones are in the files.
 */
static void test_client_keys(void **state)
{
    (void)state;
    struct config config, other;
    struct config_report report;
    write_client_config();
    folder_write_text("own", "descriptor:x25519:B" REST);
    folder_write_text("agents", "descriptor:x25519:C" REST);
    children_take_config(&config);
    check_client_keys(&config, 8, 16);
    folder_write_text("own", "descriptor:x25519:D" REST);
    children_take_config(&other);
    check_client_keys(&other, 24, 16);
    check_client_keys(&config, 8, 16);
    config_clear(&other);
    folder_write_text("agents", "descriptor:x25519:C");
    assert_int_equal(reader_client_load(children.reader, &other, &report), -1);
    assert_int_equal(report.error_count, 1);
    assert_non_null(strstr(report.errors[0], "client key file agents: its key has 1 characters"));
    config_report_clear(&report);
    config_clear(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHILDREN_TEST(test_bundles),        CHILDREN_TEST(test_bundle_without_the_period),
        CHILDREN_TEST(test_reload),         CHILDREN_TEST(test_removed_frontend),
        CHILDREN_TEST(test_dropped_config), CHILDREN_TEST(test_bad_config),
        CHILDREN_TEST(test_reports),        CHILDREN_TEST(test_long_config),
        CHILDREN_TEST(test_client_keys),
    };
    return cmocka_run_group_tests(tests, children_prepare, NULL);
}
