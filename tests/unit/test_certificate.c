/* Tests of Ed25519 certificates: byte for byte those of tor and stem; damaged, foreign and expired ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/certificate.h"
#include "vectors.h"

#define HOUR 480000
#define EXTENSIONS_OFFSET 40
#define ENCODED_MAX 1024

/* A signer and the certificate it made. */
struct sample {
    struct ed25519_secret_key secret_key;
    struct certificate certificate;
    uint8_t encoded[CERTIFICATE_SIZE];
};

static void make_sample(struct sample *sample)
{
    const uint8_t seed[ED25519_SEED_SIZE] = {3};
    memset(sample, 0, sizeof(*sample));
    ed25519_expand_seed(&sample->secret_key, seed);
    sample->certificate.type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY;
    sample->certificate.expiration_hour = HOUR;
    memset(sample->certificate.certified_key, 0x44, 32);
    ed25519_derive_public_key(sample->certificate.signing_key, &sample->secret_key);
    assert_int_equal(certificate_make(sample->encoded, &sample->certificate, &sample->secret_key), 0);
}

/* certificate_verify() with the sample's own signer, type and a time before its end. */
static int verify_with(const struct sample *sample, const uint8_t *encoded, size_t length,
                       struct error *error)
{
    struct certificate certificate;
    return certificate_verify(&certificate, encoded, length, CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
                              sample->certificate.signing_key, (int64_t)HOUR * 3600 - 1, error);
}

/* Fails unless both parsing and verifying refuse the certificate, with this in their sentence. */
static void assert_refused(const struct sample *sample, const uint8_t *encoded, size_t length,
                           const char *sentence)
{
    struct certificate certificate;
    struct error error = {.text = ""};
    assert_int_equal(certificate_parse(&certificate, encoded, length, &error), -1);
    if (strstr(error.text, sentence) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, sentence);
    assert_int_equal(verify_with(sample, encoded, length, &error), -1);
}

/* Replaces the sample's extensions by count others and signs anew. Returns the certificate's length. */
static size_t replace_extensions(const struct sample *sample, uint8_t encoded[ENCODED_MAX], uint8_t count,
                                 const struct span *extensions, size_t extension_spans)
{
    size_t length = EXTENSIONS_OFFSET;
    memcpy(encoded, sample->encoded, length);
    encoded[length - 1] = count;
    for (size_t i = 0; i < extension_spans; i++) {
        memcpy(encoded + length, extensions[i].data, extensions[i].length);
        length += extensions[i].length;
    }
    const struct span body = {encoded, length};
    assert_int_equal(
        ed25519_sign(encoded + length, &body, 1, &sample->secret_key, sample->certificate.signing_key), 0);
    return length + ED25519_SIGNATURE_SIZE;
}

static void check_certificate_of_stem(char **words)
{
    uint8_t seed[ED25519_SEED_SIZE], expected[CERTIFICATE_SIZE], encoded[CERTIFICATE_SIZE];
    struct certificate certificate = {0};
    vectors_decode_hex(words[0], seed, sizeof(seed));
    vectors_decode_hex(words[1], certificate.certified_key, 32);
    certificate.type = (uint8_t)strtoul(words[2], NULL, 10);
    certificate.expiration_hour = (uint32_t)strtoul(words[3], NULL, 10);
    vectors_decode_hex(words[4], expected, sizeof(expected));

    struct ed25519_secret_key secret_key;
    ed25519_expand_seed(&secret_key, seed);
    ed25519_derive_public_key(certificate.signing_key, &secret_key);
    assert_int_equal(certificate_make(encoded, &certificate, &secret_key), 0);
    assert_memory_equal(encoded, expected, sizeof(expected));

    struct certificate parsed;
    assert_int_equal(certificate_verify(&parsed, expected, sizeof(expected), certificate.type,
                                        certificate.signing_key,
                                        (int64_t)certificate.expiration_hour * 3600 - 1, NULL),
                     0);
    assert_int_equal(parsed.type, certificate.type);
    assert_int_equal(parsed.expiration_hour, certificate.expiration_hour);
    assert_memory_equal(parsed.certified_key, certificate.certified_key, 32);
    assert_true(parsed.has_signing_key);
    assert_memory_equal(parsed.signing_key, certificate.signing_key, 32);
}

static void test_certificates_of_stem(void **state)
{
    (void)state;
    vectors_for_each("certificate.txt", 5, check_certificate_of_stem);
}

static void check_certificate_of_tor(char **words)
{
    uint8_t secret_bytes[64], public_key[32], certified_key[32], expected[CERTIFICATE_SIZE];
    vectors_decode_hex(words[0], secret_bytes, sizeof(secret_bytes));
    vectors_decode_hex(words[1], public_key, sizeof(public_key));
    vectors_decode_hex(words[2], certified_key, sizeof(certified_key));
    vectors_decode_hex(words[3], expected, sizeof(expected));

    struct certificate certificate;
    assert_int_equal(certificate_parse(&certificate, expected, sizeof(expected), NULL), 0);
    assert_int_equal(certificate.type, 4);
    assert_memory_equal(certificate.certified_key, certified_key, 32);
    assert_true(certificate.has_signing_key);
    assert_memory_equal(certificate.signing_key, public_key, 32);

    struct ed25519_secret_key secret_key;
    memcpy(secret_key.scalar, secret_bytes, 32);
    memcpy(secret_key.nonce_prefix, secret_bytes + 32, 32);
    uint8_t encoded[CERTIFICATE_SIZE];
    assert_int_equal(certificate_make(encoded, &certificate, &secret_key), 0);
    assert_memory_equal(encoded, expected, sizeof(expected));
}

static void test_certificate_of_tor(void **state)
{
    (void)state;
    vectors_for_each("certificate_tor.txt", 4, check_certificate_of_tor);
}

/* It is good from so long before its end, until its hour begins. */
static void test_good_in_its_time_only(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    const int64_t end = (int64_t)HOUR * 3600;
    const int64_t begin = end - (int64_t)CERTIFICATE_LIFETIME_HOURS_MAX * 3600;
    const struct {
        int64_t now;
        const char *words; /* NULL for a good one */
    } moments[] = {
        {INT64_MIN, "no tor makes"},
        {0, "no tor makes"},
        {begin - 1, "no tor makes"},
        {begin, NULL},
        {end - 1, NULL},
        {end, "has expired"},
        {end + 1, "has expired"},
        {INT64_MAX, "has expired"},
    };
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        struct certificate certificate;
        struct error error;
        int result = certificate_verify(&certificate, sample.encoded, CERTIFICATE_SIZE,
                                        CERTIFICATE_DESCRIPTOR_SIGNING_KEY, sample.certificate.signing_key,
                                        moments[i].now, &error);
        assert_int_equal(result, moments[i].words == NULL ? 0 : -1);
        if (result != 0)
            assert_non_null(strstr(error.text, moments[i].words));
    }
}

static void test_type_and_signer_are_checked(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    struct certificate certificate;
    struct error error;
    assert_int_equal(certificate_verify(&certificate, sample.encoded, CERTIFICATE_SIZE,
                                        CERTIFICATE_INTRODUCTION_AUTH_KEY, sample.certificate.signing_key, 0,
                                        &error),
                     -1);
    assert_string_equal(error.text, "a certificate is of type 8, not 9");

    uint8_t other_key[32] = {0};
    memcpy(other_key, sample.certificate.signing_key, 32);
    other_key[0] ^= 1;
    assert_int_equal(certificate_verify(&certificate, sample.encoded, CERTIFICATE_SIZE,
                                        CERTIFICATE_DESCRIPTOR_SIGNING_KEY, other_key, 0, &error),
                     -1);
    assert_non_null(strstr(error.text, "another key"));

    /* It names one key and another one signed it. */
    struct ed25519_secret_key other_secret_key;
    ed25519_expand_seed(&other_secret_key, other_key);
    assert_int_equal(certificate_make(sample.encoded, &sample.certificate, &other_secret_key), 0);
    assert_int_equal(verify_with(&sample, sample.encoded, CERTIFICATE_SIZE, &error), -1);
    assert_non_null(strstr(error.text, "bad signature"));
}

static void test_every_changed_bit_is_noticed(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    assert_int_equal(verify_with(&sample, sample.encoded, CERTIFICATE_SIZE, NULL), 0);
    for (size_t bit = 0; bit < 8 * CERTIFICATE_SIZE; bit++) {
        sample.encoded[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(verify_with(&sample, sample.encoded, CERTIFICATE_SIZE, NULL), -1);
        sample.encoded[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void test_other_lengths_are_refused(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    for (size_t length = 0; length <= CERTIFICATE_SIZE + 1; length++) {
        /* A buffer of just this size lets a memory checker see what is read behind it. */
        uint8_t *encoded = calloc(length + 1, 1);
        assert_non_null(encoded);
        memcpy(encoded, sample.encoded, length < CERTIFICATE_SIZE ? length : CERTIFICATE_SIZE);
        if (length == CERTIFICATE_SIZE)
            assert_int_equal(verify_with(&sample, encoded, length, NULL), 0);
        else
            assert_refused(&sample, encoded, length, length > CERTIFICATE_SIZE ? "too many" : "cut short");
        free(encoded);
    }
}

static void test_unknown_version_and_key_type_are_refused(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    sample.encoded[0] = 2;
    assert_refused(&sample, sample.encoded, CERTIFICATE_SIZE, "version 2");
    sample.encoded[0] = 1;
    sample.encoded[6] = 3;
    assert_refused(&sample, sample.encoded, CERTIFICATE_SIZE, "key type 3");
}

static void test_extensions(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    const uint8_t *own = sample.encoded + EXTENSIONS_OFFSET; /* header and key */
    const struct span signer = {own, 36};
    const struct span unknown = {"\0\2\x77\0hi", 6};
    const struct span unknown_empty = {"\0\0\x78\xfe", 4}; /* every flag but the one that matters */
    const struct span affecting = {"\0\2\x77\1hi", 6};
    const struct span short_signer = {"\0\1\4\0k", 5};
    uint8_t encoded[ENCODED_MAX];
    struct error error;

    size_t length =
        replace_extensions(&sample, encoded, 3, (struct span[]){unknown, signer, unknown_empty}, 3);
    assert_int_equal(verify_with(&sample, encoded, length, NULL), 0);

    length = replace_extensions(&sample, encoded, 2, (struct span[]){signer, affecting}, 2);
    assert_refused(&sample, encoded, length, "unknown extension 119");
    length = replace_extensions(&sample, encoded, 2, (struct span[]){signer, signer}, 2);
    assert_refused(&sample, encoded, length, "twice");
    length = replace_extensions(&sample, encoded, 1, &short_signer, 1);
    assert_refused(&sample, encoded, length, "signing key of 1 bytes");
    length = replace_extensions(&sample, encoded, 2, &signer, 1);
    assert_refused(&sample, encoded, length, "cut short in extension 2");
    length = replace_extensions(&sample, encoded, 1, (struct span[]){signer, unknown}, 2);
    assert_refused(&sample, encoded, length, "6 bytes too many");

    /* Without a signing key a certificate parses, but nobody takes it. */
    struct certificate certificate;
    length = replace_extensions(&sample, encoded, 0, NULL, 0);
    assert_int_equal(certificate_parse(&certificate, encoded, length, NULL), 0);
    assert_false(certificate.has_signing_key);
    assert_int_equal(verify_with(&sample, encoded, length, &error), -1);
    assert_non_null(strstr(error.text, "does not name"));
}

static void test_zero_prefix_never_certifies(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    memset(sample.secret_key.nonce_prefix, 0, sizeof(sample.secret_key.nonce_prefix));
    assert_int_equal(certificate_make(sample.encoded, &sample.certificate, &sample.secret_key), -1);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates_of_stem),
        cmocka_unit_test(test_certificate_of_tor),
        cmocka_unit_test(test_good_in_its_time_only),
        cmocka_unit_test(test_type_and_signer_are_checked),
        cmocka_unit_test(test_every_changed_bit_is_noticed),
        cmocka_unit_test(test_other_lengths_are_refused),
        cmocka_unit_test(test_unknown_version_and_key_type_are_refused),
        cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_zero_prefix_never_certifies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
