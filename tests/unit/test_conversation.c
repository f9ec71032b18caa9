/* Tests of asking over a channel, and of answers that come too late. */
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
#include "process/conversation.h"

#define MESSAGE_SIZE_MAX 16

/* An answer ends with a message that begins with a full stop. */
static bool ends_answer(const uint8_t *message, size_t size)
{
    return size > 0 && message[0] == '.';
}

static const struct conversation_peer peer = {
    .name = "the oracle",
    .is_late = "the oracle has been silent for",
    .advice = ": is it asleep?",
    .ends_answer = ends_answer,
    .message_size_max = MESSAGE_SIZE_MAX,
};

static struct conversation conversation;
static int oracle; /* the end of the one that answers, or -1 */
static struct error error;

static int set_up(void **state)
{
    (void)state;
    int ends[2];
    if (channel_open(ends, NULL) != 0)
        return -1;
    conversation_init(&conversation, &peer, ends[0]);
    oracle = ends[1];
    error = (struct error){.text = ""};
    return 0;
}

static void close_oracle(void)
{
    if (oracle >= 0)
        close(oracle);
    oracle = -1;
}

static int tear_down(void **state)
{
    (void)state;
    close(conversation.end);
    conversation_clear(&conversation);
    close_oracle();
    return 0;
}

static void say(const char *message)
{
    assert_int_equal(channel_send(oracle, message, strlen(message)), 0);
}

/* Has the oracle hear a request that was made. */
static void hear(const char *request)
{
    char message[MESSAGE_SIZE_MAX];
    assert_int_equal(channel_receive(oracle, message, sizeof(message)), strlen(request));
    assert_memory_equal(message, request, strlen(request));
}

static void ask(const char *request)
{
    assert_int_equal(conversation_ask(&conversation, request, strlen(request), &error), 0);
    hear(request);
}

static void check_taken(const char *message)
{
    assert_int_equal(conversation_take(&conversation, CONVERSATION_PATIENCE, &error), strlen(message));
    assert_memory_equal(conversation.message, message, strlen(message));
}

/* Gives up on an answer at once. */
static void give_up(void)
{
    assert_int_equal(conversation_take(&conversation, 0, &error), -1);
    assert_string_equal(error.text, "the oracle has been silent for 10 seconds: is it asleep?");
}

static void test_answers_in_time(void **state)
{
    (void)state;
    ask("who?");
    say("nobody");
    say(".end");
    check_taken("nobody");
    check_taken(".end");
    assert_int_equal(conversation.owed, 0);
    conversation_wipe(&conversation);
    assert_true(sodium_is_zero(conversation.message, MESSAGE_SIZE_MAX));
}

/* An answer that comes before the next request is not taken for the answer to that one, wherever it was given
 * up on; and it does not stay in memory. */
static void test_late_answers_are_thrown_away(void **state)
{
    (void)state;
    ask("who?");
    give_up();
    say("nobody");
    say(".end");
    ask("when?");
    assert_true(sodium_is_zero(conversation.message, MESSAGE_SIZE_MAX));
    say("never");
    check_taken("never");
    give_up();
    say("at all");
    say(".ended");
    ask("why?");
    say(".because");
    check_taken(".because");
    assert_int_equal(conversation.owed, 0);
}

/* Nothing is asked of one that still owes an answer, and there is a sentence. */
static void test_late_answers_are_waited_for_a_moment(void **state)
{
    (void)state;
    ask("who?");
    give_up();
    say("nobody");
    assert_int_equal(conversation_ask(&conversation, "when?", 5, &error), -1);
    assert_non_null(strstr(error.text, "has been silent for 10 seconds"));
    assert_int_equal(channel_wait(oracle, 0), 0);
    say(".end");
    ask("when?");
    assert_int_equal(conversation.owed, 1);
}

static void test_taking_what_is_late(void **state)
{
    (void)state;
    conversation_take_late(&conversation);
    ask("who?");
    conversation_take_late(&conversation);
    assert_int_equal(conversation.owed, 1);
    say("nobody");
    conversation_take_late(&conversation);
    assert_int_equal(conversation.owed, 1);
    say(".end");
    say("what nobody asked for");
    conversation_take_late(&conversation);
    assert_int_equal(conversation.owed, 0);
}

static void test_peers_that_are_gone(void **state)
{
    (void)state;
    ask("who?");
    close_oracle();
    assert_int_equal(conversation_take(&conversation, CONVERSATION_PATIENCE, &error), -1);
    assert_string_equal(error.text, "the oracle does not answer any more");
    conversation_take_late(&conversation);
    assert_int_equal(conversation_ask(&conversation, "when?", 5, &error), -1);
    assert_string_equal(error.text, "the oracle does not answer any more");
}

static void test_peers_that_do_not_listen(void **state)
{
    (void)state;
    close_oracle();
    assert_int_equal(conversation_ask(&conversation, "who?", 4, &error), -1);
    assert_string_equal(error.text, "the oracle does not listen any more");
    assert_int_equal(conversation.owed, 0);
}

static void test_messages_that_are_too_long(void **state)
{
    (void)state;
    ask("who?");
    say("more than sixteen bytes");
    assert_int_equal(conversation_take(&conversation, CONVERSATION_PATIENCE, &error), -1);
    assert_string_equal(error.text, "the oracle does not answer any more");
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers_in_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_answers_are_thrown_away, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_late_answers_are_waited_for_a_moment, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_taking_what_is_late, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_peers_that_are_gone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_peers_that_do_not_listen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_messages_that_are_too_long, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
