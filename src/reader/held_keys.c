/* The keys that the signer has, as the reader knows them: which it hands over, and which the signer is to
 * forget.
 */
#include "reader/held_keys.h"

#include <string.h>

#include "base/memory.h"
#include "process/channel.h"
#include "signer/bundle_request.h"

/* Sends the request of size bytes in keys->bytes and wipes it; the answer is about key. Returns 0, or -1
 * when the signer is gone. */
static int ask_signer(struct held_keys *keys, enum signer_key_request_type type, size_t size,
                      struct held_key *key)
{
    uint8_t answer[SIGNER_KEY_ANSWER_SIZE];
    int result = channel_send(keys->signer, keys->bytes, size);
    secret_wipe(keys->bytes, size);
    ssize_t answer_size = result == 0 ? channel_receive(keys->signer, answer, sizeof(answer)) : -1;
    if (answer_size <= 0)
        return -1;
    return signer_key_answer_parse(&key->frontend, &key->is_locked, type, answer, (size_t)answer_size);
}

static int send_secret_key(struct held_keys *keys, const struct config_frontend *config, struct held_key *key)
{
    signer_key_request_add(keys->bytes, config->secret_key, config->identity_key);
    return ask_signer(keys, SIGNER_KEY_ADD, SIGNER_KEY_REQUEST_SIZE, key);
}

static int send_bundle(struct held_keys *keys, const struct bundle *bundle, struct held_key *key)
{
    size_t size;
    for (size_t i = 0; (size = signer_bundle_request(keys->bytes, bundle, i)) > 0; i++) {
        enum signer_key_request_type type = (enum signer_key_request_type)keys->bytes[1];
        if (ask_signer(keys, type, size, key) != 0)
            return -1;
    }
    return key->frontend != SIGNER_NO_FRONTEND ? 0 : -1;
}

/* Finds what the signer has for a frontend: its key, or this very bundle, as another one would be news. */
static struct held_key *find_key(struct held_keys *keys, const struct config_frontend *config)
{
    for (size_t i = 0; i < keys->count; i++) {
        struct held_key *key = &keys->keys[i];
        if (memcmp(key->identity_key, config->identity_key, sizeof(key->identity_key)) != 0 ||
            key->is_bundle != (config->bundle != NULL))
            continue;
        if (!key->is_bundle || memcmp(key->checksum, config->bundle->checksum, sizeof(key->checksum)) == 0)
            return key;
    }
    return NULL;
}

/* Has the signer take a key or a bundle that it does not have. Returns what it has then, or NULL when it is
 * gone. */
static struct held_key *add_key(struct held_keys *keys, const struct config_frontend *config)
{
    struct held_key key = {.is_bundle = config->bundle != NULL};
    memcpy(key.identity_key, config->identity_key, sizeof(key.identity_key));
    if (key.is_bundle)
        memcpy(key.checksum, config->bundle->checksum, sizeof(key.checksum));
    int result =
        key.is_bundle ? send_bundle(keys, config->bundle, &key) : send_secret_key(keys, config, &key);
    if (result != 0)
        return NULL;
    keys->keys = memory_extend(keys->keys, &keys->count, keys->count + 1, sizeof(*keys->keys));
    struct held_key *added = &keys->keys[keys->count - 1];
    *added = key;
    return added;
}

int held_keys_hand_over(struct held_keys *keys, struct config_frontend *frontend)
{
    struct held_key *key = find_key(keys, frontend);
    if (key == NULL)
        key = add_key(keys, frontend);
    if (key == NULL)
        return -1;
    key->is_loaded = true;
    frontend->signer_frontend = key->frontend;
    secret_free(frontend->secret_key);
    frontend->secret_key = NULL;
    bundle_free(frontend->bundle);
    frontend->bundle = NULL;
    return 0;
}

int held_keys_forget_unused(struct held_keys *keys)
{
    for (size_t i = 0; i < keys->count;) {
        struct held_key *key = &keys->keys[i];
        if (key->is_kept || key->is_loaded) {
            i++;
            continue;
        }
        signer_key_request_remove(keys->bytes, key->frontend);
        if (ask_signer(keys, SIGNER_KEY_REMOVE, SIGNER_KEY_REQUEST_SIZE, key) != 0)
            return -1;
        *key = keys->keys[--keys->count];
    }
    return 0;
}

int held_keys_drop_loaded(struct held_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        keys->keys[i].is_loaded = false;
    return held_keys_forget_unused(keys);
}

int held_keys_keep_loaded(struct held_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++) {
        keys->keys[i].is_kept = keys->keys[i].is_loaded;
        keys->keys[i].is_loaded = false;
    }
    return held_keys_forget_unused(keys);
}

size_t held_keys_count_unlocked(const struct held_keys *keys)
{
    size_t count = 0;
    for (size_t i = 0; i < keys->count; i++)
        count += keys->keys[i].is_loaded && !keys->keys[i].is_locked;
    return count;
}
