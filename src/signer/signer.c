/* The one holder of master keys: it certifies descriptor signing keys and makes revision counters, nothing
 * else. */
#include "signer/signer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "obpub/crypto/blinding.h"
#include "obpub/crypto/revision_counter.h"
#include "obpub/memory.h"

/* Both descriptors of a frontend have a period each; a third place lets the next one come before the oldest
 * goes. */
#define PERIODS_KEPT 3

/* What one time period needs, so that it is derived once and not for every upload. */
struct period_keys {
    bool is_set;
    uint64_t number;
    uint32_t length;
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *blinded_secret_key; /* secret memory */
    struct revision_counter *revision_counter;
};

struct signer_frontend {
    struct ed25519_secret_key *secret_key; /* secret memory */
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct period_keys periods[PERIODS_KEPT];
    size_t next_place;
};

struct signer {
    struct signer_frontend *frontends;
    size_t frontend_count;
};

struct signer *signer_new(void)
{
    return memory_allocate(1, sizeof(struct signer));
}

static void period_keys_clear(struct period_keys *keys)
{
    secret_free(keys->blinded_secret_key);
    revision_counter_free(keys->revision_counter);
    memset(keys, 0, sizeof(*keys));
}

bool signer_has_frontend(const struct signer *signer, size_t frontend)
{
    return frontend < signer->frontend_count && signer->frontends[frontend].secret_key != NULL;
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
    for (size_t place = 0; place < PERIODS_KEPT; place++)
        period_keys_clear(&frontend->periods[place]);
    secret_free(frontend->secret_key);
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

size_t signer_add_frontend(struct signer *signer, struct ed25519_secret_key *secret_key,
                           const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    size_t number = 0;
    while (number < signer->frontend_count && signer->frontends[number].secret_key != NULL)
        number++;
    if (number == signer->frontend_count)
        signer->frontends =
            memory_resize(signer->frontends, ++signer->frontend_count, sizeof(*signer->frontends));
    struct signer_frontend *frontend = &signer->frontends[number];
    memset(frontend, 0, sizeof(*frontend));
    frontend->secret_key = secret_key;
    memcpy(frontend->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    return number;
}

/* Finds the keys of a period, or derives them in the place of the oldest ones. */
static struct period_keys *period_keys_find(struct signer_frontend *frontend,
                                            const struct signer_period *period)
{
    for (size_t place = 0; place < PERIODS_KEPT; place++) {
        struct period_keys *keys = &frontend->periods[place];
        if (keys->is_set && keys->number == period->number && keys->length == period->length)
            return keys;
    }
    struct period_keys *keys = &frontend->periods[frontend->next_place];
    frontend->next_place = (frontend->next_place + 1) % PERIODS_KEPT;
    period_keys_clear(keys);
    keys->is_set = true;
    keys->number = period->number;
    keys->length = period->length;
    keys->blinded_secret_key = secret_allocate(sizeof(*keys->blinded_secret_key));
    blinding_derive_secret_key(keys->blinded_secret_key, frontend->secret_key, frontend->identity_key,
                               period->number, period->length);
    ed25519_derive_public_key(keys->blinded_key, keys->blinded_secret_key);
    uint8_t counter_key[REVISION_COUNTER_KEY_SIZE];
    revision_counter_derive_key(counter_key, keys->blinded_secret_key);
    keys->revision_counter = revision_counter_new(counter_key);
    secret_wipe(counter_key, sizeof(counter_key));
    return keys;
}

static struct period_keys *signer_find_keys(struct signer *signer, const struct signer_period *period,
                                            struct error *error)
{
    if (!signer_has_frontend(signer, period->frontend)) {
        error_set(error, "the signer has no frontend %zu", period->frontend);
        return NULL;
    }
    return period_keys_find(&signer->frontends[period->frontend], period);
}

uint32_t signer_expiration_hour(int64_t now)
{
    return (uint32_t)((now + 3599) / 3600 + CERTIFICATE_LIFETIME_HOURS);
}

int signer_certify(struct signer *signer, const struct signer_period *period,
                   const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], uint32_t expiration_hour, int64_t now,
                   uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], uint8_t certificate[CERTIFICATE_SIZE],
                   struct error *error)
{
    if (expiration_hour > signer_expiration_hour(now))
        return error_set(error, "a certificate was asked for that would live for more than %d hours",
                         CERTIFICATE_LIFETIME_HOURS);
    struct period_keys *keys = signer_find_keys(signer, period, error);
    if (keys == NULL)
        return -1;
    struct certificate request = {
        .type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
        .expiration_hour = expiration_hour,
    };
    memcpy(request.certified_key, signing_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(request.signing_key, keys->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    if (certificate_make(certificate, &request, keys->blinded_secret_key) != 0)
        return error_set(error, "the blinded key of frontend %zu must not sign", period->frontend);
    memcpy(blinded_key, keys->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

int signer_count(struct signer *signer, const struct signer_period *period, int64_t seconds,
                 uint64_t *counter, struct error *error)
{
    struct period_keys *keys = signer_find_keys(signer, period, error);
    if (keys == NULL)
        return -1;
    if (revision_counter_encrypt(keys->revision_counter, seconds, counter) != 0)
        return error_set(error, "no revision counter for second %" PRId64 " of a shared-random run", seconds);
    return 0;
}
