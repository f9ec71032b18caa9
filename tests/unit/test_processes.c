/* Tests the signer and the reader as processes: what they answer, and when they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command_processes.h"
#include "config/credential.h"
#include "helper_bundle.h"
#include "helper_folder.h"
#include "obpub/memory.h"
#include "process/channel.h"
#include "reader/reader_message.h"
#include "signer/request.h"
#include "vectors.h"

#define KEYS 24
#define LENGTH 1440

static uint8_t keys[KEYS][512];
static size_t key_lengths[KEYS];
static char addresses[KEYS][ONION_ADDRESS_SIZE];
static size_t key_count;

static const struct options options = {.config_path = "config.yaml"};
static struct confine_plan plan;
static struct processes processes;

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

/* Writes a config with the frontends whose keys have these numbers, "other" being what stands above. */
static void write_config(const char *other, const int *frontends, size_t count)
{
    char text[4096];
    int length = snprintf(text, sizeof(text), "%sservices:\n", other);
    for (size_t i = 0; i < count; i++)
        length +=
            snprintf(text + length, sizeof(text) - (size_t)length,
                     "  - key: frontend%d.key\n    instances: [{address: %s}]\n", frontends[i], addresses[3]);
    folder_write_text("config.yaml", text);
}

static int set_up(void **state)
{
    struct error error;
    if (folder_setup(state) != 0)
        return -1;
    folder_write("frontend0.key", keys[0], key_lengths[0]);
    folder_write("frontend8.key", keys[8], key_lengths[8]);
    write_config("", (const int[]){0, 8}, 2);
    /* Who runs the tests goes on as it is. */
    if (confine_plan_make(&plan, geteuid() == 0 ? "root" : NULL, false, &error) != 0)
        return -1;
    return processes_start(&processes, &options, &plan, &error);
}

static int tear_down(void **state)
{
    processes_end(&processes);
    return folder_teardown(state);
}

static void load(struct config *config)
{
    struct config_report report;
    assert_int_equal(reader_client_load(processes.reader, config, &report), 0);
    assert_int_equal(report.error_count, 0);
    config_report_clear(&report);
}

/* Loads and keeps a config. */
static void take_config(struct config *config)
{
    struct error error;
    load(config);
    assert_int_equal(reader_client_keep(processes.reader, &error), 0);
}

/* Has the signer certify a key for a frontend, and checks the certificate. Returns 0, or -1 when the signer
 * does not. */
static int certify(size_t frontend)
{
    uint8_t seed[ED25519_SEED_SIZE] = {1}, signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct signer_answer answer;
    struct ed25519_secret_key secret_key;
    struct certificate certificate;
    struct error error;
    int64_t now = time(NULL);
    const struct signer_period period = {frontend, (uint64_t)now / 60 / LENGTH, LENGTH};
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(signing_key, &secret_key);
    if (signer_client_certify(processes.signer, &period, signing_key, signer_expiration_hour(now), &answer,
                              &error) != 0)
        return -1;
    assert_false(answer.is_presigned);
    assert_int_equal(certificate_verify(&certificate, answer.certificate, sizeof(answer.certificate),
                                        CERTIFICATE_DESCRIPTOR_SIGNING_KEY, answer.blinded_key, now, &error),
                     0);
    assert_memory_equal(certificate.certified_key, signing_key, sizeof(signing_key));
    return 0;
}

/* Waits until a process has ended, and checks that the other one ends with it. */
static void check_both_end(void)
{
    for (int process = 0; process < PROCESSES; process++) {
        assert_int_equal(channel_wait(processes.ends[process], 20000), 1);
        while (!channel_is_closed(processes.ends[process])) {
            uint8_t late[READER_MESSAGE_SIZE_MAX];
            assert_true(channel_receive(processes.ends[process], late, sizeof(late)) > 0);
        }
    }
}

static void test_publishing(void **state)
{
    (void)state;
    struct config config;
    uint64_t counters[2];
    struct error error;
    take_config(&config);
    assert_int_equal(config.frontend_count, 2);
    assert_string_equal(config.frontends[0].address, addresses[0]);
    assert_string_equal(config.frontends[1].address, addresses[8]);
    for (size_t i = 0; i < 2; i++) {
        assert_null(config.frontends[i].secret_key);
        assert_int_equal(certify(config.frontends[i].signer_frontend), 0);
        const struct signer_period period = {config.frontends[i].signer_frontend,
                                             (uint64_t)time(NULL) / 60 / LENGTH, LENGTH};
        assert_int_equal(signer_client_count(processes.signer, &period, 4711, &counters[i], &error), 0);
    }
    assert_int_not_equal(counters[0], counters[1]);
    assert_int_equal(processes_check(&processes, &error), 0);
    config_clear(&config);
}

/* What the signer would end the conversation for is not asked. */
static void test_clock(void **state)
{
    (void)state;
    struct config config;
    struct error error;
    uint64_t counter;
    take_config(&config);
    const struct signer_period period = {0, (uint64_t)time(NULL) / 60 / LENGTH + 100, LENGTH};
    assert_int_equal(signer_client_count(processes.signer, &period, 1, &counter, &error), -1);
    assert_non_null(strstr(error.text, "is the clock right?"));
    assert_int_equal(certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
}

/* A bad request ends the signer, and that ends the reader. */
static void check_bad_request(int process, const void *bytes, size_t size)
{
    struct error error;
    assert_int_equal(processes_check(&processes, &error), 0);
    assert_int_equal(channel_send(processes.ends[process], bytes, size), 0);
    check_both_end();
    assert_int_equal(processes_check(&processes, &error), -1);
    assert_non_null(strstr(error.text, process == PROCESS_SIGNER ? "obpub-signer" : "obpub-"));
    assert_non_null(strstr(error.text, "status"));
    assert_int_equal(certify(0), -1);
}

static void test_short_request(void **state)
{
    (void)state;
    check_bad_request(PROCESS_SIGNER, "hello", 5);
}

static void test_long_request(void **state)
{
    (void)state;
    static const uint8_t bytes[20000];
    check_bad_request(PROCESS_SIGNER, bytes, sizeof(bytes));
}

static void test_unknown_frontend(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_REQUEST_SIZE];
    const struct signer_request request = {
        .type = SIGNER_COUNT,
        .period = {0, (uint64_t)time(NULL) / 60 / LENGTH, LENGTH}, /* nothing is loaded yet */
        .seconds = 1,
    };
    signer_request_encode(bytes, &request);
    check_bad_request(PROCESS_SIGNER, bytes, sizeof(bytes));
}

static void test_far_period(void **state)
{
    (void)state;
    uint8_t bytes[SIGNER_REQUEST_SIZE];
    struct config config;
    take_config(&config);
    const struct signer_request request = {
        .type = SIGNER_COUNT,
        .period = {config.frontends[0].signer_frontend, (uint64_t)time(NULL) / 60 / LENGTH + 3, LENGTH},
        .seconds = 1,
    };
    config_clear(&config);
    signer_request_encode(bytes, &request);
    check_bad_request(PROCESS_SIGNER, bytes, sizeof(bytes));
}

/* A request that the reader may make, but not the engine. */
static void test_key_request_of_the_engine(void **state)
{
    (void)state;
    static const uint8_t bytes[104] = {1, 2};
    check_bad_request(PROCESS_SIGNER, bytes, sizeof(bytes));
}

static void test_bad_reader_messages(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {READER_WARNING};
    check_bad_request(PROCESS_READER, bytes, sizeof(bytes));
}

/* To keep what was never loaded would have the signer forget every key. */
static void test_keeping_nothing(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {READER_KEEP};
    struct config config;
    take_config(&config);
    config_clear(&config);
    check_bad_request(PROCESS_READER, bytes, sizeof(bytes));
}

static void test_path_with_nul(void **state)
{
    (void)state;
    check_bad_request(PROCESS_READER, "\5a\0b", 4);
}

static void test_killed_signer(void **state)
{
    (void)state;
    struct error error;
    kill(processes.children[PROCESS_SIGNER].id, SIGKILL);
    check_both_end();
    assert_int_equal(processes_check(&processes, &error), -1);
    assert_non_null(strstr(error.text, "signal 9"));
}

static void test_killed_reader(void **state)
{
    (void)state;
    struct error error;
    struct config config;
    struct config_report report;
    kill(processes.children[PROCESS_READER].id, SIGKILL);
    check_both_end();
    assert_int_equal(reader_client_load(processes.reader, &config, &report), -1);
    assert_int_equal(report.error_count, 1);
    config_report_clear(&report);
    assert_int_equal(processes_check(&processes, &error), -1);
}

/* The signals that a whole process group gets are the engine's to act on. */
static void test_signals(void **state)
{
    (void)state;
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGQUIT};
    struct config config;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        for (int process = 0; process < PROCESSES; process++)
            kill(processes.children[process].id, signals[i]);
    }
    take_config(&config);
    assert_int_equal(certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
}

/* Tries until the signer certifies, for twenty seconds at most. */
static int certify_patiently(size_t frontend)
{
    static const struct timespec interval = {0, 20000000};
    for (int i = 0; i < 1000; i++) {
        if (certify(frontend) == 0)
            return 0;
        nanosleep(&interval, NULL);
    }
    return -1;
}

/* A signer that is stopped for a while costs the requests of that while, and no more: the answers that come
 * too late are not taken for others. */
static void test_stopped_signer(void **state)
{
    (void)state;
    struct config config;
    take_config(&config);
    size_t frontend = config.frontends[0].signer_frontend;
    config_clear(&config);
    kill(processes.children[PROCESS_SIGNER].id, SIGSTOP);
    assert_int_equal(certify(frontend), -1);
    assert_int_equal(certify(frontend), -1);
    kill(processes.children[PROCESS_SIGNER].id, SIGCONT);
    assert_int_equal(certify_patiently(frontend), 0);
}

/* Likewise a reader. */
static void test_stopped_reader(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    struct error error;
    take_config(&config);
    const struct credential_source *source = reader_client_source(processes.reader);
    kill(processes.children[PROCESS_READER].id, SIGSTOP);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(source->read_cookie("cookie", cookie, source->context, &error), CREDENTIAL_UNUSABLE);
        assert_non_null(strstr(error.text, "do the disks answer?"));
    }
    kill(processes.children[PROCESS_READER].id, SIGCONT);
    assert_int_equal(channel_wait(processes.ends[PROCESS_READER], 20000), 1);
    assert_int_equal(certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
    assert_int_equal(reader_client_load(processes.reader, &config, &report), 0);
    assert_int_equal(config.frontend_count, 2);
    config_report_clear(&report);
    config_clear(&config);
}

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
                                         LENGTH};
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct signer_answer answer;
    struct certificate certificate;
    struct error error = {""};
    secret_free(make_master_key(77, signing_key));
    assert_int_equal(frontend->key_format, KEY_FORMAT_BUNDLE);
    assert_in_range(bundle_plan_end(&frontend->plan), now + days * 86400 - 60, now + days * 86400 + 3600);
    if (signer_client_certify(processes.signer, &period, signing_key, signer_expiration_hour(now), &answer,
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
    take_config(&first);
    check_presigned(&first.frontends[0], 1);
    assert_null(first.frontends[0].bundle);
    assert_int_equal(certify(first.frontends[1].signer_frontend), 0);

    take_config(&second);
    assert_int_equal(second.frontends[0].signer_frontend, first.frontends[0].signer_frontend);

    write_bundle(1, 2);
    load(&third);
    assert_string_equal(third.frontends[0].address, first.frontends[0].address);
    assert_int_not_equal(third.frontends[0].signer_frontend, first.frontends[0].signer_frontend);
    check_presigned(&first.frontends[0], 1); /* until the engine goes by the new config */
    check_presigned(&third.frontends[0], 2);
    assert_int_equal(reader_client_keep(processes.reader, &error), 0);
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
    struct error error = {""};
    uint64_t counter = 0;
    write_bundle(1, 1);
    take_config(&config);
    const struct signer_period period = {config.frontends[0].signer_frontend,
                                         (uint64_t)time(NULL) / 60 / 1439, 1439};
    assert_int_equal(signer_client_count(processes.signer, &period, 1, &counter, &error), -1);
    assert_non_null(strstr(error.text, "bundle has nothing"));
    check_presigned(&config.frontends[0], 1);
    assert_int_equal(processes_check(&processes, &error), 0);
    config_clear(&config);
}

/* -- reloading ------------------------------------------------------------------------------------ */

static void test_reload(void **state)
{
    (void)state;
    struct config first, second, third;
    struct error error;
    take_config(&first);
    size_t number0 = first.frontends[0].signer_frontend, number8 = first.frontends[1].signer_frontend;

    write_config("", (const int[]){8}, 1);
    load(&second);
    assert_int_equal(second.frontends[0].signer_frontend, number8);
    assert_int_equal(certify(number0), 0); /* until the engine goes by the new config */
    assert_int_equal(reader_client_keep(processes.reader, &error), 0);
    assert_int_equal(certify(number8), 0);

    write_config("", (const int[]){8, 0}, 2);
    take_config(&third);
    assert_int_equal(third.frontends[0].signer_frontend, number8);
    assert_int_equal(third.frontends[1].signer_frontend, number0); /* its number was free again */
    assert_int_equal(certify(number0), 0);
    assert_int_equal(certify(number8), 0);
    config_clear(&first);
    config_clear(&second);
    config_clear(&third);
}

static void test_removed_frontend(void **state)
{
    (void)state;
    struct config config;
    take_config(&config);
    size_t number0 = config.frontends[0].signer_frontend;
    config_clear(&config);
    write_config("", (const int[]){8}, 1);
    take_config(&config);
    config_clear(&config);
    assert_int_equal(certify(number0), -1); /* unknown now, so the end */
    check_both_end();
}

static void test_dropped_config(void **state)
{
    (void)state;
    struct config first, second;
    struct error error;
    write_config("", (const int[]){0}, 1);
    take_config(&first);
    write_config("", (const int[]){8}, 1);
    load(&second);
    size_t number8 = second.frontends[0].signer_frontend;
    assert_int_not_equal(number8, first.frontends[0].signer_frontend);
    assert_int_equal(certify(number8), 0);
    assert_int_equal(reader_client_drop(processes.reader, &error), 0);
    assert_int_equal(certify(first.frontends[0].signer_frontend), 0);
    assert_int_equal(certify(number8), -1);
    config_clear(&first);
    config_clear(&second);
}

/* A config that can't be used changes nothing, also where some of its keys were good. */
static void test_bad_config(void **state)
{
    (void)state;
    struct config first, second;
    struct config_report report;
    write_config("", (const int[]){0}, 1);
    take_config(&first);
    write_config("nonsense: 1\n", (const int[]){8, 5}, 2);
    assert_int_equal(reader_client_load(processes.reader, &second, &report), -1);
    assert_int_equal(report.error_count, 2);
    assert_non_null(strstr(report.errors[0], "config.yaml:1: "));
    assert_non_null(strstr(report.errors[1], "frontend5.key: there is no such file"));
    config_report_clear(&report);
    assert_int_equal(certify(first.frontends[0].signer_frontend), 0);
    config_clear(&first);
}

/* Warnings come with a config that can be used, and errors are as many as a report has. */
static void test_reports(void **state)
{
    (void)state;
    struct config config;
    struct config_report report;
    write_config("REFRESH_INTERVAL: 1\n", (const int[]){0}, 1);
    assert_int_equal(reader_client_load(processes.reader, &config, &report), 0);
    assert_int_equal(report.warning_count, 1);
    assert_non_null(strstr(report.warnings[0], "REFRESH_INTERVAL"));
    config_report_clear(&report);
    config_clear(&config);

    char text[8192] = "";
    for (int i = 0; i < 300; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "wrong%d: 1\n", i);
    folder_write_text("config.yaml", text);
    struct config_report own;
    assert_int_equal(reader_client_load(processes.reader, &config, &report), -1);
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
             addresses[3]);
    int file = open("config.yaml", O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(file, comment, size - 1), (ssize_t)size - 1);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    free(comment);
    take_config(&config);
    assert_int_equal(certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
    unlink("config.yaml");
    assert_int_equal(reader_client_load(processes.reader, &config, &report), -1);
    assert_int_equal(report.error_count, 1);
    assert_non_null(strstr(report.errors[0], "there is no such file"));
    config_report_clear(&report);
}

/* -- files that open control ports ---------------------------------------------------------------- */

static enum credential_result read_password(const char *path, char **password, struct error *error)
{
    const struct credential_source *source = reader_client_source(processes.reader);
    return source->read_password(path, password, source->context, error);
}

static enum credential_result read_cookie(const char *path, uint8_t *cookie, struct error *error)
{
    const struct credential_source *source = reader_client_source(processes.reader);
    return source->read_cookie(path, cookie, source->context, error);
}

static void test_password(void **state)
{
    (void)state;
    struct config config;
    struct error error;
    char *password;
    folder_write_text("password", "secret\n");
    folder_write_text("other", "hidden\n");
    assert_int_equal(read_password("password", &password, &error), CREDENTIAL_UNUSABLE); /* not yet named */
    write_config("tor-control-password-file: password\n", (const int[]){0}, 1);
    take_config(&config);
    assert_int_equal(read_password("password", &password, &error), CREDENTIAL_OK);
    assert_string_equal(password, "secret");
    secret_free(password);
    assert_int_equal(read_password("other", &password, &error), CREDENTIAL_UNUSABLE);
    assert_null(password);
    assert_non_null(strstr(error.text, "names no password file"));
    assert_int_equal(read_password("frontend0.key", &password, &error), CREDENTIAL_UNUSABLE);
    assert_int_equal(read_password("./password", &password, &error), CREDENTIAL_UNUSABLE);
    chmod("password", 0604);
    assert_int_equal(read_password("password", &password, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "chmod"));
    config_clear(&config);
}

/* A cookie file may be any, but no key has a cookie's size. */
static void test_cookie(void **state)
{
    (void)state;
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    struct error error;
    folder_write("cookie", "0123456789abcdef0123456789ABCDEF", CREDENTIAL_COOKIE_SIZE);
    folder_write("longer", "0123456789abcdef0123456789ABCDEF", CREDENTIAL_COOKIE_SIZE + 1);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(read_cookie("cookie", cookie, &error), CREDENTIAL_OK);
    assert_memory_equal(cookie, "0123456789abcdef0123456789ABCDEF", sizeof(cookie));
    static const char *const others[] = {
        "longer", "frontend0.key", "frontend8.key", "config.yaml", "pipe", "nothing", "."};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        memset(cookie, 'x', sizeof(cookie));
        assert_int_equal(read_cookie(others[i], cookie, &error), CREDENTIAL_UNUSABLE);
        assert_non_null(strstr(error.text, others[i]));
        for (size_t j = 0; j < sizeof(cookie); j++)
            assert_int_equal(cookie[j], 'x');
    }
    char path[5000];
    memset(path, 'x', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(read_cookie(path, cookie, &error), CREDENTIAL_UNUSABLE);
    assert_int_equal(read_cookie("", cookie, &error), CREDENTIAL_UNUSABLE);
    assert_int_equal(read_cookie("cookie", cookie, &error), CREDENTIAL_OK);
}

/* The engine has hosts looked up in the machine's files by the reader. */
static void test_host_names(void **state)
{
    (void)state;
    char lines[NAME_FILES_TEXT_SIZE], expected[NAME_FILES_TEXT_SIZE];
    const struct name_source *names = &reader_client_source(processes.reader)->names;
    name_files_find_host(NAME_FILES_HOSTS, "localhost", expected);
    assert_int_not_equal(expected[0], '\0');
    names->find_host("localhost", lines, names->context);
    assert_string_equal(lines, expected);
    names->find_host("no-such-host.invalid", lines, names->context);
    assert_string_equal(lines, "");
    names->find_host("", lines, names->context);
    assert_string_equal(lines, "");
    names->read_resolver(lines, names->context);
    name_files_read_resolver(NAME_FILES_RESOLVER, expected);
    assert_string_equal(lines, expected);
}

/* A file that systemd hands over is named to the reader by its name; where it is, is the reader's to know. */
static void test_credential(void **state)
{
    struct config config;
    struct error error;
    char *password, folder[512];
    processes_end(&processes);
    snprintf(folder, sizeof(folder), "%s/given", (const char *)*state);
    assert_int_equal(mkdir("given", 0700), 0);
    folder_write_text("given/tor.password", "secret\n");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
    assert_int_equal(processes_start(&processes, &options, &plan, &error), 0);
    unsetenv("CREDENTIALS_DIRECTORY");
    write_config("tor-control-password-file: credential:tor.password\n", (const int[]){0}, 1);
    take_config(&config);
    assert_string_equal(config.tor_control_password_file, "credential:tor.password");
    assert_int_equal(read_password(config.tor_control_password_file, &password, &error), CREDENTIAL_OK);
    assert_string_equal(password, "secret");
    secret_free(password);
    assert_int_equal(read_password("credential:none", &password, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "no such credential"));
    config_clear(&config);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_publishing),
        TEST(test_clock),
        TEST(test_short_request),
        TEST(test_long_request),
        TEST(test_unknown_frontend),
        TEST(test_far_period),
        TEST(test_key_request_of_the_engine),
        TEST(test_bad_reader_messages),
        TEST(test_keeping_nothing),
        TEST(test_path_with_nul),
        TEST(test_killed_signer),
        TEST(test_killed_reader),
        TEST(test_signals),
        TEST(test_bundles),
        TEST(test_bundle_without_the_period),
        TEST(test_stopped_signer),
        TEST(test_stopped_reader),
        TEST(test_reload),
        TEST(test_removed_frontend),
        TEST(test_dropped_config),
        TEST(test_bad_config),
        TEST(test_reports),
        TEST(test_long_config),
        TEST(test_password),
        TEST(test_cookie),
        TEST(test_credential),
        TEST(test_host_names),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
