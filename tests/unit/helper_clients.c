/* Authorised clients made for tests. */
#include "helper_clients.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

void client_make_keys(uint8_t secret_key[X25519_SECRET_KEY_SIZE], uint8_t public_key[X25519_PUBLIC_KEY_SIZE],
                      size_t number)
{
    memset(secret_key, 0x5a, X25519_SECRET_KEY_SIZE);
    secret_key[1] = (uint8_t)(number >> 8);
    secret_key[2] = (uint8_t)number;
    x25519_derive_public_key(public_key, secret_key);
}

struct authorized_clients *clients_make(size_t first, size_t count)
{
    uint8_t secret_key[X25519_SECRET_KEY_SIZE];
    uint8_t(*keys)[X25519_PUBLIC_KEY_SIZE] = memory_allocate(count, sizeof(*keys));
    struct error error;
    for (size_t i = 0; i < count; i++)
        client_make_keys(secret_key, keys[i], first + i);
    struct authorized_clients *clients = authorized_clients_new(keys, count, &error);
    assert_non_null(clients);
    free(keys);
    return clients;
}
