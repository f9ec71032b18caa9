/* SHA-3, SHAKE and SHA-2 over a list of pieces, as the onion-service protocol uses them. */
#ifndef OBPUB_CRYPTO_HASH_H
#define OBPUB_CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#define SHA3_256_SIZE 32
#define SHA256_SIZE 32
#define SHA512_SIZE 64

/* Bytes that somebody else owns. */
struct span {
    const void *data;
    size_t length; /* bytes */
};

/* SHA3-256 of the concatenated pieces: H() of rend-spec-v3 [CRYPTO]. */
void hash_sha3_256(uint8_t digest[SHA3_256_SIZE], const struct span *pieces, size_t count);

/* For very many hashes, one after the other, of which none then asks for memory. Release with hasher_free().
 */
struct hasher;
struct hasher *hasher_new(void);
void hasher_free(struct hasher *hasher);
void hasher_sha3_256(struct hasher *hasher, uint8_t digest[SHA3_256_SIZE], const struct span *pieces,
                     size_t count);
void hasher_sha256(struct hasher *hasher, uint8_t digest[SHA256_SIZE], const void *data, size_t length);

/* SHAKE-256 of the concatenated pieces, output bytes of it: KDF() of rend-spec-v3 [CRYPTO]. */
void hash_shake256(uint8_t *output, size_t output_length, const struct span *pieces, size_t count);

/* SHA-256 of the concatenated pieces: microdescriptor digests, dir-spec, and whatever is hashed for obpub's
 * own use, as processors have instructions for it. */
void hash_sha256(uint8_t digest[SHA256_SIZE], const struct span *pieces, size_t count);

/* SHA-512 of the concatenated pieces: Ed25519's own hash, RFC 8032. */
void hash_sha512(uint8_t digest[SHA512_SIZE], const struct span *pieces, size_t count);

/* HMAC-SHA-256 of the concatenated pieces: SAFECOOKIE, control-spec. */
void hash_hmac_sha256(uint8_t digest[SHA256_SIZE], const void *key, size_t key_length,
                      const struct span *pieces, size_t count);

#endif
