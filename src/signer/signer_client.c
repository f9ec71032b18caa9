/* The engine's side of the signer: asks, and waits for the answer. */
#include "signer/signer_client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "process/channel.h"

/* Milliseconds that an answer, which takes microseconds to make, may take. */
#define PATIENCE 10000
/* That one which was given up on may still take, so that a signer that hangs does not hold the engine up at
 * each request. */
#define PATIENCE_LATE 100

struct signer_client {
    int end;
    size_t owed; /* answers that were given up on, and will come before the next one */
};

struct signer_client *signer_client_new(int end)
{
    struct signer_client *client = memory_allocate(1, sizeof(*client));
    client->end = end;
    return client;
}

void signer_client_free(struct signer_client *client)
{
    free(client);
}

/* Waits for the next answer, of no more than SIGNER_ANSWER_SIZE_MAX bytes. Returns its size, or -1. */
static ssize_t take_answer(struct signer_client *client, int64_t patience, uint8_t *bytes,
                           struct error *error)
{
    int result = channel_wait(client->end, patience);
    if (result == 0)
        return error_set(error, "the signer has not answered for %d seconds", PATIENCE / 1000);
    ssize_t size = result > 0 ? channel_receive(client->end, bytes, SIGNER_ANSWER_SIZE_MAX) : -1;
    if (size <= 0)
        return error_set(error, "the signer does not answer any more");
    client->owed--;
    return size;
}

void signer_client_take_late(struct signer_client *client)
{
    uint8_t bytes[SIGNER_ANSWER_SIZE_MAX];
    while (client->owed > 0 && channel_wait(client->end, 0) > 0) {
        if (take_answer(client, 0, bytes, NULL) < 0)
            return;
    }
}

/* Asks, and waits for the answer. Returns 0 or -1. */
static int ask(struct signer_client *client, const struct signer_request *request,
               struct signer_answer *answer, struct error *error)
{
    uint8_t bytes[SIGNER_REQUEST_SIZE], answered[SIGNER_ANSWER_SIZE_MAX];
    ssize_t size = 0;
    if (signer_request_check(request, clock_wall_seconds(), error) != 0)
        return -1;
    while (client->owed > 0) {
        if (take_answer(client, PATIENCE_LATE, answered, error) < 0)
            return -1;
    }
    signer_request_encode(bytes, request);
    if (channel_send(client->end, bytes, sizeof(bytes)) != 0)
        return error_set(error, "the signer does not listen any more");
    client->owed++;
    size = take_answer(client, PATIENCE, answered, error);
    if (size < 0)
        return -1;
    int result = signer_answer_parse(answer, request->type, answered, (size_t)size);
    secret_wipe(answered, sizeof(answered));
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
