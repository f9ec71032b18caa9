/* Builds a frontend's superdescriptor and hands it to the local tor (HSPOST). */
#include "engine/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "obpub/memory.h"
#include "obpub/onion/onion_address.h"

static void upload_keys_clear(struct upload_keys *keys)
{
    secret_free(keys->signing_secret_key);
    secret_wipe(keys, sizeof(*keys));
}

void upload_keyring_clear(struct upload_keyring *keyring)
{
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++)
        upload_keys_clear(&keyring->keys[i]);
}

/* The keys of a time period; new ones take the place of the older period's. */
static struct upload_keys *find_keys(struct upload_keyring *keyring, uint64_t period_number)
{
    struct upload_keys *oldest = &keyring->keys[0];
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        struct upload_keys *keys = &keyring->keys[i];
        if (keys->is_set && keys->period_number == period_number)
            return keys;
        if (!keys->is_set || (oldest->is_set && keys->period_number < oldest->period_number))
            oldest = keys;
    }
    upload_keys_clear(oldest);
    oldest->is_set = true;
    oldest->period_number = period_number;
    oldest->signing_secret_key = secret_allocate(sizeof(*oldest->signing_secret_key));
    uint8_t seed[ED25519_SEED_SIZE];
    randombytes_buf(seed, sizeof(seed));
    ed25519_expand_seed(oldest->signing_secret_key, seed);
    secret_wipe(seed, sizeof(seed));
    ed25519_derive_public_key(oldest->signing_key, oldest->signing_secret_key);
    randombytes_buf(&oldest->randomness, sizeof(oldest->randomness));
    return oldest;
}

static void draw_salts(struct superdescriptor_randomness *randomness)
{
    randombytes_buf(randomness->superencrypted_salt, sizeof(randomness->superencrypted_salt));
    randombytes_buf(randomness->encrypted_salt, sizeof(randomness->encrypted_salt));
}

int upload_build(const struct upload_request *request, char **text, size_t *length, struct error *error)
{
    const struct publisher *publisher = request->publisher;
    const struct network *network = publisher->network;
    const struct publisher_action *action = request->action;
    const struct publisher_frontend *frontend = &publisher->frontends[action->frontend];
    const struct signer_period period = {
        .frontend = action->frontend,
        .number = frontend->descriptors[action->slot].period_number,
        .length = network->schedule.period_length,
    };
    struct upload_keys *keys = find_keys(request->keyring, period.number);
    draw_salts(&keys->randomness);

    struct superdescriptor superdescriptor = {
        .signing_secret_key = keys->signing_secret_key,
        .expiration_hour = introduction_point_expiration_hour(request->now),
    };
    memcpy(superdescriptor.identity_key, frontend->identity_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(superdescriptor.signing_key, keys->signing_key, ED25519_PUBLIC_KEY_SIZE);
    publisher_choose_points(publisher, action->frontend, &superdescriptor);
    int64_t seconds = network_revision_seconds(network, action->slot, request->now);
    if (signer_certify(request->signer, &period, keys->signing_key, signer_expiration_hour(request->now),
                       request->now, superdescriptor.blinded_key, superdescriptor.signing_certificate,
                       error) != 0 ||
        signer_count(request->signer, &period, seconds, &superdescriptor.revision_counter, error) != 0)
        return -1;
    return superdescriptor_encode(&superdescriptor, &keys->randomness, network->descriptor_size_max, text,
                                  length, error);
}

void upload_post(struct control_connection *connection, const struct publisher_action *action,
                 const char *address, const char *text, size_t length, control_reply_callback callback,
                 void *context)
{
    char hex[2 * RELAY_FINGERPRINT_SIZE + 1];
    sodium_bin2hex(hex, sizeof(hex), action->fingerprints[0], RELAY_FINGERPRINT_SIZE);
    char command[sizeof("+HSPOST SERVER= HSADDRESS=") + sizeof(hex) + ONION_ADDRESS_LENGTH];
    snprintf(command, sizeof(command), "+HSPOST SERVER=%s HSADDRESS=%s", hex, address);
    control_connection_send(connection, command, text, length, callback, context);
}
