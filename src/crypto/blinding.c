/* Key blinding: the key an onion service uses during one time period (rend-spec-v3 appendix A.2). */
#include "crypto/blinding.h"

#include <string.h>

#include <sodium.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "blinding_parameter.h"
#include "crypto/curve.h"

/* The strings of appendix A.2. Of these only BLIND_STRING is hashed with its NUL. */
static const char blind_string[] = "Derive temporary signing key";
static const char blind_nonce_prefix_string[] = "Derive temporary signing key hash input";
static const char period_string[] = "key-blind";
static const char base_point_string[] =
    "(15112221349535400772501151409588531511454012693041857206046113283949847762202, "
    "46316835694926478169428394003475163141307993866256225615783033603165251855960)";

/* SUBCREDENTIAL's strings, section [SUBCRED]. */
static const char credential_string[] = "credential";
static const char subcredential_string[] = "subcredential";

/* A string without its NUL. */
#define STRING_SPAN(string) ((struct span){(string), sizeof(string) - 1})

void blinding_compute_parameter(uint8_t parameter[BLINDING_PARAMETER_SIZE],
                                const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t period_number,
                                uint64_t period_length)
{
    uint8_t number[8];
    uint8_t length[8];
    big_endian_write_uint64(number, period_number);
    big_endian_write_uint64(length, period_length);
    const struct span pieces[] = {
        {blind_string, sizeof(blind_string)},
        {identity_key, ED25519_PUBLIC_KEY_SIZE},
        STRING_SPAN(base_point_string),
        STRING_SPAN(period_string),
        {number, sizeof(number)},
        {length, sizeof(length)},
    };
    hash_sha3_256(parameter, pieces, sizeof(pieces) / sizeof(pieces[0]));
}

int blinding_apply_to_public_key(uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                                 const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                                 const uint8_t parameter[BLINDING_PARAMETER_SIZE])
{
    uint8_t clamped[BLINDING_PARAMETER_SIZE];
    memcpy(clamped, parameter, sizeof(clamped));
    ed25519_clamp_scalar(clamped);
    return curve_multiply_point(blinded_key, clamped, identity_key);
}

void blinding_apply_to_secret_key(struct ed25519_secret_key *blinded_secret_key,
                                  const struct ed25519_secret_key *secret_key,
                                  const uint8_t parameter[BLINDING_PARAMETER_SIZE])
{
    uint8_t digest[SHA512_SIZE];
    const struct span pieces[] = {
        STRING_SPAN(blind_nonce_prefix_string),
        {secret_key->nonce_prefix, sizeof(secret_key->nonce_prefix)},
    };
    hash_sha512(digest, pieces, sizeof(pieces) / sizeof(pieces[0]));

    uint8_t clamped[BLINDING_PARAMETER_SIZE];
    memcpy(clamped, parameter, sizeof(clamped));
    ed25519_clamp_scalar(clamped);
    curve_multiply_scalars(blinded_secret_key->scalar, clamped, secret_key->scalar);
    /* A prefix of zeros is one that was lost. Hashed, it would pass for a secret that everybody knows; left
     * as it is, ed25519_sign() refuses it. */
    if (!sodium_is_zero(secret_key->nonce_prefix, sizeof(secret_key->nonce_prefix)))
        memcpy(blinded_secret_key->nonce_prefix, digest, sizeof(blinded_secret_key->nonce_prefix));
    else
        memset(blinded_secret_key->nonce_prefix, 0, sizeof(blinded_secret_key->nonce_prefix));
    secret_wipe(digest, sizeof(digest));
}

int blinding_derive_public_key(uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                               const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t period_number,
                               uint64_t period_length)
{
    uint8_t parameter[BLINDING_PARAMETER_SIZE];
    blinding_compute_parameter(parameter, identity_key, period_number, period_length);
    return blinding_apply_to_public_key(blinded_key, identity_key, parameter);
}

void blinding_derive_secret_key(struct ed25519_secret_key *blinded_secret_key,
                                const struct ed25519_secret_key *secret_key,
                                const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], uint64_t period_number,
                                uint64_t period_length)
{
    uint8_t parameter[BLINDING_PARAMETER_SIZE];
    blinding_compute_parameter(parameter, identity_key, period_number, period_length);
    blinding_apply_to_secret_key(blinded_secret_key, secret_key, parameter);
}

void blinding_derive_subcredential(uint8_t subcredential[SUBCREDENTIAL_SIZE],
                                   const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                                   const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE])
{
    uint8_t credential[SHA3_256_SIZE];
    const struct span credential_pieces[] = {
        STRING_SPAN(credential_string),
        {identity_key, ED25519_PUBLIC_KEY_SIZE},
    };
    hash_sha3_256(credential, credential_pieces, 2);
    const struct span subcredential_pieces[] = {
        STRING_SPAN(subcredential_string),
        {credential, sizeof(credential)},
        {blinded_key, ED25519_PUBLIC_KEY_SIZE},
    };
    hash_sha3_256(subcredential, subcredential_pieces, 3);
}
