/* Control connections to peers that behave, misbehave or are not there; the peers are stand-ins played by the
 * test, since no real tor can be made to do what they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper_control_client.h"
#include "helper_control_peer.h"
#include "obpub/memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Answers of a tor that asks for no authentication. */
#define INFO_NULL "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION Tor=\"0.4.9.11\"\r\n250 OK\r\n"
#define LET_IN                                                                                               \
    {"PROTOCOLINFO 1", INFO_NULL, PEER_GO_ON},                                                               \
    {                                                                                                        \
        "AUTHENTICATE", "250 OK\r\n", PEER_GO_ON                                                             \
    }

/* Limits that make a test short. */
static const struct control_limits tight_limits = {
    .line_max = 1024, .reply_max = 65536, .connect_timeout = 0.3, .command_timeout = 0.3};

struct fixture {
    struct event_base *base;
    struct control_peer *peer;
    struct client client;
    char folder[64];
    char socket_path[80];
    char endpoint[96];
};

static int set_up(void **state)
{
    struct fixture *fixture = memory_allocate(1, sizeof(*fixture));
    fixture->base = event_base_new();
    snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/obpub-test-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;
    snprintf(fixture->socket_path, sizeof(fixture->socket_path), "%s/control", fixture->folder);
    snprintf(fixture->endpoint, sizeof(fixture->endpoint), "unix:%s", fixture->socket_path);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    client_clear(&fixture->client);
    control_peer_free(fixture->peer);
    /* What a cancelled look-up leaves to the event loop. */
    event_base_loop(fixture->base, EVLOOP_NONBLOCK);
    event_base_loop(fixture->base, EVLOOP_NONBLOCK);
    event_base_free(fixture->base);
    unlink(fixture->socket_path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

/* Starts a peer with a script, and a client with limits (NULL for the default ones) that connects to it. */
static struct client *start(struct fixture *fixture, const struct peer_step *steps, size_t count,
                            const struct control_limits *limits)
{
    client_clear(&fixture->client);
    control_peer_free(fixture->peer);
    unlink(fixture->socket_path);
    fixture->peer = control_peer_new(fixture->base, fixture->socket_path, steps, count);
    client_start(&fixture->client, fixture->base, fixture->endpoint, NULL, limits);
    return &fixture->client;
}

static void test_converses(void **state)
{
    struct fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"GETINFO version", "250-version=0.4.9.11\r\n250 OK\r\n650 A\r\n650-B\r\n650 C\r\n", PEER_GO_ON},
        {"GETINFO md/all", "250+md/all=\r\nx\r\n..\r\n.\r\n250 OK\r\n", PEER_GO_ON},
        {"SETEVENTS", "552 no such event\r\n", PEER_GO_ON},
        {"AGAIN", "250 OK\r\n", PEER_GO_ON},
    };
    struct client *client = start(fixture, steps, COUNT(steps), NULL);
    assert_string_equal(control_connection_tor_version(client->connection), "");
    /* Commands may be queued at once; they wait for the authentication. */
    assert_int_equal(client_send(client, "GETINFO version", NULL), 0);
    assert_int_equal(client_send(client, "GETINFO md/all", NULL), 0);
    assert_int_equal(client_send(client, "SETEVENTS NONSENSE", NULL), 0);
    assert_int_equal(control_connection_pending(client->connection), 3);
    client->replies_due = 3;
    client_run(client);
    assert_string_equal(client->log, "ready;250-version=0.4.9.11|250 OK;650 A;650-B|650 C;"
                                     "250+md/all={x\n.\n}|250 OK;552 no such event;");
    assert_int_equal(control_connection_pending(client->connection), 0);
    assert_string_equal(control_connection_tor_version(client->connection), "0.4.9.11");
    assert_string_equal(control_peer_received(fixture->peer),
                        "PROTOCOLINFO 1\r\nAUTHENTICATE\r\nGETINFO version\r\n"
                        "GETINFO md/all\r\nSETEVENTS NONSENSE\r\n");
    client->replies_due = 1;
    assert_int_equal(client_send(client, "AGAIN", NULL), 0);
    client_run(client);
    assert_non_null(strstr(client->log, "552 no such event;250 OK;"));
}

static void test_sends_data(void **state)
{
    struct fixture *fixture = *state;
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
        struct client *client = start(fixture, steps, COUNT(steps), NULL);
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
    struct fixture *fixture = *state;
    struct client *client = start(fixture, NULL, 0, NULL);
    assert_int_equal(client_send(client, "", NULL), -1);
    assert_int_equal(client_send(client, "GETINFO a\r\nQUIT", NULL), -1);
    assert_int_equal(client_send(client, "GETINFO a\n", NULL), -1);
    assert_int_equal(client_send(client, "GETINFO a\r", NULL), -1);
    assert_int_equal(client_send(client, "+HSPOST", NULL), -1);
    assert_int_equal(client_send(client, "HSPOST", "data"), -1);
    assert_int_equal(control_connection_pending(client->connection), 0);
    client_run_for(client, 20);
    assert_string_equal(control_peer_received(fixture->peer), "PROTOCOLINFO 1\r\n");
}

/* Everything comes one byte at a time. */
static void test_takes_single_bytes(void **state)
{
    struct fixture *fixture = *state;
    static const struct peer_step steps[] = {
        {"PROTOCOLINFO 1", INFO_NULL, PEER_TRICKLE},
        {"AUTHENTICATE", "250 OK\r\n", PEER_TRICKLE},
        {"GETINFO", "650 A\r\n250+x=\r\n..y\r\n.\r\n250 OK\r\n650 B\r\n", PEER_TRICKLE},
        {"GETINFO", "250 OK\r\n", PEER_TRICKLE},
    };
    struct client *client = start(fixture, steps, COUNT(steps), NULL);
    client->replies_due = 1;
    assert_int_equal(client_send(client, "GETINFO x", NULL), 0);
    client_run(client);
    assert_string_equal(client->log, "ready;650 A;250+x={.y\n}|250 OK;");
    client_run_for(client, 100);
    assert_string_equal(client->log, "ready;650 A;250+x={.y\n}|250 OK;650 B;");
}

/* What answers is not a tor's control port. */
static void test_not_tor(void **state)
{
    struct fixture *fixture = *state;
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
        struct client *client = start(fixture, scripts[i], 1, NULL);
        assert_int_equal(client_send(client, "GETINFO version", NULL), 0);
        client_run(client);
        client_expect_closed(client, CONTROL_FAILURE_PROTOCOL, fixture->endpoint);
        assert_string_equal(client->log, "none;closed;");
    }
}

/* A reply that no command asked for. */
static void test_reply_unasked(void **state)
{
    struct fixture *fixture = *state;
    static const struct peer_step steps[] = {LET_IN, {"GETINFO", "250 a\r\n250 b\r\n", PEER_GO_ON}};
    struct client *client = start(fixture, steps, COUNT(steps), NULL);
    assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    client_run(client);
    client_expect_closed(client, CONTROL_FAILURE_PROTOCOL, "no command had asked for");
    assert_string_equal(client->log, "ready;250 a;closed;");
}

/* The peer goes away, at every point of a conversation, in an orderly way and not. */
static void test_peer_goes_away(void **state)
{
    struct fixture *fixture = *state;
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
        struct client *client = start(fixture, rows[i].steps, rows[i].count, NULL);
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
    struct fixture *fixture = *state;
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

/* Silence, or an answer that comes and comes but never ends, before and after the authentication. */
static void test_no_answer_in_time(void **state)
{
    struct fixture *fixture = *state;
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
    struct control_limits limits = tight_limits;
    limits.line_max = 4096;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = start(fixture, rows[i].steps, rows[i].count, &limits);
        assert_int_equal(client_send(client, "GETINFO md/all", NULL), 0);
        assert_int_equal(client_send(client, "SIGNAL NEWNYM", NULL), 0);
        client_run(client);
        client_expect_closed(client, CONTROL_FAILURE_TIMEOUT, rows[i].words);
        assert_string_equal(client->log, rows[i].log);
        /* Arguments may be secret: a message gives the keyword alone. */
        assert_null(strstr(client->error.text, "md/all"));
    }
}

/* A connection that nothing is asked of lives on, whatever the limit for a reply is; and each command has the
 * whole of it. */
static void test_time_limit_is_per_command(void **state)
{
    struct fixture *fixture = *state;
    /* 20 answers, each of which takes at least 60 ms and all of which take longer than the limit. */
    char answer[61] = "250 ";
    memset(answer + 4, 'x', sizeof(answer) - 7);
    memcpy(answer + sizeof(answer) - 3, "\r\n", 3);
    struct peer_step steps[22] = {LET_IN};
    for (size_t i = 2; i < COUNT(steps); i++)
        steps[i] = (struct peer_step){"GETINFO", answer, PEER_TRICKLE};
    struct control_limits limits = tight_limits;
    limits.command_timeout = 1;
    struct client *client = start(fixture, steps, COUNT(steps), &limits);
    client->replies_due = 20;
    for (size_t i = 0; i < 20; i++)
        assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
    client_run(client);
    if (client->is_closed)
        fail_msg("%s; so far: %s", client->error.text, client->log);
    client_run_for(client, 1200);
    assert_false(client->is_closed);
}

/* What never ends is cut off at a limit, long before the time is over. */
static void test_endless_answers(void **state)
{
    struct fixture *fixture = *state;
    static char long_line[1000001];
    memset(long_line, '2', sizeof(long_line) - 1);
    memcpy(long_line, "250 ", 4);
    const struct peer_step endless_line_at_once[] = {{NULL, "2222222222", PEER_REPEAT}};
    const struct peer_step endless_line[] = {LET_IN, {"GETINFO", "250 xxxxxxx", PEER_REPEAT}};
    const struct peer_step million_bytes[] = {LET_IN, {"GETINFO", long_line, PEER_GO_ON}};
    const struct peer_step endless_lines[] = {LET_IN, {"GETINFO", "250-x\r\n", PEER_REPEAT}};
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
        {endless_lines, 3, "longer than 65536 bytes"},
        {endless_event, 3, "longer than 65536 bytes"},
        {endless_data, 4, "longer than 65536 bytes"},
        {endless_data_line, 4, "longer than 65536 bytes"},
    };
    struct control_limits limits = tight_limits;
    limits.command_timeout = 20;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct client *client = start(fixture, rows[i].steps, rows[i].count, &limits);
        assert_int_equal(client_send(client, "GETINFO md/all", NULL), 0);
        client_run(client);
        client_expect_closed(client, CONTROL_FAILURE_PROTOCOL, rows[i].words);
    }
}

/* A flood of events neither keeps a reply from being handed on, nor a time limit from passing. */
static void test_flood_of_events(void **state)
{
    struct fixture *fixture = *state;
    static const struct peer_step flood[] = {
        LET_IN, {"GETINFO a", "250 OK\r\n", PEER_GO_ON}, {NULL, "650 CIRC 1 LAUNCHED\r\n", PEER_REPEAT}};
    struct client *client = start(fixture, flood, COUNT(flood), &tight_limits);
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

/* A peer that doesn't know the cookie, or answers AUTHCHALLENGE with a part of an answer. */
static void test_false_cookie_server(void **state)
{
    struct fixture *fixture = *state;
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
        struct client *client = start(fixture, steps, COUNT(steps), NULL);
        client_run(client);
        client_expect_closed(client, rows[i].failure, rows[i].words);
        /* It has been told nothing more. */
        client_run_for(client, 20);
        assert_null(strstr(control_peer_received(fixture->peer), "AUTHENTICATE"));
    }
    unlink(cookie_path);
}

/* The connection is freed in every kind of callback; nothing is called afterwards. */
static void test_freed_in_callbacks(void **state)
{
    struct fixture *fixture = *state;
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
        struct client *client = start(fixture, rows[i].steps, rows[i].count, NULL);
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

/* The connection is freed at every other moment. */
static void test_freed_early(void **state)
{
    struct fixture *fixture = *state;
    static const char *const endpoints[] = {"127.0.0.1:1", "[::1]:1", "localhost:1", "no-such-host.invalid:1",
                                            "unix:/nonexistent/control"};
    for (size_t i = 0; i < COUNT(endpoints); i++) {
        for (int rounds = 0; rounds < 3; rounds++) {
            client_start(&fixture->client, fixture->base, endpoints[i], NULL, NULL);
            assert_int_equal(client_send(&fixture->client, "GETINFO a", NULL), 0);
            for (int round = 0; round < rounds; round++)
                event_base_loop(fixture->base, EVLOOP_NONBLOCK);
            bool was_closed = fixture->client.is_closed;
            client_clear(&fixture->client);
            client_run_for(&fixture->client, 20);
            assert_int_equal(fixture->client.is_closed, was_closed);
        }
    }
    static const struct peer_step steps[] = {LET_IN, {"GETINFO", "250-", PEER_GO_ON}};
    for (int milliseconds = 0; milliseconds < 10; milliseconds++) {
        struct client *client = start(fixture, steps, COUNT(steps), NULL);
        assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
        client_run_for(client, milliseconds);
        client_clear(client);
        client_run_for(client, 5);
        assert_false(client->is_closed);
    }
    control_connection_free(NULL);
}

/* Tries an endpoint that nobody answers at. */
static void expect_no_connection(struct fixture *fixture, const char *endpoint, enum control_failure failure,
                                 const char *words)
{
    client_clear(&fixture->client);
    client_start(&fixture->client, fixture->base, endpoint, NULL, &tight_limits);
    assert_int_equal(client_send(&fixture->client, "GETINFO a", NULL), 0);
    client_run(&fixture->client);
    client_expect_closed(&fixture->client, failure, words);
    assert_string_equal(fixture->client.log, "none;closed;");
    assert_memory_equal(fixture->client.error.text, endpoint, strlen(endpoint));
}

/* A port of an address that nobody listens on: bound, so that nobody else can, but not listening. */
static int take_port(int family, unsigned *port)
{
    struct sockaddr_storage address = {.ss_family = (sa_family_t)family};
    socklen_t length = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
    if (family == AF_INET)
        ((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else
        ((struct sockaddr_in6 *)&address)->sin6_addr = in6addr_loopback;
    int taken = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(taken >= 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&address, &length), 0);
    *port = ntohs(family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                    : ((struct sockaddr_in6 *)&address)->sin6_port);
    return taken;
}

static void test_nobody_there(void **state)
{
    struct fixture *fixture = *state;
    char endpoint[160];
    unsigned port;
    expect_no_connection(fixture, fixture->endpoint, CONTROL_FAILURE_REFUSED, "there is no such socket");
    assert_non_null(
        strstr(fixture->client.error.text, "is tor running, and does its torrc have \"ControlSocket "));

    int taken = take_port(AF_INET, &port);
    snprintf(endpoint, sizeof(endpoint), "127.0.0.1:%u", port);
    expect_no_connection(fixture, endpoint, CONTROL_FAILURE_REFUSED, "nobody listens there");
    snprintf(endpoint, sizeof(endpoint), "localhost:%u", port);
    expect_no_connection(fixture, endpoint, CONTROL_FAILURE_REFUSED, "nobody listens there");
    close(taken);

    taken = take_port(AF_INET6, &port);
    snprintf(endpoint, sizeof(endpoint), "[::1]:%u", port);
    expect_no_connection(fixture, endpoint, CONTROL_FAILURE_REFUSED, "nobody listens there");
    close(taken);

    /* What a tor that was killed leaves behind. */
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", fixture->socket_path);
    taken = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&address, sizeof(address)), 0);
    close(taken);
    expect_no_connection(fixture, fixture->endpoint, CONTROL_FAILURE_REFUSED,
                         "nobody listens on this socket");
    unlink(fixture->socket_path);

    taken = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(taken, (struct sockaddr *)&address, sizeof(address)), 0);
    expect_no_connection(fixture, fixture->endpoint, CONTROL_FAILURE_PROTOCOL, "not a stream socket");
    close(taken);
}

/* Nothing is heard of the tor, which says nothing about it. */
static void test_unreachable(void **state)
{
    struct fixture *fixture = *state;
    expect_no_connection(fixture, "no-such-host.invalid:9051", CONTROL_FAILURE_UNREACHABLE, "host");

    /* A listener whose queue is full: the kernel leaves the next ones without an answer. */
    unsigned port;
    int fillers[8];
    int taken = take_port(AF_INET, &port);
    assert_int_equal(listen(taken, 0), 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (size_t i = 0; i < COUNT(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        connect(fillers[i], (struct sockaddr *)&address, sizeof(address));
    }
    char endpoint[32];
    snprintf(endpoint, sizeof(endpoint), "127.0.0.1:%u", port);
    expect_no_connection(fixture, endpoint, CONTROL_FAILURE_UNREACHABLE, "no answer within");
    for (size_t i = 0; i < COUNT(fillers); i++)
        close(fillers[i]);
    close(taken);

    /* An endpoint from elsewhere than the config may have a path that is too long. */
    char long_path[200];
    memset(long_path, 'x', sizeof(long_path));
    long_path[0] = '/';
    long_path[199] = '\0';
    struct control_endpoint too_long = {.socket_path = long_path};
    static const struct control_callbacks none = {.ready = NULL};
    struct control_connection *connection =
        control_connection_new(fixture->base, &too_long, NULL, NULL, &none, NULL);
    client_run_for(&fixture->client, 20);
    assert_int_equal(control_connection_send(connection, "GETINFO a", NULL, 0, NULL, NULL), -1);
    control_connection_free(connection);
}

/* Runs as a user without rights: whether the socket's failure is put down to them. */
static int try_as_nobody(struct fixture *fixture)
{
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    struct event_base *base = event_base_new();
    struct client *client = &fixture->client;
    client_start(client, base, fixture->endpoint, NULL, NULL);
    client_run(client);
    bool right = client->is_closed && client->failure == CONTROL_FAILURE_PERMISSION &&
                 strstr(client->error.text, "this user may not open the socket") != NULL;
    return right ? 0 : 1;
}

static void test_socket_without_permission(void **state)
{
    struct fixture *fixture = *state;
    fixture->peer = control_peer_new(fixture->base, fixture->socket_path, NULL, 0);
    assert_int_equal(chmod(fixture->folder, 0755), 0);
    assert_int_equal(chmod(fixture->socket_path, 0), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(try_as_nobody(fixture));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Over TCP and with a host name all is the same. */
static void test_host_names(void **state)
{
    struct fixture *fixture = *state;
    static const struct peer_step steps[] = {LET_IN, {"GETINFO", "250 OK\r\n", PEER_GO_ON}};
    static const char *const hosts[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; i < COUNT(hosts); i++) {
        char endpoint[64];
        client_clear(&fixture->client);
        control_peer_free(fixture->peer);
        fixture->peer = control_peer_new(fixture->base, NULL, steps, COUNT(steps));
        snprintf(endpoint, sizeof(endpoint), "%s:%u", hosts[i], control_peer_port(fixture->peer));
        client_start(&fixture->client, fixture->base, endpoint, NULL, NULL);
        fixture->client.replies_due = 1;
        assert_int_equal(client_send(&fixture->client, "GETINFO a", NULL), 0);
        client_run(&fixture->client);
        assert_string_equal(fixture->client.log, "ready;250 OK;");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    const struct CMUnitTest tests[] = {
        TEST(test_converses),
        TEST(test_sends_data),
        TEST(test_refuses_commands),
        TEST(test_takes_single_bytes),
        TEST(test_not_tor),
        TEST(test_reply_unasked),
        TEST(test_peer_goes_away),
        TEST(test_peer_resets),
        TEST(test_no_answer_in_time),
        TEST(test_time_limit_is_per_command),
        TEST(test_endless_answers),
        TEST(test_flood_of_events),
        TEST(test_false_cookie_server),
        TEST(test_freed_in_callbacks),
        TEST(test_freed_early),
        TEST(test_nobody_there),
        TEST(test_unreachable),
        TEST(test_socket_without_permission),
        TEST(test_host_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
