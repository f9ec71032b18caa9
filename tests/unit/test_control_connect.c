/* Control connections that can't be had, and how they are begun and given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <grp.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper_control_fixture.h"

/* Where a peer is needed it is a stand-in, which need only be there. */

/* Tries an endpoint that nobody answers at. */
static void expect_no_connection(struct control_fixture *fixture, const char *endpoint,
                                 enum control_failure failure, const char *words)
{
    client_clear(&fixture->client);
    client_start(&fixture->client, fixture->base, endpoint, NULL, &control_fixture_tight_limits);
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
    struct control_fixture *fixture = *state;
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
    struct control_fixture *fixture = *state;
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
    assert_int_equal(control_connection_send(connection, "GETINFO a", NULL, NULL), -1);
    control_connection_free(connection);
}

/* Runs as a user without rights: whether the socket's failure is put down to them. */
static int try_as_nobody(struct control_fixture *fixture)
{
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(65534) != 0 || setuid(65534) != 0))
        return 2;
    struct event_base *base = event_base_new();
    struct client *client = &fixture->client;
    client_start(client, base, fixture->endpoint, NULL, NULL);
    client_run(client);
    bool right = client->is_closed && client->failure == CONTROL_FAILURE_PERMISSION &&
                 strstr(client->error.text, "this user may not open the socket") != NULL &&
                 strstr(client->error.text, "or have obpub run as that tor's own user") != NULL;
    return right ? 0 : 1;
}

static void test_socket_without_permission(void **state)
{
    struct control_fixture *fixture = *state;
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
    struct control_fixture *fixture = *state;
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

/* The connection is freed at every other moment. */
static void test_freed_early(void **state)
{
    struct control_fixture *fixture = *state;
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
        struct client *client = control_fixture_start(fixture, steps, COUNT(steps), NULL);
        assert_int_equal(client_send(client, "GETINFO a", NULL), 0);
        client_run_for(client, milliseconds);
        client_clear(client);
        client_run_for(client, 5);
        assert_false(client->is_closed);
    }
    control_connection_free(NULL);
}

int main(void)
{
    if (sodium_init() < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return 1;
    const struct CMUnitTest tests[] = {
        CONTROL_TEST(test_nobody_there),
        CONTROL_TEST(test_unreachable),
        CONTROL_TEST(test_socket_without_permission),
        CONTROL_TEST(test_host_names),
        CONTROL_TEST(test_freed_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
