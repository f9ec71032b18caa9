/* Decoding descriptors: those of stock tor and of stem, and every kind of forgery. */
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
#include "helper_descriptor.h"
#include "helper_forge.h"
#include "onion/descriptor.h"
#include "onion/descriptor_authorization.h"

static void assert_points_equal(const struct introduction_point *point,
                                const struct introduction_point *expected)
{
    assert_int_equal(point->link_specifiers_length, expected->link_specifiers_length);
    assert_memory_equal(point->link_specifiers, expected->link_specifiers, expected->link_specifiers_length);
    assert_memory_equal(point->onion_key, expected->onion_key, sizeof(point->onion_key));
    assert_memory_equal(point->auth_key, expected->auth_key, sizeof(point->auth_key));
    assert_memory_equal(point->enc_key, expected->enc_key, sizeof(point->enc_key));
    assert_memory_equal(point->enc_key_certified, expected->enc_key_certified,
                        sizeof(point->enc_key_certified));
    assert_false(point->has_legacy_key);
}

static void assert_flow_control_equals(const struct flow_control *flow_control, const char *expected)
{
    static const struct {
        const char *arguments;
        struct flow_control flow_control;
    } rows[] = {
        {"-", {false, 0, 0}},
        {"1-2 31", {true, 1 << 1 | 1 << 2, 31}},
        {"1,3-4 63", {true, 1 << 1 | 1 << 3 | 1 << 4, 63}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(expected, rows[i].arguments) != 0)
            continue;
        assert_int_equal(flow_control->is_present, rows[i].flow_control.is_present);
        assert_int_equal(flow_control->versions, rows[i].flow_control.versions);
        assert_int_equal(flow_control->sendme_inc, rows[i].flow_control.sendme_inc);
        return;
    }
    fail_msg("flow-control %s is not in the table", expected);
}

/* Decodes length bytes of a vector's text, which has to be as the vector says. */
static void check_text(const struct descriptor_vector *vector, size_t length, const char *name)
{
    struct error error = {.text = ""};
    const struct descriptor *expected = &vector->expected;
    struct descriptor *descriptor = descriptor_decode(vector->text, length, &vector->expectation, &error);
    if (descriptor == NULL)
        fail_msg("%s: %s", name, error.text);
    assert_memory_equal(descriptor->blinded_key, expected->blinded_key, 32);
    assert_memory_equal(descriptor->signing_key, expected->signing_key, 32);
    assert_int_equal(descriptor->period_number, expected->period_number);
    assert_int_equal(descriptor->signing_key_expiration_hour, expected->signing_key_expiration_hour);
    assert_int_equal(descriptor->lifetime, expected->lifetime);
    assert_int_equal(descriptor->revision_counter, expected->revision_counter);
    assert_int_equal(descriptor->auth_client_count,
                     descriptor_authorization_count_lines(vector->authorised_clients));
    assert_int_equal(descriptor->is_restricted, vector->authorised_clients > 0);
    assert_int_equal(descriptor->is_single_onion_service, expected->is_single_onion_service);
    assert_pow_params_equal(&descriptor->pow_params, &expected->pow_params);
    assert_flow_control_equals(&descriptor->flow_control, vector->flow_control);
    assert_int_equal(descriptor->unknown_line_count, 0);
    assert_int_equal(descriptor->point_count, expected->point_count);
    for (size_t i = 0; i < expected->point_count; i++)
        assert_points_equal(&descriptor->points[i], &expected->points[i]);
    descriptor_free(descriptor);
}

static void check_vector(const char *name)
{
    struct descriptor_vector vector;
    descriptor_vector_read(&vector, name);
    check_text(&vector, vector.length, name);
    /* Without its last newline, as GETINFO gives it. */
    check_text(&vector, vector.length - 1, name);
    /* Who has a client key that is not asked for needs none. */
    vector.expectation.client_key = vector.identity_key;
    check_text(&vector, vector.length, name);
    descriptor_vector_clear(&vector);
}

/* Of one that is closed to us all is known that HSDirs see, and checked: nothing of it may be changed. */
static void check_closed(const struct descriptor_vector *vector)
{
    struct descriptor_expectation expectation = vector->expectation;
    expectation.accepts_closed = true;
    struct descriptor *descriptor = descriptor_decode(vector->text, vector->length, &expectation, NULL);
    assert_non_null(descriptor);
    assert_true(descriptor->is_closed && !descriptor->is_restricted);
    assert_int_equal(descriptor->point_count, 0);
    assert_int_equal(descriptor->auth_client_count,
                     descriptor_authorization_count_lines(vector->authorised_clients));
    assert_memory_equal(descriptor->blinded_key, vector->expected.blinded_key, 32);
    assert_memory_equal(descriptor->signing_key, vector->expected.signing_key, 32);
    assert_int_equal(descriptor->period_number, vector->expected.period_number);
    assert_int_equal(descriptor->revision_counter, vector->expected.revision_counter);
    descriptor_free(descriptor);
    char *changed = text_replace(vector->text, "descriptor-lifetime 180", "descriptor-lifetime 181");
    assert_descriptor_refused(changed, strlen(changed), &expectation, "its signature is bad");
    free(changed);
}

/* Decodes a restricted one with each client key that is known, and not with another one or with none. */
static void check_restricted_vector(const char *name)
{
    struct descriptor_vector vector;
    const uint8_t stranger[X25519_SECRET_KEY_SIZE] = {1};
    descriptor_vector_read(&vector, name);
    assert_true(vector.client_key_count > 0);
    for (size_t i = 0; i < vector.client_key_count; i++) {
        vector.expectation.client_key = vector.client_keys[i];
        check_text(&vector, vector.length, name);
        check_text(&vector, vector.length - 1, name);
    }
    vector.expectation.client_key = stranger;
    assert_descriptor_refused(vector.text, vector.length, &vector.expectation,
                              "the client key is of none of its authorised clients");
    check_closed(&vector);
    vector.expectation.client_key = NULL;
    assert_descriptor_refused(vector.text, vector.length, &vector.expectation,
                              "restricted: needs a client key");
    check_closed(&vector);
    descriptor_vector_clear(&vector);
}

static void test_descriptors_of_tor(void **state)
{
    (void)state;
    check_vector("descriptor_tor_plain.txt");
    check_vector("descriptor_tor_ten.txt");
    check_vector("descriptor_tor_twenty.txt");
    check_vector("descriptor_tor_pow.txt");
    check_vector("descriptor_tor_single.txt");
}

static void test_descriptors_of_stem(void **state)
{
    (void)state;
    check_vector("descriptor_stem_points.txt");
    check_vector("descriptor_stem_none.txt");
    check_vector("descriptor_stem_twenty.txt");
    check_vector("descriptor_stem_next.txt");
    check_vector("descriptor_stem_previous.txt");
}

static void test_restricted_descriptors_of_tor(void **state)
{
    (void)state;
    check_restricted_vector("descriptor_tor_clients_1.txt");
    check_restricted_vector("descriptor_tor_clients_16.txt");
    check_restricted_vector("descriptor_tor_clients_17.txt");
    check_restricted_vector("descriptor_tor_clients_100.txt");
}

static void test_restricted_descriptors_of_stem(void **state)
{
    (void)state;
    check_restricted_vector("descriptor_stem_clients_1.txt");
    check_restricted_vector("descriptor_stem_clients_16.txt");
    check_restricted_vector("descriptor_stem_clients_17.txt");
    check_restricted_vector("descriptor_stem_clients_100.txt");
}

/* A forged text around a middle layer has to be refused with the client key {0, 1}. */
static void assert_middle_refused(const struct forger *forger, const char *middle, const char *words)
{
    const uint8_t client_key[X25519_SECRET_KEY_SIZE] = {0, 1};
    struct descriptor_expectation expectation = forger_expectation(forger);
    char *outer = forge_outer(forger, middle), *text = forge_signed(forger, outer);
    expectation.client_key = client_key;
    assert_descriptor_refused(text, strlen(text), &expectation, words);
    free(text);
    free(outer);
}

/* Faults of what is there for clients. */
static void test_faults_of_restricted_descriptors(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 7);
    struct descriptor_authorization *authorization = forge_authorization(&forger, 3);
    char *inner = forge_inner(&forger, 2), *middle = forge_restricted_middle(&forger, inner, authorization);
    char *key = text_base64(authorization->ephemeral_key, X25519_PUBLIC_KEY_SIZE);
    char *low_order = text_replace(middle, key, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_middle_refused(&forger, low_order, "\"desc-auth-ephemeral-key\" is of low order");
    char *other_key = text_replace(middle, key, "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    assert_middle_refused(&forger, other_key, "of none of its authorised clients");
    /* The right line, but another cookie than the inner layer is encrypted with. */
    authorization->cookie[0] ^= 1;
    char *other_cookie = forge_restricted_middle(&forger, inner, authorization);
    assert_middle_refused(&forger, other_cookie, "though the client key is of one of its authorised clients");
    /* What is wrong further in is found there. */
    authorization->cookie[0] ^= 1;
    char *wrong = text_replace(inner, "create2-formats 2", "create2-formats 1");
    char *wrong_inside = forge_restricted_middle(&forger, wrong, authorization);
    assert_middle_refused(&forger, wrong_inside, "does not include ntor");
    char *const texts[] = {wrong_inside, wrong, other_cookie, other_key, low_order, key, middle, inner};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    descriptor_authorization_free(authorization);
}

static void test_restricted_discovery(void **state)
{
    (void)state;
    struct descriptor_vector vector;
    descriptor_vector_read(&vector, "descriptor_tor_restricted.txt");
    assert_descriptor_refused(vector.text, vector.length, &vector.expectation, "restricted discovery");
    descriptor_vector_clear(&vector);
}

static void test_intro_auth_required(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    char *inner = forge_inner(&forger, 1);
    char *restricted = text_replace(inner, "flow-control", "intro-auth-required ed25519\nflow-control");
    char *text = forge_around(&forger, restricted), *plain = forge_around(&forger, inner);
    struct descriptor *descriptor = decode_forged(&forger, text);
    assert_true(descriptor->requires_intro_auth);
    descriptor_free(descriptor);
    descriptor = decode_forged(&forger, plain);
    assert_false(descriptor->requires_intro_auth);
    descriptor_free(descriptor);
    free(plain);
    free(text);
    free(restricted);
    free(inner);
}

static void test_another_service(void **state)
{
    (void)state;
    struct forger forger, other;
    forger_init(&forger, 1);
    forger_init(&other, 2);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    struct descriptor_expectation expectation = forger_expectation(&other);
    assert_descriptor_refused(text, strlen(text), &expectation, "not a descriptor of this service");
    free(text);

    /* Consistent in itself, and encrypted for the right service, but its blinded key is the forger's. */
    struct forger mixed = forger;
    memcpy(mixed.identity_key, other.identity_key, sizeof(mixed.identity_key));
    text = forge_around(&mixed, inner);
    assert_descriptor_refused(text, strlen(text), &expectation, "not a descriptor of this service");
    free(text);

    /* The right blinded key is named, but another key has signed. */
    mixed = other;
    mixed.blinded_secret_key = forger.blinded_secret_key;
    text = forge_around(&mixed, inner);
    assert_descriptor_refused(text, strlen(text), &expectation, "bad signature");
    free(text);

    /* The certificate is right, but another key than the one it certifies has signed the document. */
    mixed = other;
    mixed.signing_secret_key = forger.signing_secret_key;
    text = forge_around(&mixed, inner);
    assert_descriptor_refused(text, strlen(text), &expectation, "signature is bad");
    free(text);
    free(inner);
}

static void test_time_periods(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    uint64_t period_number = forger.expectation.period_number;
    for (int step = -3; step <= 3; step++) {
        struct descriptor_expectation expectation = forger_expectation(&forger);
        expectation.period_number = period_number + (uint64_t)step;
        if (step < -1 || step > 1) {
            assert_descriptor_refused(text, strlen(text), &expectation, "time period");
            continue;
        }
        struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
        assert_non_null(descriptor);
        assert_int_equal(descriptor->period_number, period_number);
        descriptor_free(descriptor);
    }
    struct descriptor_expectation expectation = forger_expectation(&forger);
    expectation.schedule.period_length = 1439;
    assert_descriptor_refused(text, strlen(text), &expectation, "time period");
    free(text);
    free(inner);
}

/* Which period is thought likely, and which keys are known, changes nothing about what is good. */
static void test_known_blinded_keys(void **state)
{
    (void)state;
    struct forger forger, other;
    struct known_blinded_keys known = {.period_length = 0};
    forger_init(&forger, 1);
    forger_init(&other, 2);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    char *other_inner = forge_inner(&other, 1), *other_text = forge_around(&other, other_inner);
    uint64_t period_number = forger.expectation.period_number;
    for (int round = 0; round < 100; round++) {
        struct descriptor_expectation expectation = forger_expectation(round % 3 == 0 ? &other : &forger);
        int step = round % 7 - 3;
        expectation.period_number = period_number + (uint64_t)step;
        expectation.likely_period_number = period_number + (uint64_t)(round % 5) - 2;
        expectation.known_keys = &known;
        const char *good = round % 3 == 0 ? other_text : text, *bad = round % 3 == 0 ? text : other_text;
        assert_descriptor_refused(bad, strlen(bad), &expectation, "not a descriptor of this service");
        struct descriptor *descriptor = descriptor_decode(good, strlen(good), &expectation, NULL);
        assert_int_equal(descriptor != NULL, step >= -1 && step <= 1);
        if (descriptor != NULL)
            assert_int_equal(descriptor->period_number, period_number);
        descriptor_free(descriptor);
        expectation.schedule.period_length = 1439;
        if (round % 4 == 0)
            assert_descriptor_refused(good, strlen(good), &expectation, "time period");
    }
    free(other_text);
    free(other_inner);
    free(text);
    free(inner);
}

/* A key that somebody else has worked out is used for its service and its length of time periods alone. */
static void test_given_blinded_keys(void **state)
{
    (void)state;
    struct forger forger, other;
    forger_init(&forger, 1);
    forger_init(&other, 2);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    struct known_blinded_keys known = {.period_length = 0};
    struct descriptor_expectation expectation = forger_expectation(&forger);
    const uint64_t period_number = expectation.period_number;
    const uint32_t period_length = expectation.schedule.period_length;
    expectation.known_keys = &known;
    known_blinded_keys_add(&known, forger.identity_key, period_length, period_number, forger.blinded_key);
    known_blinded_keys_add(&known, forger.identity_key, period_length, period_number, other.blinded_key);
    assert_int_equal(known.count, 1); /* the first one stays */
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    assert_int_equal(known.count, 1); /* none had to be worked out */

    /* Of another service, or of periods of another length: forgotten. */
    known_blinded_keys_add(&known, other.identity_key, period_length, period_number, forger.blinded_key);
    descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    known_blinded_keys_add(&known, forger.identity_key, period_length + 1, period_number, other.blinded_key);
    descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    free(text);
    free(inner);
}

static void test_expired_certificates(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    expectation.wall_now = (int64_t)forger.expiration_hour * 3600 - 1;
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    expectation.wall_now++;
    assert_descriptor_refused(text, strlen(text), &expectation,
                              "descriptor-signing-key-cert: a certificate has expired");
    free(text);

    /* Only the certificates of its point expire. */
    forger.expiration_hour++;
    text = forge_around(&forger, inner);
    assert_descriptor_refused(text, strlen(text), &expectation,
                              "introduction point 1: auth-key: a certificate has expired");
    free(text);
    free(inner);
}

static void test_number_of_points(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    static const size_t good_counts[] = {0, 1, INTRODUCTION_POINTS_MAX};
    for (size_t i = 0; i < 3; i++) {
        char *inner = forge_inner(&forger, good_counts[i]), *text = forge_around(&forger, inner);
        struct descriptor *descriptor = decode_forged(&forger, text);
        assert_int_equal(descriptor->point_count, good_counts[i]);
        descriptor_free(descriptor);
        free(text);
        free(inner);
    }
    char *inner = forge_inner(&forger, INTRODUCTION_POINTS_MAX + 1), *text = forge_around(&forger, inner);
    assert_descriptor_refused(text, strlen(text), &expectation, "more than 20 introduction points");
    free(text);
    free(inner);
}

static void test_duplicate_point(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    char *inner = forge_inner(&forger, 3), *point = forge_point(&forger, 1);
    char *longer = text_format("%s%s", inner, point), *text = forge_around(&forger, longer);
    assert_descriptor_refused(text, strlen(text), &expectation,
                              "introduction point 4 is the same as introduction point 2");
    free(text);
    free(longer);
    free(point);
    free(inner);
}

static void test_size(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    expectation.size_max = strlen(text) + 1;
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    expectation.size_max = strlen(text);
    assert_descriptor_refused(text, strlen(text), &expectation, "the network allows fewer");
    free(text);
    free(inner);
}

static void test_truncated_everywhere(void **state)
{
    (void)state;
    struct descriptor_vector vector;
    descriptor_vector_read(&vector, "descriptor_tor_plain.txt");
    for (size_t length = 0; length + 1 < vector.length; length++) {
        char *copy = memory_copy_text(vector.text, length), *exact = memory_allocate(length, 1);
        memcpy(exact, copy, length);
        assert_null(descriptor_decode(exact, length, &vector.expectation, NULL));
        free(exact);
        free(copy);
    }
    descriptor_vector_clear(&vector);
}

static void test_bit_flips_everywhere(void **state)
{
    (void)state;
    struct descriptor_vector vector;
    descriptor_vector_read(&vector, "descriptor_tor_plain.txt");
    char *copy = memory_copy_text(vector.text, vector.length);
    for (size_t i = 0; i < vector.length; i += i < 700 || i + 200 > vector.length ? 1 : 31) {
        copy[i] = (char)(copy[i] ^ (1 << (i % 8)));
        assert_null(descriptor_decode(copy, vector.length, &vector.expectation, NULL));
        copy[i] = vector.text[i];
    }
    free(copy);
    descriptor_vector_clear(&vector);
}

/* A hostile service signs what it likes: bits change inside, and everything around is made to fit. */
static void test_bit_flips_inside(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    char *inner = forge_inner(&forger, 2), *middle = forge_middle(&forger, inner);
    size_t accepted = 0, decoded = 0;
    for (size_t i = 0; i < strlen(inner); i += 5, decoded++) {
        char original = inner[i];
        inner[i] = (char)(inner[i] ^ (1 << (i / 5 % 7)));
        char *text = forge_around(&forger, inner);
        struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
        accepted += descriptor != NULL;
        descriptor_free(descriptor);
        free(text);
        inner[i] = original;
    }
    /* Only what no certificate covers can change: link specifiers, onion keys, the lines before. */
    assert_true(accepted > 0 && accepted < decoded / 4);
    for (size_t length = 0; length < strlen(middle); length += 40) {
        char *cut = memory_copy_text(middle, length), *outer = forge_outer(&forger, cut);
        char *text = forge_signed(&forger, outer);
        assert_null(descriptor_decode(text, strlen(text), &expectation, NULL));
        free(text);
        free(outer);
        free(cut);
    }
    free(middle);
    free(inner);
}

/* Padding is NULs up to the end, and nothing else. */
static void test_padding(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    char *inner = forge_inner(&forger, 1);
    forger.padding = "\0\0\0x\0";
    for (forger.padding_length = 0; forger.padding_length <= 5; forger.padding_length++) {
        char *text = forge_around(&forger, inner);
        if (forger.padding_length <= 3)
            descriptor_free(decode_forged(&forger, text));
        else
            assert_descriptor_refused(text, strlen(text), &expectation, "goes on behind its padding");
        free(text);
    }
    free(inner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptors_of_tor),
        cmocka_unit_test(test_descriptors_of_stem),
        cmocka_unit_test(test_restricted_discovery),
        cmocka_unit_test(test_restricted_descriptors_of_tor),
        cmocka_unit_test(test_restricted_descriptors_of_stem),
        cmocka_unit_test(test_faults_of_restricted_descriptors),
        cmocka_unit_test(test_intro_auth_required),
        cmocka_unit_test(test_another_service),
        cmocka_unit_test(test_time_periods),
        cmocka_unit_test(test_known_blinded_keys),
        cmocka_unit_test(test_given_blinded_keys),
        cmocka_unit_test(test_expired_certificates),
        cmocka_unit_test(test_number_of_points),
        cmocka_unit_test(test_duplicate_point),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_truncated_everywhere),
        cmocka_unit_test(test_bit_flips_everywhere),
        cmocka_unit_test(test_bit_flips_inside),
        cmocka_unit_test(test_padding),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
