/* Key blinding: the key an onion service uses during one time period (rend-spec-v3 appendix A.2 [KEYBLIND]).
 */
#ifndef OBPUB_CRYPTO_BLINDING_H
#define OBPUB_CRYPTO_BLINDING_H

#include "crypto/ed25519.h"

#define SUBCREDENTIAL_SIZE 32

/* Blinds a public identity key for a time period (its number, its length in minutes). The key is valid
 * (ed25519_public_key_is_valid()): who reads one from outside, as onion_address_decode() and
 * bundle_decode_header() do, looks at that once. It has to be, since blinding takes what is of small order
 * away: who has a secret key could sign for seven other addresses as well. Returns -1 when no key comes of
 * it. */
int blinding_derive_public_key(uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                               const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t period_number,
                               uint64_t period_length);

/* Blinds a secret identity key, scalar and nonce prefix both, for a time period. identity_key is its public
 * key. A nonce prefix that is all zero stays so, and ed25519_sign() refuses the blinded key, too. */
void blinding_derive_secret_key(struct ed25519_secret_key *blinded_secret_key,
                                const struct ed25519_secret_key *secret_key,
                                const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t period_number,
                                uint64_t period_length);

/* The subcredential of an identity key and one of its blinded keys (rend-spec-v3 [SUBCRED]). */
void blinding_derive_subcredential(uint8_t subcredential[SUBCREDENTIAL_SIZE],
                                   const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                                   const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE]);

#endif
