/* The conversation with somebody at an agent's door who has not yet shown that he knows the secret. */
#include "agent/stranger.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* What is said to whom there is nothing to say to, as by a tor. */
#define REFUSAL "514 Authentication required.\r\n"

static enum stranger_verdict refuse(char answer[STRANGER_ANSWER_SIZE])
{
    snprintf(answer, STRANGER_ANSWER_SIZE, "%s", REFUSAL);
    return STRANGER_REFUSED;
}

/* Reads exactly 32 bytes in hexadecimal, and nothing else. Returns 0 or -1. */
static int parse_hex(const char *hex, uint8_t bytes[32])
{
    size_t length = strlen(hex);
    size_t decoded;
    if (length != 64 || sodium_hex2bin(bytes, 32, hex, length, NULL, &decoded, NULL) != 0)
        return -1;
    return decoded == 32 ? 0 : -1;
}

/* A version has to stand there, and says nothing. */
static enum stranger_verdict tell_protocol(char answer[STRANGER_ANSWER_SIZE])
{
    snprintf(answer, STRANGER_ANSWER_SIZE,
             "250-PROTOCOLINFO 1\r\n"
             "250-AUTH METHODS=" SECRET_PROOF_METHOD "\r\n"
             "250-VERSION Tor=\"0.0.0.0\"\r\n"
             "250 OK\r\n");
    return STRANGER_ANSWERED;
}

static enum stranger_verdict make_challenge(struct stranger *stranger, const char *nonce,
                                            const struct stranger_prover *prover,
                                            char answer[STRANGER_ANSWER_SIZE])
{
    char hash[2 * SHA256_SIZE + 1], server_nonce[2 * COOKIE_NONCE_SIZE + 1];
    struct cookie_challenge *challenge = &stranger->challenge;
    if (stranger->step != STRANGER_UNKNOWN || parse_hex(nonce, challenge->client_nonce) != 0 ||
        prover->challenge(challenge, prover->context) != 0)
        return refuse(answer);
    sodium_bin2hex(hash, sizeof(hash), challenge->server_hash, SHA256_SIZE);
    sodium_bin2hex(server_nonce, sizeof(server_nonce), challenge->server_nonce, COOKIE_NONCE_SIZE);
    snprintf(answer, STRANGER_ANSWER_SIZE, "250 AUTHCHALLENGE SERVERHASH=%s SERVERNONCE=%s\r\n", hash,
             server_nonce);
    stranger->step = STRANGER_CHALLENGED;
    return STRANGER_ANSWERED;
}

/* One try each: whoever was wrong has to come again. */
static enum stranger_verdict check_proof(struct stranger *stranger, const char *proof,
                                         const struct stranger_prover *prover,
                                         char answer[STRANGER_ANSWER_SIZE])
{
    uint8_t hash[SHA256_SIZE];
    if (stranger->step != STRANGER_CHALLENGED || parse_hex(proof, hash) != 0)
        return refuse(answer);
    if (prover->check(&stranger->challenge, hash, prover->context) == 0)
        return STRANGER_LET_IN;
    return STRANGER_WRONG;
}

enum stranger_verdict stranger_take_line(struct stranger *stranger, const char *line,
                                         const struct stranger_prover *prover,
                                         char answer[STRANGER_ANSWER_SIZE])
{
    const char *rest = line;
    answer[0] = '\0';
    if (++stranger->commands > STRANGER_COMMANDS_MAX)
        return refuse(answer);
    if (strcmp(line, "PROTOCOLINFO 1") == 0 || strcmp(line, "PROTOCOLINFO") == 0)
        return tell_protocol(answer);
    if (string_skip(&rest, "AUTHCHALLENGE " SECRET_PROOF_METHOD " "))
        return make_challenge(stranger, rest, prover, answer);
    if (string_skip(&rest, "AUTHENTICATE "))
        return check_proof(stranger, rest, prover, answer);
    return refuse(answer);
}
