/* Makes descriptors with any fault one likes, from keys that the test holds. */
#include "helper_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/memory.h"
#include "crypto/descriptor_layer.h"

#define NOW 1700000000
#define PERIOD_NUMBER 19675

char *text_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    assert_true(vasprintf(&text, format, arguments) >= 0);
    va_end(arguments);
    return text;
}

char *text_replace(const char *text, const char *from, const char *to)
{
    const char *place = strstr(text, from);
    if (place == NULL)
        fail_msg("there is no \"%s\" to replace", from);
    return text_format("%.*s%s%s", (int)(place - text), text, to, place + strlen(from));
}

char *text_base64(const void *bytes, size_t size)
{
    size_t room = sodium_base64_encoded_len(size, sodium_base64_VARIANT_ORIGINAL);
    return sodium_bin2base64(memory_allocate(room, 1), room, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

/* Bytes as an object, without a newline at its end. */
static char *format_object(const char *label, const void *bytes, size_t size)
{
    char *base64 = text_base64(bytes, size), *text = text_format("-----BEGIN %s-----\n", label);
    for (const char *rest = base64; *rest != '\0'; rest += strnlen(rest, 64)) {
        char *longer = text_format("%s%.64s\n", text, rest);
        free(text);
        text = longer;
    }
    char *object = text_format("%s-----END %s-----", text, label);
    free(base64);
    free(text);
    return object;
}

/* A key that a label and two numbers determine. */
static void make_key(struct ed25519_secret_key *secret_key, uint8_t *public_key, const char *label,
                     uint8_t first, uint8_t second)
{
    uint8_t seed[ED25519_SEED_SIZE], numbers[2] = {first, second};
    const struct span pieces[] = {{label, strlen(label)}, {numbers, sizeof(numbers)}};
    hash_sha3_256(seed, pieces, 2);
    ed25519_expand_seed(secret_key, seed);
    ed25519_derive_public_key(public_key, secret_key);
}

void forger_init(struct forger *forger, uint8_t number)
{
    *forger = (struct forger){.revision_counter = 1234567890, .expiration_hour = NOW / 3600 + 54};
    make_key(&forger->identity_secret_key, forger->identity_key, "identity", number, 0);
    make_key(&forger->signing_secret_key, forger->signing_key, "signing", number, 0);
    forger->expectation = (struct descriptor_expectation){
        .schedule = {.voting_interval = 3600, .period_length = 1440},
        .period_number = PERIOD_NUMBER,
        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .wall_now = NOW,
    };
    blinding_derive_secret_key(&forger->blinded_secret_key, &forger->identity_secret_key,
                               forger->identity_key, PERIOD_NUMBER, 1440);
    ed25519_derive_public_key(forger->blinded_key, &forger->blinded_secret_key);
}

/* A certificate that any key makes. */
static char *format_certificate(const struct forger *forger, uint8_t type, const uint8_t *certified_key,
                                const struct ed25519_secret_key *secret_key, const uint8_t *public_key)
{
    uint8_t encoded[CERTIFICATE_SIZE];
    struct certificate certificate = {.type = type, .expiration_hour = forger->expiration_hour};
    memcpy(certificate.certified_key, certified_key, sizeof(certificate.certified_key));
    memcpy(certificate.signing_key, public_key, sizeof(certificate.signing_key));
    assert_int_equal(certificate_make(encoded, &certificate, secret_key), 0);
    return format_object("ED25519 CERT", encoded, sizeof(encoded));
}

char *forge_certificate(const struct forger *forger, uint8_t type, const uint8_t *certified_key)
{
    return format_certificate(forger, type, certified_key, &forger->signing_secret_key, forger->signing_key);
}

void forge_enc_key(uint8_t enc_key[X25519_PUBLIC_KEY_SIZE], uint8_t certified_key[ED25519_PUBLIC_KEY_SIZE],
                   uint8_t number)
{
    struct ed25519_secret_key secret_key;
    make_key(&secret_key, certified_key, "enc", 0, number);
    certified_key[ED25519_PUBLIC_KEY_SIZE - 1] &= 0x7f;
    crypto_scalarmult_curve25519_base(enc_key, secret_key.scalar);
}

char *forge_point(const struct forger *forger, uint8_t number)
{
    struct ed25519_secret_key secret_key;
    uint8_t auth_key[ED25519_PUBLIC_KEY_SIZE], certified_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t onion_key[X25519_PUBLIC_KEY_SIZE], enc_key[X25519_PUBLIC_KEY_SIZE];
    make_key(&secret_key, auth_key, "auth", forger->identity_key[0], number);
    crypto_scalarmult_curve25519_base(onion_key, secret_key.nonce_prefix);
    forge_enc_key(enc_key, certified_key, number);
    uint8_t specifiers[] = {2, 0, 6, 192, 0,  2,  number, 0x23, 0x29, 2,  20, 1,  2,  3,  4,     5,
                            6, 7, 8, 9,   10, 11, 12,     13,   14,   15, 16, 17, 18, 19, number};
    char *texts[] = {
        text_base64(specifiers, sizeof(specifiers)),
        text_base64(onion_key, sizeof(onion_key)),
        forge_certificate(forger, CERTIFICATE_INTRODUCTION_AUTH_KEY, auth_key),
        text_base64(enc_key, sizeof(enc_key)),
        forge_certificate(forger, CERTIFICATE_INTRODUCTION_ENC_KEY, certified_key),
    };
    char *point = text_format("introduction-point %s\nonion-key ntor %s\nauth-key\n%s\nenc-key ntor %s\n"
                              "enc-key-cert\n%s\n",
                              texts[0], texts[1], texts[2], texts[3], texts[4]);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    return point;
}

char *forge_inner(const struct forger *forger, size_t point_count)
{
    char *inner = text_format("create2-formats 2\nflow-control 1-2 31\n");
    for (size_t i = 0; i < point_count; i++) {
        char *point = forge_point(forger, (uint8_t)i), *longer = text_format("%s%s", inner, point);
        free(point);
        free(inner);
        inner = longer;
    }
    return inner;
}

/* A layer's plaintext, encrypted, as an object. */
static char *seal(const struct forger *forger, enum descriptor_layer layer, const char *plaintext)
{
    struct descriptor_layer_secret secret = {.revision_counter = forger->revision_counter,
                                             .cookie = forger->cookie};
    static const uint8_t salt[DESCRIPTOR_LAYER_SALT_SIZE] = "a pinch of salt";
    memcpy(secret.blinded_key, forger->blinded_key, sizeof(secret.blinded_key));
    blinding_derive_subcredential(secret.subcredential, forger->identity_key, forger->blinded_key);
    size_t text_length = strlen(plaintext), length = text_length + forger->padding_length;
    uint8_t *blob = memory_allocate(length + DESCRIPTOR_LAYER_OVERHEAD, 1);
    char *padded = memory_allocate(length, 1);
    memcpy(padded, plaintext, text_length);
    if (forger->padding_length > 0)
        memcpy(padded + text_length, forger->padding, forger->padding_length);
    descriptor_layer_encrypt(blob, layer, &secret, salt, padded, length);
    free(padded);
    char *object = format_object("MESSAGE", blob, length + DESCRIPTOR_LAYER_OVERHEAD);
    free(blob);
    return object;
}

char *forge_middle(const struct forger *forger, const char *inner)
{
    char *object = seal(forger, DESCRIPTOR_LAYER_ENCRYPTED, inner);
    char *key = text_base64(forger->signing_key, 32);
    char *middle = text_format("desc-auth-type x25519\ndesc-auth-ephemeral-key %s\n"
                               "auth-client AAAAAAAAAAE AAAAAAAAAAAAAAAAAAAAAQ AAAAAAAAAAAAAAAAAAAAAg\n"
                               "auth-client AAAAAAAAAAI AAAAAAAAAAAAAAAAAAAAAw AAAAAAAAAAAAAAAAAAAABA\n"
                               "encrypted\n%s",
                               key, object);
    free(object);
    free(key);
    return middle;
}

/* The text of an auth-client line. */
static char *format_client(const struct auth_client *client)
{
    char *client_id = text_base64(client->client_id, sizeof(client->client_id));
    char *iv = text_base64(client->iv, sizeof(client->iv));
    char *cookie = text_base64(client->encrypted_cookie, sizeof(client->encrypted_cookie));
    char *line = text_format("auth-client %.11s %.22s %.22s\n", client_id, iv, cookie);
    free(client_id);
    free(iv);
    free(cookie);
    return line;
}

char *forge_restricted_middle(const struct forger *forger, const char *inner,
                              const struct descriptor_authorization *authorization)
{
    struct forger restricted = *forger;
    restricted.cookie = authorization->cookie;
    char *object = seal(&restricted, DESCRIPTOR_LAYER_ENCRYPTED, inner);
    char *key = text_base64(authorization->ephemeral_key, 32);
    char *middle = text_format("desc-auth-type x25519\ndesc-auth-ephemeral-key %s\n", key);
    for (size_t i = 0; i < authorization->line_count; i++) {
        char *line = format_client(&authorization->lines[i]), *longer = text_format("%s%s", middle, line);
        free(line);
        free(middle);
        middle = longer;
    }
    char *whole = text_format("%sencrypted\n%s", middle, object);
    free(middle);
    free(object);
    free(key);
    return whole;
}

struct descriptor_authorization *forge_authorization(const struct forger *forger, uint8_t count)
{
    const uint8_t seed[DESCRIPTOR_AUTHORIZATION_SEED_SIZE] = "authorization";
    uint8_t keys[UINT8_MAX][X25519_PUBLIC_KEY_SIZE];
    for (uint8_t i = 0; i < count; i++) {
        const uint8_t secret_key[X25519_SECRET_KEY_SIZE] = {0, (uint8_t)(i + 1)};
        x25519_derive_public_key(keys[i], secret_key);
    }
    struct authorized_clients *clients = authorized_clients_new(keys, count, NULL);
    assert_non_null(clients);
    struct descriptor_authorization *authorization =
        descriptor_authorization_new(clients, forger->identity_key, forger->blinded_key, seed);
    authorized_clients_release(clients);
    return authorization;
}

char *forge_outer(const struct forger *forger, const char *middle)
{
    char *certificate = format_certificate(forger, CERTIFICATE_DESCRIPTOR_SIGNING_KEY, forger->signing_key,
                                           &forger->blinded_secret_key, forger->blinded_key);
    char *object = seal(forger, DESCRIPTOR_LAYER_SUPERENCRYPTED, middle);
    char *outer = text_format("hs-descriptor 3\ndescriptor-lifetime 180\ndescriptor-signing-key-cert\n%s\n"
                              "revision-counter %llu\nsuperencrypted\n%s\n",
                              certificate, (unsigned long long)forger->revision_counter, object);
    free(certificate);
    free(object);
    return outer;
}

char *forge_signed(const struct forger *forger, const char *outer)
{
    static const char prefix[] = "Tor onion service descriptor sig v3";
    const struct span pieces[] = {{prefix, strlen(prefix)}, {outer, strlen(outer)}};
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    assert_int_equal(ed25519_sign(signature, pieces, 2, &forger->signing_secret_key, forger->signing_key), 0);
    char *base64 = text_base64(signature, sizeof(signature));
    char *text = text_format("%ssignature %.86s\n", outer, base64);
    free(base64);
    return text;
}

char *forge_around(const struct forger *forger, const char *inner)
{
    char *middle = forge_middle(forger, inner), *outer = forge_outer(forger, middle);
    char *text = forge_signed(forger, outer);
    free(middle);
    free(outer);
    return text;
}

struct descriptor_expectation forger_expectation(const struct forger *forger)
{
    struct descriptor_expectation expectation = forger->expectation;
    expectation.identity_key = forger->identity_key;
    return expectation;
}

struct descriptor *decode_forged(const struct forger *forger, const char *text)
{
    struct error error = {.text = ""};
    struct descriptor_expectation expectation = forger_expectation(forger);
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, &error);
    if (descriptor == NULL)
        fail_msg("refused: %s", error.text);
    return descriptor;
}

void assert_descriptor_refused(const char *text, size_t length,
                               const struct descriptor_expectation *expectation, const char *words)
{
    struct error error = {.text = ""};
    struct descriptor *descriptor = descriptor_decode(text, length, expectation, &error);
    if (descriptor != NULL) {
        descriptor_free(descriptor);
        fail_msg("not refused, though it should be: %s", words);
    }
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}
