/* Makes bundles for the tests, the same ones in every run. */
#include "helper_bundle.h"

#include <stdlib.h>

#include "base/big_endian.h"
#include "base/memory.h"

const struct time_schedule schedule_public = {.voting_interval = 3600, .period_length = 1440};
const struct time_schedule schedule_testing = {.voting_interval = 10, .period_length = 4};

struct ed25519_secret_key *make_master_key(uint8_t number, uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    const uint8_t seed[ED25519_SEED_SIZE] = {number, 'm', 'a', 's', 't', 'e', 'r'};
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    ed25519_expand_seed(secret_key, seed);
    ed25519_derive_public_key(identity_key, secret_key);
    return secret_key;
}

/* Signs all that is planned. */
static struct bundle *sign_bundle(uint8_t number, const struct bundle_plan *plan)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key = make_master_key(number, identity_key);
    struct bundle *bundle = bundle_new(plan, identity_key);
    for (size_t i = 0; i < plan->period_count; i++) {
        uint8_t seed[ED25519_SEED_SIZE] = {number, 's', 'i', 'g', 'n', 'i', 'n', 'g'};
        big_endian_write_uint64(seed + 8, plan->first_period + i);
        if (bundle_sign_period(bundle, secret_key, seed) != 0)
            abort();
    }
    secret_free(secret_key);
    return bundle;
}

struct bundle *make_bundle(uint8_t number, const struct time_schedule *schedule, int64_t now, unsigned days)
{
    struct bundle_plan plan;
    return bundle_plan_set(&plan, schedule, now, days, NULL) == 0 ? sign_bundle(number, &plan) : NULL;
}

struct bundle *make_small_bundle(uint8_t number, const struct time_schedule *schedule, int64_t now,
                                 uint32_t hours)
{
    struct bundle_plan plan;
    /* Days enough for the first certificate not to be the last one. */
    if (bundle_plan_set(&plan, schedule, now, 4, NULL) != 0)
        return NULL;
    plan.last_expiration_hour = bundle_plan_first_expiration_hour(&plan) + hours - 1;
    plan.period_count = 1;
    plan.certificate_count = hours;
    return sign_bundle(number, &plan);
}

uint8_t *encode_bundle(struct bundle *bundle, size_t *length)
{
    uint8_t *bytes = bundle_encode(bundle);
    *length = bundle_size(&bundle->plan);
    bundle_free(bundle);
    return bytes;
}

void correct_checksum(uint8_t *bytes, size_t length)
{
    size_t covered = length - BUNDLE_CHECKSUM_SIZE;
    hash_sha3_256(bytes + covered, &(struct span){bytes, covered}, 1);
}
