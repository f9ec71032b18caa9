/* The SOCKS client: its words, and how it takes a server's. The server here is a stand-in, for answers that a
 * tor can't be made to give; the network tests ask a tor's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/listener.h>

#include "helper_control_peer.h"
#include "helper_folder.h"
#include "socks/client.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char host[] = "zopi3buo54z46f7bixk2yvocvgx6fcdklvx2ekjydsdvvskb3kyrzyad.onion";

/* What the client sends, in one, and the answers of a tor that makes the connection. */
static const uint8_t greeting[] = {5, 1, 2};
static const uint8_t method[] = {5, 2};
static const uint8_t user_taken[] = {1, 0};
static const uint8_t reply_ipv4[] = {5, 0, 0, 1};
static const uint8_t address_ipv4[] = {0, 0, 0, 0, 0, 0};

static enum socks_step take(struct socks_handshake *handshake, const uint8_t *bytes, size_t size)
{
    enum socks_failure failure;
    struct error error;
    assert_int_equal(handshake->wanted, size);
    return socks_handshake_take(handshake, bytes, &failure, &error);
}

static void check_message(const struct socks_handshake *handshake, const char *bytes, size_t size)
{
    assert_int_equal(handshake->message_length, size);
    assert_memory_equal(handshake->message, bytes, size);
}

static void says_what_rfc_1928_wants(void **state)
{
    (void)state;
    struct socks_handshake handshake;
    socks_handshake_begin(&handshake, host, 0x1234, "user");
    check_message(&handshake, (const char *)greeting, sizeof(greeting));
    assert_int_equal(take(&handshake, method, sizeof(method)), SOCKS_STEP_SEND);
    check_message(&handshake, "\x01\x04user\x05obpub", 12);
    assert_int_equal(take(&handshake, user_taken, sizeof(user_taken)), SOCKS_STEP_SEND);
    char request[sizeof(host) + 7];
    int length = snprintf(request, sizeof(request), "%c%c%c%c%c%s%c%c", 5, 1, 'x', 3, (int)strlen(host), host,
                          0x12, 0x34);
    request[2] = 0;
    check_message(&handshake, request, (size_t)length);
    assert_int_equal(handshake.code, -1);
    assert_int_equal(take(&handshake, reply_ipv4, sizeof(reply_ipv4)), SOCKS_STEP_READ);
    assert_int_equal(handshake.code, 0);
    assert_int_equal(take(&handshake, address_ipv4, sizeof(address_ipv4)), SOCKS_STEP_DONE);
}

static void names_may_be_as_long_as_can_be(void **state)
{
    (void)state;
    char name[SOCKS_NAME_MAX + 10];
    struct socks_handshake handshake;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    socks_handshake_begin(&handshake, name, 1, name);
    take(&handshake, method, sizeof(method));
    assert_int_equal(handshake.message_length, 2 + SOCKS_NAME_MAX + 6);
    take(&handshake, user_taken, sizeof(user_taken));
    assert_int_equal(handshake.message_length, 5 + SOCKS_NAME_MAX + 2);
}

/* Each of a server's messages with something in it that is not right. */
static void refuses_what_is_no_socks5(void **state)
{
    (void)state;
    static const struct {
        unsigned before; /* how many good answers come first */
        uint8_t bytes[4];
    } bad[] = {
        {0, {4, 2}},       {0, {5, 0}},       {0, {5, 0xFF}},    {0, {'H', 'T'}},   {1, {5, 0}},
        {1, {1, 1}},       {2, {4, 0, 0, 1}}, {2, {5, 0, 1, 1}}, {2, {5, 0, 0, 0}}, {2, {5, 0, 0, 2}},
        {2, {5, 0, 0, 3}}, {2, {5, 7, 0, 1}}, {2, {5, 8, 0, 1}},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct socks_handshake handshake;
        enum socks_failure failure = SOCKS_FAILURE_GENERAL;
        struct error error;
        socks_handshake_begin(&handshake, host, 1, "user");
        if (bad[i].before > 0)
            take(&handshake, method, sizeof(method));
        if (bad[i].before > 1)
            take(&handshake, user_taken, sizeof(user_taken));
        assert_int_equal(socks_handshake_take(&handshake, bad[i].bytes, &failure, &error), SOCKS_STEP_FAILED);
        assert_int_equal(failure, SOCKS_FAILURE_PROTOCOL);
        assert_true(strlen(error.text) > 10);
    }
}

/* Every number that a server can answer with is success or one failure. */
static void takes_each_reply_for_what_it_is(void **state)
{
    (void)state;
    static const struct {
        uint8_t code;
        enum socks_failure failure;
    } known[] = {
        {1, SOCKS_FAILURE_GENERAL},     {2, SOCKS_FAILURE_PROXY},          {3, SOCKS_FAILURE_GENERAL},
        {4, SOCKS_FAILURE_UNREACHABLE}, {5, SOCKS_FAILURE_REFUSED},        {6, SOCKS_FAILURE_TIMEOUT},
        {9, SOCKS_FAILURE_GENERAL},     {0xF0, SOCKS_FAILURE_UNREACHABLE}, {0xF2, SOCKS_FAILURE_UNREACHABLE},
        {0xF7, SOCKS_FAILURE_TIMEOUT},  {0xFF, SOCKS_FAILURE_GENERAL},
    };
    for (size_t i = 0; i < COUNT(known); i++) {
        struct socks_handshake handshake;
        enum socks_failure failure;
        struct error error;
        const uint8_t reply[] = {5, known[i].code, 0, 1};
        socks_handshake_begin(&handshake, host, 1, "user");
        take(&handshake, method, sizeof(method));
        take(&handshake, user_taken, sizeof(user_taken));
        assert_int_equal(socks_handshake_take(&handshake, reply, &failure, &error), SOCKS_STEP_FAILED);
        assert_int_equal(failure, known[i].failure);
        assert_int_equal(handshake.code, known[i].code);
    }
}

/* -- through a socket ---------------------------------------------------------------------------------- */

struct fixture {
    struct event_base *base;
    struct control_peer *peer;
    struct evconnlistener *listener;
    int server_socket;
    struct socks_client *client;
    struct socks_result result;
    bool is_done;
    char folder[FOLDER_PATH_SIZE];
    char socket_path[80];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    fixture->base = event_base_new();
    fixture->result.socket = -1;
    assert_int_equal(folder_make(fixture->folder), 0);
    snprintf(fixture->socket_path, sizeof(fixture->socket_path), "%s/socks", fixture->folder);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    socks_client_free(fixture->client);
    control_peer_free(fixture->peer);
    if (fixture->result.socket >= 0)
        close(fixture->result.socket);
    if (fixture->server_socket > 0)
        close(fixture->server_socket);
    if (fixture->listener != NULL)
        evconnlistener_free(fixture->listener);
    event_base_free(fixture->base);
    unlink(fixture->socket_path);
    rmdir(fixture->folder);
    free(fixture);
    return 0;
}

static void on_result(const struct socks_result *result, void *context)
{
    struct fixture *fixture = context;
    assert_false(fixture->is_done);
    fixture->is_done = true;
    fixture->result = *result;
    socks_client_free(fixture->client);
    fixture->client = NULL;
    event_base_loopbreak(fixture->base);
}

/* Connects through the socket, and waits for what comes of it. */
static const struct socks_result *connect_through(struct fixture *fixture, double timeout)
{
    struct listen_address proxy;
    assert_int_equal(listen_address_set_path(&proxy, fixture->socket_path, NULL), 0);
    fixture->client = socks_client_new(fixture->base, &proxy, host, 80, "user", timeout, on_result, fixture);
    event_base_dispatch(fixture->base);
    assert_true(fixture->is_done);
    return &fixture->result;
}

static void says_that_nobody_listens(void **state)
{
    const struct socks_result *result = connect_through(*state, 10);
    assert_int_equal(result->socket, -1);
    assert_int_equal(result->failure, SOCKS_FAILURE_PROXY);
    assert_int_equal(result->code, -1);
    assert_non_null(strstr(result->error.text, "SocksPort"));
}

static void says_that_the_port_closed(void **state)
{
    static const struct peer_step steps[] = {{NULL, "", PEER_CLOSE}};
    struct fixture *fixture = *state;
    fixture->peer = control_peer_new(fixture->base, fixture->socket_path, steps, COUNT(steps));
    const struct socks_result *result = connect_through(fixture, 10);
    assert_int_equal(result->failure, SOCKS_FAILURE_PROXY);
}

static void says_that_it_is_no_socks_port(void **state)
{
    static const struct peer_step steps[] = {{NULL, "514 Authentication required.\r\n", PEER_GO_ON}};
    struct fixture *fixture = *state;
    fixture->peer = control_peer_new(fixture->base, fixture->socket_path, steps, COUNT(steps));
    const struct socks_result *result = connect_through(fixture, 10);
    assert_int_equal(result->failure, SOCKS_FAILURE_PROTOCOL);
}

static void ends_when_its_time_is_over(void **state)
{
    static const struct peer_step steps[] = {{NULL, "\x05", PEER_GO_ON}};
    struct fixture *fixture = *state;
    fixture->peer = control_peer_new(fixture->base, fixture->socket_path, steps, COUNT(steps));
    const struct socks_result *result = connect_through(fixture, 0.05);
    assert_int_equal(result->failure, SOCKS_FAILURE_TIMEOUT);
}

/* Gives all answers of a server at once, and the first words of who was called right behind them. */
static void on_accepted(struct evconnlistener *listener, evutil_socket_t socket, struct sockaddr *address,
                        int length, void *context)
{
    (void)listener;
    (void)address;
    (void)length;
    struct fixture *fixture = context;
    static const uint8_t answers[] = {5, 2, 1, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'};
    assert_int_equal(write((int)socket, answers, sizeof(answers)), sizeof(answers));
    fixture->server_socket = (int)socket;
}

static void leaves_what_follows_to_the_caller(void **state)
{
    struct fixture *fixture = *state;
    struct listen_address address;
    assert_int_equal(listen_address_set_path(&address, fixture->socket_path, NULL), 0);
    fixture->listener =
        evconnlistener_new_bind(fixture->base, on_accepted, fixture, LEV_OPT_CLOSE_ON_FREE, 1,
                                (const struct sockaddr *)&address.address, (int)address.length);
    assert_non_null(fixture->listener);
    const struct socks_result *result = connect_through(fixture, 10);
    char text[16];
    assert_true(result->socket >= 0);
    assert_int_equal(recv(result->socket, text, sizeof(text), 0), 5);
    assert_memory_equal(text, "hello", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_rfc_1928_wants),
        cmocka_unit_test(names_may_be_as_long_as_can_be),
        cmocka_unit_test(refuses_what_is_no_socks5),
        cmocka_unit_test(takes_each_reply_for_what_it_is),
        cmocka_unit_test_setup_teardown(says_that_nobody_listens, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_that_the_port_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(says_that_it_is_no_socks_port, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ends_when_its_time_is_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(leaves_what_follows_to_the_caller, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
