/* Prints certificates of descriptor signing keys as obpub makes them: certify SECRET_KEY PERIOD_LENGTH
 * FIRST_PERIOD PERIODS HOUR, where the secret key is 128 hexadecimal digits (scalar, nonce prefix). For each
 * time period three lines in hexadecimal: two signing keys, and the second one an hour later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "crypto/blinding.h"
#include "crypto/certificate.h"

static void print_certificate(const struct certificate *certificate,
                              const struct ed25519_secret_key *blinded_secret_key)
{
    uint8_t encoded[CERTIFICATE_SIZE];
    char hex[2 * CERTIFICATE_SIZE + 1];
    if (certificate_make(encoded, certificate, blinded_secret_key) != 0) {
        fprintf(stderr, "this key must not sign\n");
        exit(3);
    }
    puts(sodium_bin2hex(hex, sizeof(hex), encoded, sizeof(encoded)));
}

/* Certifies two signing keys that the period determines. */
static void certify_period(const struct ed25519_secret_key *secret_key, uint64_t period_number,
                           uint64_t period_length, uint32_t hour)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key blinded_secret_key, signing_secret_key;
    struct certificate certificate = {.type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY, .expiration_hour = hour};
    ed25519_derive_public_key(identity_key, secret_key);
    blinding_derive_secret_key(&blinded_secret_key, secret_key, identity_key, period_number, period_length);
    ed25519_derive_public_key(certificate.signing_key, &blinded_secret_key);
    for (uint8_t i = 0; i < 2; i++) {
        uint8_t seed[ED25519_SEED_SIZE] = {i, (uint8_t)period_number};
        ed25519_expand_seed(&signing_secret_key, seed);
        ed25519_derive_public_key(certificate.certified_key, &signing_secret_key);
        print_certificate(&certificate, &blinded_secret_key);
    }
    certificate.expiration_hour++;
    print_certificate(&certificate, &blinded_secret_key);
}

int main(int argument_count, char **arguments)
{
    struct ed25519_secret_key secret_key;
    uint8_t bytes[64];
    size_t length;
    if (sodium_init() < 0 || argument_count != 6 ||
        sodium_hex2bin(bytes, sizeof(bytes), arguments[1], strlen(arguments[1]), NULL, &length, NULL) != 0 ||
        length != sizeof(bytes))
        return 2;
    memcpy(secret_key.scalar, bytes, 32);
    memcpy(secret_key.nonce_prefix, bytes + 32, 32);
    uint64_t period_length = strtoull(arguments[2], NULL, 10), first = strtoull(arguments[3], NULL, 10);
    uint64_t count = strtoull(arguments[4], NULL, 10);
    uint32_t hour = (uint32_t)strtoul(arguments[5], NULL, 10);
    for (uint64_t i = 0; i < count; i++)
        certify_period(&secret_key, first + i, period_length, hour);
    return 0;
}
