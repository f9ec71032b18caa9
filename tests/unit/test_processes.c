/* Tests the signer and the reader as processes: what they answer, and when they end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "command/processes.h"
#include "config/credential.h"
#include "helper_children.h"
#include "process/channel.h"
#include "reader/reader_message.h"
#include "signer/request.h"

static void test_publishing(void **state)
{
    (void)state;
    struct config config;
    uint64_t counters[2];
    struct error error;
    children_take_config(&config);
    assert_int_equal(config.frontend_count, 2);
    assert_string_equal(config.frontends[0].address, children_address(0));
    assert_string_equal(config.frontends[1].address, children_address(8));
    for (size_t i = 0; i < 2; i++) {
        assert_null(config.frontends[i].secret_key);
        assert_int_equal(children_certify(config.frontends[i].signer_frontend), 0);
        const struct signer_period period = {config.frontends[i].signer_frontend,
                                             (uint64_t)time(NULL) / 60 / CHILDREN_PERIOD_LENGTH,
                                             CHILDREN_PERIOD_LENGTH};
        assert_int_equal(signer_client_count(children.signer, &period, 4711, &counters[i], &error), 0);
    }
    assert_int_not_equal(counters[0], counters[1]);
    assert_int_equal(processes_check(&children, &error), 0);
    config_clear(&config);
}

/* What the signer would end the conversation for is not asked. */
static void test_clock(void **state)
{
    (void)state;
    struct config config;
    struct error error;
    uint64_t counter;
    children_take_config(&config);
    const struct signer_period period = {0, (uint64_t)time(NULL) / 60 / CHILDREN_PERIOD_LENGTH + 100,
                                         CHILDREN_PERIOD_LENGTH};
    assert_int_equal(signer_client_count(children.signer, &period, 1, &counter, &error), -1);
    assert_non_null(strstr(error.text, "is the clock right?"));
    assert_int_equal(children_certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
}

/* A bad request ends the signer, and that ends the reader. */
static void check_bad_request(int process, const void *bytes, size_t size)
{
    struct error error;
    assert_int_equal(processes_check(&children, &error), 0);
    assert_int_equal(channel_send(children.ends[process], bytes, size), 0);
    children_check_both_end();
    assert_int_equal(processes_check(&children, &error), -1);
    assert_non_null(strstr(error.text, process == PROCESS_SIGNER ? "obpub-signer" : "obpub-"));
    assert_non_null(strstr(error.text, "status"));
    assert_int_equal(children_certify(0), -1);
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
        .period = {0, (uint64_t)time(NULL) / 60 / CHILDREN_PERIOD_LENGTH,
                   CHILDREN_PERIOD_LENGTH}, /* nothing is loaded yet */
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
    children_take_config(&config);
    const struct signer_request request = {
        .type = SIGNER_COUNT,
        .period = {config.frontends[0].signer_frontend,
                   (uint64_t)time(NULL) / 60 / CHILDREN_PERIOD_LENGTH + 3, CHILDREN_PERIOD_LENGTH},
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
    children_take_config(&config);
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
    kill(children.children[PROCESS_SIGNER].id, SIGKILL);
    children_check_both_end();
    assert_int_equal(processes_check(&children, &error), -1);
    assert_non_null(strstr(error.text, "signal 9"));
}

static void test_killed_reader(void **state)
{
    (void)state;
    struct error error;
    struct config config;
    struct config_report report;
    kill(children.children[PROCESS_READER].id, SIGKILL);
    children_check_both_end();
    assert_int_equal(reader_client_load(children.reader, &config, &report), -1);
    assert_int_equal(report.error_count, 1);
    config_report_clear(&report);
    assert_int_equal(processes_check(&children, &error), -1);
}

/* The signals that a whole process group gets are the engine's to act on. */
static void test_signals(void **state)
{
    (void)state;
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGQUIT};
    struct config config;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        for (int process = 0; process < PROCESSES; process++)
            kill(children.children[process].id, signals[i]);
    }
    children_take_config(&config);
    assert_int_equal(children_certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
}

/* Tries until the signer certifies, for twenty seconds at most. */
static int certify_patiently(size_t frontend)
{
    static const struct timespec interval = {0, 20000000};
    for (int i = 0; i < 1000; i++) {
        if (children_certify(frontend) == 0)
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
    children_take_config(&config);
    size_t frontend = config.frontends[0].signer_frontend;
    config_clear(&config);
    kill(children.children[PROCESS_SIGNER].id, SIGSTOP);
    assert_int_equal(children_certify(frontend), -1);
    assert_int_equal(children_certify(frontend), -1);
    kill(children.children[PROCESS_SIGNER].id, SIGCONT);
    assert_int_equal(certify_patiently(frontend), 0);
}

static unsigned answers;

static void file_came(const struct file_answer *answer, void *context)
{
    (void)answer;
    (void)context;
    answers++;
}

static void config_came(int result, struct config *config, struct config_report *report, void *context)
{
    (void)report;
    assert_int_equal(result, 0);
    *(struct config *)context = *config;
    answers++;
}

/* A reader that is stopped for a while is not waited for: what is asked of it is done when it goes on, and
 * what was forgotten meanwhile is not answered. */
static void test_stopped_reader(void **state)
{
    (void)state;
    struct config config, reloaded = {0};
    const struct file_question question = {.type = FILE_PASSWORD, .text = "password", .socket = -1};
    children_take_config(&config);
    const struct credential_reader *reader = reader_client_credential_reader(children.reader);
    kill(children.children[PROCESS_READER].id, SIGSTOP);
    answers = 0;
    struct file_request *sent = reader->ask(&question, file_came, NULL, reader->context);
    struct file_request *queued = reader->ask(&question, file_came, NULL, reader->context);
    assert_non_null(reader->ask(&question, file_came, NULL, reader->context));
    assert_non_null(reader_client_begin_load(children.reader, config_came, &reloaded));
    reader_client_take(children.reader);
    assert_int_equal(answers, 0);
    reader->forget(sent, reader->context);
    reader->forget(queued, reader->context);
    assert_int_equal(children_certify(config.frontends[0].signer_frontend), 0);
    kill(children.children[PROCESS_READER].id, SIGCONT);
    while (answers < 2) {
        assert_int_equal(channel_wait(children.ends[PROCESS_READER], 20000), 1);
        reader_client_take(children.reader);
    }
    assert_int_equal(reloaded.frontend_count, 2);
    assert_int_equal(children_certify(config.frontends[0].signer_frontend), 0);
    config_clear(&config);
    config_clear(&reloaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHILDREN_TEST(test_publishing),
        CHILDREN_TEST(test_clock),
        CHILDREN_TEST(test_short_request),
        CHILDREN_TEST(test_long_request),
        CHILDREN_TEST(test_unknown_frontend),
        CHILDREN_TEST(test_far_period),
        CHILDREN_TEST(test_key_request_of_the_engine),
        CHILDREN_TEST(test_bad_reader_messages),
        CHILDREN_TEST(test_keeping_nothing),
        CHILDREN_TEST(test_path_with_nul),
        CHILDREN_TEST(test_killed_signer),
        CHILDREN_TEST(test_killed_reader),
        CHILDREN_TEST(test_signals),
        CHILDREN_TEST(test_stopped_signer),
        CHILDREN_TEST(test_stopped_reader),
    };
    return cmocka_run_group_tests(tests, children_prepare, NULL);
}
