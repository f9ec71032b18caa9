/* Tor's Ed25519 certificates (cert-spec): made, parsed, verified. */
#include "crypto/certificate.h"

#include <string.h>

#include <sodium.h>

#include "base/big_endian.h"

/* The layout of cert-spec, "Document formats": the fixed part, then extensions, then the signature. */
#define VERSION 1
#define KEY_TYPE_ED25519 1
#define FIXED_PART_SIZE 40      /* version, type, expiration (4), key type, key (32), number of extensions */
#define EXTENSION_HEADER_SIZE 4 /* length (2), type, flags */
#define EXTENSION_SIGNED_WITH_KEY 4
#define EXTENSION_AFFECTS_VALIDATION 1
#define SECONDS_PER_HOUR 3600

/* Writes all but the signature. */
static void encode_body(uint8_t encoded[CERTIFICATE_BODY_SIZE], const struct certificate *certificate)
{
    uint8_t *byte = encoded;
    *byte++ = VERSION;
    *byte++ = certificate->type;
    big_endian_write_uint32(byte, certificate->expiration_hour);
    byte += 4;
    *byte++ = KEY_TYPE_ED25519;
    memcpy(byte, certificate->certified_key, ED25519_PUBLIC_KEY_SIZE);
    byte += ED25519_PUBLIC_KEY_SIZE;
    *byte++ = 1; /* extension */
    *byte++ = 0;
    *byte++ = ED25519_PUBLIC_KEY_SIZE;
    *byte++ = EXTENSION_SIGNED_WITH_KEY;
    *byte++ = 0; /* flags, as tor has them */
    memcpy(byte, certificate->signing_key, ED25519_PUBLIC_KEY_SIZE);
}

int certificate_make(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                     const struct ed25519_secret_key *signing_secret_key)
{
    encode_body(encoded, certificate);
    const struct span body = {encoded, CERTIFICATE_BODY_SIZE};
    return ed25519_sign(encoded + CERTIFICATE_BODY_SIZE, &body, 1, signing_secret_key,
                        certificate->signing_key);
}

void certificate_assemble(uint8_t encoded[CERTIFICATE_SIZE], const struct certificate *certificate,
                          const uint8_t signature[ED25519_SIGNATURE_SIZE])
{
    encode_body(encoded, certificate);
    memcpy(encoded + CERTIFICATE_BODY_SIZE, signature, ED25519_SIGNATURE_SIZE);
}

/* Takes the part before the extensions. */
static int parse_fixed_part(struct certificate *certificate, const uint8_t *encoded, struct error *error)
{
    if (encoded[0] != VERSION)
        return error_set(error, "a certificate has the unknown version %u", encoded[0]);
    if (encoded[6] != KEY_TYPE_ED25519)
        return error_set(error, "a certificate has the unknown key type %u", encoded[6]);
    certificate->type = encoded[1];
    certificate->expiration_hour = big_endian_read_uint32(encoded + 2);
    memcpy(certificate->certified_key, encoded + 7, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

/* Takes one extension's content. */
static int parse_extension(struct certificate *certificate, uint8_t type, uint8_t flags,
                           const uint8_t *content, size_t length, struct error *error)
{
    if (type != EXTENSION_SIGNED_WITH_KEY) {
        if (flags & EXTENSION_AFFECTS_VALIDATION)
            return error_set(error, "a certificate can't be judged: it has the unknown extension %u", type);
        return 0;
    }
    if (certificate->has_signing_key)
        return error_set(error, "a certificate names its signing key twice");
    if (length != ED25519_PUBLIC_KEY_SIZE)
        return error_set(error, "a certificate has a signing key of %zu bytes", length);
    certificate->has_signing_key = true;
    memcpy(certificate->signing_key, content, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

int certificate_parse(struct certificate *certificate, const uint8_t *encoded, size_t length,
                      struct error *error)
{
    memset(certificate, 0, sizeof(*certificate));
    if (length < FIXED_PART_SIZE + ED25519_SIGNATURE_SIZE)
        return error_set(error, "a certificate is cut short: it has only %zu bytes", length);
    if (parse_fixed_part(certificate, encoded, error) != 0)
        return -1;

    const size_t extensions_end = length - ED25519_SIGNATURE_SIZE;
    const size_t extension_count = encoded[FIXED_PART_SIZE - 1];
    size_t position = FIXED_PART_SIZE;
    for (size_t i = 0; i < extension_count; i++) {
        if (extensions_end - position < EXTENSION_HEADER_SIZE)
            return error_set(error, "a certificate is cut short in extension %zu", i + 1);
        const uint8_t *header = encoded + position;
        const size_t content_length = big_endian_read_uint16(header);
        position += EXTENSION_HEADER_SIZE;
        if (extensions_end - position < content_length)
            return error_set(error, "a certificate is cut short in extension %zu", i + 1);
        if (parse_extension(certificate, header[2], header[3], encoded + position, content_length, error) !=
            0)
            return -1;
        position += content_length;
    }
    if (position != extensions_end)
        return error_set(error, "a certificate has %zu bytes too many", extensions_end - position);
    return 0;
}

int certificate_verify(struct certificate *certificate, const uint8_t *encoded, size_t length,
                       enum certificate_type type, const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE],
                       int64_t wall_now, struct error *error)
{
    return certificate_verify_again(certificate, encoded, length, type, signing_key, wall_now, NULL, error);
}

int certificate_check_signer(const struct certificate *certificate, enum certificate_type type,
                             const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], struct error *error)
{
    if (certificate->type != type)
        return error_set(error, "a certificate is of type %u, not %u", certificate->type, (unsigned)type);
    if (!certificate->has_signing_key)
        return error_set(error, "a certificate does not name its signing key");
    if (sodium_memcmp(certificate->signing_key, signing_key, ED25519_PUBLIC_KEY_SIZE) != 0)
        return error_set(error, "a certificate is signed by another key than it should be");
    return 0;
}

int certificate_check_times(const struct certificate *certificate, int64_t wall_now, struct error *error)
{
    if (wall_now >= (int64_t)certificate->expiration_hour * SECONDS_PER_HOUR)
        return error_set(error, "a certificate has expired: check the clocks of this machine and its maker");
    if (certificate->expiration_hour > wall_now / SECONDS_PER_HOUR + CERTIFICATE_LIFETIME_HOURS_MAX)
        return error_set_stricter(
            error,
            "a certificate is good for more than %d hours, and no tor makes such: check the clocks "
            "of this machine and its maker",
            CERTIFICATE_LIFETIME_HOURS_MAX);
    return 0;
}

int certificate_check_signature(const uint8_t *encoded, size_t length,
                                const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE],
                                struct verified_signatures *verified, struct error *error)
{
    const size_t body_length = length - ED25519_SIGNATURE_SIZE;
    if (verified_signatures_verify(verified, encoded + body_length, encoded, body_length, signing_key) != 0)
        return error_set(error, "a certificate has a bad signature");
    return 0;
}

int certificate_verify_again(struct certificate *certificate, const uint8_t *encoded, size_t length,
                             enum certificate_type type, const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE],
                             int64_t wall_now, struct verified_signatures *verified, struct error *error)
{
    if (certificate_parse(certificate, encoded, length, error) != 0 ||
        certificate_check_signer(certificate, type, signing_key, error) != 0 ||
        certificate_check_times(certificate, wall_now, error) != 0 ||
        certificate_check_signature(encoded, length, signing_key, verified, error) != 0)
        return -1;
    return 0;
}
