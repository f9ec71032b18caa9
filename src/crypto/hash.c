/* SHA-3, SHAKE and SHA-2 over a list of pieces, as the onion-service protocol uses them. */
#include "crypto/hash.h"

#include <sodium.h>
#include <stdlib.h>

#include "algorithms.h"
#include "base/memory.h"

/* A context for each hash: one that changes its hash asks for memory anew. */
struct hasher {
    EVP_MD_CTX *sha3_256;
    EVP_MD_CTX *sha256;
};

static EVP_MD_CTX *new_context(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    algorithms_require(context != NULL, "hashing");
    return context;
}

/* Begins one of OpenSSL's hashes and hashes the pieces; what remains is to take the digest. */
static void absorb_into(EVP_MD_CTX *context, const EVP_MD *hash, const struct span *pieces, size_t count)
{
    algorithms_require(EVP_DigestInit_ex2(context, hash, NULL), "hashing");
    for (size_t i = 0; i < count; i++)
        algorithms_require(EVP_DigestUpdate(context, pieces[i].data, pieces[i].length), "hashing");
}

struct hasher *hasher_new(void)
{
    struct hasher *hasher = memory_allocate(1, sizeof(*hasher));
    hasher->sha3_256 = new_context();
    hasher->sha256 = new_context();
    return hasher;
}

void hasher_free(struct hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MD_CTX_free(hasher->sha3_256);
    EVP_MD_CTX_free(hasher->sha256);
    free(hasher);
}

void hasher_sha3_256(struct hasher *hasher, uint8_t digest[SHA3_256_SIZE], const struct span *pieces,
                     size_t count)
{
    absorb_into(hasher->sha3_256, algorithms_get()->sha3_256, pieces, count);
    algorithms_require(EVP_DigestFinal_ex(hasher->sha3_256, digest, NULL), "hashing");
}

void hasher_sha256(struct hasher *hasher, uint8_t digest[SHA256_SIZE], const void *data, size_t length)
{
    absorb_into(hasher->sha256, algorithms_get()->sha256, &(struct span){data, length}, 1);
    algorithms_require(EVP_DigestFinal_ex(hasher->sha256, digest, NULL), "hashing");
}

/* Hashes the pieces with one of OpenSSL's hashes; what remains is to take the digest and free the context. */
static EVP_MD_CTX *absorb_pieces(const EVP_MD *hash, const struct span *pieces, size_t count)
{
    EVP_MD_CTX *context = new_context();
    absorb_into(context, hash, pieces, count);
    return context;
}

/* Hashes the pieces with a hash whose digest has a fixed size. */
static void digest_pieces(uint8_t *digest, const EVP_MD *hash, const struct span *pieces, size_t count)
{
    EVP_MD_CTX *context = absorb_pieces(hash, pieces, count);
    algorithms_require(EVP_DigestFinal_ex(context, digest, NULL), "hashing");
    EVP_MD_CTX_free(context);
}

void hash_sha3_256(uint8_t digest[SHA3_256_SIZE], const struct span *pieces, size_t count)
{
    digest_pieces(digest, algorithms_get()->sha3_256, pieces, count);
}

void hash_shake256(uint8_t *output, size_t output_length, const struct span *pieces, size_t count)
{
    EVP_MD_CTX *context = absorb_pieces(algorithms_get()->shake256, pieces, count);
    algorithms_require(EVP_DigestFinalXOF(context, output, output_length), "SHAKE256");
    EVP_MD_CTX_free(context);
}

void hash_sha256(uint8_t digest[SHA256_SIZE], const struct span *pieces, size_t count)
{
    digest_pieces(digest, algorithms_get()->sha256, pieces, count);
}

/* Bytes from which on OpenSSL, which has SHA-512 in assembly, makes up for what its context costs:
 * libsodium's takes three times as long for each byte. OpenSSL wipes the context that it frees. */
#define SHA512_LONG 1024

void hash_sha512(uint8_t digest[SHA512_SIZE], const struct span *pieces, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += pieces[i].length;
    if (length >= SHA512_LONG) {
        digest_pieces(digest, algorithms_get()->sha512, pieces, count);
        return;
    }
    crypto_hash_sha512_state state;
    crypto_hash_sha512_init(&state);
    for (size_t i = 0; i < count; i++)
        crypto_hash_sha512_update(&state, pieces[i].data, pieces[i].length);
    crypto_hash_sha512_final(&state, digest);
    secret_wipe(&state, sizeof(state));
}

void hash_hmac_sha256(uint8_t digest[SHA256_SIZE], const void *key, size_t key_length,
                      const struct span *pieces, size_t count)
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key, key_length);
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state, pieces[i].data, pieces[i].length);
    crypto_auth_hmacsha256_final(&state, digest);
    secret_wipe(&state, sizeof(state));
}
