/* The keys that a local tor is given for restricted onion services: which, when, and which are taken back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "engine/client_keys.h"
#include "helper_control_fixture.h"

#define BACKENDS 5
#define MANY 3000

static const uint8_t secrets[2][X25519_SECRET_KEY_SIZE] = {{8}, {16}};
static struct config_backend backends[BACKENDS];
static struct config_frontend frontend = {.backends = backends};
static const struct config config = {.frontends = &frontend, .frontend_count = 1};

/* The address of a service: the letter 56 times. */
static void write_address(char address[ONION_ADDRESS_SIZE], char letter)
{
    memset(address, letter, ONION_ADDRESS_LENGTH);
    address[ONION_ADDRESS_LENGTH] = '\0';
}

/* A backend with a client key, whose health is checked at an address, or not. */
static void add_backend(char letter, size_t secret, char checked)
{
    struct config_backend *backend = &backends[frontend.backend_count++];
    *backend = (struct config_backend){.client_secret = secrets[secret]};
    write_address(backend->address, letter);
    backend->health.is_on = checked != '\0';
    if (checked != '\0')
        write_address(backend->health.address, checked);
}

static int set_up(void **state)
{
    frontend.backend_count = 0;
    return control_fixture_set_up(state);
}

/* Lets a client in. */
static struct client *let_in(struct control_fixture *fixture, const struct peer_step *steps, size_t count)
{
    struct client *client = control_fixture_start(fixture, steps, count, NULL);
    client->stop_at_ready = true;
    client_run(client);
    client->stop_at_ready = false;
    return client;
}

/* Waits until the tor has answered all so far, and compares what came since it let the client in. */
static void expect(struct control_fixture *fixture, struct client *client, const char *commands)
{
    static const char end[] = "AUTHENTICATE\r\n";
    client->replies_due = 1;
    assert_int_equal(client_send(client, "END", NULL), 0);
    client_run(client);
    assert_string_equal(strstr(control_peer_received(fixture->peer), end) + strlen(end), commands);
}

#define ADD(letters, secret) "ONION_CLIENT_AUTH_ADD " letters " x25519:" secret "\r\n"
#define A56 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B56 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C56 "cccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define FIRST "CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define SECOND "EAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* A key that no tor needs goes to none: where health is not checked, or at another address. Of two keys for
 * one address the first one counts. */
static void test_needed_ones(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"ONION", "250 OK\r\n", PEER_GO_ON},
        {"ONION", "250 OK\r\n", PEER_GO_ON},
        {"END", "250 OK\r\n", PEER_GO_ON},
    };
    add_backend('c', 0, 'c');
    add_backend('b', 0, '\0');
    add_backend('d', 0, 'e');
    add_backend('c', 1, 'c');
    add_backend('q', 1, '\0');
    backends[4].client_secret = NULL;
    backends[4].control_client_secret = secrets[1];
    backends[4].control.way = CONTROL_WAY_ONION;
    backends[4].control.host = A56 ".onion";
    struct client_keys *keys = client_keys_new(true);
    client_keys_set(keys, &config);
    struct client *client = let_in(fixture, steps, COUNT(steps));
    client_keys_connect(keys, client->connection);
    client_keys_give(keys, B56);
    expect(fixture, client, ADD(A56, SECOND) ADD(C56, FIRST) "END\r\n");
    assert_true(client_keys_are_given(keys));
    client_keys_free(keys);
}

/* Where no health is checked, as with --once, only agents are connected to. */
static void test_without_checks(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN, {"ONION", "250 OK\r\n", PEER_GO_ON}, {"END", "250 OK\r\n", PEER_GO_ON}};
    add_backend('b', 0, 'b');
    backends[0].control_client_secret = secrets[1];
    backends[0].control.way = CONTROL_WAY_ONION;
    backends[0].control.host = A56 ".onion";
    struct client_keys *keys = client_keys_new(false);
    client_keys_set(keys, &config);
    struct client *client = let_in(fixture, steps, COUNT(steps));
    client_keys_connect(keys, client->connection);
    expect(fixture, client, ADD(A56, SECOND) "END\r\n");
    client_keys_free(keys);
}

/* Another config: what is the same is not given again, what has another key is, what is gone is taken back.
 */
static void test_other_config(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"ONION", "250 OK\r\n", PEER_GO_ON},
        {"ONION", "252 opened\r\n", PEER_GO_ON},
        {"ONION", "250 OK\r\n", PEER_GO_ON},
        {"ONION", "251 replaced\r\n", PEER_GO_ON},
        {"ONION_CLIENT_AUTH_REMOVE", "250 OK\r\n", PEER_GO_ON},
        {"END", "250 OK\r\n", PEER_GO_ON},
    };
    struct client_keys *keys = client_keys_new(true);
    struct client *client = let_in(fixture, steps, COUNT(steps));
    client_keys_connect(keys, client->connection);
    add_backend('a', 0, 'a');
    add_backend('b', 0, 'b');
    add_backend('c', 0, 'c');
    client_keys_set(keys, &config);
    client_keys_set(keys, &config);
    client_run_for(client, 50);
    backends[1].client_secret = secrets[1];
    backends[2].health.is_on = false;
    client_keys_set(keys, &config);
    expect(fixture, client,
           ADD(A56, FIRST) ADD(B56, FIRST) ADD(C56, FIRST) ADD(B56, SECOND) "ONION_CLIENT_AUTH_REMOVE " C56
                                                                            "\r\nEND\r\n");
    client_keys_free(keys);
}

/* A key that the tor had before is somebody else's, and stays; so does what was forgotten and is given again
 * not become somebody else's. */
static void test_others_stay(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN,
        {"ONION", "251 replaced\r\n", PEER_GO_ON},
        {"ONION", "250 OK\r\n", PEER_GO_ON},
        {"ONION", "251 replaced\r\n", PEER_GO_ON},
        {"ONION_CLIENT_AUTH_REMOVE", "250 OK\r\n", PEER_GO_ON},
        {"END", "250 OK\r\n", PEER_GO_ON},
    };
    struct client_keys *keys = client_keys_new(true);
    struct client *client = let_in(fixture, steps, COUNT(steps));
    client_keys_connect(keys, client->connection);
    add_backend('a', 0, 'a');
    client_keys_set(keys, &config);
    client_run_for(client, 50);
    assert_false(client_keys_are_given(keys));
    add_backend('b', 0, 'b');
    client_keys_set(keys, &config);
    client_keys_give(keys, B56 ".onion");
    client_run_for(client, 50);
    client_keys_set(keys, NULL);
    assert_false(client_keys_are_given(keys));
    expect(fixture, client,
           ADD(A56, FIRST) ADD(B56, FIRST) ADD(B56, FIRST) "ONION_CLIENT_AUTH_REMOVE " B56 "\r\nEND\r\n");
    client_keys_free(keys);
}

/* Without a connection nothing is sent, and nobody is called back who is gone. */
static void test_connections(void **state)
{
    struct control_fixture *fixture = *state;
    static const struct peer_step steps[] = {
        LET_IN, {"ONION", "250 OK\r\n", PEER_GO_ON}, {"END", "250 OK\r\n", PEER_GO_ON}};
    struct client_keys *keys = client_keys_new(true);
    add_backend('a', 0, 'a');
    client_keys_set(keys, &config);
    client_keys_give(keys, A56);
    struct client *client = let_in(fixture, steps, COUNT(steps));
    client_keys_connect(keys, client->connection);
    client_keys_free(keys); /* before the answer */
    expect(fixture, client, ADD(A56, FIRST) "END\r\n");
    keys = client_keys_new(true);
    client_keys_set(keys, &config);
    client_keys_connect(keys, client->connection);
    client_keys_disconnect(keys);
    client_keys_give(keys, A56);
    client_keys_set(keys, NULL);
    client_keys_free(keys);
    client_keys_free(NULL);
}

/* Thousands are found as fast as a few are: this would take minutes. */
static void test_thousands(void **state)
{
    (void)state;
    struct config_backend *many = memory_allocate(MANY, sizeof(*many));
    struct config_frontend crowd = {.backends = many, .backend_count = MANY};
    const struct config large = {.frontends = &crowd, .frontend_count = 1};
    for (size_t i = 0; i < MANY; i++) {
        many[i] = (struct config_backend){.client_secret = secrets[i % 2], .health = {.is_on = true}};
        snprintf(many[i].address, sizeof(many[i].address), "%056zu", MANY - i);
        memcpy(many[i].health.address, many[i].address, sizeof(many[i].address));
    }
    struct client_keys *keys = client_keys_new(true);
    for (size_t i = 0; i < 100; i++)
        client_keys_set(keys, &large);
    for (size_t i = 0; i < MANY; i++)
        client_keys_give(keys, many[i].address);
    client_keys_set(keys, NULL);
    client_keys_free(keys);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_needed_ones, set_up, control_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_without_checks, set_up, control_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_other_config, set_up, control_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_others_stay, set_up, control_fixture_tear_down),
        cmocka_unit_test_setup_teardown(test_connections, set_up, control_fixture_tear_down),
        cmocka_unit_test(test_thousands),
    };
    signal(SIGPIPE, SIG_IGN);
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
