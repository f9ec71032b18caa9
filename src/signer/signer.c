/* The one holder of master keys: it certifies descriptor signing keys and makes revision counters, nothing
 * else. */
#include "signer/signer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "crypto/revision_counter.h"

/* Both descriptors of a frontend have a period each; a third one lets the next one come before the oldest
 * goes. */
#define PERIODS_KEPT 3

/* What one time period needs, so that it is derived once and not for every upload. */
struct period_keys {
    bool is_set;
    uint64_t number;
    uint32_t length;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
};

/* What of it is secret. */
struct period_secrets {
    struct ed25519_secret_key blinded_secret_key; /* unused when there is a bundle */
    struct revision_counter revision_counter;
};

/* All secrets of a frontend: together they fill a page of secret memory, where each alone would take one. */
struct frontend_secrets {
    struct ed25519_secret_key secret_key; /* unused when there is a bundle */
    struct period_secrets periods[PERIODS_KEPT];
};

struct signer_frontend {
    struct frontend_secrets *secrets; /* secret memory; NULL for a row that is free */
    struct bundle *bundle;            /* NULL when there is a key */
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct period_keys periods[PERIODS_KEPT];
    size_t next_period;
};

struct signer {
    struct signer_frontend *frontends;
    size_t frontend_count;
};

struct signer *signer_new(void)
{
    return memory_allocate(1, sizeof(struct signer));
}

bool signer_has_frontend(const struct signer *signer, size_t frontend)
{
    return frontend < signer->frontend_count && signer->frontends[frontend].secrets != NULL;
}

bool signer_is_presigned(const struct signer *signer, size_t frontend)
{
    return signer_has_frontend(signer, frontend) && signer->frontends[frontend].bundle != NULL;
}

bool signer_is_locked(const struct signer *signer, size_t number)
{
    const struct signer_frontend *frontend = &signer->frontends[number];
    return secret_is_locked(frontend->secrets, sizeof(*frontend->secrets)) &&
           (frontend->bundle == NULL || bundle_is_locked(frontend->bundle));
}

size_t signer_frontend_count(const struct signer *signer)
{
    size_t count = 0;
    for (size_t i = 0; i < signer->frontend_count; i++)
        count += signer_has_frontend(signer, i);
    return count;
}

void signer_remove_frontend(struct signer *signer, size_t number)
{
    struct signer_frontend *frontend = &signer->frontends[number];
    secret_free(frontend->secrets);
    bundle_free(frontend->bundle);
    memset(frontend, 0, sizeof(*frontend));
}

void signer_free(struct signer *signer)
{
    if (signer == NULL)
        return;
    for (size_t i = 0; i < signer->frontend_count; i++)
        signer_remove_frontend(signer, i);
    free(signer->frontends);
    free(signer);
}

/* Takes a row for a frontend: the first that is free. */
static size_t take_row(struct signer *signer, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    size_t number = 0;
    while (number < signer->frontend_count && signer_has_frontend(signer, number))
        number++;
    signer->frontends =
        memory_extend(signer->frontends, &signer->frontend_count, number + 1, sizeof(*signer->frontends));
    struct signer_frontend *frontend = &signer->frontends[number];
    frontend->secrets = secret_allocate(sizeof(*frontend->secrets));
    memcpy(frontend->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    return number;
}

size_t signer_add_frontend(struct signer *signer, struct ed25519_secret_key *secret_key,
                           const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    size_t number = take_row(signer, identity_key);
    signer->frontends[number].secrets->secret_key = *secret_key;
    secret_free(secret_key);
    return number;
}

size_t signer_add_bundle(struct signer *signer, struct bundle *bundle)
{
    size_t number = take_row(signer, bundle->identity_key);
    signer->frontends[number].bundle = bundle;
    return number;
}

/* The period in the frontend's bundle; NULL when it is not there, or there is no bundle. */
static const struct bundle_period *find_presigned(const struct signer_frontend *frontend,
                                                  const struct signer_period *period)
{
    if (frontend->bundle == NULL || period->length != frontend->bundle->plan.schedule.period_length)
        return NULL;
    return bundle_find_period(frontend->bundle, period->number);
}

/* Derives what a period needs from the master key. counter_key is for the revision counters. */
static void derive_keys(struct period_keys *keys, struct period_secrets *secrets,
                        const struct signer_frontend *frontend,
                        uint8_t counter_key[REVISION_COUNTER_KEY_SIZE])
{
    struct ed25519_secret_key *blinded_secret_key = &secrets->blinded_secret_key;
    blinding_derive_secret_key(blinded_secret_key, &frontend->secrets->secret_key, frontend->identity_key,
                               keys->number, keys->length);
    ed25519_derive_public_key(keys->blinded_key, blinded_secret_key);
    revision_counter_derive_key(counter_key, blinded_secret_key);
}

/* Finds the keys of a period and their secrets, or derives them in the place of the oldest ones. Returns NULL
 * when they would have to be in a bundle and are not. */
static struct period_keys *period_keys_find(struct signer_frontend *frontend,
                                            const struct signer_period *period,
                                            struct period_secrets **secrets)
{
    for (size_t i = 0; i < PERIODS_KEPT; i++) {
        struct period_keys *keys = &frontend->periods[i];
        *secrets = &frontend->secrets->periods[i];
        if (keys->is_set && keys->number == period->number && keys->length == period->length)
            return keys;
    }
    const struct bundle_period *presigned = find_presigned(frontend, period);
    if (frontend->bundle != NULL && presigned == NULL)
        return NULL;
    struct period_keys *keys = &frontend->periods[frontend->next_period];
    *secrets = &frontend->secrets->periods[frontend->next_period];
    frontend->next_period = (frontend->next_period + 1) % PERIODS_KEPT;
    keys->is_set = true;
    keys->number = period->number;
    keys->length = period->length;
    uint8_t counter_key[REVISION_COUNTER_KEY_SIZE];
    if (presigned != NULL)
        memcpy(counter_key, bundle_get_secrets(frontend->bundle, presigned)->counter_key,
               sizeof(counter_key));
    else
        derive_keys(keys, *secrets, frontend, counter_key);
    revision_counter_set_key(&(*secrets)->revision_counter, counter_key);
    secret_wipe(counter_key, sizeof(counter_key));
    return keys;
}

static struct signer_frontend *find_frontend(struct signer *signer, const struct signer_period *period,
                                             struct error *error)
{
    if (signer_has_frontend(signer, period->frontend))
        return &signer->frontends[period->frontend];
    error_set(error, "the signer has no frontend %zu", period->frontend);
    return NULL;
}

uint32_t signer_expiration_hour(int64_t wall_now)
{
    return (uint32_t)((wall_now + 3599) / 3600 + CERTIFICATE_LIFETIME_HOURS);
}

/* Whoever takes the engine over shall get no certificate that outlives tor's own. */
static int check_expiration(uint32_t expiration_hour, int64_t wall_now, struct error *error)
{
    if (expiration_hour > signer_expiration_hour(wall_now))
        return error_set(error, "a certificate was asked for that would live for more than %d hours",
                         CERTIFICATE_LIFETIME_HOURS);
    return 0;
}

int signer_certify(struct signer *signer, const struct signer_period *period,
                   const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], uint32_t expiration_hour,
                   int64_t wall_now, uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                   uint8_t certificate[CERTIFICATE_SIZE], struct error *error)
{
    struct signer_frontend *frontend = find_frontend(signer, period, error);
    if (frontend == NULL || check_expiration(expiration_hour, wall_now, error) != 0)
        return -1;
    if (frontend->bundle != NULL)
        return error_set(error, "frontend %zu has a bundle and no key", period->frontend);
    struct period_secrets *secrets;
    struct period_keys *keys = period_keys_find(frontend, period, &secrets);
    struct certificate request = {
        .type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
        .expiration_hour = expiration_hour,
    };
    memcpy(request.certified_key, signing_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(request.signing_key, keys->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    if (certificate_make(certificate, &request, &secrets->blinded_secret_key) != 0)
        return error_set(error, "the blinded key of frontend %zu must not sign", period->frontend);
    memcpy(blinded_key, keys->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

int signer_certify_presigned(struct signer *signer, const struct signer_period *period,
                             uint32_t expiration_hour, int64_t wall_now,
                             uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                             uint8_t certificate[CERTIFICATE_SIZE], uint8_t signing_seed[ED25519_SEED_SIZE],
                             struct error *error)
{
    const struct signer_frontend *frontend = find_frontend(signer, period, error);
    if (frontend == NULL || check_expiration(expiration_hour, wall_now, error) != 0)
        return -1;
    const struct bundle *bundle = frontend->bundle;
    const struct bundle_period *presigned = find_presigned(frontend, period);
    if (presigned == NULL || bundle_find_certificate(bundle, presigned, expiration_hour, certificate) != 0 ||
        bundle_check_certificate(presigned, certificate) != 0)
        return 1;
    memcpy(blinded_key, presigned->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(signing_seed, bundle_get_secrets(bundle, presigned)->signing_seed, ED25519_SEED_SIZE);
    return 0;
}

int signer_count(struct signer *signer, const struct signer_period *period, int64_t seconds,
                 uint64_t *counter, struct error *error)
{
    struct signer_frontend *frontend = find_frontend(signer, period, error);
    if (frontend == NULL)
        return -1;
    struct period_secrets *secrets;
    if (period_keys_find(frontend, period, &secrets) == NULL)
        return 1;
    if (revision_counter_encrypt(&secrets->revision_counter, seconds, counter) != 0)
        return error_set(error, "no revision counter for second %" PRId64 " of a shared-random run", seconds);
    return 0;
}
