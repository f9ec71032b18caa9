/* Signatures of points' certificates that are used again: only where the certificate is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "onion/point_signatures.h"

struct fixture {
    struct ed25519_secret_key secret_key;
    struct certificate certificate;
    struct point_signatures signatures;
};

static void set_key(struct fixture *fixture, uint8_t number)
{
    const uint8_t seed[ED25519_SEED_SIZE] = {number};
    ed25519_expand_seed(&fixture->secret_key, seed);
    ed25519_derive_public_key(fixture->certificate.signing_key, &fixture->secret_key);
}

/* One signature is known, of a certificate that the fixture is left with, and it has been tampered with: so
 * it shows where it is used. */
static void fixture_init(struct fixture *fixture)
{
    uint8_t encoded[CERTIFICATE_SIZE];
    memset(fixture, 0, sizeof(*fixture));
    fixture->certificate = (struct certificate){.type = CERTIFICATE_INTRODUCTION_AUTH_KEY,
                                                .expiration_hour = 1000,
                                                .certified_key = {7},
                                                .has_signing_key = true};
    set_key(fixture, 1);
    assert_int_equal(
        point_signatures_certify(encoded, &fixture->certificate, &fixture->secret_key, &fixture->signatures),
        0);
    assert_int_equal(fixture->signatures.count, 1);
    fixture->signatures.signatures[0].signature[0] ^= 1;
}

static void fixture_clear(struct fixture *fixture)
{
    point_signatures_clear(&fixture->signatures);
}

/* True when the certificate is made with the known signature; else it has to be one made anew. */
static bool uses_known(struct fixture *fixture)
{
    uint8_t encoded[CERTIFICATE_SIZE], anew[CERTIFICATE_SIZE];
    assert_int_equal(
        point_signatures_certify(encoded, &fixture->certificate, &fixture->secret_key, &fixture->signatures),
        0);
    assert_int_equal(certificate_make(anew, &fixture->certificate, &fixture->secret_key), 0);
    if (memcmp(encoded, anew, sizeof(anew)) == 0)
        return false;
    assert_memory_equal(encoded, anew, CERTIFICATE_BODY_SIZE);
    assert_memory_equal(encoded + CERTIFICATE_BODY_SIZE, fixture->signatures.signatures[0].signature,
                        ED25519_SIGNATURE_SIZE);
    return true;
}

static void test_same_certificate(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    assert_true(uses_known(&fixture));
    assert_int_equal(fixture.signatures.count, 1);
    fixture_clear(&fixture);
}

static void test_other_certificates(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    fixture.certificate.type = CERTIFICATE_INTRODUCTION_ENC_KEY;
    assert_false(uses_known(&fixture));
    fixture.certificate.type = CERTIFICATE_INTRODUCTION_AUTH_KEY;
    fixture.certificate.certified_key[31] ^= 1;
    assert_false(uses_known(&fixture));
    fixture.certificate.certified_key[31] ^= 1;
    assert_true(uses_known(&fixture));
    fixture.certificate.expiration_hour++;
    assert_false(uses_known(&fixture));
    fixture_clear(&fixture);
    fixture_init(&fixture);
    set_key(&fixture, 2);
    assert_false(uses_known(&fixture));
    fixture_clear(&fixture);
}

/* Those of another signing key or expiry are not mixed with what comes. */
static void test_made_anew(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    assert_true(uses_known(&fixture));
    fixture.certificate.expiration_hour++;
    assert_false(uses_known(&fixture));
    assert_int_equal(fixture.signatures.count, 1);
    assert_int_equal(fixture.signatures.expiration_hour, fixture.certificate.expiration_hour);
    fixture_clear(&fixture);
}

static void test_no_more_than_fit(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    for (size_t i = 0; i < POINT_SIGNATURES_MAX + 3; i++) {
        fixture.certificate.certified_key[1] = (uint8_t)(i + 1);
        fixture.certificate.certified_key[2] = (uint8_t)((i + 1) >> 8);
        assert_false(uses_known(&fixture));
    }
    assert_int_equal(fixture.signatures.count, POINT_SIGNATURES_MAX);
    fixture_clear(&fixture);
}

/* Makes certificates for the keys from first to last. */
static void certify_keys(struct fixture *fixture, uint8_t first, uint8_t last)
{
    uint8_t encoded[CERTIFICATE_SIZE], anew[CERTIFICATE_SIZE];
    for (uint8_t i = first; i <= last; i++) {
        fixture->certificate.certified_key[0] = i;
        assert_int_equal(point_signatures_certify(encoded, &fixture->certificate, &fixture->secret_key,
                                                  &fixture->signatures),
                         0);
        assert_int_equal(certificate_make(anew, &fixture->certificate, &fixture->secret_key), 0);
        assert_memory_equal(encoded, anew, sizeof(anew));
    }
}

/* What several descriptors have in common is kept once, in whatever order they have it, and what none of them
 * has any more is dropped, with its memory. */
static void test_unused_ones(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    point_signatures_clear(&fixture.signatures);
    certify_keys(&fixture, 1, 60);
    certify_keys(&fixture, 31, 90);
    certify_keys(&fixture, 1, 40);
    assert_int_equal(fixture.signatures.count, 90);
    point_signatures_drop_unused(&fixture.signatures);
    assert_int_equal(fixture.signatures.count, 90);
    certify_keys(&fixture, 70, 100);
    assert_int_equal(fixture.signatures.count, 100);
    point_signatures_drop_unused(&fixture.signatures);
    assert_int_equal(fixture.signatures.count, 31);
    assert_true(fixture.signatures.room < 60);
    fixture.signatures.signatures[0].signature[0] ^= 1;
    fixture.certificate.certified_key[0] = fixture.signatures.signatures[0].certified_key[0];
    assert_true(uses_known(&fixture));
    point_signatures_drop_unused(&fixture.signatures);
    point_signatures_drop_unused(&fixture.signatures);
    assert_int_equal(fixture.signatures.count, 0);
    assert_null(fixture.signatures.signatures);
    fixture_clear(&fixture);
}

static void test_key_that_must_not_sign(void **state)
{
    (void)state;
    struct fixture fixture;
    uint8_t encoded[CERTIFICATE_SIZE];
    fixture_init(&fixture);
    memset(fixture.secret_key.nonce_prefix, 0, sizeof(fixture.secret_key.nonce_prefix));
    fixture.certificate.certified_key[0]++;
    assert_int_equal(
        point_signatures_certify(encoded, &fixture.certificate, &fixture.secret_key, &fixture.signatures),
        -1);
    assert_int_equal(fixture.signatures.count, 1);
    fixture_clear(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_certificate), cmocka_unit_test(test_other_certificates),
        cmocka_unit_test(test_made_anew),        cmocka_unit_test(test_no_more_than_fit),
        cmocka_unit_test(test_unused_ones),      cmocka_unit_test(test_key_that_must_not_sign),
    };
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
