/* Ed25519 with expanded secret keys, which is what tor keeps on disk and what key blinding makes. */
#include "crypto/ed25519.h"

#include <string.h>

#include <openssl/bn.h>
#include <sodium.h>

#include "algorithms.h"
#include "base/memory.h"
#include "crypto/curve.h"

void ed25519_expand_seed(struct ed25519_secret_key *secret_key, const uint8_t seed[ED25519_SEED_SIZE])
{
    uint8_t digest[SHA512_SIZE];
    hash_sha512(digest, &(struct span){seed, ED25519_SEED_SIZE}, 1);
    memcpy(secret_key->scalar, digest, sizeof(secret_key->scalar));
    memcpy(secret_key->nonce_prefix, digest + CURVE_SCALAR_SIZE, sizeof(secret_key->nonce_prefix));
    secret_wipe(digest, sizeof(digest));
    ed25519_clamp_scalar(secret_key->scalar);
}

void ed25519_clamp_scalar(uint8_t scalar[32])
{
    scalar[0] &= 0xf8;
    scalar[31] &= 0x7f;
    scalar[31] |= 0x40;
}

void ed25519_derive_public_key(uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
                               const struct ed25519_secret_key *secret_key)
{
    /* It is reduced, but not clamped: a blinded scalar would be changed by that. */
    uint8_t wide[CURVE_WIDE_SCALAR_SIZE] = {0};
    uint8_t scalar[CURVE_SCALAR_SIZE];
    memcpy(wide, secret_key->scalar, sizeof(secret_key->scalar));
    curve_reduce_scalar(scalar, wide);
    /* The point of a zero scalar is the identity. */
    (void)!curve_multiply_base(public_key, scalar);
    secret_wipe(wide, sizeof(wide));
    secret_wipe(scalar, sizeof(scalar));
}

/* SHA-512(first | second | pieces) as a scalar; first and second are 32 bytes, second may be NULL. */
static void hash_to_scalar(uint8_t scalar[CURVE_SCALAR_SIZE], const uint8_t *first, const uint8_t *second,
                           const struct span *pieces, size_t count)
{
    uint8_t digest[SHA512_SIZE];
    struct span all[2 + ED25519_SIGN_PIECES_MAX] = {
        {first, 32}, {second != NULL ? second : first, second != NULL ? 32 : 0}};
    memcpy(all + 2, pieces, count * sizeof(*pieces));
    hash_sha512(digest, all, 2 + count);
    curve_reduce_scalar(scalar, digest);
    secret_wipe(digest, sizeof(digest));
}

int ed25519_sign(uint8_t signature[ED25519_SIGNATURE_SIZE], const struct span *pieces, size_t count,
                 const struct ed25519_secret_key *secret_key,
                 const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    return ed25519_sign_long(signature, pieces, count, pieces, count, secret_key, public_key);
}

int ed25519_sign_long(uint8_t signature[ED25519_SIGNATURE_SIZE], const struct span *pieces, size_t count,
                      const struct span *abstract, size_t abstract_count,
                      const struct ed25519_secret_key *secret_key,
                      const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    /* A key whose second half was lost: anybody could work its nonces out, and the scalar from them. */
    if (sodium_is_zero(secret_key->nonce_prefix, sizeof(secret_key->nonce_prefix)) ||
        count > ED25519_SIGN_PIECES_MAX || abstract_count > ED25519_SIGN_PIECES_MAX)
        return -1;

    uint8_t nonce[CURVE_SCALAR_SIZE];
    uint8_t commitment[ED25519_PUBLIC_KEY_SIZE];
    hash_to_scalar(nonce, secret_key->nonce_prefix, NULL, abstract, abstract_count);
    if (curve_multiply_base(commitment, nonce) != 0)
        return -1; /* a nonce of zero, which no one will ever see */

    uint8_t challenge[CURVE_SCALAR_SIZE];
    uint8_t product[CURVE_SCALAR_SIZE];
    hash_to_scalar(challenge, commitment, public_key, pieces, count);
    curve_multiply_scalars(product, challenge, secret_key->scalar);
    memcpy(signature, commitment, sizeof(commitment));
    curve_add_scalars(signature + sizeof(commitment), product, nonce);
    secret_wipe(nonce, sizeof(nonce));
    secret_wipe(product, sizeof(product));
    return 0;
}

int ed25519_verify(const uint8_t signature[ED25519_SIGNATURE_SIZE], const void *message, size_t length,
                   const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    return curve_verify(signature, message, length, public_key);
}

bool ed25519_public_key_is_valid(const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    return curve_point_is_valid(public_key);
}

/* True when y is (u - 1) / (u + 1) modulo prime; without a division, which would take ten times as long. *y
 * is less than prime, *u is changed. */
static bool is_mapped(const BIGNUM *y, BIGNUM *u, const BIGNUM *prime, BN_CTX *context)
{
    BN_CTX_start(context);
    BIGNUM *numerator = BN_CTX_get(context);
    BIGNUM *product = BN_CTX_get(context);
    const bool is_computed = product != NULL && BN_nnmod(u, u, prime, context) &&
                             BN_mod_sub(numerator, u, BN_value_one(), prime, context) &&
                             BN_mod_add(u, u, BN_value_one(), prime, context) &&
                             BN_mod_mul(product, y, u, prime, context);
    /* Where u + 1 is zero the product is, too, and the numerator is not. */
    const bool result = is_computed && BN_cmp(product, numerator) == 0;
    BN_CTX_end(context);
    return result;
}

bool ed25519_matches_x25519(const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
                            const uint8_t x25519_key[X25519_PUBLIC_KEY_SIZE])
{
    static const uint8_t prime_bytes[] = {
        0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
    };
    uint8_t u_bytes[X25519_PUBLIC_KEY_SIZE];
    memcpy(u_bytes, x25519_key, sizeof(u_bytes));
    u_bytes[31] &= 0x7f; /* RFC 7748 section 5 ignores the top bit */

    BN_CTX *context = BN_CTX_new();
    BIGNUM *prime = BN_lebin2bn(prime_bytes, sizeof(prime_bytes), NULL);
    BIGNUM *u = BN_lebin2bn(u_bytes, sizeof(u_bytes), NULL);
    BIGNUM *y = BN_lebin2bn(public_key, ED25519_PUBLIC_KEY_SIZE, NULL);
    algorithms_require(context != NULL && prime != NULL && u != NULL && y != NULL, "big numbers");
    /* One that is not less than the prime is not canonical, or has its sign bit set. */
    const bool matches = BN_cmp(y, prime) < 0 && is_mapped(y, u, prime, context);
    BN_free(y);
    BN_free(u);
    BN_free(prime);
    BN_CTX_free(context);
    return matches;
}
