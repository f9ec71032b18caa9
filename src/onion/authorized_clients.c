/* The clients that may read a restricted service's descriptors, as a value: a set of their public keys. */
#include "onion/authorized_clients.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"

int authorized_clients_check_key(const uint8_t key[X25519_PUBLIC_KEY_SIZE], struct error *error)
{
    if (sodium_is_zero(key, X25519_PUBLIC_KEY_SIZE))
        return error_set(error, "is all zeros: no client has this key, and the cookie would be everybody's");
    if (!x25519_public_key_is_valid(key))
        return error_set(
            error, "is no X25519 public key (not on the curve, or of low order): no client can have the "
                   "private key to it, so check it for a typing mistake");
    return 0;
}

static int compare_keys(const void *one, const void *other)
{
    return memcmp(one, other, X25519_PUBLIC_KEY_SIZE);
}

static int check_keys(const uint8_t (*keys)[X25519_PUBLIC_KEY_SIZE], size_t count, struct error *error)
{
    if (count == 0 || count > AUTHORIZED_CLIENTS_MAX)
        return error_set(error, "there can't be %zu authorised clients: 1 to %d are possible", count,
                         AUTHORIZED_CLIENTS_MAX);
    for (size_t i = 0; i < count; i++) {
        if (authorized_clients_check_key(keys[i], error) != 0)
            return error_add_context(error, "the key of authorised client %zu", i + 1);
    }
    return 0;
}

struct authorized_clients *authorized_clients_new(const uint8_t (*keys)[X25519_PUBLIC_KEY_SIZE], size_t count,
                                                  struct error *error)
{
    if (check_keys(keys, count, error) != 0)
        return NULL;
    struct authorized_clients *clients = memory_allocate(1, sizeof(*clients) + count * sizeof(*keys));
    clients->holders = 1;
    clients->count = count;
    memcpy(clients->keys, keys, count * sizeof(*keys));
    qsort(clients->keys, count, sizeof(*clients->keys), compare_keys);
    for (size_t i = 1; i < count; i++) {
        if (compare_keys(clients->keys[i - 1], clients->keys[i]) == 0) {
            error_set(error, "two authorised clients have the same key");
            authorized_clients_release(clients);
            return NULL;
        }
    }
    hash_sha3_256(clients->digest, &(struct span){clients->keys, count * sizeof(*keys)}, 1);
    return clients;
}

struct authorized_clients *authorized_clients_share(struct authorized_clients *clients)
{
    if (clients != NULL)
        clients->holders++;
    return clients;
}

void authorized_clients_release(struct authorized_clients *clients)
{
    if (clients != NULL && --clients->holders == 0)
        free(clients);
}

bool authorized_clients_equal(const struct authorized_clients *one, const struct authorized_clients *other)
{
    if (one == NULL || other == NULL)
        return one == other;
    return memcmp(one->digest, other->digest, sizeof(one->digest)) == 0;
}

bool authorized_clients_exceed(const struct authorized_clients *one, const struct authorized_clients *other)
{
    if (one == NULL || other == NULL)
        return one == NULL && other != NULL;
    for (size_t i = 0; i < one->count; i++) {
        if (bsearch(one->keys[i], other->keys, other->count, sizeof(*other->keys), compare_keys) == NULL)
            return true;
    }
    return false;
}
