/* The descriptor cookie, given to authorised clients alone (rend-spec-v3, sections 2.5.1.2 and 2.5.2.1). */
#include "crypto/descriptor_cookie.h"

#include <string.h>

#include <sodium.h>

#include "base/memory.h"

/* What the KDF makes of a client's key and the ephemeral one, in its order. */
struct client_keys {
    uint8_t client_id[AUTH_CLIENT_ID_SIZE];
    uint8_t cookie_key[AES_CTR_KEY_SIZE];
};
_Static_assert(sizeof(struct client_keys) == AUTH_CLIENT_ID_SIZE + AES_CTR_KEY_SIZE,
               "the KDF's output is cut up by this structure");

/* keys = KDF(subcredential | x25519(secret key, public key)). Returns 0, or -1 for a key of low order. */
static int derive_client_keys(struct client_keys *keys, const uint8_t subcredential[SUBCREDENTIAL_SIZE],
                              const uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                              const uint8_t public_key[X25519_PUBLIC_KEY_SIZE])
{
    uint8_t secret_seed[X25519_SHARED_SECRET_SIZE];
    int result = x25519_agree(secret_seed, secret_key, public_key);
    const struct span pieces[] = {
        {subcredential, SUBCREDENTIAL_SIZE},
        {secret_seed, sizeof(secret_seed)},
    };
    if (result == 0)
        hash_shake256((uint8_t *)keys, sizeof(*keys), pieces, sizeof(pieces) / sizeof(pieces[0]));
    secret_wipe(secret_seed, sizeof(secret_seed));
    return result;
}

int descriptor_cookie_seal(struct auth_client *line, const uint8_t subcredential[SUBCREDENTIAL_SIZE],
                           const uint8_t client_key[X25519_PUBLIC_KEY_SIZE],
                           const uint8_t ephemeral_secret_key[X25519_SECRET_KEY_SIZE],
                           const uint8_t cookie[DESCRIPTOR_COOKIE_SIZE])
{
    struct client_keys keys;
    if (derive_client_keys(&keys, subcredential, ephemeral_secret_key, client_key) != 0)
        return -1;
    memcpy(line->client_id, keys.client_id, sizeof(line->client_id));
    aes_ctr_apply(line->encrypted_cookie, cookie, DESCRIPTOR_COOKIE_SIZE, keys.cookie_key, line->iv);
    secret_wipe(&keys, sizeof(keys));
    return 0;
}

/* Copies the first line with a client's id, if there is one, looking at all of them alike. Returns whether
 * there is. */
static bool select_line(struct auth_client *selected, const uint8_t client_id[AUTH_CLIENT_ID_SIZE],
                        const struct auth_client *lines, size_t count)
{
    uint8_t taken = 0; /* 0xff once one is copied */
    memset(selected, 0, sizeof(*selected));
    for (size_t i = 0; i < count; i++) {
        const uint8_t *line = (const uint8_t *)&lines[i];
        uint8_t *copy = (uint8_t *)selected;
        /* It is 0 for the same bytes and -1 for others. */
        uint8_t is_same = (uint8_t)~sodium_memcmp(lines[i].client_id, client_id, AUTH_CLIENT_ID_SIZE);
        uint8_t mask = is_same & (uint8_t)~taken;
        for (size_t j = 0; j < sizeof(*selected); j++)
            copy[j] |= line[j] & mask;
        taken |= mask;
    }
    return taken != 0;
}

int descriptor_cookie_open(uint8_t cookie[DESCRIPTOR_COOKIE_SIZE],
                           const uint8_t subcredential[SUBCREDENTIAL_SIZE],
                           const uint8_t client_secret_key[X25519_SECRET_KEY_SIZE],
                           const uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE],
                           const struct auth_client *lines, size_t count)
{
    struct client_keys keys;
    struct auth_client line;
    if (derive_client_keys(&keys, subcredential, client_secret_key, ephemeral_key) != 0)
        return DESCRIPTOR_COOKIE_BAD_KEY;
    const bool is_found = select_line(&line, keys.client_id, lines, count);
    if (is_found)
        aes_ctr_apply(cookie, line.encrypted_cookie, DESCRIPTOR_COOKIE_SIZE, keys.cookie_key, line.iv);
    secret_wipe(&keys, sizeof(keys));
    return is_found ? 0 : DESCRIPTOR_COOKIE_NOT_FOUND;
}
