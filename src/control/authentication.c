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
#include "control/credential_reader.h"
#include "control/protocol_info.h"
#include "control/secret_proof.h"

enum step {
    STEP_PROTOCOL_INFO, /* PROTOCOLINFO is sent */
    STEP_CHALLENGE,     /* AUTHCHALLENGE is sent */
    STEP_QUESTION,      /* a file is being read */
    STEP_AUTHENTICATE,  /* AUTHENTICATE is sent */
};

enum method {
    METHOD_NULL,
    METHOD_PASSWORD,
    METHOD_SAFE_COOKIE,
    METHOD_SECRET, /* an agent's: SAFECOOKIE's exchange, with a secret in the cookie's place */
};

struct authentication {
    char *password_file; /* the operator's, or NULL */
    char *cookie_file;   /* likewise */
    bool is_local_tor;
    bool is_agent_only;
    bool peer_is_local;
    enum step step;
    enum method method;
    const char *cookie_path; /* the cookie file in use: the operator's or tor's */
    struct cookie_challenge challenge;
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
        authentication->is_local_tor = credentials->is_local_tor;
        authentication->is_agent_only = credentials->is_agent_only;
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

/* AUTHENTICATE without anything: tor asks for nothing. */
static enum authentication_result begin_null(struct authentication *authentication, char **command)
{
    authentication->step = STEP_AUTHENTICATE;
    authentication->method = METHOD_NULL;
    *command = secret_allocate(sizeof("AUTHENTICATE\r\n"));
    memcpy(*command, "AUTHENTICATE\r\n", sizeof("AUTHENTICATE\r\n"));
    return AUTHENTICATION_SEND;
}

/* The password is needed to go on. */
static enum authentication_result begin_password(struct authentication *authentication)
{
    authentication->step = STEP_QUESTION;
    authentication->method = METHOD_PASSWORD;
    return AUTHENTICATION_ASK;
}

/* AUTHCHALLENGE with a nonce, which needs no file yet: whether there is one, and whose, matters only when the
 * peer has shown that it knows what is in it. */
static enum authentication_result begin_challenge(struct authentication *authentication, enum method method,
                                                  const char *verb, char **command)
{
    struct cookie_challenge *challenge = &authentication->challenge;
    authentication->method = method;
    authentication->step = STEP_CHALLENGE;
    randombytes_buf(challenge->client_nonce, sizeof(challenge->client_nonce));
    *command = make_hex_command(verb, challenge->client_nonce, sizeof(challenge->client_nonce));
    return AUTHENTICATION_SEND;
}

static enum authentication_result begin_safe_cookie(struct authentication *authentication, char **command)
{
    authentication->cookie_path =
        authentication->cookie_file != NULL ? authentication->cookie_file : authentication->info.cookie_file;
    return begin_challenge(authentication, METHOD_SAFE_COOKIE, "AUTHCHALLENGE SAFECOOKIE ", command);
}

static enum authentication_result begin_secret(struct authentication *authentication, char **command)
{
    return begin_challenge(authentication, METHOD_SECRET, "AUTHCHALLENGE " SECRET_PROOF_METHOD " ", command);
}

/* Says that no method fits, and what to do. */
static enum authentication_result fail_without_method(const struct authentication *authentication,
                                                      enum control_failure *failure, struct error *error)
{
    const struct protocol_info *info = &authentication->info;
    const char *whose = authentication->is_local_tor ? "tor-" : ""; /* the config's keys for its files */
    *failure = CONTROL_FAILURE_AUTHENTICATION;
    if (info->secret_offered && authentication->is_local_tor)
        error_set(error,
                  "this is an agent, which only tells of a backend: name a tor's own control port as the "
                  "local tor's (tor-control)");
    else if (info->secret_offered)
        error_set(error, "this is an agent: configure the file with the secret that it shares with obpub "
                         "(control-password-file)");
    else if (authentication->is_agent_only)
        error_set(error,
                  "this is no agent but a control port with full power over its tor, or something else, to "
                  "which obpub sends nothing: have \"obpub agent\" stand beside that tor, and its onion "
                  "service lead there");
    else if (authentication->password_file != NULL)
        error_set(error,
                  "this tor takes no password, but a password file is configured (%s): set "
                  "HashedControlPassword in its torrc, or take the password file out of the config",
                  authentication->password_file);
    else if (info->safe_cookie_offered && authentication->cookie_file == NULL)
        error_set(error,
                  "this tor wants a cookie, and names no file of this machine that holds it: configure "
                  "one for it (%scontrol-cookie-file), or a password file (%scontrol-password-file)",
                  whose, whose);
    else if (info->cookie_offered && !info->safe_cookie_offered)
        error_set(error, "this peer wants to be sent the cookie itself, which no tor since 0.2.3 does: it is "
                         "sent to nobody");
    else if (info->password_offered)
        error_set(
            error,
            "this tor wants a password: configure a file that holds it (%scontrol-password-file), or set "
            "\"CookieAuthentication 1\" in its torrc",
            whose);
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
    if (authentication->password_file != NULL && info->secret_offered)
        return begin_secret(authentication, command);
    if (authentication->is_agent_only)
        return fail_without_method(authentication, failure, error);
    if (authentication->password_file != NULL && info->password_offered)
        return begin_password(authentication);
    if (info->null_offered)
        return begin_null(authentication, command);
    if (authentication->password_file != NULL)
        return fail_without_method(authentication, failure, error);
    /* A peer may name any file. A peer on another machine has no business having ours opened at all; whether
     * one of this machine is the file's own is for who reads it to say. */
    if (info->safe_cookie_offered &&
        (cookie_configured || (authentication->peer_is_local && info->cookie_file[0] != '\0')))
        return begin_safe_cookie(authentication, command);
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

/* Takes the peer's part of SAFECOOKIE, by which it has to prove that it knows the cookie. */
static enum authentication_result take_challenge(struct authentication *authentication,
                                                 const struct control_reply *reply,
                                                 enum control_failure *failure, struct error *error)
{
    struct cookie_challenge *challenge = &authentication->challenge;
    const char *text = reply->lines[0].text;
    if (!control_reply_is_ok(reply)) {
        *failure = CONTROL_FAILURE_AUTHENTICATION;
        error_set(error, "%s refused AUTHCHALLENGE with '%d %.80s'",
                  authentication->method == METHOD_SECRET ? "the agent" : "tor", reply->status, text);
        return AUTHENTICATION_FAILED;
    }
    if (reply->line_count != 1 ||
        parse_hex_field(&text, "AUTHCHALLENGE SERVERHASH=", challenge->server_hash,
                        sizeof(challenge->server_hash)) != 0 ||
        parse_hex_field(&text, " SERVERNONCE=", challenge->server_nonce, sizeof(challenge->server_nonce)) !=
            0 ||
        *text != '\0') {
        *failure = CONTROL_FAILURE_PROTOCOL;
        error_set(error, "the answer to AUTHCHALLENGE is not one that tor gives");
        return AUTHENTICATION_FAILED;
    }
    authentication->step = STEP_QUESTION;
    return AUTHENTICATION_ASK;
}

void authentication_question(const struct authentication *authentication, struct file_question *question)
{
    *question = (struct file_question){.socket = -1, .is_local_tor = authentication->is_local_tor};
    switch (authentication->method) {
    case METHOD_NULL:
    case METHOD_PASSWORD:
        question->type = FILE_PASSWORD;
        question->text = authentication->password_file;
        break;
    case METHOD_SAFE_COOKIE:
        question->type = FILE_PROOF;
        question->text = authentication->cookie_path;
        question->is_named_by_peer = authentication->cookie_file == NULL;
        question->challenge = &authentication->challenge;
        break;
    case METHOD_SECRET:
        question->type = FILE_SECRET;
        question->text = authentication->password_file;
        question->challenge = &authentication->challenge;
        break;
    }
}

/* AUTHENTICATE with what was in the file, or the proof made of it: a password goes in hexadecimal, too, since
 * that needs no escapes. */
enum authentication_result authentication_take_answer(struct authentication *authentication,
                                                      const struct file_answer *answer, char **command,
                                                      enum control_failure *failure, struct error *error)
{
    *command = NULL;
    *failure = CONTROL_FAILURE_AUTHENTICATION;
    switch (answer->result) {
    case CREDENTIAL_OK:
        authentication->step = STEP_AUTHENTICATE;
        *command = make_hex_command("AUTHENTICATE ", answer->content, answer->length);
        return AUTHENTICATION_SEND;
    case CREDENTIAL_REFUSED:
        error_set(
            error,
            "the cookie file %s, which this tor names, is not used for it: it may not be read by obpub's "
            "user, or is not this tor's own; a line of obpub-reader in the log says which",
            authentication->cookie_path);
        break;
    case CREDENTIAL_PERMISSION:
        *failure = CONTROL_FAILURE_PERMISSION;
        *error = *answer->error;
        break;
    case CREDENTIAL_UNUSABLE:
        *error = *answer->error;
        break;
    }
    return AUTHENTICATION_FAILED;
}

/* Takes tor's verdict. */
static enum authentication_result take_verdict(struct authentication *authentication,
                                               const struct control_reply *reply,
                                               enum control_failure *failure, struct error *error)
{
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
    case METHOD_SAFE_COOKIE:
        error_set(error, "tor refused the cookie in %s: the file is another tor's, or one left over",
                  authentication->cookie_path);
        break;
    case METHOD_SECRET:
        error_set(error, "the agent refused the proof made with the secret in %s, with '%d %.80s'",
                  authentication->password_file, reply->status, reply->lines[0].text);
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
        return take_challenge(authentication, reply, failure, error);
    case STEP_QUESTION:
        *failure = CONTROL_FAILURE_PROTOCOL;
        error_set(error, "a reply came that no command had asked for");
        return AUTHENTICATION_FAILED;
    case STEP_AUTHENTICATE:
        break;
    }
    return take_verdict(authentication, reply, failure, error);
}
