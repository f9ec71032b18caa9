/* Tests of the conversation with who has not yet shown that he knows an agent's secret, of the lines that
 * come from him, and of the keeper. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/client_line.h"
#include "agent/keeper.h"
#include "agent/stranger.h"
#include "process/channel.h"

#define NONCE "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define SECRET "0123456789abcdef0123456789abcdef"

/* A prover that knows the secret, and one nonce. */
static int make_challenge(struct cookie_challenge *challenge, void *key)
{
    memset(challenge->server_nonce, 0x55, COOKIE_NONCE_SIZE);
    secret_make_server_hash(challenge->server_hash, key, challenge);
    return 0;
}

static int check_hash(const struct cookie_challenge *challenge, const uint8_t hash[SHA256_SIZE], void *key)
{
    return secret_check_client_hash(hash, key, challenge);
}

static uint8_t key[SECRET_KEY_SIZE];
static const struct stranger_prover prover = {make_challenge, check_hash, key};

static enum stranger_verdict say(struct stranger *stranger, const char *line,
                                 char answer[STRANGER_ANSWER_SIZE])
{
    return stranger_take_line(stranger, line, &prover, answer);
}

/* Makes the AUTHENTICATE of a publisher who knows a secret's key. */
static void make_proof(char line[128], const uint8_t publisher_key[SECRET_KEY_SIZE], const char *answer)
{
    struct cookie_challenge challenge;
    uint8_t proof[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];
    assert_int_equal(sodium_hex2bin(challenge.client_nonce, 32, NONCE, 64, NULL, NULL, NULL), 0);
    const char *hash = strstr(answer, "SERVERHASH="), *nonce = strstr(answer, "SERVERNONCE=");
    assert_non_null(hash);
    assert_non_null(nonce);
    assert_int_equal(sodium_hex2bin(challenge.server_hash, 32, hash + 11, 64, NULL, NULL, NULL), 0);
    assert_int_equal(sodium_hex2bin(challenge.server_nonce, 32, nonce + 12, 64, NULL, NULL, NULL), 0);
    if (secret_prove(proof, publisher_key, &challenge) != 0)
        memset(proof, 0, sizeof(proof)); /* he does not believe the agent, and guesses */
    snprintf(line, 128, "AUTHENTICATE %s", sodium_bin2hex(hex, sizeof(hex), proof, sizeof(proof)));
}

static void test_who_knows_the_secret_is_let_in(void **state)
{
    (void)state;
    struct stranger stranger = {0};
    char answer[STRANGER_ANSWER_SIZE], line[128];
    assert_int_equal(say(&stranger, "PROTOCOLINFO 1", answer), STRANGER_ANSWERED);
    assert_string_equal(answer, "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=OBPUB-SECRET\r\n"
                                "250-VERSION Tor=\"0.0.0.0\"\r\n250 OK\r\n");
    assert_int_equal(say(&stranger, "AUTHCHALLENGE OBPUB-SECRET " NONCE, answer), STRANGER_ANSWERED);
    assert_int_equal(strlen(answer), strlen("250 AUTHCHALLENGE SERVERHASH= SERVERNONCE=\r\n") + 128);
    make_proof(line, key, answer);
    assert_int_equal(say(&stranger, line, answer), STRANGER_LET_IN);
    assert_string_equal(answer, "");
}

static void test_who_does_not_know_it_is_not(void **state)
{
    (void)state;
    struct stranger stranger = {0};
    uint8_t other[SECRET_KEY_SIZE];
    char answer[STRANGER_ANSWER_SIZE], line[128];
    secret_derive_key(other, "another secret of thirty-two byte", 33);
    say(&stranger, "AUTHCHALLENGE OBPUB-SECRET " NONCE, answer);
    make_proof(line, other, answer);
    assert_int_equal(say(&stranger, line, answer), STRANGER_WRONG);
}

static void check_refused(const char *first, const char *second)
{
    struct stranger stranger = {0};
    char answer[STRANGER_ANSWER_SIZE];
    if (first != NULL)
        assert_int_equal(say(&stranger, first, answer), STRANGER_ANSWERED);
    if (say(&stranger, second, answer) != STRANGER_REFUSED)
        fail_msg("not refused: %s", second);
    assert_string_equal(answer, "514 Authentication required.\r\n");
}

static void test_nothing_else_is_answered(void **state)
{
    (void)state;
    static const char challenge[] = "AUTHCHALLENGE OBPUB-SECRET " NONCE;
    static const char *const lines[] = {
        "",
        "GETINFO uptime",
        "QUIT",
        "AUTHENTICATE",
        "AUTHENTICATE ",
        "AUTHENTICATE " NONCE,
        "AUTHENTICATE \"password\"",
        "AUTHCHALLENGE SAFECOOKIE " NONCE,
        "AUTHCHALLENGE OBPUB-SECRET",
        "AUTHCHALLENGE OBPUB-SECRET " NONCE "0",
        "AUTHCHALLENGE OBPUB-SECRET  " NONCE,
        "authchallenge OBPUB-SECRET " NONCE,
        "PROTOCOLINFO 2",
        "PROTOCOLINFO 1 ",
        "AUTHCHALLENGE OBPUB-SECRET 00 0203040506070809a0b0c0d0e0f1011121314151617f18191a1b1c1d1e1f0",
    };
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        check_refused(NULL, lines[i]);
    check_refused(challenge, challenge);
    check_refused(challenge, "AUTHENTICATE");
    check_refused(challenge, "AUTHENTICATE " NONCE "00");
    check_refused("PROTOCOLINFO 1", "AUTHENTICATE " NONCE);
}

static void test_talk_has_an_end(void **state)
{
    (void)state;
    struct stranger stranger = {0};
    char answer[STRANGER_ANSWER_SIZE];
    for (unsigned i = 0; i < STRANGER_COMMANDS_MAX; i++)
        assert_int_equal(say(&stranger, "PROTOCOLINFO 1", answer), STRANGER_ANSWERED);
    assert_int_equal(say(&stranger, "PROTOCOLINFO 1", answer), STRANGER_REFUSED);
}

/* -- lines ---------------------------------------------------------------------------------------- */

static void check_line(const char *bytes, size_t length, ssize_t expected, size_t left)
{
    char line[16];
    struct evbuffer *input = evbuffer_new();
    evbuffer_add(input, bytes, length);
    ssize_t result = client_line_take(input, line, sizeof(line));
    assert_int_equal(result, expected);
    if (result >= 0) {
        assert_memory_equal(line, bytes, (size_t)result);
        assert_int_equal(line[result], '\0');
        assert_int_equal(evbuffer_get_length(input), left);
    }
    evbuffer_free(input);
}

static void test_lines(void **state)
{
    (void)state;
    check_line("", 0, CLIENT_LINE_NONE, 0);
    check_line("QUIT", 4, CLIENT_LINE_NONE, 0);
    check_line("QUIT\r", 5, CLIENT_LINE_NONE, 0);
    check_line("QUIT\r\n", 6, 4, 0);
    check_line("QUIT\r\nmore", 10, 4, 4);
    check_line("\r\n", 2, 0, 0);
    check_line("0123456789abc\r\n", 15, 13, 0);
    check_line("0123456789abcd\r\n", 16, 14, 0);
    check_line("0123456789abcde\r\n", 17, CLIENT_LINE_BAD, 0);
    check_line("0123456789abcdef", 16, CLIENT_LINE_BAD, 0);
    check_line("QUIT\n", 5, CLIENT_LINE_BAD, 0);
    check_line("\n", 1, CLIENT_LINE_BAD, 0);
    check_line("QU\rIT\r\n", 7, CLIENT_LINE_BAD, 0);
    check_line("QUIT\r\r\n", 7, CLIENT_LINE_BAD, 0);
    check_line("QU\0IT\r\n", 7, CLIENT_LINE_BAD, 0);
    check_line("QU\tIT\r\n", 7, CLIENT_LINE_BAD, 0);
    check_line("QUIT\x80\r\n", 7, CLIENT_LINE_BAD, 0);
    check_line("+QUIT\r\n", 7, CLIENT_LINE_BAD, 0);
}

/* -- the keeper ----------------------------------------------------------------------------------- */

struct keeper_thread {
    int end;
    int result;
    struct error error;
};

static void *be_keeper(void *context)
{
    struct keeper_thread *thread = context;
    thread->result = keeper_run(thread->end, key, &thread->error);
    close(thread->end);
    return NULL;
}

static void test_the_keeper_knows_it(void **state)
{
    (void)state;
    int ends[2];
    pthread_t id;
    struct error error;
    assert_int_equal(channel_open(ends, &error), 0);
    struct keeper_thread thread = {.end = ends[1], .result = 1};
    assert_int_equal(pthread_create(&id, NULL, be_keeper, &thread), 0);
    struct keeper_client keeper = {.end = ends[0]};
    struct cookie_challenge first = {.client_nonce = {1}}, second = {.client_nonce = {1}};
    uint8_t proof[SHA256_SIZE];
    assert_int_equal(keeper_ask_challenge(&first, &keeper), 0);
    assert_int_equal(keeper_ask_challenge(&second, &keeper), 0);
    assert_memory_not_equal(first.server_nonce, second.server_nonce, COOKIE_NONCE_SIZE);
    assert_int_equal(secret_prove(proof, key, &first), 0);
    assert_int_equal(keeper_ask_check(&first, proof, &keeper), 0);
    assert_int_equal(keeper_ask_check(&second, proof, &keeper), -1);
    assert_int_equal(keeper_ask_check(&first, first.server_hash, &keeper), -1);
    assert_false(keeper.is_lost);
    close(ends[0]);
    pthread_join(id, NULL);
    assert_int_equal(thread.result, 0);
}

static void test_the_keeper_answers_nothing_else(void **state)
{
    (void)state;
    int ends[2];
    pthread_t id;
    struct error error;
    assert_int_equal(channel_open(ends, &error), 0);
    struct keeper_thread thread = {.end = ends[1], .result = 1};
    assert_int_equal(pthread_create(&id, NULL, be_keeper, &thread), 0);
    assert_int_equal(channel_send(ends[0], "give me the key", 15), 0);
    pthread_join(id, NULL);
    assert_int_equal(thread.result, -1);
    struct keeper_client keeper = {.end = ends[0]};
    struct cookie_challenge challenge = {.client_nonce = {1}};
    assert_int_equal(keeper_ask_challenge(&challenge, &keeper), -1);
    assert_true(keeper.is_lost);
    close(ends[0]);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    secret_derive_key(key, SECRET, strlen(SECRET));
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_knows_the_secret_is_let_in),
        cmocka_unit_test(test_who_does_not_know_it_is_not),
        cmocka_unit_test(test_nothing_else_is_answered),
        cmocka_unit_test(test_talk_has_an_end),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_the_keeper_knows_it),
        cmocka_unit_test(test_the_keeper_answers_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
