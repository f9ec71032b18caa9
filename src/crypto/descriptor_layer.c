/* The encryption of a v3 descriptor's two inner layers (rend-spec-v3 [HS-DESC-ENCRYPTION-KEYS]). */
#include "crypto/descriptor_layer.h"

#include <stdbool.h>

#include <sodium.h>

#include "aes_ctr.h"
#include "base/big_endian.h"
#include "base/memory.h"

#define MAC_SIZE DESCRIPTOR_LAYER_MAC_SIZE
_Static_assert(MAC_SIZE == SHA3_256_SIZE, "a MAC is a digest");
#define MAC_KEY_SIZE 32

/* What the KDF makes, in its order. */
struct layer_keys {
    uint8_t key[AES_CTR_KEY_SIZE];
    uint8_t iv[AES_CTR_IV_SIZE];
    uint8_t mac_key[MAC_KEY_SIZE];
};
_Static_assert(sizeof(struct layer_keys) == AES_CTR_KEY_SIZE + AES_CTR_IV_SIZE + MAC_KEY_SIZE,
               "the KDF's output is cut up by this structure");

/* STRING_CONSTANT of each layer, without its NUL. */
static const struct span layer_strings[] = {
    [DESCRIPTOR_LAYER_SUPERENCRYPTED] = {"hsdir-superencrypted-data",
                                         sizeof("hsdir-superencrypted-data") - 1},
    [DESCRIPTOR_LAYER_ENCRYPTED] = {"hsdir-encrypted-data", sizeof("hsdir-encrypted-data") - 1},
};

/* keys = KDF(blinded key | subcredential | revision counter | salt | string), with the cookie, where there is
 * one, behind the blinded key. */
static void derive_keys(struct layer_keys *keys, enum descriptor_layer layer,
                        const struct descriptor_layer_secret *secret, const uint8_t *salt)
{
    uint8_t revision_counter[8];
    big_endian_write_uint64(revision_counter, secret->revision_counter);
    const bool has_cookie = layer == DESCRIPTOR_LAYER_ENCRYPTED && secret->cookie != NULL;
    const struct span pieces[] = {
        {secret->blinded_key, sizeof(secret->blinded_key)},
        {secret->cookie, has_cookie ? DESCRIPTOR_COOKIE_SIZE : 0},
        {secret->subcredential, sizeof(secret->subcredential)},
        {revision_counter, sizeof(revision_counter)},
        {salt, DESCRIPTOR_LAYER_SALT_SIZE},
        layer_strings[layer],
    };
    hash_shake256((uint8_t *)keys, sizeof(*keys), pieces, sizeof(pieces) / sizeof(pieces[0]));
}

/* MAC = H(length of key | key | length of salt | salt | ciphertext). */
static void compute_mac(uint8_t mac[MAC_SIZE], const struct layer_keys *keys, const uint8_t *salt,
                        const uint8_t *ciphertext, size_t length)
{
    uint8_t key_length[8];
    uint8_t salt_length[8];
    big_endian_write_uint64(key_length, MAC_KEY_SIZE);
    big_endian_write_uint64(salt_length, DESCRIPTOR_LAYER_SALT_SIZE);
    const struct span pieces[] = {
        {key_length, sizeof(key_length)},
        {keys->mac_key, sizeof(keys->mac_key)},
        {salt_length, sizeof(salt_length)},
        {salt, DESCRIPTOR_LAYER_SALT_SIZE},
        {ciphertext, length},
    };
    hash_sha3_256(mac, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

void descriptor_layer_encrypt(uint8_t *blob, enum descriptor_layer layer,
                              const struct descriptor_layer_secret *secret,
                              const uint8_t salt[DESCRIPTOR_LAYER_SALT_SIZE], const void *plaintext,
                              size_t length)
{
    struct layer_keys keys;
    derive_keys(&keys, layer, secret, salt);
    uint8_t *ciphertext = blob + DESCRIPTOR_LAYER_SALT_SIZE;
    for (size_t i = 0; i < DESCRIPTOR_LAYER_SALT_SIZE; i++)
        blob[i] = salt[i];
    aes_ctr_apply(ciphertext, plaintext, length, keys.key, keys.iv);
    compute_mac(ciphertext + length, &keys, salt, ciphertext, length);
    secret_wipe(&keys, sizeof(keys));
}

ptrdiff_t descriptor_layer_decrypt(void *plaintext, enum descriptor_layer layer,
                                   const struct descriptor_layer_secret *secret, const uint8_t *blob,
                                   size_t length)
{
    /* Like tor, which wants at least one byte between salt and MAC. */
    if (length <= DESCRIPTOR_LAYER_OVERHEAD || length > PTRDIFF_MAX)
        return -1;
    const uint8_t *salt = blob;
    const uint8_t *ciphertext = blob + DESCRIPTOR_LAYER_SALT_SIZE;
    const size_t ciphertext_length = length - DESCRIPTOR_LAYER_OVERHEAD;

    struct layer_keys keys;
    uint8_t mac[MAC_SIZE];
    derive_keys(&keys, layer, secret, salt);
    compute_mac(mac, &keys, salt, ciphertext, ciphertext_length);
    const bool authentic = sodium_memcmp(mac, ciphertext + ciphertext_length, sizeof(mac)) == 0;
    if (authentic)
        aes_ctr_apply(plaintext, ciphertext, ciphertext_length, keys.key, keys.iv);
    secret_wipe(&keys, sizeof(keys));
    return authentic ? (ptrdiff_t)ciphertext_length : -1;
}
