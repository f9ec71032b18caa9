/* Tests the holder of master keys: what it certifies, what it refuses, and that its counters only depend on
 * the key, the period and the second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "crypto/revision_counter.h"
#include "signer/signer.h"

#define NOW 1790000000
#define PERIOD_LENGTH 1440

static uint8_t identity_keys[2][ED25519_PUBLIC_KEY_SIZE];
static const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE] = "some descriptor signing key, 32B";

static struct ed25519_secret_key *make_secret_key(uint8_t number, uint8_t identity_key[32])
{
    uint8_t seed[ED25519_SEED_SIZE] = {number};
    struct ed25519_secret_key *secret_key = secret_allocate(sizeof(*secret_key));
    ed25519_expand_seed(secret_key, seed);
    ed25519_derive_public_key(identity_key, secret_key);
    return secret_key;
}

/* A signer with two frontends, 0 and 1. */
static int set_up(void **state)
{
    if (sodium_init() < 0)
        return -1;
    struct signer *signer = signer_new();
    for (uint8_t i = 0; i < 2; i++) {
        struct ed25519_secret_key *secret_key = make_secret_key(i, identity_keys[i]);
        if (signer_add_frontend(signer, secret_key, identity_keys[i]) != i)
            return -1;
    }
    *state = signer;
    return 0;
}

static int tear_down(void **state)
{
    signer_free(*state);
    return 0;
}

static struct signer_period period_of(size_t frontend, uint64_t number)
{
    return (struct signer_period){.frontend = frontend, .number = number, .length = PERIOD_LENGTH};
}

static uint64_t count(struct signer *signer, size_t frontend, uint64_t number, int64_t seconds)
{
    const struct signer_period period = period_of(frontend, number);
    uint64_t counter = 0;
    struct error error = {.text = ""};
    if (signer_count(signer, &period, seconds, &counter, &error) != 0)
        fail_msg("%s", error.text);
    return counter;
}

static void test_certificate(void **state)
{
    for (size_t frontend = 0; frontend < 2; frontend++) {
        const struct signer_period period = period_of(frontend, 20000);
        uint8_t blinded_key[32], expected_key[32], encoded[CERTIFICATE_SIZE];
        struct error error = {.text = ""};
        uint32_t hour = signer_expiration_hour(NOW);
        assert_int_equal(
            signer_certify(*state, &period, signing_key, hour, NOW, blinded_key, encoded, &error), 0);
        assert_int_equal(
            blinding_derive_public_key(expected_key, identity_keys[frontend], 20000, PERIOD_LENGTH), 0);
        assert_memory_equal(blinded_key, expected_key, sizeof(expected_key));
        struct certificate certificate;
        assert_int_equal(certificate_verify(&certificate, encoded, sizeof(encoded),
                                            CERTIFICATE_DESCRIPTOR_SIGNING_KEY, blinded_key, NOW, &error),
                         0);
        assert_memory_equal(certificate.certified_key, signing_key, sizeof(signing_key));
        assert_int_equal(certificate.expiration_hour, hour);
    }
}

/* tor: 54 hours from now, to the end of that hour. */
static void test_expiration_hour(void **state)
{
    (void)state;
    assert_int_equal(signer_expiration_hour(100 * 3600), 154);
    assert_int_equal(signer_expiration_hour(100 * 3600 + 1), 155);
    assert_int_equal(signer_expiration_hour(100 * 3600 + 3599), 155);
    assert_int_equal(signer_expiration_hour(101 * 3600), 155);
}

/* Whoever takes the engine over gets no certificate that outlives tor's own. */
static void test_long_life_is_refused(void **state)
{
    const struct signer_period period = period_of(0, 20000);
    uint8_t blinded_key[32] = {0}, encoded[CERTIFICATE_SIZE] = {0};
    const uint8_t nothing[CERTIFICATE_SIZE] = {0};
    struct error error = {.text = ""};
    uint32_t hour = signer_expiration_hour(NOW);
    assert_int_equal(
        signer_certify(*state, &period, signing_key, hour + 1, NOW, blinded_key, encoded, &error), -1);
    assert_non_null(strstr(error.text, "54"));
    assert_memory_equal(encoded, nothing, sizeof(encoded));
    assert_int_equal(
        signer_certify(*state, &period, signing_key, UINT32_MAX, NOW, blinded_key, encoded, &error), -1);
}

static void test_unknown_frontend(void **state)
{
    const struct signer_period period = period_of(2, 20000);
    uint8_t blinded_key[32], encoded[CERTIFICATE_SIZE];
    uint64_t counter = 7;
    struct error error = {.text = ""};
    assert_int_equal(signer_certify(*state, &period, signing_key, 1, NOW, blinded_key, encoded, &error), -1);
    assert_non_null(strstr(error.text, "2"));
    assert_int_equal(signer_count(*state, &period, 1, &counter, &error), -1);
    assert_int_equal(counter, 7);
}

static void test_counters_grow(void **state)
{
    uint64_t last = 0;
    for (int64_t seconds = 1; seconds < 200; seconds++) {
        uint64_t counter = count(*state, 0, 20000, seconds);
        assert_true(counter > last);
        last = counter;
    }
    assert_true(count(*state, 0, 20000, REVISION_COUNTER_SECONDS_MAX) > last);
}

static void test_seconds_out_of_range(void **state)
{
    const struct signer_period period = period_of(0, 20000);
    const int64_t bad[] = {0, -1, INT64_MIN, REVISION_COUNTER_SECONDS_MAX + 1, INT64_MAX};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint64_t counter = 7;
        struct error error = {.text = ""};
        assert_int_equal(signer_count(*state, &period, bad[i], &counter, &error), -1);
        assert_true(error.text[0] != '\0');
    }
}

/* More periods than the signer keeps the keys of, again and again: it always answers the same. */
static void test_many_periods(void **state)
{
    uint64_t counters[8];
    for (uint64_t i = 0; i < 8; i++)
        counters[i] = count(*state, 0, 20000 + i, 4711);
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 8; i-- > 0;)
            assert_int_equal(count(*state, 0, 20000 + i, 4711), counters[i]);
    }
    for (uint64_t i = 1; i < 8; i++)
        assert_int_not_equal(counters[i], counters[i - 1]);
}

/* A period is its number and its length, and each frontend has counters of its own. */
static void test_lengths_and_frontends_differ(void **state)
{
    struct signer_period period = period_of(0, 20000);
    struct error error = {.text = ""};
    uint64_t other_length = 0;
    period.length = 8;
    assert_int_equal(signer_count(*state, &period, 4711, &other_length, &error), 0);
    assert_int_not_equal(other_length, count(*state, 0, 20000, 4711));
    assert_int_not_equal(count(*state, 1, 20000, 4711), count(*state, 0, 20000, 4711));
}

static void test_removed_frontend(void **state)
{
    uint64_t others = count(*state, 1, 20000, 4711);
    signer_remove_frontend(*state, 0);
    const struct signer_period period = period_of(0, 20000);
    uint64_t counter = 0;
    struct error error = {.text = ""};
    assert_int_equal(signer_count(*state, &period, 4711, &counter, &error), -1);
    assert_int_equal(count(*state, 1, 20000, 4711), others);
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key = make_secret_key(1, identity_key);
    assert_int_equal(signer_add_frontend(*state, secret_key, identity_key), 0);
    assert_int_equal(count(*state, 0, 20000, 4711), others);
}

static void test_nothing_to_free(void **state)
{
    (void)state;
    signer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_certificate, set_up, tear_down),
        cmocka_unit_test(test_expiration_hour),
        cmocka_unit_test_setup_teardown(test_long_life_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_frontend, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counters_grow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_seconds_out_of_range, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_periods, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lengths_and_frontends_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_removed_frontend, set_up, tear_down),
        cmocka_unit_test(test_nothing_to_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
