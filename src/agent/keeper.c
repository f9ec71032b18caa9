/* The keeper's process: holds an agent's secret, and answers two requests of a fixed size.
 *
 * Whoever wants to know whether the secret is safe in here reads this file, and control/secret_proof.c. */
#include "agent/keeper.h"

#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "process/channel.h"

/* Milliseconds that the keeper may take. */
#define PATIENCE 10000

enum request_type {
    KEEPER_CHALLENGE = 1, /* make a nonce, and the hash that proves that we know the secret */
    KEEPER_CHECK,         /* whether a hash proves that the client does */
};

/* Bytes pass between two processes of one program. */
struct request {
    uint8_t type;
    struct cookie_challenge challenge; /* KEEPER_CHALLENGE: the client's nonce alone */
    uint8_t hash[SHA256_SIZE];         /* KEEPER_CHECK: the client's */
};

struct answer {
    uint8_t is_wrong;                  /* KEEPER_CHECK */
    struct cookie_challenge challenge; /* KEEPER_CHALLENGE: whole */
};

/* Returns 0, or -1 when the request is none. */
static int answer_request(const struct request *request, const uint8_t key[SECRET_KEY_SIZE],
                          struct answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    switch (request->type) {
    case KEEPER_CHALLENGE:
        answer->challenge = request->challenge;
        randombytes_buf(answer->challenge.server_nonce, COOKIE_NONCE_SIZE);
        secret_make_server_hash(answer->challenge.server_hash, key, &answer->challenge);
        return 0;
    case KEEPER_CHECK:
        answer->is_wrong = secret_check_client_hash(request->hash, key, &request->challenge) != 0;
        return 0;
    default:
        return -1;
    }
}

int keeper_run(int end, const uint8_t key[SECRET_KEY_SIZE], struct error *error)
{
    struct request request;
    struct answer answer;
    ssize_t size;
    while ((size = channel_receive(end, &request, sizeof(request))) != 0) {
        if (size != sizeof(request) || answer_request(&request, key, &answer) != 0)
            return error_set(error, "a request is none");
        if (channel_send(end, &answer, sizeof(answer)) != 0)
            break;
    }
    return 0;
}

static int ask(struct keeper_client *keeper, const struct request *request, struct answer *answer)
{
    if (!keeper->is_lost && channel_send(keeper->end, request, sizeof(*request)) == 0 &&
        channel_wait(keeper->end, PATIENCE) == 1 &&
        channel_receive(keeper->end, answer, sizeof(*answer)) == sizeof(*answer))
        return 0;
    keeper->is_lost = true;
    return -1;
}

int keeper_ask_challenge(struct cookie_challenge *challenge, void *context)
{
    struct request request;
    struct answer answer;
    memset(&request, 0, sizeof(request));
    request.type = KEEPER_CHALLENGE;
    request.challenge = *challenge;
    if (ask(context, &request, &answer) != 0)
        return -1;
    *challenge = answer.challenge;
    return 0;
}

int keeper_ask_check(const struct cookie_challenge *challenge, const uint8_t hash[SHA256_SIZE], void *context)
{
    struct request request;
    struct answer answer;
    memset(&request, 0, sizeof(request));
    request.type = KEEPER_CHECK;
    request.challenge = *challenge;
    memcpy(request.hash, hash, SHA256_SIZE);
    if (ask(context, &request, &answer) != 0)
        return -1;
    return answer.is_wrong ? -1 : 0;
}
