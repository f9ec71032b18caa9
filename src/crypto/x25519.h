/* X25519 (RFC 7748), as client authorization uses it: keys of clients, and what two keys agree on. */
#ifndef OBPUB_CRYPTO_X25519_H
#define OBPUB_CRYPTO_X25519_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/ed25519.h"

#define X25519_SECRET_KEY_SIZE 32
#define X25519_SHARED_SECRET_SIZE 32

/* The public key (32 bytes) of 32 secret bytes, of which any are good: what has to be set or cleared in them
 * is, whenever they are used. */
void x25519_derive_public_key(uint8_t public_key[X25519_PUBLIC_KEY_SIZE],
                              const uint8_t secret_key[X25519_SECRET_KEY_SIZE]);

/* True when a secret key is also that of an Ed25519 key: its seed, or its scalar as tor keeps it. */
bool x25519_secret_key_is_of(const uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                             const uint8_t ed25519_public_key[ED25519_PUBLIC_KEY_SIZE]);

/* What the holders of two key pairs agree on, in the time that any keys take. Returns 0, or -1 when the other
 * one's key is of low order, so that everybody would know it. */
int x25519_agree(uint8_t shared_secret[X25519_SHARED_SECRET_SIZE],
                 const uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                 const uint8_t public_key[X25519_PUBLIC_KEY_SIZE]);

/* True when a secret key can have this public key: the canonical encoding of a point of the curve (not of its
 * twist) in the prime-order group, other than its identity. Of what a typing mistake makes of a key one in
 * sixteen passes. */
bool x25519_public_key_is_valid(const uint8_t public_key[X25519_PUBLIC_KEY_SIZE]);

#endif
