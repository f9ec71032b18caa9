/* The two steps of key blinding apart: the parameter, and its multiplication into a key. */
#ifndef OBPUB_CRYPTO_BLINDING_PARAMETER_H
#define OBPUB_CRYPTO_BLINDING_PARAMETER_H

#include "crypto/ed25519.h"

#define BLINDING_PARAMETER_SIZE 32

/* The blinding parameter h, not clamped yet, of an identity key and a time period (rend-spec-v3 appendix
 * A.2). No optional secret: tor has none. */
void blinding_compute_parameter(uint8_t parameter[BLINDING_PARAMETER_SIZE],
                                const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t period_number,
                                uint64_t period_length);

/* Clamps the parameter and multiplies it into a public key, which is valid (ed25519_public_key_is_valid()).
 * Returns -1 when no key comes of it. */
int blinding_apply_to_public_key(uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                                 const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                                 const uint8_t parameter[BLINDING_PARAMETER_SIZE]);

/* Clamps the parameter and multiplies it into a secret key's scalar; hashes its nonce prefix,
 * unless that is all zero: it stays so. */
void blinding_apply_to_secret_key(struct ed25519_secret_key *blinded_secret_key,
                                  const struct ed25519_secret_key *secret_key,
                                  const uint8_t parameter[BLINDING_PARAMETER_SIZE]);

#endif
