/* Tests of reading the config again, step by step, with a reader that the test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "command/reload.h"
#include "process/channel.h"
#include "reader/reader_message.h"

static int ends[2]; /* the engine's, and the reader's */
static struct event_base *base;
static struct reader_client *client;
static struct reload *reload;
static unsigned loads, failures, keeps_failed;
static bool was_wanted; /* another one, when the last was over */
static struct error last_error;

static void loaded(struct config *config, const struct config_report *report, const struct error *error,
                   void *context)
{
    assert_null(context);
    assert_non_null(report);
    assert_true((config == NULL) == (error != NULL));
    loads++;
    was_wanted = reload_is_wanted(reload);
    if (config == NULL) {
        failures++;
        last_error = *error;
        return;
    }
    config_clear(config);
    free(config);
}

static void not_kept(const struct error *error, void *context)
{
    assert_null(context);
    last_error = *error;
    keeps_failed++;
}

static int set_up(void **state)
{
    static const struct reload_callbacks callbacks = {.loaded = loaded, .not_kept = not_kept};
    (void)state;
    if (channel_open(ends, NULL) != 0)
        return -1;
    base = event_base_new();
    client = reader_client_new(ends[0], "config.yaml");
    loads = failures = keeps_failed = 0;
    reload = reload_new(base, client, &callbacks, NULL);
    return base != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    reload_free(reload);
    reader_client_free(client);
    event_base_free(base);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* What the reader is asked, 0 for nothing. */
static uint8_t take_request(void)
{
    uint8_t request[16];
    if (channel_wait(ends[1], 0) == 0)
        return 0;
    assert_int_equal(channel_receive(ends[1], request, sizeof(request)), 1);
    return request[0];
}

static void answer(const void *message, size_t size)
{
    assert_int_equal(channel_send(ends[1], message, size), 0);
    reader_client_take(client);
}

static void answer_end(uint8_t result)
{
    const uint8_t end[] = {READER_END, result};
    answer(end, sizeof(end));
}

static void answer_config(void)
{
    static const char text[] = "\nservices: [{key: k, instances: [{address: "
                               "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion}]}]\n";
    uint8_t message[sizeof(text)], key[READER_KEY_PATH + 1] = {READER_KEY};
    static const uint8_t clients[READER_CLIENTS_KEYS] = {READER_CLIENTS};
    memcpy(message, text, sizeof(text) - 1);
    message[0] = READER_TEXT;
    answer(message, sizeof(text) - 1);
    key[READER_KEY_PATH] = 'k';
    answer(key, sizeof(key));
    answer(clients, sizeof(clients));
    answer_end(0);
}

/* Each load is followed by word of which config is in use, and nothing else is asked before that is answered.
 */
static void test_order(void **state)
{
    (void)state;
    assert_int_equal(take_request(), READER_KEEP);
    reload_begin(reload);
    assert_int_equal(take_request(), 0);
    answer_end(0);
    assert_int_equal(take_request(), READER_LOAD);
    answer_config();
    assert_int_equal(loads, 1);
    assert_int_equal(failures, 0);
    assert_int_equal(take_request(), READER_KEEP);
    answer_end(0);
    assert_int_equal(take_request(), 0);
    reload_begin(reload);
    assert_int_equal(take_request(), READER_LOAD);
    answer_end(1);
    assert_int_equal(loads, 2);
    assert_int_equal(failures, 1);
    assert_int_equal(take_request(), 0); /* the one before is in use, as the reader knows */
}

/* However often a reload is wanted meanwhile, there is one more. */
static void test_again(void **state)
{
    (void)state;
    assert_int_equal(take_request(), READER_KEEP);
    answer_end(0);
    for (int i = 0; i < 3; i++)
        reload_begin(reload);
    assert_int_equal(take_request(), READER_LOAD);
    answer_config();
    assert_true(was_wanted);
    assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED),
                     1); /* it is not waited for for ever */
    assert_int_equal(take_request(), READER_KEEP);
    answer_end(0);
    assert_false(reload_is_wanted(reload));
    assert_int_equal(take_request(), READER_LOAD);
    answer_end(1);
    assert_int_equal(loads, 2);
    assert_false(was_wanted);
    assert_int_equal(event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED), 0);
    assert_int_equal(take_request(), 0);
}

/* A reader that does not take word of which config is in use is told so again before the next load. */
static void test_not_kept(void **state)
{
    (void)state;
    static const uint8_t nonsense[] = {READER_TEXT, 'x'};
    assert_int_equal(take_request(), READER_KEEP);
    reload_begin(reload);
    answer(nonsense, sizeof(nonsense));
    assert_int_equal(keeps_failed, 1);
    assert_int_equal(failures, 1);
    assert_non_null(strstr(last_error.text, "answers something else"));
    answer_end(0); /* the rest of that answer */
    assert_int_equal(take_request(), 0);
    reload_begin(reload);
    assert_int_equal(take_request(), READER_KEEP);
    answer_end(0);
    assert_int_equal(take_request(), READER_LOAD);
    answer_config();
    assert_int_equal(loads, 2);
    assert_int_equal(failures, 1);
}

/* It can be ended at any time. */
static void test_ended_on_the_way(void **state)
{
    (void)state;
    assert_int_equal(take_request(), READER_KEEP);
    answer_end(0);
    reload_begin(reload);
    reload_begin(reload);
    assert_int_equal(take_request(), READER_LOAD);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ended_on_the_way, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
