/* Control connections: commands and their replies, data, time limits, and how a connection ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "helper_control_fixture.h"

/* The peers are stand-ins: no real tor does all of this on demand. */

static void test_converses(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"GETINFO version", "250-version=0.4.9.11\r\n250 OK\r\n650 A\r\n650-B\r\n650 C\r\n", PEER_GO_ON},
        {"GETINFO md/all", "250+md/all=\r\nx\r\n..\r\n.\r\n250 OK\r\n", PEER_GO_ON},
        {"SETEVENTS", "552 no such event\r\n", PEER_GO_ON},
        {"AGAIN", "250 OK\r\n", PEER_GO_ON},
    };
    struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
    /* Commands may be queued at once; they wait for the authentication. */
    assert_int_equal(client_send(client, "GETINFO version", NULL), 0);
    assert_int_equal(client_send(client, "GETINFO md/all", NULL), 0);
    assert_int_equal(client_send(client, "SETEVENTS NONSENSE", NULL), 0);
    client->replies_due = 3;
    client_run(client);
    assert_string_equal(client->log, "ready;250-version=0.4.9.11|250 OK;650 A;650-B|650 C;"
                                     "250+md/all={x\n.\n}|250 OK;552 no such event;");
    assert_string_equal(control_peer_received(fixture->peer),
                        "PROTOCOLINFO 1\r\nAUTHENTICATE\r\nGETINFO version\r\n"
                        "GETINFO md/all\r\nSETEVENTS NONSENSE\r\n");
    client->replies_due = 1;
    assert_int_equal(client_send(client, "AGAIN", NULL), 0);
    client_run(client);
    assert_non_null(strstr(client->log, "552 no such event;250 OK;"));
}

static void add_data(const char *line, size_t length, void *context)
{
    struct client *client = context;
    client->log_length +=
        (size_t)snprintf(client->log + client->log_length, CLIENT_LOG_SIZE - client->log_length, "<%.*s>",
                         (int)length - 1, line);
}

/* Only the command that asks for it gets its data line by line, and only its reply's. */
static void test_reads_data_line_by_line(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"GETINFO a", "250+a=\r\n1\r\n.\r\n250 OK\r\n", PEER_GO_ON},
        {"GETINFO b", "650+E\r\ne\r\n.\r\n650 OK\r\n250+b=\r\n2\r\n3\r\n.\r\n250 OK\r\n", PEER_GO_ON},
        {"GETINFO c", "250+c=\r\n4\r\n.\r\n250 OK\r\n", PEER_GO_ON},
        {"GETINFO d", "250+d=\r\n5\r\n", PEER_CLOSE},
    };
    struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
    assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    assert_int_equal(client_send_reading(client, "GETINFO b", add_data), 0);
    assert_int_equal(client_send(client, "GETINFO c", NULL), 0);
    client->replies_due = 3;
    client_run(client);
    assert_string_equal(client->log, "ready;250+a={1\n}|250 OK;650+E{e\n}|650 OK;<2><3>250+b={}|250 OK;"
                                     "250+c={4\n}|250 OK;");
    assert_int_equal(client_send_reading(client, "GETINFO d", add_data), 0);
    client_run(client);
    assert_non_null(strstr(client->log, "250+c={4\n}|250 OK;<5>none;closed;"));
}

#define LONG_LINES 60000 /* of eight bytes: more than is read at once, many times over */

/* Counts the lines that come in their order. */
static void count_line(const char *line, size_t length, void *context)
{
    struct client *client = context;
    char expected[16];
    snprintf(expected, sizeof(expected), "%06zu\n", client->log_length);
    if (length == 7 && memcmp(line, expected, length) == 0)
        client->log_length++;
}

/* What is longer than can be read at once comes whole and in its order, with what follows, also when the
 * connection is broken off behind it. */
static void test_long_data(void **state)
{
    struct control_fixture *fixture = *state;
    static const char head[] = "250+a=\r\n", tail[] = ".\r\n250 OK\r\n650 E\r\n250 B\r\n";
    char *answer = memory_allocate(sizeof(head) + sizeof(tail) + 8 * LONG_LINES, 1), *next = answer;
    next += sprintf(next, "%s", head);
    for (size_t i = 0; i < LONG_LINES; i++)
        next += sprintf(next, "%06zu\r\n", i);
    sprintf(next, "%s", tail);
    const struct peer_step steps[] = {LET_IN, {"GETINFO a", answer, PEER_CLOSE}};
    struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
    client->stop_at_ready = true;
    client_run(client);
    client->stop_at_ready = false;
    client->log_length = 0;
    assert_int_equal(client_send_reading(client, "GETINFO a", count_line), 0);
    assert_int_equal(client_send(client, "GETINFO b", NULL), 0);
    client_run(client);
    assert_int_equal(strncmp(client->log + LONG_LINES, "250+a={}|250 OK;650 E;250 B;closed;",
                             CLIENT_LOG_SIZE - LONG_LINES),
                     0);
    free(answer);
}

static void test_sends_data(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {LET_IN, {".", "250 OK\r\n", PEER_GO_ON}};
    static const struct {
        const char *data;
        const char *wire;
    } rows[] = {
        {"", ".\r\n"},
        {"a\nb\n", "a\r\nb\r\n.\r\n"},
        {"no line end", "no line end\r\n.\r\n"},
        {"a\r\nb", "a\r\nb\r\n.\r\n"},
        {".\n.a\na.\n..", "..\r\n..a\r\na.\r\n...\r\n.\r\n"},
        {"\n\n", "\r\n\r\n.\r\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
        client->replies_due = 1;
        assert_int_equal(client_send(client, "+HSPOST SERVER=x", rows[i].data), 0);
        client_run(client);
        char expected[256];
        snprintf(expected, sizeof(expected), "PROTOCOLINFO 1\r\nAUTHENTICATE\r\n+HSPOST SERVER=x\r\n%s",
                 rows[i].wire);
        /* The stand-in reads lines, and takes the first that begins with a dot for the end. */
        client_run_for(client, 20);
        assert_string_equal(control_peer_received(fixture->peer), expected);
    }
}

static void test_refuses_commands(void **state)
{
    struct control_fixture *fixture = *state;
    struct client *client = control_fixture_start(fixture, NULL, 0, NULL);
    assert_int_equal(client_send(client, "", NULL), -1);
    assert_int_equal(client_send(client, "GETINFO a\r\nQUIT", NULL), -1);
    assert_int_equal(client_send(client, "GETINFO a\n", NULL), -1);
    assert_int_equal(client_send(client, "GETINFO a\r", NULL), -1);
    assert_int_equal(client_send(client, "+HSPOST", NULL), -1);
    assert_int_equal(client_send(client, "HSPOST", "data"), -1);
    client_run_for(client, 20);
    assert_string_equal(control_peer_received(fixture->peer), "PROTOCOLINFO 1\r\n");
}

/* The answer to a command that has been forgotten. */
static void on_forgotten_reply(struct control_connection *connection, const struct control_reply *reply,
                               void *context)
{
    (void)connection;
    (void)reply;
    (void)context;
    fail_msg("a forgotten command got its answer");
}

/* Commands of one context are forgotten, before they are sent and later; the answers of the others go where
 * they belong. */
static void test_forgets_commands(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"A", "250 a\r\n", PEER_GO_ON},
        {"B", "250 b\r\n", PEER_GO_ON},
        {"C", "250 c\r\n", PEER_GO_ON},
        {"D", "", PEER_CLOSE},
    };
    struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
    int other;
    assert_int_equal(control_connection_send(client->connection, "A", on_forgotten_reply, &other), 0);
    assert_int_equal(client_send(client, "B", NULL), 0);
    control_connection_forget(client->connection, &other);
    client->replies_due = 1;
    client_run(client);
    assert_string_equal(client->log, "ready;250 b;");
    assert_int_equal(client_send(client, "C", NULL), 0);
    assert_int_equal(control_connection_send(client->connection, "D", on_forgotten_reply, &other), 0);
    control_connection_forget(client->connection, &other);
    client_run(client);
    assert_string_equal(client->log, "ready;250 b;250 c;closed;");
}

/* Everything comes one byte at a time. */
static void test_takes_single_bytes(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        {"PROTOCOLINFO 1", INFO_NULL, PEER_TRICKLE},
        {"AUTHENTICATE", "250 OK\r\n", PEER_TRICKLE},
        {"GETINFO", "650 A\r\n250+x=\r\n..y\r\n.\r\n250 OK\r\n650 B\r\n", PEER_TRICKLE},
        {"GETINFO", "250 OK\r\n", PEER_TRICKLE},
    };
    struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
    client->replies_due = 1;
    assert_int_equal(client_send(client, "GETINFO x", NULL), 0);
    client_run(client);
    assert_string_equal(client->log, "ready;650 A;250+x={.y\n}|250 OK;");
    for (int i = 0; i < 300 && client->event_count < 2; i++)
        client_run_for(client, 100);
    assert_string_equal(client->log, "ready;650 A;250+x={.y\n}|250 OK;650 B;");
}

/* A connection that nothing is asked of lives on, whatever the limit for a reply is; and each command has the
 * whole of it. */
static void test_time_limit_is_per_command(void **state)
{
    struct control_fixture *fixture = *state;
    /* 20 answers, each of which takes at least 60 ms and all of which take longer than the limit. */
    char answer[61] = "250 ";
    memset(answer + 4, 'x', sizeof(answer) - 7);
    memcpy(answer + sizeof(answer) - 3, "\r\n", 3);
    struct peer_step steps[22] = {LET_IN};
    for (size_t i = 2; i < COUNT(steps); i++)
        steps[i] = (struct peer_step){"GETINFO", answer, PEER_TRICKLE};
    struct control_limits limits = control_fixture_tight_limits;
    limits.command_timeout = 1;
    struct client *client = control_fixture_start(fixture, steps, COUNT(steps), &limits);
    client->replies_due = 20;
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    client_run(client);
    if (client->is_closed)
        fail_msg("%s; so far: %s", client->error.text, client->log);
    client_run_for(client, 1200);
    assert_false(client->is_closed);
}

/* The peer goes away, at every point of a conversation, in an orderly way and not. */
static void test_peer_goes_away(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct {
        struct peer_step steps[3];
        size_t count;
        const char *log;
        const char *words;
    } rows[] = {
        {{{NULL, "", PEER_CLOSE}}, 1, "none;none;closed;", "before we were authenticated"},
        {{{"", "", PEER_CLOSE}}, 1, "none;none;closed;", "before we were authenticated"},
        {{{"", "250-PROTO", PEER_CLOSE}}, 1, "none;none;closed;", "before we were authenticated"},
        {{{"", INFO_NULL, PEER_CLOSE}}, 1, "none;none;closed;", ""},
        {{LET_IN, {"GETINFO", "", PEER_CLOSE}},
         3,
         "ready;none;none;closed;",
         "closed by the peer (end of file): has"},
        {{LET_IN, {"GETINFO", "250+x=\r\nabc", PEER_CLOSE}},
         3,
         "ready;none;none;closed;",
         "in the middle of a reply"},
        {{LET_IN, {"GETINFO", "250 OK\r\n", PEER_CLOSE}},
         3,
         "ready;250 OK;none;closed;",
         "has that tor ended"},
        {{LET_IN, {"GETINFO", "250 OK\r\n650-x", PEER_CLOSE}},
         3,
         "ready;250 OK;none;closed;",
         "in the middle of a reply"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = control_fixture_start(fixture, rows[i].steps, rows[i].count, NULL);
        assert_int_equal(client_send(client, "GETINFO version", NULL), 0);
        assert_int_equal(client_send(client, "GETINFO md/all", NULL), 0);
        client_run(client);
        client_expect_closed(client, CONTROL_FAILURE_CLOSED, rows[i].words);
        assert_string_equal(client->log, rows[i].log);
        assert_int_equal(client_send(client, "GETINFO version", NULL), -1);
    }
}

/* A connection that is broken off over TCP: the peer's machine has spoken, so it is gone. */
static void test_peer_resets(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {LET_IN, {"GETINFO", "", PEER_RESET}};
    fixture->peer = control_peer_new(fixture->base, NULL, steps, COUNT(steps));
    char endpoint[64];
    snprintf(endpoint, sizeof(endpoint), "127.0.0.1:%u", control_peer_port(fixture->peer));
    client_start(&fixture->client, fixture->base, endpoint, NULL, NULL);
    assert_int_equal(client_send(&fixture->client, "GETINFO version", NULL), 0);
    client_run(&fixture->client);
    client_expect_closed(&fixture->client, CONTROL_FAILURE_CLOSED, "Connection reset by peer");
    assert_non_null(strstr(fixture->client.error.text, endpoint));
    assert_string_equal(fixture->client.log, "ready;none;closed;");
}

/* The connection is freed in every kind of callback; nothing is called afterwards. */
static void test_freed_in_callbacks(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"GETINFO", "650 A\r\n250 OK\r\n650 B\r\n250 OK\r\n", PEER_GO_ON},
        {"GETINFO", "", PEER_CLOSE}};
    static const struct peer_step closing[] = {LET_IN, {"GETINFO", "", PEER_CLOSE}};
    static const struct {
        char place;
        const struct peer_step *steps;
        size_t count;
        const char *log;
    } rows[] = {
        {'r', steps, COUNT(steps), "ready;"},
        {'e', steps, COUNT(steps), "ready;650 A;"},
        {'a', steps, COUNT(steps), "ready;650 A;250 OK;"},
        {'a', closing, COUNT(closing), "ready;none;"},
        {'c', closing, COUNT(closing), "ready;none;none;closed;"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = control_fixture_start(fixture, rows[i].steps, rows[i].count, NULL);
        client->free_at = rows[i].place;
        assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
        assert_int_equal(client_send(client, "GETINFO b", NULL), 0);
        client_run(client);
        if (client->connection != NULL)
            fail_msg("row %zu: %s", i, client->log);
        client_run_for(client, 20);
        assert_string_equal(client->log, rows[i].log);
    }
}

int main(void)
{
    if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    const struct CMUnitTest tests[] = {
        CONTROL_TEST(test_reads_data_line_by_line),
        CONTROL_TEST(test_converses),
        CONTROL_TEST(test_long_data),
        CONTROL_TEST(test_sends_data),
        CONTROL_TEST(test_refuses_commands),
        CONTROL_TEST(test_forgets_commands),
        CONTROL_TEST(test_takes_single_bytes),
        CONTROL_TEST(test_time_limit_is_per_command),
        CONTROL_TEST(test_peer_goes_away),
        CONTROL_TEST(test_peer_resets),
        CONTROL_TEST(test_freed_in_callbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
