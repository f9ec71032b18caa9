/* The engine's side of the signer: asks, and waits for the answer. */
#include "signer/signer_client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "process/conversation.h"
#include "signer/clock_limit.h"

struct signer_client {
    struct conversation conversation;
    struct clock_limit limit; /* as the signer has it */
};

/* An answer is one message. */
static bool ends_answer(const uint8_t *message, size_t size)
{
    (void)message;
    (void)size;
    return true;
}

static const struct conversation_peer signer = {
    .name = "the signer",
    .is_late = "the signer has not answered for",
    .advice = "",
    .ends_answer = ends_answer,
    .message_size_max = SIGNER_ANSWER_SIZE_MAX,
};

struct signer_client *signer_client_new(int end)
{
    struct signer_client *client = memory_allocate(1, sizeof(*client));
    conversation_init(&client->conversation, &signer, end);
    return client;
}

void signer_client_free(struct signer_client *client)
{
    if (client == NULL)
        return;
    conversation_clear(&client->conversation);
    free(client);
}

void signer_client_take_late(struct signer_client *client)
{
    conversation_take_late(&client->conversation);
}

int signer_client_check_clock(const struct signer_client *client, struct error *error)
{
    return clock_limit_check(&client->limit, clock_wall_seconds(), clock_passed_seconds(),
                             CLOCK_LIMIT_AHEAD - CLOCK_LIMIT_MARGIN, error);
}

/* Asks, and waits for the answer, which takes microseconds to make. Returns 0 or -1. */
static int ask(struct signer_client *client, const struct signer_request *request,
               struct signer_answer *answer, struct error *error)
{
    struct conversation *conversation = &client->conversation;
    uint8_t bytes[SIGNER_REQUEST_SIZE];
    clock_limit_note(&client->limit, clock_wall_seconds(), clock_passed_seconds());
    if (signer_client_check_clock(client, error) != 0 ||
        signer_request_check(request, clock_wall_seconds(), error) != 0)
        return -1;
    signer_request_encode(bytes, request);
    if (conversation_ask(conversation, bytes, sizeof(bytes), error) != 0)
        return -1;
    ssize_t size = conversation_take(conversation, CONVERSATION_PATIENCE, error);
    if (size < 0)
        return -1;
    int result = signer_answer_parse(answer, request->type, conversation->message, (size_t)size);
    conversation_wipe(conversation);
    if (result != 0)
        return error_set(error, "the signer's answer is none");
    if (answer->is_missing)
        return error_set(error,
                         "the presigned bundle has nothing for time period %" PRIu64
                         " at this hour: is the clock right, and the consensus new?",
                         request->period.number);
    return 0;
}

int signer_client_certify(struct signer_client *client, const struct signer_period *period,
                          const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], uint32_t expiration_hour,
                          struct signer_answer *answer, struct error *error)
{
    struct signer_request request = {
        .type = SIGNER_CERTIFY,
        .period = *period,
        .expiration_hour = expiration_hour,
    };
    memcpy(request.signing_key, signing_key, ED25519_PUBLIC_KEY_SIZE);
    return ask(client, &request, answer, error);
}

int signer_client_count(struct signer_client *client, const struct signer_period *period, int64_t seconds,
                        uint64_t *counter, struct error *error)
{
    struct signer_answer answer;
    const struct signer_request request = {.type = SIGNER_COUNT, .period = *period, .seconds = seconds};
    if (ask(client, &request, &answer, error) != 0)
        return -1;
    *counter = answer.counter;
    return 0;
}
