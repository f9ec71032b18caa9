/* The keys that a frontend's descriptors are made with, and the descriptors made with them. */
#include "engine/keyring.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "crypto/revision_counter.h"

static void keyring_keys_clear(struct keyring_keys *keys)
{
    free(keys->inner);
    point_signatures_clear(&keys->signatures);
    descriptor_authorization_free(keys->authorization);
    secret_wipe(keys, sizeof(*keys));
}

void keyring_clear(struct keyring *keyring)
{
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++)
        keyring_keys_clear(&keyring->keys[i]);
    secret_free(keyring->secret_keys);
    keyring->secret_keys = NULL;
}

void keyring_rest(struct keyring *keyring)
{
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        free(keyring->keys[i].inner);
        keyring->keys[i].inner = NULL;
    }
}

/* What is kept for a time period; the salts are drawn anew for each build. */
static void draw_randomness(struct superdescriptor_randomness *randomness)
{
    uint8_t ephemeral_secret[32];
    randombytes_buf(randomness, sizeof(*randomness));
    randombytes_buf(ephemeral_secret, sizeof(ephemeral_secret));
    superdescriptor_make_ephemeral_key(randomness->ephemeral_key, ephemeral_secret);
    secret_wipe(ephemeral_secret, sizeof(ephemeral_secret));
}

/* Remembers the signing key that another one is about to replace. */
static void keep_signing_key(struct keyring_keys *keys)
{
    struct keyring_history *history = &keys->history;
    if (sodium_is_zero(keys->signing_key, sizeof(keys->signing_key)))
        return; /* there is none yet */
    memcpy(history->old_keys[history->old_key_next], keys->signing_key, ED25519_PUBLIC_KEY_SIZE);
    history->old_key_next = (history->old_key_next + 1) % KEYRING_OLD_KEYS_MAX;
    if (history->old_key_count < KEYRING_OLD_KEYS_MAX)
        history->old_key_count++;
}

/* Remembers when the last revision counter was first used. */
static void keep_counter(struct keyring_keys *keys, int64_t now)
{
    struct keyring_history *history = &keys->history;
    history->counters[history->counter_next].counter = keys->revision_counter;
    history->counters[history->counter_next].made_at = now;
    history->counter_next = (history->counter_next + 1) % KEYRING_COUNTERS_MAX;
    if (history->counter_count < KEYRING_COUNTERS_MAX)
        history->counter_count++;
}

/* Draws a descriptor signing key, which has no certificate yet. */
static void draw_signing_key(struct keyring_keys *keys)
{
    uint8_t seed[ED25519_SEED_SIZE];
    keep_signing_key(keys);
    randombytes_buf(seed, sizeof(seed));
    ed25519_expand_seed(keys->signing_secret_key, seed);
    secret_wipe(seed, sizeof(seed));
    ed25519_derive_public_key(keys->signing_key, keys->signing_secret_key);
    keys->certificate_hour = 0;
    free(keys->inner); /* its certificates are signed with the other key */
    keys->inner = NULL;
}

/* The keys of a time period; new ones take the place of the older period's. */
static struct keyring_keys *find_keys(struct keyring *keyring, uint64_t period_number)
{
    struct keyring_keys *oldest = &keyring->keys[0];
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        struct keyring_keys *keys = &keyring->keys[i];
        if (keys->is_set && keys->period_number == period_number)
            return keys;
        if (!keys->is_set || (oldest->is_set && keys->period_number < oldest->period_number))
            oldest = keys;
    }
    if (keyring->secret_keys == NULL)
        keyring->secret_keys = secret_allocate(DESCRIPTOR_SLOTS * sizeof(*keyring->secret_keys));
    keyring_keys_clear(oldest);
    oldest->is_set = true;
    oldest->period_number = period_number;
    oldest->signing_secret_key = &keyring->secret_keys[oldest - keyring->keys];
    draw_signing_key(oldest);
    draw_randomness(&oldest->randomness);
    return oldest;
}

static void draw_salts(struct superdescriptor_randomness *randomness)
{
    randombytes_buf(randomness->superencrypted_salt, sizeof(randomness->superencrypted_salt));
    randombytes_buf(randomness->encrypted_salt, sizeof(randomness->encrypted_salt));
}

/* What the next revision counter is made from: more than the last one, also when the clock was set back. */
static int64_t next_seconds(int64_t wanted, const struct keyring_keys *keys)
{
    int64_t seconds = wanted > keys->last_seconds ? wanted : keys->last_seconds + 1;
    return seconds < REVISION_COUNTER_SECONDS_MAX ? seconds : REVISION_COUNTER_SECONDS_MAX;
}

void keyring_renew(struct keyring *keyring)
{
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        if (keyring->keys[i].is_set)
            draw_signing_key(&keyring->keys[i]);
    }
}

uint64_t keyring_counter(const struct keyring *keyring, uint64_t period_number)
{
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        if (keyring->keys[i].is_set && keyring->keys[i].period_number == period_number)
            return keyring->keys[i].revision_counter;
    }
    return 0;
}

const uint8_t *keyring_cookie(const struct keyring *keyring, uint64_t period_number)
{
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        const struct keyring_keys *keys = &keyring->keys[i];
        if (keys->is_set && keys->period_number == period_number && keys->authorization != NULL)
            return keys->authorization->cookie;
    }
    return NULL;
}

static bool has_signing_key(const struct keyring_keys *keys,
                            const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE])
{
    if (memcmp(keys->signing_key, signing_key, ED25519_PUBLIC_KEY_SIZE) == 0)
        return true;
    for (size_t i = 0; i < keys->history.old_key_count; i++) {
        if (memcmp(keys->history.old_keys[i], signing_key, ED25519_PUBLIC_KEY_SIZE) == 0)
            return true;
    }
    return false;
}

/* When a counter was used; MOMENT_NONE when it was not, or is forgotten. */
static int64_t find_made_at(const struct keyring_history *history, uint64_t counter)
{
    for (size_t i = 0; i < history->counter_count; i++) {
        if (history->counters[i].counter == counter)
            return history->counters[i].made_at;
    }
    return MOMENT_NONE;
}

bool keyring_has_made(const struct keyring *keyring, const struct descriptor *descriptor, int64_t *made_at)
{
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        const struct keyring_keys *keys = &keyring->keys[i];
        if (!keys->is_set || keys->period_number != descriptor->period_number ||
            !has_signing_key(keys, descriptor->signing_key))
            continue;
        *made_at = find_made_at(&keys->history, descriptor->revision_counter);
        bool is_forgotten = keys->history.counter_count == KEYRING_COUNTERS_MAX &&
                            descriptor->revision_counter < keys->revision_counter;
        return *made_at != MOMENT_NONE || is_forgotten;
    }
    return false;
}

/* Takes the signing key of a frontend's bundle in the place of the one that was made here: the bundle's
 * certificates are for that one. */
static void use_presigned_key(struct keyring_keys *keys, const uint8_t seed[ED25519_SEED_SIZE])
{
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *signing_secret_key = secret_allocate(sizeof(*signing_secret_key));
    ed25519_expand_seed(signing_secret_key, seed);
    ed25519_derive_public_key(signing_key, signing_secret_key);
    if (memcmp(signing_key, keys->signing_key, sizeof(signing_key)) != 0) {
        keep_signing_key(keys);
        *keys->signing_secret_key = *signing_secret_key;
        memcpy(keys->signing_key, signing_key, sizeof(signing_key));
        free(keys->inner); /* its certificates are signed with the other key */
        keys->inner = NULL;
    }
    secret_free(signing_secret_key);
}

/* Has the signer certify the signing key, unless its certificate is as good as a new one. */
static int update_certificate(const struct keyring_request *request, const struct signer_period *period,
                              struct keyring_keys *keys, struct error *error)
{
    uint32_t hour = signer_expiration_hour(request->wall_now);
    if (keys->certificate_hour == hour)
        return 0;
    struct signer_answer answer;
    if (signer_client_certify(request->signer, period, keys->signing_key, hour, &answer, error) != 0)
        return -1;
    if (answer.is_presigned)
        use_presigned_key(keys, answer.signing_seed);
    memcpy(keys->blinded_key, answer.blinded_key, sizeof(keys->blinded_key));
    memcpy(keys->certificate, answer.certificate, sizeof(keys->certificate));
    secret_wipe(&answer, sizeof(answer));
    keys->certificate_hour = hour;
    return 0;
}

static void set_points(struct superdescriptor *superdescriptor, const struct point_set *set, int64_t wall_now)
{
    superdescriptor->is_single_onion_service = set->features.is_single_onion_service;
    superdescriptor->flow_control = set->features.flow_control;
    superdescriptor->pow_params = set->features.pow_params;
    if (set->features.pow_lifetime > 0) {
        int64_t end = wall_now + set->features.pow_lifetime / 1000;
        if (superdescriptor->pow_params.expires_at > end)
            superdescriptor->pow_params.expires_at = end;
    }
    superdescriptor->point_count = set->count;
    for (size_t i = 0; i < set->count; i++)
        superdescriptor->points[i] = &set->entries[i].point;
}

/* Makes the innermost layer, unless it is the same as the last one. */
static int update_inner(const struct keyring_request *request, struct keyring_keys *keys,
                        struct superdescriptor *superdescriptor, struct error *error)
{
    const struct point_set *set = request->set;
    superdescriptor->expiration_hour = introduction_point_expiration_hour(request->wall_now);
    bool is_same = memcmp(keys->inner_set, set->digest, sizeof(keys->inner_set)) == 0 &&
                   set->features.pow_lifetime == 0; /* else it depends on the moment */
    if (keys->inner != NULL && is_same && keys->inner_hour == superdescriptor->expiration_hour)
        return 0;
    free(keys->inner);
    keys->inner = NULL;
    set_points(superdescriptor, set, request->wall_now);
    if (keys->signatures_round != request->round)
        point_signatures_drop_unused(&keys->signatures);
    keys->signatures_round = request->round;
    if (superdescriptor_encode_inner(superdescriptor, &keys->signatures, &keys->inner, &keys->inner_length,
                                     error) != 0)
        return -1;
    memcpy(keys->inner_set, set->digest, sizeof(keys->inner_set));
    keys->inner_hour = superdescriptor->expiration_hour;
    return 0;
}

/* Makes what the clients are given, unless it is there; nothing for everybody. */
static void update_authorization(const struct keyring_request *request, struct keyring_keys *keys)
{
    const struct authorized_clients *clients = request->set->features.clients;
    if (clients != NULL && descriptor_authorization_is_for(keys->authorization, clients, keys->blinded_key))
        return;
    descriptor_authorization_free(keys->authorization);
    keys->authorization = NULL;
    if (clients == NULL)
        return;
    uint8_t *seed = secret_allocate(DESCRIPTOR_AUTHORIZATION_SEED_SIZE);
    randombytes_buf(seed, DESCRIPTOR_AUTHORIZATION_SEED_SIZE);
    keys->authorization =
        descriptor_authorization_new(clients, request->identity_key, keys->blinded_key, seed);
    secret_free(seed);
}

/* Makes the first counter above another publisher's from a later second, where *counter is not above that.
 * The counters grow by a random amount with each second, so it is searched by halves. No second too far ahead
 * is taken: then *seconds and *counter stay as they are. Returns 0 or -1. */
static int overtake(const struct keyring_request *request, const struct signer_period *period, int64_t clock,
                    int64_t *seconds, uint64_t *counter, struct error *error)
{
    int64_t low = *seconds, high = clock + request->lead_longest + KEYRING_AHEAD_MAX;
    uint64_t found = 0;
    if (high > REVISION_COUNTER_SECONDS_MAX)
        high = REVISION_COUNTER_SECONDS_MAX;
    if (request->above < *counter || high <= low)
        return 0;
    if (signer_client_count(request->signer, period, high, &found, error) != 0)
        return -1;
    if (found <= request->above)
        return 0;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        uint64_t between = 0;
        if (signer_client_count(request->signer, period, middle, &between, error) != 0)
            return -1;
        bool is_above = between > request->above;
        low = is_above ? low : middle;
        high = is_above ? middle : high;
        found = is_above ? between : found;
    }
    *seconds = high;
    *counter = found;
    return 0;
}

static int update_counter(const struct keyring_request *request, const struct signer_period *period,
                          struct keyring_keys *keys, bool *is_clock_back, struct error *error)
{
    if (keys->round == request->round && keys->revision_counter != 0)
        return 0;
    int64_t clock = network_revision_seconds(request->network, request->slot, request->wall_now);
    int64_t seconds = next_seconds(clock + request->lead, keys);
    uint64_t counter = 0;
    if (signer_client_count(request->signer, period, seconds, &counter, error) != 0 ||
        overtake(request, period, clock, &seconds, &counter, error) != 0)
        return -1;
    *is_clock_back = clock < keys->clock_seconds - 1;
    if (clock > keys->clock_seconds)
        keys->clock_seconds = clock;
    keys->revision_counter = counter;
    keys->last_seconds = seconds;
    keys->round = request->round;
    keep_counter(keys, request->now);
    return 0;
}

int keyring_make_descriptor(struct keyring *keyring, const struct keyring_request *request,
                            struct command_data **built, bool *is_clock_back, struct error *error)
{
    const struct network *network = request->network;
    const struct signer_period period = {
        .frontend = request->signer_frontend,
        .number = network->period_number[request->slot],
        .length = network->schedule.period_length,
    };
    struct keyring_keys *keys = find_keys(keyring, period.number);
    draw_salts(&keys->randomness);
    if (update_certificate(request, &period, keys, error) != 0)
        return -1;
    struct superdescriptor superdescriptor = {.signing_secret_key = keys->signing_secret_key};
    memcpy(superdescriptor.identity_key, request->identity_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(superdescriptor.signing_key, keys->signing_key, ED25519_PUBLIC_KEY_SIZE);
    if (update_inner(request, keys, &superdescriptor, error) != 0 ||
        update_counter(request, &period, keys, is_clock_back, error) != 0)
        return -1;
    memcpy(superdescriptor.blinded_key, keys->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(superdescriptor.signing_certificate, keys->certificate, CERTIFICATE_SIZE);
    superdescriptor.revision_counter = keys->revision_counter;
    superdescriptor.middle_length = request->set->features.middle_length;
    update_authorization(request, keys);
    superdescriptor.authorization = keys->authorization;
    char *text = NULL;
    size_t length = 0;
    if (superdescriptor_encode_around(&superdescriptor, keys->inner, keys->inner_length, &keys->randomness,
                                      network->descriptor_size_max, &text, &length, error) != 0)
        return -1;
    *built = command_data_new(text, length);
    free(text);
    return 0;
}
