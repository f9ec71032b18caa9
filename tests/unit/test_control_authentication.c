/* The steps of authentication on a control port, without a socket: what PROTOCOLINFO says, which method is
 * chosen, SAFECOOKIE's hashes, and the files that hold cookies and passwords. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "control/authentication.h"
#include "control/credential_file.h"
#include "control/protocol_info.h"
#include "control/quoted_string.h"
#include "control/reply_parser.h"
#include "control/secret_proof.h"
#include "helper_folder.h"

#define PATH_SIZE 256
#define COOKIE "0123456789abcdefFEDCBA9876543210"

/* One dialogue with a peer that a test plays the part of, and a folder for its files. */
struct dialogue {
    char folder[FOLDER_PATH_SIZE];
    char cookie_path[PATH_SIZE];
    char password_path[PATH_SIZE];
    struct reply_parser *parser;
    struct authentication *authentication;
    char *command;
    enum authentication_result result;
    enum control_failure failure;
    struct error error;
};

static void write_file(const char *path, const void *bytes, size_t length, mode_t mode)
{
    unlink(path);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, length), (ssize_t)length);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

static int set_up(void **state)
{
    struct dialogue *dialogue = memory_allocate(1, sizeof(*dialogue));
    if (folder_make(dialogue->folder) != 0)
        return -1;
    snprintf(dialogue->cookie_path, PATH_SIZE, "%s/cookie", dialogue->folder);
    snprintf(dialogue->password_path, PATH_SIZE, "%s/password", dialogue->folder);
    write_file(dialogue->cookie_path, COOKIE, CREDENTIAL_COOKIE_SIZE, 0600);
    write_file(dialogue->password_path, "secret\n", 7, 0600);
    dialogue->parser = reply_parser_new(65536, 65536);
    *state = dialogue;
    return 0;
}

static int tear_down(void **state)
{
    struct dialogue *dialogue = *state;
    unlink(dialogue->cookie_path);
    unlink(dialogue->password_path);
    rmdir(dialogue->folder);
    secret_free(dialogue->command);
    authentication_free(dialogue->authentication);
    reply_parser_free(dialogue->parser);
    free(dialogue);
    return 0;
}

/* Begins anew. */
static void begin(struct dialogue *dialogue, const char *password_file, const char *cookie_file,
                  bool peer_is_local)
{
    struct control_credentials credentials = {.password_file = password_file, .cookie_file = cookie_file};
    authentication_free(dialogue->authentication);
    dialogue->authentication = authentication_new(&credentials);
    authentication_set_peer_is_local(dialogue->authentication, peer_is_local);
}

/* The reply that a text is. */
static const struct control_reply *reply_of(struct dialogue *dialogue, const char *text)
{
    size_t used;
    const struct control_reply *reply;
    struct error error = {.text = ""};
    if (reply_parser_take(dialogue->parser, text, strlen(text), &used, &reply, &error) !=
        REPLY_PARSER_COMPLETE)
        fail_msg("not a reply: %s (%s)", text, error.text);
    return reply;
}

/* Has what was in a file taken. */
static void file_came(const struct file_answer *answer, void *context)
{
    struct dialogue *dialogue = context;
    dialogue->result = authentication_take_answer(dialogue->authentication, answer, &dialogue->command,
                                                  &dialogue->failure, &dialogue->error);
}

/* Takes a reply, and what is in the file that is asked for then. */
static enum authentication_result take(struct dialogue *dialogue, const char *text)
{
    struct file_question question;
    secret_free(dialogue->command);
    dialogue->command = NULL;
    dialogue->result = authentication_take_reply(dialogue->authentication, reply_of(dialogue, text),
                                                 &dialogue->command, &dialogue->failure, &dialogue->error);
    if (dialogue->result == AUTHENTICATION_ASK) {
        assert_null(dialogue->command);
        authentication_question(dialogue->authentication, &question);
        assert_null(credential_reader_here.ask(&question, file_came, dialogue, NULL));
    }
    return dialogue->result;
}

/* Takes a PROTOCOLINFO reply with this AUTH line; "%s" in it is the cookie's path. */
static enum authentication_result take_methods(struct dialogue *dialogue, const char *methods)
{
    char text[1024];
    const char *percent = strstr(methods, "%s");
    int before = percent != NULL ? (int)(percent - methods) : (int)strlen(methods);
    snprintf(text, sizeof(text),
             "250-PROTOCOLINFO 1\r\n250-AUTH %.*s%s%s\r\n250-VERSION Tor=\"0.4.9.11\"\r\n250 OK\r\n", before,
             methods, percent != NULL ? dialogue->cookie_path : "", percent != NULL ? percent + 2 : "");
    return take(dialogue, text);
}

static void expect_failed(struct dialogue *dialogue, enum authentication_result result,
                          enum control_failure failure, const char *words)
{
    assert_int_equal(result, AUTHENTICATION_FAILED);
    assert_null(dialogue->command);
    assert_int_equal(dialogue->failure, failure);
    if (strstr(dialogue->error.text, words) == NULL)
        fail_msg("no '%s' in: %s", words, dialogue->error.text);
}

#define COOKIE_METHODS "METHODS=COOKIE,SAFECOOKIE COOKIEFILE=\"%s\""
#define ALL_METHODS "METHODS=COOKIE,SAFECOOKIE,HASHEDPASSWORD COOKIEFILE=\"%s\""

static void test_nothing_asked(void **state)
{
    struct dialogue *dialogue = *state;
    begin(dialogue, NULL, NULL, false);
    assert_int_equal(take_methods(dialogue, "METHODS=NULL"), AUTHENTICATION_SEND);
    assert_string_equal(dialogue->command, "AUTHENTICATE\r\n");
    assert_int_equal(take(dialogue, "250 OK\r\n"), AUTHENTICATION_DONE);

    /* Credentials that are not asked for don't leave us, nor are their files opened. */
    begin(dialogue, "/nonexistent/password", "/nonexistent/cookie", true);
    assert_int_equal(take_methods(dialogue, "METHODS=NULL"), AUTHENTICATION_SEND);
    assert_string_equal(dialogue->command, "AUTHENTICATE\r\n");
    expect_failed(dialogue, take(dialogue, "515 no\r\n"), CONTROL_FAILURE_AUTHENTICATION, "'515 no'");
}

static void test_password(void **state)
{
    struct dialogue *dialogue = *state;
    begin(dialogue, dialogue->password_path, NULL, false);
    assert_int_equal(take_methods(dialogue, ALL_METHODS), AUTHENTICATION_SEND);
    assert_string_equal(dialogue->command, "AUTHENTICATE 736563726574\r\n");
    expect_failed(dialogue, take(dialogue, "515 Authentication failed\r\n"), CONTROL_FAILURE_AUTHENTICATION,
                  dialogue->password_path);
    assert_null(strstr(dialogue->error.text, "secret"));
    assert_null(strstr(dialogue->error.text, "736563726574"));

    /* A password that a tor doesn't ask for is not sent. */
    begin(dialogue, dialogue->password_path, NULL, true);
    expect_failed(dialogue, take_methods(dialogue, COOKIE_METHODS), CONTROL_FAILURE_AUTHENTICATION,
                  "takes no password");
    /* And one that is asked for has to be there. */
    begin(dialogue, NULL, NULL, true);
    expect_failed(dialogue, take_methods(dialogue, "METHODS=HASHEDPASSWORD"), CONTROL_FAILURE_AUTHENTICATION,
                  "wants a password");
    begin(dialogue, "/nonexistent/password", NULL, true);
    expect_failed(dialogue, take_methods(dialogue, "METHODS=HASHEDPASSWORD"), CONTROL_FAILURE_AUTHENTICATION,
                  "/nonexistent/password can't be opened: No such file");
}

/* Reads hexadecimal that stands behind a prefix. */
static void read_hex(const char *text, const char *prefix, uint8_t *bytes, size_t size, const char *suffix)
{
    size_t prefix_length = strlen(prefix);
    const char *end;
    size_t length;
    assert_memory_equal(text, prefix, prefix_length);
    assert_int_equal(sodium_hex2bin(bytes, size, text + prefix_length, 2 * size, NULL, &length, &end), 0);
    assert_int_equal(length, size);
    assert_string_equal(text + prefix_length + 2 * size, suffix);
}

/* SAFECOOKIE's hashes by OpenSSL's one-shot HMAC, as control-spec 3.24 writes them down. */
static void make_hash(const char *key, const uint8_t client_nonce[32], const uint8_t server_nonce[32],
                      uint8_t hash[32])
{
    uint8_t message[96];
    unsigned length = 32;
    memcpy(message, COOKIE, 32);
    memcpy(message + 32, client_nonce, 32);
    memcpy(message + 64, server_nonce, 32);
    assert_non_null(HMAC(EVP_sha256(), key, (int)strlen(key), message, sizeof(message), hash, &length));
}

/* Plays AUTHCHALLENGE up to the peer's answer, which goes to text. */
static void answer_challenge(struct dialogue *dialogue, char *text, size_t size, uint8_t client_nonce[32],
                             const uint8_t server_nonce[32])
{
    uint8_t hash[32];
    char hash_hex[65];
    char nonce_hex[65];
    begin(dialogue, NULL, NULL, true);
    assert_int_equal(take_methods(dialogue, ALL_METHODS), AUTHENTICATION_SEND);
    read_hex(dialogue->command, "AUTHCHALLENGE SAFECOOKIE ", client_nonce, 32, "\r\n");
    make_hash("Tor safe cookie authentication server-to-controller hash", client_nonce, server_nonce, hash);
    sodium_bin2hex(hash_hex, sizeof(hash_hex), hash, sizeof(hash));
    sodium_bin2hex(nonce_hex, sizeof(nonce_hex), server_nonce, 32);
    snprintf(text, size, "250 AUTHCHALLENGE SERVERHASH=%s SERVERNONCE=%s\r\n", hash_hex, nonce_hex);
}

static void test_safe_cookie(void **state)
{
    struct dialogue *dialogue = *state;
    uint8_t server_nonce[32];
    uint8_t client_nonce[32];
    uint8_t earlier_nonce[32];
    uint8_t answer[32];
    uint8_t expected[32];
    char text[256];
    memset(server_nonce, 0x5a, sizeof(server_nonce));
    answer_challenge(dialogue, text, sizeof(text), earlier_nonce, server_nonce);
    answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
    assert_memory_not_equal(client_nonce, earlier_nonce, 32);
    assert_int_equal(take(dialogue, text), AUTHENTICATION_SEND);
    read_hex(dialogue->command, "AUTHENTICATE ", answer, sizeof(answer), "\r\n");
    make_hash("Tor safe cookie authentication controller-to-server hash", client_nonce, server_nonce,
              expected);
    assert_memory_equal(answer, expected, 32);
    assert_int_equal(take(dialogue, "250 OK\r\n"), AUTHENTICATION_DONE);

    answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
    assert_int_equal(take(dialogue, text), AUTHENTICATION_SEND);
    expect_failed(dialogue, take(dialogue, "515 Authentication failed\r\n"), CONTROL_FAILURE_AUTHENTICATION,
                  dialogue->cookie_path);
}

/* A peer that doesn't know the cookie learns nothing of it; changed or cut anywhere its answer is refused. */
static void test_safe_cookie_from_impostor(void **state)
{
    struct dialogue *dialogue = *state;
    uint8_t server_nonce[32] = {1};
    uint8_t client_nonce[32];
    char text[256];
    answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
    size_t length = strlen(text);
    for (size_t i = 4; i < length - 2; i++) {
        /* One character changed, but never to the other case of the same digit. */
        answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
        text[i] = text[i] == '0' ? '1' : '0';
        assert_int_equal(take(dialogue, text), AUTHENTICATION_FAILED);
        assert_null(dialogue->command);
        /* Cut there. */
        answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
        strcpy(text + i, "\r\n");
        expect_failed(dialogue, take(dialogue, text), CONTROL_FAILURE_PROTOCOL, "not one that tor gives");
    }
    answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
    strcpy(text + length - 2, "0\r\n");
    expect_failed(dialogue, take(dialogue, text), CONTROL_FAILURE_PROTOCOL, "not one that tor gives");
    answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
    char *digit = text + strlen("250 AUTHCHALLENGE SERVERHASH=");
    *digit = *digit == '0' ? '1' : '0';
    expect_failed(dialogue, take(dialogue, text), CONTROL_FAILURE_AUTHENTICATION, "doesn't know the cookie");
    answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
    expect_failed(dialogue, take(dialogue, "513 no\r\n"), CONTROL_FAILURE_AUTHENTICATION, "'513 no'");
    answer_challenge(dialogue, text, sizeof(text), client_nonce, server_nonce);
    expect_failed(dialogue, take(dialogue, "250-AUTHCHALLENGE\r\n250 OK\r\n"), CONTROL_FAILURE_PROTOCOL,
                  "not one that tor gives");
}

#define SECRET "0123456789abcdef0123456789abcdef"

/* Begins with an agent, over Tor or not. */
static void begin_with_agent(struct dialogue *dialogue, const char *password_file, bool is_agent_only)
{
    struct control_credentials credentials = {.password_file = password_file, .is_agent_only = is_agent_only};
    authentication_free(dialogue->authentication);
    dialogue->authentication = authentication_new(&credentials);
}

/* What an agent that knows a secret answers to the challenge that was sent. */
static void answer_as_agent(struct dialogue *dialogue, const char *secret, char *text, size_t size,
                            struct cookie_challenge *challenge, uint8_t key[SECRET_KEY_SIZE])
{
    char hash_hex[2 * SHA256_SIZE + 1], nonce_hex[2 * COOKIE_NONCE_SIZE + 1];
    const char *hex = dialogue->command + strlen("AUTHCHALLENGE OBPUB-SECRET ");
    assert_int_equal(strncmp(dialogue->command, "AUTHCHALLENGE OBPUB-SECRET ", 27), 0);
    assert_int_equal(sodium_hex2bin(challenge->client_nonce, COOKIE_NONCE_SIZE, hex, 2 * COOKIE_NONCE_SIZE,
                                    NULL, NULL, NULL),
                     0);
    assert_string_equal(hex + 2 * COOKIE_NONCE_SIZE, "\r\n");
    memset(challenge->server_nonce, 7, COOKIE_NONCE_SIZE);
    secret_derive_key(key, secret, strlen(secret));
    secret_make_server_hash(challenge->server_hash, key, challenge);
    sodium_bin2hex(hash_hex, sizeof(hash_hex), challenge->server_hash, SHA256_SIZE);
    sodium_bin2hex(nonce_hex, sizeof(nonce_hex), challenge->server_nonce, COOKIE_NONCE_SIZE);
    snprintf(text, size, "250 AUTHCHALLENGE SERVERHASH=%s SERVERNONCE=%s\r\n", hash_hex, nonce_hex);
}

/* An agent is proved that we know the secret, once it has proved it, over Tor and elsewhere; also one that
 * offers a method besides that would have more sent to it. */
static void test_secret(void **state)
{
    struct dialogue *dialogue = *state;
    static const char *const methods[] = {"METHODS=OBPUB-SECRET", "METHODS=HASHEDPASSWORD,OBPUB-SECRET,NULL"};
    write_file(dialogue->password_path, SECRET "\n", strlen(SECRET) + 1, 0600);
    for (size_t i = 0; i < 4; i++) {
        char text[256];
        struct cookie_challenge challenge;
        uint8_t key[SECRET_KEY_SIZE], proof[SHA256_SIZE];
        begin_with_agent(dialogue, dialogue->password_path, i < 2);
        assert_int_equal(take_methods(dialogue, methods[i % 2]), AUTHENTICATION_SEND);
        answer_as_agent(dialogue, SECRET, text, sizeof(text), &challenge, key);
        take(dialogue, text);
        assert_int_equal(dialogue->result, AUTHENTICATION_SEND);
        const char *hex = dialogue->command + strlen("AUTHENTICATE ");
        assert_int_equal(sodium_hex2bin(proof, sizeof(proof), hex, 2 * SHA256_SIZE, NULL, NULL, NULL), 0);
        assert_string_equal(hex + 2 * SHA256_SIZE, "\r\n");
        assert_int_equal(secret_check_client_hash(proof, key, &challenge), 0);
        assert_int_equal(take(dialogue, "250 OK\r\n"), AUTHENTICATION_DONE);
    }
}

/* Has an agent that knows a secret answer the challenge. */
static enum authentication_result meet_agent(struct dialogue *dialogue, const char *secret)
{
    char text[256];
    struct cookie_challenge challenge;
    uint8_t key[SECRET_KEY_SIZE];
    begin_with_agent(dialogue, dialogue->password_path, true);
    assert_int_equal(take_methods(dialogue, "METHODS=OBPUB-SECRET"), AUTHENTICATION_SEND);
    answer_as_agent(dialogue, secret, text, sizeof(text), &challenge, key);
    return take(dialogue, text);
}

/* What is wrong with the secret is said, and the proof is not made. */
static void test_secret_faults(void **state)
{
    struct dialogue *dialogue = *state;
    write_file(dialogue->password_path, SECRET "\n", strlen(SECRET) + 1, 0600);
    expect_failed(dialogue, meet_agent(dialogue, SECRET "0"), CONTROL_FAILURE_AUTHENTICATION,
                  "doesn't know the secret in");
    assert_null(dialogue->command);
    assert_int_equal(meet_agent(dialogue, SECRET), AUTHENTICATION_SEND);
    expect_failed(dialogue, take(dialogue, "515 no\r\n"), CONTROL_FAILURE_AUTHENTICATION,
                  "the agent refused the proof");
    /* One byte short of enough. */
    write_file(dialogue->password_path, &SECRET[1], strlen(SECRET) - 1, 0600);
    expect_failed(dialogue, meet_agent(dialogue, &SECRET[1]), CONTROL_FAILURE_AUTHENTICATION, "has 31 bytes");
    write_file(dialogue->password_path, SECRET, strlen(SECRET), 0604);
    expect_failed(dialogue, meet_agent(dialogue, SECRET), CONTROL_FAILURE_AUTHENTICATION,
                  "open to every user");
}

/* Over Tor nothing goes to who is no agent: no password, no proof of a cookie, and no command as to a tor
 * that asks for nothing. */
static void test_no_agent_over_tor(void **state)
{
    struct dialogue *dialogue = *state;
    static const char *const methods[] = {"METHODS=NULL", "METHODS=HASHEDPASSWORD", ALL_METHODS,
                                          "METHODS=obpub-secret", "METHODS=OBPUB-SECRETS"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        begin_with_agent(dialogue, dialogue->password_path, true);
        expect_failed(dialogue, take_methods(dialogue, methods[i]), CONTROL_FAILURE_AUTHENTICATION,
                      "this is no agent");
        assert_null(dialogue->command);
    }
    /* An agent for which no secret is configured is told from a tor. */
    begin_with_agent(dialogue, NULL, false);
    expect_failed(dialogue, take_methods(dialogue, "METHODS=OBPUB-SECRET"), CONTROL_FAILURE_AUTHENTICATION,
                  "this is an agent");
    /* Nothing would make one the local tor. */
    const struct control_credentials local = {.is_local_tor = true};
    authentication_free(dialogue->authentication);
    dialogue->authentication = authentication_new(&local);
    expect_failed(dialogue, take_methods(dialogue, "METHODS=OBPUB-SECRET"), CONTROL_FAILURE_AUTHENTICATION,
                  "name a tor's own control port as the local tor's (tor-control)");
}

/* Which file a peer may make us read. */
static void test_cookie_file_choice(void **state)
{
    struct dialogue *dialogue = *state;
    char challenge[256], zeros[65];
    memset(zeros, '0', 64);
    zeros[64] = '\0';
    snprintf(challenge, sizeof(challenge), "250 AUTHCHALLENGE SERVERHASH=%s SERVERNONCE=%s\r\n", zeros,
             zeros);
    /* A peer on another machine: none. */
    begin(dialogue, NULL, NULL, false);
    expect_failed(dialogue, take_methods(dialogue, ALL_METHODS), CONTROL_FAILURE_AUTHENTICATION,
                  "no file of this machine");
    /* Unless the operator configured it. */
    begin(dialogue, NULL, dialogue->cookie_path, false);
    assert_int_equal(take_methods(dialogue, "METHODS=SAFECOOKIE COOKIEFILE=\"/nonexistent\""),
                     AUTHENTICATION_SEND);
    assert_non_null(strstr(dialogue->command, "AUTHCHALLENGE SAFECOOKIE "));
    /* The operator's file stands in for the peer's here too. It is opened when the peer has answered. */
    begin(dialogue, NULL, "/nonexistent/cookie", true);
    assert_int_equal(take_methods(dialogue, ALL_METHODS), AUTHENTICATION_SEND);
    expect_failed(dialogue, take(dialogue, challenge), CONTROL_FAILURE_AUTHENTICATION,
                  "/nonexistent/cookie can't be opened");

    /* Plain COOKIE gives the file away to whoever has bound the port: never, whoever has named it. */
    for (int is_configured = 0; is_configured < 2; is_configured++) {
        begin(dialogue, NULL, is_configured ? dialogue->cookie_path : NULL, true);
        expect_failed(dialogue, take_methods(dialogue, "METHODS=COOKIE COOKIEFILE=\"%s\""),
                      CONTROL_FAILURE_AUTHENTICATION, "wants to be sent the cookie itself");
        assert_null(dialogue->command);
    }
    /* And SAFECOOKIE where it is offered beside it. */
    begin(dialogue, NULL, dialogue->cookie_path, true);
    assert_int_equal(take_methods(dialogue, COOKIE_METHODS), AUTHENTICATION_SEND);
    assert_non_null(strstr(dialogue->command, "AUTHCHALLENGE SAFECOOKIE "));
}

/* A question that nobody has answered yet: the peer has to wait. */
static void test_reply_before_the_answer(void **state)
{
    struct dialogue *dialogue = *state;
    struct file_question question;
    begin(dialogue, dialogue->password_path, NULL, false);
    assert_int_equal(
        authentication_take_reply(
            dialogue->authentication,
            reply_of(dialogue, "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=HASHEDPASSWORD\r\n250 OK\r\n"),
            &dialogue->command, &dialogue->failure, &dialogue->error),
        AUTHENTICATION_ASK);
    authentication_question(dialogue->authentication, &question);
    assert_int_equal(question.type, FILE_PASSWORD);
    assert_string_equal(question.text, dialogue->password_path);
    expect_failed(dialogue, take(dialogue, "250 OK\r\n"), CONTROL_FAILURE_PROTOCOL,
                  "no command had asked for");
}

/* Who reads the file says no more than no, and the sentence says where to look. */
static void test_refused_cookie(void **state)
{
    struct dialogue *dialogue = *state;
    uint8_t nonce[32];
    const uint8_t server_nonce[32] = {1};
    char text[256];
    const struct file_answer refusal = {.result = CREDENTIAL_REFUSED, .error = &dialogue->error};
    answer_challenge(dialogue, text, sizeof(text), nonce, server_nonce);
    secret_free(dialogue->command);
    assert_int_equal(authentication_take_reply(dialogue->authentication, reply_of(dialogue, text),
                                               &dialogue->command, &dialogue->failure, &dialogue->error),
                     AUTHENTICATION_ASK);
    struct file_question question;
    authentication_question(dialogue->authentication, &question);
    assert_int_equal(question.type, FILE_PROOF);
    assert_true(question.is_named_by_peer);
    assert_false(question.is_local_tor);
    assert_string_equal(question.text, dialogue->cookie_path);
    assert_memory_equal(question.challenge->server_nonce, server_nonce, 32);
    file_came(&refusal, dialogue);
    expect_failed(dialogue, dialogue->result, CONTROL_FAILURE_AUTHENTICATION, "in the log");
    assert_non_null(strstr(dialogue->error.text, dialogue->cookie_path));
}

static void test_no_method(void **state)
{
    struct dialogue *dialogue = *state;
    static const char *const methods[] = {"METHODS=", "METHODS=FUTURE", "METHODS=null", "METHODS=NULLCOOKIE",
                                          "METHODS=FUTURE,OTHER more"};
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        begin(dialogue, NULL, NULL, true);
        expect_failed(dialogue, take_methods(dialogue, methods[i]), CONTROL_FAILURE_AUTHENTICATION,
                      "no way of authentication that obpub has");
    }
    begin(dialogue, NULL, NULL, true);
    expect_failed(dialogue, take_methods(dialogue, "METHODS=SAFECOOKIE"), CONTROL_FAILURE_AUTHENTICATION,
                  "no file of this machine");
}

/* What is to be configured has another name for a local tor than for a backend's. */
static void test_names_of_keys(void **state)
{
    struct dialogue *dialogue = *state;
    static const struct {
        const char *methods, *key;
    } rows[] = {{"METHODS=SAFECOOKIE", "control-cookie-file"},
                {"METHODS=SAFECOOKIE", "control-password-file"},
                {"METHODS=HASHEDPASSWORD", "control-password-file"}};
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const struct control_credentials credentials = {.is_local_tor = i % 2 == 1};
        char expected[64];
        authentication_free(dialogue->authentication);
        dialogue->authentication = authentication_new(&credentials);
        snprintf(expected, sizeof(expected), "(%s%s)", i % 2 == 1 ? "tor-" : "", rows[i / 2].key);
        expect_failed(dialogue, take_methods(dialogue, rows[i / 2].methods), CONTROL_FAILURE_AUTHENTICATION,
                      expected);
    }
}

/* A cookie has to be a regular file of exactly 32 bytes. */
static void test_cookie_files(void **state)
{
    struct dialogue *dialogue = *state;
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    struct error error;
    const char *path = dialogue->cookie_path;
    assert_int_equal(credential_read_cookie(path, cookie, NULL, &error), CREDENTIAL_OK);
    assert_memory_equal(cookie, COOKIE, sizeof(cookie));
    static const size_t sizes[] = {0, 31, 33, 64};
    static const uint8_t zeros[64] = {0};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        write_file(path, zeros, sizes[i], 0600);
        assert_int_equal(credential_read_cookie(path, cookie, NULL, &error), CREDENTIAL_UNUSABLE);
        assert_non_null(strstr(error.text, "exactly 32 bytes"));
    }
    unlink(path);
    assert_int_equal(credential_read_cookie(path, cookie, NULL, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "No such file"));
    /* A FIFO that nobody writes to must not make us wait. */
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(credential_read_cookie(path, cookie, NULL, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "not a regular file"));
    assert_int_equal(credential_read_cookie(dialogue->folder, cookie, NULL, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "not a regular file"));
    assert_int_equal(credential_read_cookie("/dev/zero", cookie, NULL, &error), CREDENTIAL_UNUSABLE);
    assert_non_null(strstr(error.text, "not a regular file"));
}

static void test_password_files(void **state)
{
    struct dialogue *dialogue = *state;
    const char *path = dialogue->password_path;
    char *password;
    struct error error;
    static const struct {
        const char *content;
        const char *password;
    } good[] = {
        {"a", "a"},
        {"pass word\nsecond line\n", "pass word"},
        {"windows\r\n", "windows"},
        {" \tspaces stay \n", " \tspaces stay "},
        {"h\xc3\xb6she\n", "h\xc3\xb6she"},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        write_file(path, good[i].content, strlen(good[i].content), 0640);
        assert_int_equal(credential_read_password(path, &password, &error), CREDENTIAL_OK);
        assert_string_equal(password, good[i].password);
        secret_free(password);
    }
    static const struct {
        const char *content;
        size_t length;
        mode_t mode;
        const char *words;
    } bad[] = {
        {"", 0, 0600, "nothing in its first line"},
        {"\nsecond", 7, 0600, "nothing in its first line"},
        {"\r\n", 2, 0600, "nothing in its first line"},
        {"a\0b\n", 4, 0600, "NUL"},
        {"a\n", 2, 0644, "chmod o-rwx"},
        {"a\n", 2, 0602, "chmod o-rwx"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_file(path, bad[i].content, bad[i].length, bad[i].mode);
        assert_int_equal(credential_read_password(path, &password, &error), CREDENTIAL_UNUSABLE);
        assert_null(password);
        if (strstr(error.text, bad[i].words) == NULL || strstr(error.text, path) == NULL)
            fail_msg("no '%s' in: %s", bad[i].words, error.text);
    }
    char longest[1030];
    memset(longest, 'x', sizeof(longest));
    for (size_t length = 1021; length <= 1030; length++) {
        write_file(path, longest, length, 0600);
        enum credential_result expected = length <= 1023 ? CREDENTIAL_OK : CREDENTIAL_UNUSABLE;
        assert_int_equal(credential_read_password(path, &password, &error), expected);
        if (password != NULL)
            assert_int_equal(strlen(password), length);
        secret_free(password);
    }
    longest[1023] = '\r';
    longest[1024] = '\n';
    write_file(path, longest, 1025, 0600);
    assert_int_equal(credential_read_password(path, &password, &error), CREDENTIAL_OK);
    assert_int_equal(strlen(password), 1023);
    secret_free(password);
}

static void test_protocol_info(void **state)
{
    struct dialogue *dialogue = *state;
    struct protocol_info info;
    struct error error;
    const char *text =
        "250-PROTOCOLINFO 1\r\n250-FUTURE x\r\n"
        "250-VERSION Tor=\"0.4.9.0-alpha-dev (git-0123)\" more\r\n"
        "250-AUTH METHODS=FUTURE,SAFECOOKIE,NULL COOKIEFILE=\"/a\\\\b\\\"c\\303\\266 d\" COOKIEFILE=x\r\n"
        "250 OK\r\n";
    assert_int_equal(protocol_info_parse(&info, reply_of(dialogue, text), &error), 0);
    assert_true(info.null_offered);
    assert_true(info.safe_cookie_offered);
    assert_false(info.cookie_offered);
    assert_false(info.password_offered);
    assert_string_equal(info.cookie_file, "/a\\b\"c\xc3\xb6 d");
    assert_string_equal(info.tor_version, "0.4.9.0-alpha-dev (git-0123)");

    static const char *const bad[] = {
        "250 OK\r\n",
        "510 Unrecognized command \"PROTOCOLINFO\"\r\n",
        "220 mail.example.net ESMTP\r\n",
        "250-PROTOCOLINFO 2\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n",
        "250-PROTOCOLINFO 11\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH COOKIEFILE=\"/x\"\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE COOKIEFILE=/x\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE COOKIEFILE=\"/x\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE COOKIEFILE=\"/x\"y\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE COOKIEFILE=\"\"\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=COOKIE COOKIEFILE=\"/x\\000y\"\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION Tor=0.4.9\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION Tor=\"a\\033b\"\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION Tor=\"1\"\r\n250-VERSION "
        "Tor=\"1\"\r\n250 OK\r\n",
        "250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250-VERSION "
        "Tor=\"0123456789012345678901234567890123456789012345678901234567890123\"\r\n250 OK\r\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (protocol_info_parse(&info, reply_of(dialogue, bad[i]), &error) != -1)
            fail_msg("accepted: %s", bad[i]);
    }
    begin(dialogue, NULL, NULL, true);
    expect_failed(dialogue, take(dialogue, "220 mail.example.net ESMTP\r\n"), CONTROL_FAILURE_PROTOCOL,
                  "no tor control port");
}

static void test_quoted_strings(void **state)
{
    (void)state;
    char value[8];
    const char *end;
    static const struct {
        const char *text;
        const char *value;
        const char *rest;
    } good[] = {
        {"\"\"", "", ""},
        {"\"abc\" x", "abc", " x"},
        {"\"a\\\"b\\\\\"", "a\"b\\", ""},
        {"\"\\n\\t\\r\\x\"", "\n\t\rx", ""},
        {"\"\\1\\18\\101\\377\"", "\1\0018A\377", ""},
        {"\"\\1011\"", "A1", ""},
        {"\"1234567\"", "1234567", ""},
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        assert_int_equal(quoted_string_parse(good[i].text, value, sizeof(value), &end), 0);
        assert_string_equal(value, good[i].value);
        assert_string_equal(end, good[i].rest);
    }
    static const char *const bad[] = {"",      "a",       "\"",        "\"a",       "\"a\\\"",     "\"\\",
                                      "\"\\1", "\"\\0\"", "\"\\400\"", "\"\\777\"", "\"12345678\""};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        /* A copy without a byte behind it, so that a sanitizer sees any that is read there. */
        char *copy = memory_copy_text(bad[i], strlen(bad[i]));
        if (quoted_string_parse(copy, value, sizeof(value), &end) != -1)
            fail_msg("accepted: %s", bad[i]);
        free(copy);
    }
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_password, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_safe_cookie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_safe_cookie_from_impostor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cookie_file_choice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_secret_faults, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_agent_over_tor, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reply_before_the_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_cookie, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_method, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names_of_keys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cookie_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_password_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_protocol_info, set_up, tear_down),
        cmocka_unit_test(test_quoted_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
