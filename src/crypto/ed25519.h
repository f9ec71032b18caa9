/* Ed25519 with expanded secret keys, which is what tor keeps on disk and what key blinding makes. */
#ifndef OBPUB_CRYPTO_ED25519_H
#define OBPUB_CRYPTO_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/hash.h"

#define ED25519_SEED_SIZE 32
#define ED25519_PUBLIC_KEY_SIZE 32
#define ED25519_SIGNATURE_SIZE 64
#define X25519_PUBLIC_KEY_SIZE 32
/* Most pieces that a message to be signed may come in. */
#define ED25519_SIGN_PIECES_MAX 4

/* The two halves of SHA-512(seed), the first one clamped; or a blinded key of the same shape. Keep it in
 * memory from secret_allocate(), or wipe it. */
struct ed25519_secret_key {
    uint8_t scalar[32];       /* little-endian */
    uint8_t nonce_prefix[32]; /* goes into every nonce; without it a signature gives the scalar away */
};

/* Expands a 32-byte seed, RFC 8032 section 5.1.5. */
void ed25519_expand_seed(struct ed25519_secret_key *secret_key, const uint8_t seed[ED25519_SEED_SIZE]);

/* Makes 32 bytes a multiple of the cofactor with a fixed top bit, as the scalar of an unblinded key is. */
void ed25519_clamp_scalar(uint8_t scalar[32]);

/* The public key (32 bytes) of a secret key, blinded or not. */
void ed25519_derive_public_key(uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
                               const struct ed25519_secret_key *secret_key);

/* Signs the concatenated pieces, RFC 8032 section 5.1.6, the nonce from the key's own prefix. public_key must
 * be the key's own. Returns 0, or -1 when the nonce prefix is all zero: such a key must never sign; or when
 * there are more than ED25519_SIGN_PIECES_MAX pieces. */
int ed25519_sign(uint8_t signature[ED25519_SIGNATURE_SIZE], const struct span *pieces, size_t count,
                 const struct ed25519_secret_key *secret_key,
                 const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* The same, for a long message: it is hashed once instead of twice, because the nonce comes from an abstract
 * of it. No two different messages that the key signs, by either function, may have the same abstract: their
 * two signatures would give the key away. So an abstract holds all of the message but for parts whose
 * collision-resistant digest it holds. -1, too, for more than ED25519_SIGN_PIECES_MAX pieces of it. */
int ed25519_sign_long(uint8_t signature[ED25519_SIGNATURE_SIZE], const struct span *pieces, size_t count,
                      const struct span *abstract, size_t abstract_count,
                      const struct ed25519_secret_key *secret_key,
                      const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* Checks a signature of length bytes of message. Returns 0 when good, -1 when not; small-order and
 * non-canonical keys and signatures are never good. */
int ed25519_verify(const uint8_t signature[ED25519_SIGNATURE_SIZE], const void *message, size_t length,
                   const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* True when the 32 bytes are the canonical encoding of a point of the prime-order group other than its
 * identity. */
bool ed25519_public_key_is_valid(const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* True when the first is the Ed25519 public key with sign bit 0 that belongs to an X25519 public key, as in
 * an enc-key-cert (rend-spec-v3 [HS-DESC-ENC]; birational map of RFC 7748), in its canonical encoding. */
bool ed25519_matches_x25519(const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
                            const uint8_t x25519_key[X25519_PUBLIC_KEY_SIZE]);

#endif
