/* A frontend's superdescriptor for the tests, ready to be encoded. */
#include "helper_superdescriptor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

void fixture_make_point(struct introduction_point *point, uint8_t number)
{
    static const uint8_t specifiers[] = {
        3,  0,  6,  192, 0,  2,  1,  0x23, 0x29, 2,  20, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
        12, 13, 14, 15,  16, 17, 18, 19,   20,   3,  32, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
        12, 13, 14, 15,  16, 17, 18, 19,   20,   21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
    struct ed25519_secret_key secret_key;
    uint8_t seed[ED25519_SEED_SIZE] = {number, 1};
    ed25519_expand_seed(&secret_key, seed);
    memset(point, 0, sizeof(*point));
    memcpy(point->link_specifiers, specifiers, sizeof(specifiers));
    point->link_specifiers_length = sizeof(specifiers);
    ed25519_derive_public_key(point->auth_key, &secret_key);
    crypto_scalarmult_curve25519_base(point->onion_key, secret_key.nonce_prefix);
    forge_enc_key(point->enc_key, point->enc_key_certified, number);
}

void fixture_init(struct fixture *fixture, size_t point_count)
{
    static const uint8_t seed[randombytes_SEEDBYTES] = "superdescriptor";
    memset(fixture, 0, sizeof(*fixture));
    forger_init(&fixture->forger, 5);
    fixture->forger.expectation.identity_key = fixture->forger.identity_key;
    randombytes_buf_deterministic(&fixture->randomness, sizeof(fixture->randomness), seed);
    superdescriptor_make_ephemeral_key(fixture->randomness.ephemeral_key, seed);
    struct superdescriptor *superdescriptor = &fixture->superdescriptor;
    const struct forger *forger = &fixture->forger;
    memcpy(superdescriptor->identity_key, forger->identity_key, 32);
    memcpy(superdescriptor->blinded_key, forger->blinded_key, 32);
    memcpy(superdescriptor->signing_key, forger->signing_key, 32);
    superdescriptor->signing_secret_key = &forger->signing_secret_key;
    superdescriptor->revision_counter = forger->revision_counter;
    superdescriptor->expiration_hour = forger->expiration_hour;
    struct certificate certificate = {.type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
                                      .expiration_hour = forger->expiration_hour + 1};
    memcpy(certificate.certified_key, forger->signing_key, 32);
    memcpy(certificate.signing_key, forger->blinded_key, 32);
    assert_int_equal(
        certificate_make(superdescriptor->signing_certificate, &certificate, &forger->blinded_secret_key), 0);
    superdescriptor->flow_control = (struct flow_control){true, 1 << 1 | 1 << 2, 31};
    superdescriptor->point_count = point_count;
    for (size_t i = 0; i < point_count && i < INTRODUCTION_POINTS_MAX; i++) {
        fixture_make_point(&fixture->points[i], (uint8_t)i);
        superdescriptor->points[i] = &fixture->points[i];
    }
}

char *encode_good(const struct fixture *fixture)
{
    char *text;
    size_t length;
    struct error error = {.text = ""};
    if (superdescriptor_encode(&fixture->superdescriptor, &fixture->randomness, DESCRIPTOR_SIZE_MAX_DEFAULT,
                               &text, &length, &error) != 0)
        fail_msg("not encoded: %s", error.text);
    assert_int_equal(strlen(text), length);
    return text;
}

struct descriptor *decode_encoded(const struct fixture *fixture, const char *text)
{
    struct error error = {.text = ""};
    struct descriptor *descriptor =
        descriptor_decode(text, strlen(text), &fixture->forger.expectation, &error);
    if (descriptor == NULL)
        fail_msg("not decoded: %s", error.text);
    return descriptor;
}
