/* Tests of the engine's side of the reader against one that answers strangely, or too late. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "process/channel.h"
#include "reader/reader_client.h"
#include "reader/reader_message.h"

static int ends[2]; /* the engine's, and the reader's */
static struct reader_client *client;
static struct error error;

static int set_up(void **state)
{
    (void)state;
    if (channel_open(ends, NULL) != 0)
        return -1;
    client = reader_client_new(ends[0], "config.yaml");
    error = (struct error){.text = ""};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    reader_client_free(client);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* Has an answer ready before it is asked for. */
static void say(const void *message, size_t size)
{
    assert_int_equal(channel_send(ends[1], message, size), 0);
}

static void test_end_without_a_result(void **state)
{
    (void)state;
    static const uint8_t end[] = {READER_END};
    say(end, sizeof(end));
    assert_int_equal(reader_client_keep(client, &error), -1);
    assert_non_null(strstr(error.text, "answers something else"));
}

static void test_end_of_a_load_without_a_result(void **state)
{
    (void)state;
    static const uint8_t text[] = {READER_TEXT, 'x'}, end[] = {READER_END};
    struct config config;
    struct config_report report;
    say(text, sizeof(text));
    say(end, sizeof(end));
    assert_int_equal(reader_client_load(client, &config, &report), -1);
    assert_int_equal(report.error_count, 1);
    assert_non_null(strstr(report.errors[0], "answers something else"));
    config_report_clear(&report);
}

/* The rest of a load that was refused half-way is not the answer to what is asked next. */
static void test_rest_of_a_refused_load(void **state)
{
    (void)state;
    static const uint8_t key[] = {READER_KEY, 0}, warning[] = {READER_WARNING, 'x'},
                         failed[] = {READER_END, 1}, done[] = {READER_END, 0};
    struct config config;
    struct config_report report;
    say(key, sizeof(key));
    say(warning, sizeof(warning));
    say(failed, sizeof(failed));
    assert_int_equal(reader_client_load(client, &config, &report), -1);
    assert_non_null(strstr(report.errors[0], "answers something else"));
    config_report_clear(&report);
    say(done, sizeof(done));
    assert_int_equal(reader_client_drop(client, &error), 0);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_end_without_a_result, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end_of_a_load_without_a_result, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rest_of_a_refused_load, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
