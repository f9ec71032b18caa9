/* The steps from a fresh control connection to an authenticated one, without I/O (control-spec 3.21, 3.24).
 */
#include "control/authentication.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "control/credential_file.h"
#include "control/protocol_info.h"
#include "crypto/hash.h"

#define NONCE_SIZE 32
#define HASH_HEX_LENGTH (2 * (size_t)SHA256_SIZE)
#define NONCE_HEX_LENGTH (2 * (size_t)NONCE_SIZE)

/* HMAC keys of control-spec 3.24. */
#define SERVER_HASH_KEY "Tor safe cookie authentication server-to-controller hash"
#define CLIENT_HASH_KEY "Tor safe cookie authentication controller-to-server hash"

enum step {
    STEP_PROTOCOL_INFO, /* PROTOCOLINFO is sent */
    STEP_CHALLENGE,     /* AUTHCHALLENGE is sent */
    STEP_AUTHENTICATE,  /* AUTHENTICATE is sent */
};

enum method {
    METHOD_NULL,
    METHOD_PASSWORD,
    METHOD_COOKIE,
    METHOD_SAFE_COOKIE,
};

struct authentication {
    char *password_file; /* the operator's, or NULL */
    char *cookie_file;   /* likewise */
    const struct credential_reader *reader;
    bool peer_is_local;
    enum step step;
    enum method method;
    const char *cookie_path; /* the cookie file in use: the operator's or tor's */
    uint8_t *cookie;         /* secret memory while it is needed, or NULL */
    uint8_t client_nonce[NONCE_SIZE];
    struct protocol_info info;
};

static char *copy_or_null(const char *text)
{
    return text != NULL ? memory_copy_text(text, strlen(text)) : NULL;
}

struct authentication *authentication_new(const struct control_credentials *credentials)
{
    struct authentication *authentication = memory_allocate(1, sizeof(*authentication));
    if (credentials != NULL) {
        authentication->password_file = copy_or_null(credentials->password_file);
        authentication->cookie_file = copy_or_null(credentials->cookie_file);
        authentication->reader = credentials->reader;
    }
    return authentication;
}

void authentication_set_peer_is_local(struct authentication *authentication, bool peer_is_local)
{
    authentication->peer_is_local = peer_is_local;
}

void authentication_free(struct authentication *authentication)
{
    if (authentication == NULL)
        return;
    free(authentication->password_file);
    free(authentication->cookie_file);
    secret_free(authentication->cookie);
    free(authentication);
}

/* Makes "<verb><hexadecimal of bytes>" and a line end in secret memory. */
static char *make_hex_command(const char *verb, const void *bytes, size_t length)
{
    size_t verb_length = strlen(verb);
    size_t hex_size = 2 * length + 1;
    size_t size = verb_length + hex_size + 2;
    char *command = secret_allocate(size);
    memcpy(command, verb, verb_length);
    sodium_bin2hex(command + verb_length, hex_size, bytes, length);
    memcpy(command + size - 3, "\r\n", 3);
    return command;
}

static enum control_failure failure_of_file(enum credential_result result)
{
    return result == CREDENTIAL_PERMISSION ? CONTROL_FAILURE_PERMISSION : CONTROL_FAILURE_AUTHENTICATION;
}

/* AUTHENTICATE without anything: tor asks for nothing. */
static enum authentication_result begin_null(struct authentication *authentication, char **command)
{
    authentication->step = STEP_AUTHENTICATE;
    authentication->method = METHOD_NULL;
    *command = secret_allocate(sizeof("AUTHENTICATE\r\n"));
    memcpy(*command, "AUTHENTICATE\r\n", sizeof("AUTHENTICATE\r\n"));
    return AUTHENTICATION_SEND;
}

static enum credential_result read_password(const struct authentication *authentication, char **password,
                                            struct error *error)
{
    const struct credential_reader *reader = authentication->reader;
    if (reader == NULL)
        return credential_read_password(authentication->password_file, password, error);
    return reader->read_password(authentication->password_file, password, reader->context, error);
}

static enum credential_result read_cookie(const struct authentication *authentication, struct error *error)
{
    const struct credential_reader *reader = authentication->reader;
    if (reader == NULL)
        return credential_read_cookie(authentication->cookie_path, authentication->cookie, error);
    return reader->read_cookie(authentication->cookie_path, authentication->cookie, reader->context, error);
}

/* AUTHENTICATE with the password, in hexadecimal since that needs no escapes. */
static enum authentication_result begin_password(struct authentication *authentication, char **command,
                                                 enum control_failure *failure, struct error *error)
{
    char *password;
    enum credential_result result = read_password(authentication, &password, error);
    if (result != CREDENTIAL_OK) {
        *failure = failure_of_file(result);
        return AUTHENTICATION_FAILED;
    }
    authentication->step = STEP_AUTHENTICATE;
    authentication->method = METHOD_PASSWORD;
    *command = make_hex_command("AUTHENTICATE ", password, strlen(password));
    secret_free(password);
    return AUTHENTICATION_SEND;
}

/* AUTHCHALLENGE with a nonce, or for plain COOKIE the cookie itself. */
static enum authentication_result begin_cookie(struct authentication *authentication, enum method method,
                                               char **command, enum control_failure *failure,
                                               struct error *error)
{
    authentication->cookie = secret_allocate(CREDENTIAL_COOKIE_SIZE);
    authentication->cookie_path =
        authentication->cookie_file != NULL ? authentication->cookie_file : authentication->info.cookie_file;
    enum credential_result result = read_cookie(authentication, error);
    if (result != CREDENTIAL_OK) {
        *failure = failure_of_file(result);
        return AUTHENTICATION_FAILED;
    }
    authentication->method = method;
    if (method == METHOD_COOKIE) {
        authentication->step = STEP_AUTHENTICATE;
        *command = make_hex_command("AUTHENTICATE ", authentication->cookie, CREDENTIAL_COOKIE_SIZE);
    } else {
        authentication->step = STEP_CHALLENGE;
        randombytes_buf(authentication->client_nonce, NONCE_SIZE);
        *command = make_hex_command("AUTHCHALLENGE SAFECOOKIE ", authentication->client_nonce, NONCE_SIZE);
    }
    return AUTHENTICATION_SEND;
}

/* Says that no method fits, and what to do. */
static enum authentication_result fail_without_method(const struct authentication *authentication,
                                                      enum control_failure *failure, struct error *error)
{
    const struct protocol_info *info = &authentication->info;
    *failure = CONTROL_FAILURE_AUTHENTICATION;
    if (authentication->password_file != NULL)
        error_set(error,
                  "this tor takes no password, but a password file is configured (%s): set "
                  "HashedControlPassword in its torrc, or take the password file out of the config",
                  authentication->password_file);
    else if (info->safe_cookie_offered && authentication->cookie_file == NULL)
        error_set(error,
                  "this tor wants a cookie, and names no file of this machine that holds it: configure "
                  "one for it (control-cookie-file), or a password file (control-password-file)");
    else if (info->cookie_offered && !info->safe_cookie_offered && authentication->cookie_file == NULL)
        error_set(error,
                  "this peer wants to be sent the cookie itself, which no tor since 0.2.3 does; if it is a "
                  "tor, configure its cookie file (control-cookie-file)");
    else if (info->password_offered)
        error_set(error,
                  "this tor wants a password: configure a file that holds it (control-password-file), or set "
                  "\"CookieAuthentication 1\" in its torrc");
    else
        error_set(error,
                  "this tor offers no way of authentication that obpub has: set \"CookieAuthentication "
                  "1\" or HashedControlPassword in its torrc");
    return AUTHENTICATION_FAILED;
}

/* Chooses a method and makes its first command. What the operator configured goes first; without anything
 * configured, a tor that asks for nothing gets nothing, so that no file is read in vain. */
static enum authentication_result choose_method(struct authentication *authentication, char **command,
                                                enum control_failure *failure, struct error *error)
{
    const struct protocol_info *info = &authentication->info;
    bool cookie_configured = authentication->cookie_file != NULL;
    if (authentication->password_file != NULL && info->password_offered)
        return begin_password(authentication, command, failure, error);
    if (info->null_offered)
        return begin_null(authentication, command);
    if (authentication->password_file != NULL)
        return fail_without_method(authentication, failure, error);
    /* A peer may name any file. SAFECOOKIE tells it nothing of the file unless it knows the content already,
     * but a peer on another machine has no business having ours opened at all. */
    if (info->safe_cookie_offered &&
        (cookie_configured || (authentication->peer_is_local && info->cookie_file[0] != '\0')))
        return begin_cookie(authentication, METHOD_SAFE_COOKIE, command, failure, error);
    /* Plain COOKIE hands the file's 32 bytes to whoever asks for them (control-spec 3.21): never one that the
     * peer named. Every tor since 0.2.3 offers SAFECOOKIE beside it. */
    if (info->cookie_offered && !info->safe_cookie_offered && cookie_configured)
        return begin_cookie(authentication, METHOD_COOKIE, command, failure, error);
    return fail_without_method(authentication, failure, error);
}

static enum authentication_result take_protocol_info(struct authentication *authentication,
                                                     const struct control_reply *reply, char **command,
                                                     enum control_failure *failure, struct error *error)
{
    if (protocol_info_parse(&authentication->info, reply, error) != 0) {
        *failure = CONTROL_FAILURE_PROTOCOL;
        return AUTHENTICATION_FAILED;
    }
    return choose_method(authentication, command, failure, error);
}

/* Reads exactly size bytes written in hexadecimal behind a prefix, and moves the cursor behind them. */
static int parse_hex_field(const char **cursor, const char *prefix, uint8_t *bytes, size_t size)
{
    const char *hex = *cursor;
    if (!string_skip(&hex, prefix))
        return -1;
    size_t hex_length = strspn(hex, "0123456789abcdefABCDEF");
    if (hex_length != 2 * size || sodium_hex2bin(bytes, size, hex, hex_length, NULL, NULL, NULL) != 0)
        return -1;
    *cursor = hex + hex_length;
    return 0;
}

/* One of the two hashes of SAFECOOKIE. */
static void compute_hash(const struct authentication *authentication, const char *key,
                         const uint8_t *server_nonce, uint8_t hash[SHA256_SIZE])
{
    const struct span pieces[] = {
        {authentication->cookie, CREDENTIAL_COOKIE_SIZE},
        {authentication->client_nonce, NONCE_SIZE},
        {server_nonce, NONCE_SIZE},
    };
    hash_hmac_sha256(hash, key, strlen(key), pieces, sizeof(pieces) / sizeof(pieces[0]));
}

/* Checks that the peer knows the cookie, and proves that we do. */
static enum authentication_result take_challenge(struct authentication *authentication,
                                                 const struct control_reply *reply, char **command,
                                                 enum control_failure *failure, struct error *error)
{
    const char *text = reply->lines[0].text;
    if (!control_reply_is_ok(reply)) {
        *failure = CONTROL_FAILURE_AUTHENTICATION;
        error_set(error, "tor refused AUTHCHALLENGE with '%d %.80s'", reply->status, text);
        return AUTHENTICATION_FAILED;
    }
    uint8_t server_hash[SHA256_SIZE];
    uint8_t server_nonce[NONCE_SIZE];
    uint8_t expected[SHA256_SIZE];
    if (reply->line_count != 1 ||
        parse_hex_field(&text, "AUTHCHALLENGE SERVERHASH=", server_hash, sizeof(server_hash)) != 0 ||
        parse_hex_field(&text, " SERVERNONCE=", server_nonce, sizeof(server_nonce)) != 0 || *text != '\0') {
        *failure = CONTROL_FAILURE_PROTOCOL;
        error_set(error, "the answer to AUTHCHALLENGE is not one that tor gives");
        return AUTHENTICATION_FAILED;
    }
    compute_hash(authentication, SERVER_HASH_KEY, server_nonce, expected);
    if (sodium_memcmp(expected, server_hash, sizeof(expected)) != 0) {
        *failure = CONTROL_FAILURE_AUTHENTICATION;
        error_set(error,
                  "this peer doesn't know the cookie in %s: the file is another tor's or one left over, or "
                  "the peer is not tor",
                  authentication->cookie_path);
        return AUTHENTICATION_FAILED;
    }
    uint8_t answer[SHA256_SIZE];
    compute_hash(authentication, CLIENT_HASH_KEY, server_nonce, answer);
    *command = make_hex_command("AUTHENTICATE ", answer, sizeof(answer));
    secret_wipe(answer, sizeof(answer));
    authentication->step = STEP_AUTHENTICATE;
    return AUTHENTICATION_SEND;
}

/* Takes tor's verdict. */
static enum authentication_result take_verdict(struct authentication *authentication,
                                               const struct control_reply *reply,
                                               enum control_failure *failure, struct error *error)
{
    secret_free(authentication->cookie);
    authentication->cookie = NULL;
    if (reply->status == 250)
        return AUTHENTICATION_DONE;
    *failure = CONTROL_FAILURE_AUTHENTICATION;
    switch (authentication->method) {
    case METHOD_PASSWORD:
        error_set(
            error,
            "tor refused the password in %s: it has to be the one whose hash (tor --hash-password) stands "
            "as HashedControlPassword in that tor's torrc",
            authentication->password_file);
        break;
    case METHOD_COOKIE:
    case METHOD_SAFE_COOKIE:
        error_set(error, "tor refused the cookie in %s: the file is another tor's, or one left over",
                  authentication->cookie_path);
        break;
    case METHOD_NULL:
        error_set(error, "tor refused to let us in with '%d %.80s', though it said it asks for nothing",
                  reply->status, reply->lines[0].text);
        break;
    }
    return AUTHENTICATION_FAILED;
}

enum authentication_result authentication_take_reply(struct authentication *authentication,
                                                     const struct control_reply *reply, char **command,
                                                     enum control_failure *failure, struct error *error)
{
    *command = NULL;
    switch (authentication->step) {
    case STEP_PROTOCOL_INFO:
        return take_protocol_info(authentication, reply, command, failure, error);
    case STEP_CHALLENGE:
        return take_challenge(authentication, reply, command, failure, error);
    case STEP_AUTHENTICATE:
        break;
    }
    return take_verdict(authentication, reply, failure, error);
}
