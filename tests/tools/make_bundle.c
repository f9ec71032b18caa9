/* Makes a bundle as "obpub presign" would at another time: make_bundle SEED NOW DAYS MINUTES INTERVAL FILE.
 * SEED is the master key's, in hexadecimal, NOW in seconds since the epoch. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "base/memory.h"
#include "onion/bundle.h"

static struct bundle *make_bundle(const struct bundle_plan *plan, const uint8_t seed[ED25519_SEED_SIZE])
{
    struct ed25519_secret_key secret_key;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], signing_seed[ED25519_SEED_SIZE];
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(identity_key, &secret_key);
    struct bundle *bundle = bundle_new(plan, identity_key);
    while (!bundle_is_whole(bundle)) {
        randombytes_buf(signing_seed, sizeof(signing_seed));
        if (bundle_sign_period(bundle, &secret_key, signing_seed) != 0)
            abort();
    }
    return bundle;
}

int main(int count, char **arguments)
{
    struct error error;
    struct bundle_plan plan;
    uint8_t seed[ED25519_SEED_SIZE];
    if (count != 7 || sodium_init() < 0 ||
        sodium_hex2bin(seed, sizeof(seed), arguments[1], strlen(arguments[1]), NULL, NULL, NULL) != 0) {
        fprintf(stderr, "usage: make_bundle SEED NOW DAYS MINUTES INTERVAL FILE\n");
        return 1;
    }
    const struct time_schedule schedule = {
        .period_length = (uint32_t)strtoul(arguments[4], NULL, 10),
        .voting_interval = (uint32_t)strtoul(arguments[5], NULL, 10),
    };
    if (bundle_plan_set(&plan, &schedule, strtoll(arguments[2], NULL, 10),
                        (unsigned)strtoul(arguments[3], NULL, 10), &error) != 0) {
        fprintf(stderr, "make_bundle: %s\n", error.text);
        return 1;
    }
    umask(077);
    struct bundle *bundle = make_bundle(&plan, seed);
    uint8_t *bytes = bundle_encode(bundle);
    FILE *file = fopen(arguments[6], "wb");
    bool is_written = file != NULL && fwrite(bytes, 1, bundle_size(&plan), file) == bundle_size(&plan);
    is_written = file != NULL && fclose(file) == 0 && is_written;
    secret_free(bytes);
    bundle_free(bundle);
    return is_written ? 0 : 1;
}
