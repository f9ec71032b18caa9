/* Tor's Ed25519 certificates (cert-spec): made, parsed, verified. */
#ifndef OBPUB_CRYPTO_CERTIFICATE_H
#define OBPUB_CRYPTO_CERTIFICATE_H

#include <stdbool.h>

#include "base/error.h"
#include "crypto/verified_signatures.h"

/* Types that stand in v3 descriptors (cert-spec, list of certificate types). */
enum certificate_type {
    CERTIFICATE_DESCRIPTOR_SIGNING_KEY = 8, /* blinded key -> descriptor signing key */
    CERTIFICATE_INTRODUCTION_AUTH_KEY =
        9, /* descriptor signing key -> introduction point authentication key */
    CERTIFICATE_INTRODUCTION_ENC_KEY = 11, /* descriptor signing key -> introduction point encryption key */
};

/* Bytes of a certificate that has the signing key extension and no other: all that we make. */
#define CERTIFICATE_SIZE 140
/* Of these the signature comes last. */
#define CERTIFICATE_BODY_SIZE (CERTIFICATE_SIZE - ED25519_SIGNATURE_SIZE)
/* Hours that the certificates of a descriptor live in tor. */
#define CERTIFICATE_LIFETIME_HOURS 54
/* One that is good for longer than this is no tor's; the margin is for clocks that differ. */
#define CERTIFICATE_LIFETIME_HOURS_MAX (2 * CERTIFICATE_LIFETIME_HOURS)

struct certificate {
    uint8_t type;
    uint32_t expiration_hour; /* hours since the epoch; it is good before that hour begins */
    uint8_t certified_key[ED25519_PUBLIC_KEY_SIZE];
    bool has_signing_key;
    uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE]; /* from the extension, when has_signing_key */
};

/* Makes a certificate: type, expiration_hour, certified_key and signing_key are taken from certificate (the
 * extension is always there), signing_secret_key is the secret half of signing_key. Returns 0, or -1 when the
 * key must not sign, see ed25519_sign(). */
int certificate_make(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                     const struct ed25519_secret_key *signing_secret_key);

/* Puts a certificate together from its fields, as certificate_make() does, and a signature that was made
 * before. Checks nothing. */
void certificate_assemble(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                          const uint8_t signature[ED25519_SIGNATURE_SIZE]);

/* Parses length bytes strictly: version 1, key type 1, no trailing bytes, a signing key extension at most
 * once, unknown extensions only when their flags do not say "affects validation". Checks no signature.
 * Returns 0 or -1. */
int certificate_parse(struct certificate *certificate, const uint8_t *encoded, size_t length,
                      struct error *error);

/* What certificate_verify() checks of one that was parsed, each for itself. Each returns 0 or -1. */
/* That it is of this type and names signing_key as its signer; */
int certificate_check_signer(const struct certificate *certificate, enum certificate_type type,
                             const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], struct error *error);
/* that it has not expired at wall_now, and will within CERTIFICATE_LIFETIME_HOURS_MAX; */
int certificate_check_times(const struct certificate *certificate, int64_t wall_now, struct error *error);
/* and its signature, with those that were verified before, to which a good one is added; verified may be
 * NULL. */
int certificate_check_signature(const uint8_t *encoded, size_t length,
                                const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE],
                                struct verified_signatures *verified, struct error *error);

/* Parses, then checks that it is of this type, that it names signing_key as its signer, that the signature is
 * good, that it has not expired at wall_now (seconds since the epoch), and that it will within
 * CERTIFICATE_LIFETIME_HOURS_MAX. Returns 0 or -1. */
int certificate_verify(struct certificate *certificate, const uint8_t *encoded, size_t length,
                       enum certificate_type type, const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE],
                       int64_t wall_now, struct error *error);

/* The same, with the signatures that were verified before; a good one is added to them. verified may be NULL.
 */
int certificate_verify_again(struct certificate *certificate, const uint8_t *encoded, size_t length,
                             enum certificate_type type, const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE],
                             int64_t wall_now, struct verified_signatures *verified, struct error *error);

#endif
