/* X25519 (RFC 7748), as client authorization uses it. */
#include "crypto/x25519.h"

#include <string.h>

#include <openssl/bn.h>
#include <sodium.h>

#include "algorithms.h"
#include "base/memory.h"
#include "crypto/curve.h"

void x25519_derive_public_key(uint8_t public_key[X25519_PUBLIC_KEY_SIZE],
                              const uint8_t secret_key[X25519_SECRET_KEY_SIZE])
{
    curve_x25519_base(public_key, secret_key);
}

bool x25519_secret_key_is_of(const uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                             const uint8_t ed25519_public_key[ED25519_PUBLIC_KEY_SIZE])
{
    uint8_t of_seed[ED25519_PUBLIC_KEY_SIZE], of_scalar[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key expanded;
    ed25519_expand_seed(&expanded, secret_key);
    ed25519_derive_public_key(of_seed, &expanded);
    memcpy(expanded.scalar, secret_key, sizeof(expanded.scalar));
    ed25519_clamp_scalar(expanded.scalar);
    ed25519_derive_public_key(of_scalar, &expanded);
    secret_wipe(&expanded, sizeof(expanded));
    return sodium_memcmp(of_seed, ed25519_public_key, sizeof(of_seed)) == 0 ||
           sodium_memcmp(of_scalar, ed25519_public_key, sizeof(of_scalar)) == 0;
}

int x25519_agree(uint8_t shared_secret[X25519_SHARED_SECRET_SIZE],
                 const uint8_t secret_key[X25519_SECRET_KEY_SIZE],
                 const uint8_t public_key[X25519_PUBLIC_KEY_SIZE])
{
    return curve_x25519(shared_secret, secret_key, public_key);
}

/* Sets y to (u - 1) / (u + 1) modulo prime, the birational map of RFC 7748. False where u + 1 is zero. */
static bool map_to_edwards(BIGNUM *y, const BIGNUM *u, const BIGNUM *prime, BN_CTX *context)
{
    BN_CTX_start(context);
    BIGNUM *numerator = BN_CTX_get(context);
    BIGNUM *denominator = BN_CTX_get(context);
    algorithms_require(denominator != NULL && BN_mod_sub(numerator, u, BN_value_one(), prime, context) &&
                           BN_mod_add(denominator, u, BN_value_one(), prime, context),
                       "big numbers");
    const bool is_possible = !BN_is_zero(denominator);
    if (is_possible)
        algorithms_require(BN_mod_inverse(denominator, denominator, prime, context) != NULL &&
                               BN_mod_mul(y, numerator, denominator, prime, context),
                           "big numbers");
    BN_CTX_end(context);
    return is_possible;
}

bool x25519_public_key_is_valid(const uint8_t public_key[X25519_PUBLIC_KEY_SIZE])
{
    uint8_t y_bytes[ED25519_PUBLIC_KEY_SIZE];
    BN_CTX *context = BN_CTX_new();
    BIGNUM *prime = BN_new();
    BIGNUM *y = BN_new();
    BIGNUM *u = BN_lebin2bn(public_key, X25519_PUBLIC_KEY_SIZE, NULL);
    algorithms_require(context != NULL && prime != NULL && y != NULL && u != NULL && BN_set_bit(prime, 255) &&
                           BN_sub_word(prime, 19),
                       "big numbers");
    /* The key is on the curve, and in the group, where its Edwards form is; either sign bit does. */
    const bool is_mapped = BN_cmp(u, prime) < 0 && map_to_edwards(y, u, prime, context);
    algorithms_require(BN_bn2lebinpad(y, y_bytes, sizeof(y_bytes)) == sizeof(y_bytes), "big numbers");
    BN_free(u);
    BN_free(y);
    BN_free(prime);
    BN_CTX_free(context);
    return is_mapped && ed25519_public_key_is_valid(y_bytes);
}
