/* The encryption of a v3 descriptor's two inner layers (rend-spec-v3 [HS-DESC-ENCRYPTION-KEYS]). */
#ifndef OBPUB_CRYPTO_DESCRIPTOR_LAYER_H
#define OBPUB_CRYPTO_DESCRIPTOR_LAYER_H

#include "crypto/blinding.h"

enum descriptor_layer {
    DESCRIPTOR_LAYER_SUPERENCRYPTED, /* the middle one */
    DESCRIPTOR_LAYER_ENCRYPTED,      /* the innermost one */
};

#define DESCRIPTOR_LAYER_SALT_SIZE 16
#define DESCRIPTOR_LAYER_MAC_SIZE 32
/* Salt before, MAC behind. */
#define DESCRIPTOR_LAYER_OVERHEAD (DESCRIPTOR_LAYER_SALT_SIZE + DESCRIPTOR_LAYER_MAC_SIZE)
/* What only the authorised clients of a restricted service have. */
#define DESCRIPTOR_COOKIE_SIZE 16

/* What a layer's keys are derived from. */
struct descriptor_layer_secret {
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t subcredential[SUBCREDENTIAL_SIZE];
    uint64_t revision_counter;
    const uint8_t *cookie; /* 16 bytes, of a restricted descriptor: goes into its innermost layer's keys
                              alone; NULL for one that is for everybody */
};

/* Encrypts length bytes of plaintext into blob, which has room for length + DESCRIPTOR_LAYER_OVERHEAD bytes:
 * salt | ciphertext | MAC. */
void descriptor_layer_encrypt(uint8_t *blob, enum descriptor_layer layer,
                              const struct descriptor_layer_secret *secret,
                              const uint8_t salt[DESCRIPTOR_LAYER_SALT_SIZE], const void *plaintext,
                              size_t length);

/* Checks the MAC of a blob of length bytes and decrypts it into plaintext, which has room for
 * length - DESCRIPTOR_LAYER_OVERHEAD bytes. Padding is not removed. Returns the plaintext's length, or -1
 * when the blob is too short or the MAC is wrong. */
ptrdiff_t descriptor_layer_decrypt(void *plaintext, enum descriptor_layer layer,
                                   const struct descriptor_layer_secret *secret, const uint8_t *blob,
                                   size_t length);

#endif
