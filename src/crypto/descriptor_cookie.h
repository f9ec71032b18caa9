/* The descriptor cookie, given to authorised clients alone (rend-spec-v3, sections 2.5.1.2 and 2.5.2.1). */
#ifndef OBPUB_CRYPTO_DESCRIPTOR_COOKIE_H
#define OBPUB_CRYPTO_DESCRIPTOR_COOKIE_H

#include <stddef.h>

#include "crypto/aes_ctr.h"
#include "crypto/descriptor_layer.h"
#include "crypto/x25519.h"

#define AUTH_CLIENT_ID_SIZE 8

/* What an auth-client line holds: for a client by whom its client_id is found, or random bytes. */
struct auth_client {
    uint8_t client_id[AUTH_CLIENT_ID_SIZE];
    uint8_t iv[AES_CTR_IV_SIZE];
    uint8_t encrypted_cookie[DESCRIPTOR_COOKIE_SIZE];
};

/* Encrypts the cookie for the client with this public key: sets all of line but its iv, which is the
 * caller's, 16 random bytes. The ephemeral key's secret half and the cookie are the service's secrets.
 * Returns 0, or -1 when the client's key is of low order. */
int descriptor_cookie_seal(struct auth_client *line, const uint8_t subcredential[SUBCREDENTIAL_SIZE],
                           const uint8_t client_key[X25519_PUBLIC_KEY_SIZE],
                           const uint8_t ephemeral_secret_key[X25519_SECRET_KEY_SIZE],
                           const uint8_t cookie[DESCRIPTOR_COOKIE_SIZE]);

/* Why descriptor_cookie_open() fails. */
#define DESCRIPTOR_COOKIE_NOT_FOUND (-1) /* no line is for the client */
#define DESCRIPTOR_COOKIE_BAD_KEY (-2)   /* the ephemeral key is of low order */

/* Decrypts the cookie for the client with this secret key, from the first of count lines that is for it, in a
 * time that does not tell which one that is. The cookie is a secret. Returns 0 or one of the above. */
int descriptor_cookie_open(uint8_t cookie[DESCRIPTOR_COOKIE_SIZE],
                           const uint8_t subcredential[SUBCREDENTIAL_SIZE],
                           const uint8_t client_secret_key[X25519_SECRET_KEY_SIZE],
                           const uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE],
                           const struct auth_client *lines, size_t count);

#endif
