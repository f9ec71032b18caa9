/* A signer's keys and clock for tests, the same each time. */
#include "helper_signer.h"

#include <string.h>

#include "base/memory.h"
#include "onion/time_period.h"

struct ed25519_secret_key *signer_make_key(uint8_t number, uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    uint8_t seed[ED25519_SEED_SIZE] = {number};
    struct ed25519_secret_key *key = secret_allocate(sizeof(*key));
    ed25519_expand_seed(key, seed);
    ed25519_derive_public_key(public_key, key);
    return key;
}

uint64_t signer_public_period(int64_t now)
{
    const struct time_schedule schedule = {.voting_interval = 3600, .period_length = SIGNER_PERIOD_LENGTH};
    return time_period_number(&schedule, now);
}

struct signer_request signer_certify_request(void)
{
    struct signer_request request = {
        .type = SIGNER_CERTIFY,
        .period = {0, signer_public_period(SIGNER_NOW), SIGNER_PERIOD_LENGTH},
        .expiration_hour = signer_expiration_hour(SIGNER_NOW),
    };
    secret_free(signer_make_key(9, request.signing_key));
    return request;
}

struct signer_request signer_count_request(void)
{
    return (struct signer_request){
        .type = SIGNER_COUNT,
        .period = {0, signer_public_period(SIGNER_NOW), SIGNER_PERIOD_LENGTH},
        .seconds = 4711,
    };
}
