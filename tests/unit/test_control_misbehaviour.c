/* Control connections to peers that misbehave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "helper_control_fixture.h"

/* The peers are stand-ins: no real tor can be made to do what they do. */

/* What answers is not a tor's control port. */
static void test_not_tor(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step scripts[][1] = {
        {{"", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", PEER_CLOSE}},
        {{NULL, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", PEER_GO_ON}},
        {{"", "\x15\x03\x01", PEER_GO_ON}}, /* the beginning of a TLS alert, without any line end */
        {{NULL, "220 mail.example.net ESMTP\r\n", PEER_GO_ON}},
        {{NULL, "* OK IMAP4rev1\r\n", PEER_GO_ON}},
        {{"", "510 Unrecognized command\r\n", PEER_GO_ON}},
        {{"", "250 OK\r\n", PEER_GO_ON}},
        {{"", "250-PROTOCOLINFO 1\n250-AUTH METHODS=NULL\n250 OK\n", PEER_GO_ON}},
        {{"", "650 CIRC 1\r\n", PEER_GO_ON}},
    };
    for (size_t i = 0; i < COUNT(scripts); i++) {
        struct client *client = control_fixture_start(fixture, scripts[i], 1, NULL);
        assert_int_equal(client_send(client, "GETINFO version", NULL), 0);
        client_run(client);
        client_expect_closed(client, CONTROL_FAILURE_PROTOCOL, fixture->endpoint);
        assert_string_equal(client->log, "none;closed;");
    }
}

/* A reply that no command asked for. */
static void test_reply_unasked(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {LET_IN, {"GETINFO", "250 a\r\n250 b\r\n", PEER_GO_ON}};
    struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
    assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    client_run(client);
    client_expect_closed(client, CONTROL_FAILURE_PROTOCOL, "no command had asked for");
    assert_string_equal(client->log, "ready;250 a;closed;");
}

/* Silence, or an answer that comes and comes but never ends, before and after the authentication. */
static void test_no_answer_in_time(void **state)
{
    struct control_fixture *fixture = *state;
    /* Longer than the time there is, at a byte a millisecond. */
    static char slow[2001] = "250-";
    memset(slow + 4, 'x', sizeof(slow) - 5);
    memset(slow + 900, ' ', 10);
    const struct peer_step silent[] = {{"", "", PEER_GO_ON}};
    const struct peer_step slow_at_once[] = {{"", slow, PEER_TRICKLE}};
    const struct peer_step silent_later[] = {LET_IN, {"GETINFO", "", PEER_GO_ON}};
    const struct peer_step slow_later[] = {LET_IN, {"GETINFO", slow, PEER_TRICKLE}};
    const struct {
        const struct peer_step *steps;
        size_t count;
        const char *log;
        const char *words;
    } rows[] = {
        {NULL, 0, "none;none;closed;", "not authenticated within"},
        {silent, 1, "none;none;closed;", "not authenticated within"},
        {slow_at_once, 1, "none;none;closed;", "not authenticated within"},
        {silent_later, 3, "ready;none;none;closed;", "no whole reply to GETINFO within"},
        {slow_later, 3, "ready;none;none;closed;", "no whole reply to GETINFO within"},
    };
    struct control_limits limits = control_fixture_tight_limits;
    limits.line_max = 4096;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = control_fixture_start(fixture, rows[i].steps, rows[i].count, &limits);
        assert_int_equal(client_send(client, "GETINFO md/all", NULL), 0);
        assert_int_equal(client_send(client, "SIGNAL NEWNYM", NULL), 0);
        client_run(client);
        client_expect_closed(client, CONTROL_FAILURE_TIMEOUT, rows[i].words);
        assert_string_equal(client->log, rows[i].log);
        /* Arguments may be secret: a message gives the keyword alone. */
        assert_null(strstr(client->error.text, "md/all"));
    }
}

/* What never ends is cut off at a limit, long before the time is over. */
static void test_endless_answers(void **state)
{
    struct control_fixture *fixture = *state;
    static char long_line[1000001];
    memset(long_line, '2', sizeof(long_line) - 1);
    memcpy(long_line, "250 ", 4);
    const struct peer_step endless_line_at_once[] = {{NULL, "2222222222", PEER_REPEAT}};
    const struct peer_step endless_line[] = {LET_IN, {"GETINFO", "250 xxxxxxx", PEER_REPEAT}};
    const struct peer_step million_bytes[] = {LET_IN, {"GETINFO", long_line, PEER_GO_ON}};
    const struct peer_step endless_lines[] = {LET_IN, {"GETINFO", "250-x\r\n", PEER_REPEAT}};
    const struct peer_step endless_long_lines[] = {
        LET_IN, {"GETINFO", "250-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n", PEER_REPEAT}};
    const struct peer_step endless_event[] = {LET_IN, {"GETINFO", "650-x\r\n", PEER_REPEAT}};
    const struct peer_step endless_data[] = {
        LET_IN, {"GETINFO", "250+x=\r\n", PEER_GO_ON}, {NULL, "yyy\r\n", PEER_REPEAT}};
    const struct peer_step endless_data_line[] = {
        LET_IN, {"GETINFO", "250+x=\r\n", PEER_GO_ON}, {NULL, "yyy", PEER_REPEAT}};
    const struct {
        const struct peer_step *steps;
        size_t count;
        const char *words;
    } rows[] = {
        {endless_line_at_once, 1, "a line is longer than 1024 bytes"},
        {endless_line, 3, "a line is longer than 1024 bytes"},
        {million_bytes, 3, "a line is longer than 1024 bytes"},
        {endless_lines, 3, "more than 4096 lines"},
        {endless_event, 3, "more than 4096 lines"},
        {endless_long_lines, 3, "longer than 65536 bytes"},
        {endless_data, 4, "longer than 65536 bytes"},
        {endless_data_line, 4, "longer than 65536 bytes"},
    };
    struct control_limits limits = control_fixture_tight_limits;
    limits.command_timeout = 20;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = control_fixture_start(fixture, rows[i].steps, rows[i].count, &limits);
        assert_int_equal(client_send(client, "GETINFO md/all", NULL), 0);
        client_run(client);
        client_expect_closed(client, CONTROL_FAILURE_PROTOCOL, rows[i].words);
    }
}

/* A flood of events neither keeps a reply from being handed on, nor a time limit from passing. */
static void test_flood_of_events(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step flood[] = {
        LET_IN, {"GETINFO a", "250 OK\r\n", PEER_GO_ON}, {NULL, "650 CIRC 1 LAUNCHED\r\n", PEER_REPEAT}};
    struct client *client =
        control_fixture_start(fixture, flood, COUNT(flood), &control_fixture_tight_limits);
    client->ignore_events = true;
    client->replies_due = 1;
    assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    client_run(client);
    assert_string_equal(client->log, "ready;250 OK;");
    client_run_for(client, 400);
    assert_true(client->event_count > 1000);
    assert_false(client->is_closed);
    assert_int_equal(client_send(client, "GETINFO b", NULL), 0);
    client_run(client);
    client_expect_closed(client, CONTROL_FAILURE_TIMEOUT, "no whole reply to GETINFO");
}

/* More events than any tor sends are none of tor's; and no peer is read faster than the limit. */
static void test_flood_is_cut_off(void **state)
{
    struct control_fixture *fixture = *state;
    static const char event[] = "650 CIRC 1 LAUNCHED\r\n";
    const struct peer_step flood[] = {
        LET_IN, {"GETINFO a", "250 OK\r\n", PEER_GO_ON}, {NULL, event, PEER_REPEAT}};
    struct control_limits limits = control_fixture_tight_limits;
    limits.events_max = 500;
    struct client *client = control_fixture_start(fixture, flood, COUNT(flood), &limits);
    client->ignore_events = true;
    assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    client_run(client);
    client_expect_closed(client, CONTROL_FAILURE_PROTOCOL, "more than 500 events came within");
    assert_int_equal(client->event_count, 500);

    limits.events_max = 0;
    limits.read_rate = 32 * 1024;
    client = control_fixture_start(fixture, flood, COUNT(flood), &limits);
    client->ignore_events = true;
    client->replies_due = 1;
    assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    client_run(client);
    client_run_for(client, 300);
    assert_true(client->event_count > 0);
    /* What two seconds let in, as a new one may begin meanwhile. */
    assert_true(client->event_count <= 2 * limits.read_rate / (sizeof(event) - 1));
}

/* A peer that doesn't know the cookie, or answers AUTHCHALLENGE with a part of an answer. */
static void test_false_cookie_server(void **state)
{
    struct control_fixture *fixture = *state;
    char cookie_path[96];
    char info[512];
    snprintf(cookie_path, sizeof(cookie_path), "%s/cookie", fixture->folder);
    FILE *file = fopen(cookie_path, "w");
    assert_non_null(file);
    fputs("0123456789abcdef0123456789abcdef", file);
    fclose(file);
    snprintf(info, sizeof(info),
             "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE=\"%s\"\r\n250 OK\r\n",
             cookie_path);
    static const struct {
        const char *answer;
        enum control_failure failure;
        const char *words;
    } rows[] = {
        {"250 AUTHCHALLENGE SERVERHASH=0000000000000000000000000000000000000000000000000000000000000000 "
         "SERVERNONCE=0000000000000000000000000000000000000000000000000000000000000000\r\n",
         CONTROL_FAILURE_AUTHENTICATION, "doesn't know the cookie in"},
        {"250 AUTHCHALLENGE SERVERHASH=00000000000000000000000000000000\r\n", CONTROL_FAILURE_PROTOCOL,
         "not one that tor gives"},
        {"250 OK\r\n", CONTROL_FAILURE_PROTOCOL, "not one that tor gives"},
        {"513 no\r\n", CONTROL_FAILURE_AUTHENTICATION, "refused AUTHCHALLENGE"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct peer_step steps[] = {
            {"PROTOCOLINFO", info, PEER_GO_ON},
            {"AUTHCHALLENGE SAFECOOKIE ", rows[i].answer, PEER_GO_ON},
        };
        struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
        client_run(client);
        client_expect_closed(client, rows[i].failure, rows[i].words);
        /* It has been told nothing more. */
        client_run_for(client, 20);
        assert_null(strstr(control_peer_received(fixture->peer), "AUTHENTICATE"));
    }
    unlink(cookie_path);
}

int main(void)
{
    if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    const struct CMUnitTest tests[] = {
        CONTROL_TEST(test_not_tor),
        CONTROL_TEST(test_reply_unasked),
        CONTROL_TEST(test_no_answer_in_time),
        CONTROL_TEST(test_endless_answers),
        CONTROL_TEST(test_flood_is_cut_off),
        CONTROL_TEST(test_flood_of_events),
        CONTROL_TEST(test_false_cookie_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
