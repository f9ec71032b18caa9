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

#include "helper_descriptor.h"
#include "helper_forge.h"
#include "obpub/memory.h"
#include "obpub/onion/descriptor.h"

/* Decodes a text that has to be refused with a sentence that has words in it. */
static void assert_refused(const char *text, size_t length, const struct descriptor_expectation *expectation,
                           const char *words)
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

static struct descriptor_expectation expect(const struct forger *forger)
{
    struct descriptor_expectation expectation = forger->expectation;
    expectation.identity_key = forger->identity_key;
    return expectation;
}

/* Decodes a forger's text that has to be good. */
static struct descriptor *decode_good(const struct forger *forger, const char *text)
{
    struct error error = {.text = ""};
    struct descriptor_expectation expectation = expect(forger);
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, &error);
    if (descriptor == NULL)
        fail_msg("refused: %s", error.text);
    return descriptor;
}

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

static void check_vector(const char *name)
{
    struct descriptor_vector vector;
    struct error error = {.text = ""};
    descriptor_vector_read(&vector, name);
    const struct descriptor *expected = &vector.expected;
    struct descriptor *descriptor =
        descriptor_decode(vector.text, vector.length, &vector.expectation, &error);
    if (descriptor == NULL)
        fail_msg("%s: %s", name, error.text);
    assert_memory_equal(descriptor->blinded_key, expected->blinded_key, 32);
    assert_memory_equal(descriptor->signing_key, expected->signing_key, 32);
    assert_int_equal(descriptor->period_number, expected->period_number);
    assert_int_equal(descriptor->signing_key_expiration_hour, expected->signing_key_expiration_hour);
    assert_int_equal(descriptor->lifetime, expected->lifetime);
    assert_int_equal(descriptor->revision_counter, expected->revision_counter);
    assert_int_equal(descriptor->auth_client_count, 16);
    assert_int_equal(descriptor->is_single_onion_service, expected->is_single_onion_service);
    assert_int_equal(descriptor->has_pow_params, expected->has_pow_params);
    assert_flow_control_equals(&descriptor->flow_control, vector.flow_control);
    assert_int_equal(descriptor->unknown_line_count, 0);
    assert_int_equal(descriptor->point_count, expected->point_count);
    for (size_t i = 0; i < expected->point_count; i++)
        assert_points_equal(&descriptor->points[i], &expected->points[i]);
    descriptor_free(descriptor);
    /* Without its last newline, as GETINFO gives it. */
    descriptor = descriptor_decode(vector.text, vector.length - 1, &vector.expectation, &error);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    descriptor_vector_clear(&vector);
}

static void test_descriptors_of_tor(void **state)
{
    (void)state;
    check_vector("descriptor_tor_plain.txt");
    check_vector("descriptor_tor_ten.txt");
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

static void test_restricted_discovery(void **state)
{
    (void)state;
    struct descriptor_vector vector;
    descriptor_vector_read(&vector, "descriptor_tor_restricted.txt");
    assert_refused(vector.text, vector.length, &vector.expectation, "restricted discovery");
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
    struct descriptor *descriptor = decode_good(&forger, text);
    assert_true(descriptor->requires_intro_auth);
    descriptor_free(descriptor);
    descriptor = decode_good(&forger, plain);
    assert_false(descriptor->requires_intro_auth);
    descriptor_free(descriptor);
    free(plain);
    free(text);
    free(restricted);
    free(inner);
}

/* The layer that a fault is put into; everything around it is then made anew, so that nothing else is wrong.
 */
enum edited_layer {
    EDIT_INNER,
    EDIT_MIDDLE,
    EDIT_OUTER,
    EDIT_SIGNED,
};

/* A descriptor with one piece of text replaced. */
static char *forge_edited(const struct forger *forger, enum edited_layer layer, const char *from,
                          const char *to)
{
    char *texts[4];
    texts[EDIT_INNER] = forge_inner(forger, 2);
    for (int i = EDIT_INNER; i <= EDIT_SIGNED; i++) {
        if (i == EDIT_MIDDLE)
            texts[i] = forge_middle(forger, texts[i - 1]);
        if (i == EDIT_OUTER)
            texts[i] = forge_outer(forger, texts[i - 1]);
        if (i == EDIT_SIGNED)
            texts[i] = forge_signed(forger, texts[i - 1]);
        if (i == (int)layer) {
            char *edited = text_replace(texts[i], from, to);
            free(texts[i]);
            texts[i] = edited;
        }
    }
    free(texts[EDIT_INNER]);
    free(texts[EDIT_MIDDLE]);
    free(texts[EDIT_OUTER]);
    return texts[EDIT_SIGNED];
}

static const char unknown_lines[] =
    "u1 x\nu2\nu3\nu4\nu5\nu6\nu7\nu8\nu9\nu10\nu11\nu12\nu13\nu14\nu15\nu16\n";

/* Faults, and the words that the sentence about each has to have. */
static const struct {
    enum edited_layer layer;
    const char *from, *to;
    const char *words;
} faults[] = {
    {EDIT_OUTER, "hs-descriptor 3", "hs-descriptor 2", "another version"},
    {EDIT_OUTER, "hs-descriptor 3", "hs-descriptor 3 3", "\"hs-descriptor\" with 2 arguments"},
    {EDIT_OUTER, "hs-descriptor 3\n", "", "does not begin with \"hs-descriptor\""},
    {EDIT_OUTER, "hs-descriptor 3\n", "\nhs-descriptor 3\n", "empty line"},
    {EDIT_OUTER, "hs-descriptor 3\n", "x\nhs-descriptor 3\n", "does not begin with \"hs-descriptor\""},
    {EDIT_OUTER, "hs-descriptor 3\n", "hs-descriptor 3\nhs-descriptor 3\n", "\"hs-descriptor\" twice"},
    {EDIT_OUTER, "descriptor-lifetime 180\n", "", "no \"descriptor-lifetime\""},
    {EDIT_OUTER, "lifetime 180", "lifetime 721", "lifetime"},
    {EDIT_OUTER, "lifetime 180", "lifetime -1", "lifetime"},
    {EDIT_OUTER, "lifetime 180", "lifetime 0180", "lifetime"},
    {EDIT_OUTER, "lifetime 180", "lifetime", "0 arguments"},
    {EDIT_OUTER, "lifetime 180\n", "lifetime 180\r\n", "control character"},
    {EDIT_OUTER, "lifetime 180\n", "lifetime 180\ndescriptor-lifetime 180\n", "twice"},
    {EDIT_OUTER, "-----BEGIN ED25519 CERT", "-----BEGIN ED25519 CRET", "under another label"},
    {EDIT_OUTER, "-----END ED25519 CERT", "-----END ED25519 CRET", "under another label"},
    {EDIT_OUTER, "cert\n-----BEGIN ED25519 CERT-----\nAQg", "cert\n-----BEGIN ED25519 CERT-----\nAQg*",
     "descriptor-signing-key-cert is not base64"},
    {EDIT_OUTER, "-----BEGIN ED25519 CERT-----\nAQg", "-----BEGIN ED25519 CERT-----\nAQk",
     "of type 9, not 8"},
    {EDIT_OUTER, "-----BEGIN ED25519 CERT-----\nAQg", "-----BEGIN ED25519 CERT-----\nAgg", "unknown version"},
    {EDIT_OUTER, "revision-counter 1234567890", "revision-counter 18446744073709551616", "revision counter"},
    {EDIT_OUTER, "revision-counter 1234567890", "revision-counter 0x10", "revision counter"},
    {EDIT_OUTER, "revision-counter 1234567890\n", "", "no \"revision-counter\""},
    {EDIT_OUTER, "revision-counter 1234567890", "revision-counter 1234567891",
     "middle layer can't be decrypted"},
    {EDIT_OUTER, "superencrypted\n-----BEGIN", "superencrypted \n----BEGIN", "without its object"},
    {EDIT_OUTER, "superencrypted\n", "-----BEGIN X-----\nAAAA\n-----END X-----\nsuperencrypted\n",
     "with an object"},
    {EDIT_OUTER, "revision-counter", "-----BEGIN X-----\nAAAA\n-----END X-----\nrevision-counter",
     "not a keyword"},
    {EDIT_OUTER, "superencrypted\n", "superencrypted\nsuperencrypted\n", "without its object"},
    {EDIT_OUTER, "superencrypted\n-----BEGIN MESSAGE-----\n",
     "superencrypted\n-----BEGIN MESSAGE-----\n=", "not base64"},
    {EDIT_OUTER, "-----END MESSAGE-----\n", "-----END MESSAGE-----\nsignature x\n",
     "goes on behind \"signature\""},
    {EDIT_OUTER, "-----END MESSAGE-----\n", "-----END MESSAGE-----\nrevision-counter 5\n",
     "\"revision-counter\" twice"},
    {EDIT_SIGNED, "\nsignature ", "\nsignature x ", "2 arguments"},
    {EDIT_SIGNED, "\nsignature ", "\nsignature A", "86 characters"},
    {EDIT_SIGNED, "\nsignature ", "\nunknown-line\nsignature ", "signature is bad"},
    {EDIT_SIGNED, "\nsignature ", "\nsignature\n", "0 arguments"},
    {EDIT_SIGNED, "\nsignature ", "\nno-signature ", "no \"signature\""},
    {EDIT_MIDDLE, "desc-auth-type x25519\n", "", "does not begin with \"desc-auth-type\""},
    {EDIT_MIDDLE, "desc-auth-type x25519", "desc-auth-type x448", "another \"desc-auth-type\""},
    {EDIT_MIDDLE, "desc-auth-ephemeral-key ", "desc-auth-ephemeral-key A", "desc-auth-ephemeral-key"},
    {EDIT_MIDDLE, "desc-auth-ephemeral-key ", "ephemeral ", "no \"desc-auth-ephemeral-key\""},
    {EDIT_MIDDLE, "AAAAAAAAAAE ", "AAAAAAAAAAF ", "auth-client"},
    {EDIT_MIDDLE, "AAAAAAAAAAE ", "AAAAAAAAAAAE ", "auth-client"},
    {EDIT_MIDDLE, "AAAAAAAAAAE ", "", "2 arguments"},
    {EDIT_MIDDLE, "\nencrypted\n", "\nencrypted\nencrypted\n", "without its object"},
    {EDIT_MIDDLE, "\nencrypted\n-----BEGIN MESSAGE", "\nencrypted\n-----BEGIN MISSAGE", "another label"},
    {EDIT_MIDDLE, "-----BEGIN MESSAGE-----\n", "-----BEGIN MESSAGE-----\nAAAA",
     "inner layer can't be decrypted"},
    {EDIT_MIDDLE, "-----END MESSAGE-----", "-----END MESSAGE-----\nx", "goes on behind \"encrypted\""},
    {EDIT_MIDDLE, "-----END MESSAGE-----", "-----END MESSAGE----", "without end"},
    {EDIT_MIDDLE, "-----END MESSAGE-----", "", "without end"},
    {EDIT_INNER, "create2-formats 2\n", "", "does not begin with \"create2-formats\""},
    {EDIT_INNER, "create2-formats 2", "create2-formats 1 3", "ntor"},
    {EDIT_INNER, "create2-formats 2", "create2-formats", "0 arguments"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1-2", "1 arguments"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 2-1 31", "versions"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1-64 31", "versions"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1- 31", "versions"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control -2 31", "versions"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1-2-3 31", "versions"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1-2, 31", "versions"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control ,1-2 31", "versions"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1-2 0", "sendme"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1-2 256", "sendme"},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 1-2 31\nflow-control 1-2 31", "twice"},
    {EDIT_INNER, "flow-control 1-2 31", "single-onion-service\nsingle-onion-service", "twice"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params", "0 arguments"},
    {EDIT_INNER, "flow-control 1-2 31", "intro-auth-required", "0 arguments"},
    {EDIT_INNER, "flow-control 1-2 31", "\001", "control character"},
    {EDIT_INNER, "introduction-point ", "introduction-point A", "introduction point 1: "},
    {EDIT_INNER, "introduction-point ", "introduction-point  x ", "introduction point 1: "},
};

static void test_faults(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = expect(&forger);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct error error = {.text = ""};
        char *text = forge_edited(&forger, faults[i].layer, faults[i].from, faults[i].to);
        struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, &error);
        if (descriptor != NULL)
            fail_msg("not refused: \"%s\" instead of \"%s\"", faults[i].to, faults[i].from);
        if (strstr(error.text, faults[i].words) == NULL)
            fail_msg("\"%s\" instead of \"%s\" gives \"%s\", which does not say \"%s\"", faults[i].to,
                     faults[i].from, error.text, faults[i].words);
        free(text);
    }
}

/* What is not tor's, but has to be let through all the same. */
static const struct {
    enum edited_layer layer;
    const char *from, *to;
} harmless[] = {
    {EDIT_OUTER, "hs-descriptor 3", "hs-descriptor \t3 "},
    {EDIT_OUTER, "descriptor-lifetime 180", "descriptor-lifetime 720"},
    {EDIT_OUTER, "revision-counter", "unknown-line with words\nrevision-counter"},
    {EDIT_MIDDLE, "desc-auth-ephemeral-key", "unknown-line\ndesc-auth-ephemeral-key"},
    {EDIT_MIDDLE, "-----END MESSAGE-----", "-----END MESSAGE-----\n"},
    {EDIT_MIDDLE, "AAAAAAAAAAE ", "AAAAAAAAAAE= "},
    {EDIT_INNER, "create2-formats 2", "create2-formats 1 2 x"},
    {EDIT_INNER, "flow-control 1-2 31\n", ""},
    {EDIT_INNER, "flow-control 1-2 31", "flow-control 0,63 255 more"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v2 x\npow-params v1 y"},
};

static void test_harmless_differences(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        char *text = forge_edited(&forger, harmless[i].layer, harmless[i].from, harmless[i].to);
        struct descriptor *descriptor = decode_good(&forger, text);
        assert_int_equal(descriptor->point_count, 2);
        assert_int_equal(descriptor->auth_client_count, 2);
        descriptor_free(descriptor);
        free(text);
    }
}

static void test_unknown_lines_are_kept(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = expect(&forger);
    char *text = forge_edited(&forger, EDIT_INNER, "flow-control 1-2 31\n", unknown_lines);
    struct descriptor *descriptor = decode_good(&forger, text);
    assert_int_equal(descriptor->unknown_line_count, DESCRIPTOR_UNKNOWN_LINES_MAX);
    assert_string_equal(descriptor->unknown_lines[0], "u1 x");
    assert_string_equal(descriptor->unknown_lines[15], "u16");
    descriptor_free(descriptor);
    free(text);

    char *too_many = text_format("%su17\n", unknown_lines);
    text = forge_edited(&forger, EDIT_INNER, "flow-control 1-2 31\n", too_many);
    assert_refused(text, strlen(text), &expectation, "unknown lines");
    free(text);
    free(too_many);

    char *too_long = text_format("%01030d", 0);
    text = forge_edited(&forger, EDIT_INNER, "flow-control", too_long);
    assert_refused(text, strlen(text), &expectation, "unknown line of 1037 bytes");
    free(text);
    free(too_long);
}

static void test_another_service(void **state)
{
    (void)state;
    struct forger forger, other;
    forger_init(&forger, 1);
    forger_init(&other, 2);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    struct descriptor_expectation expectation = expect(&other);
    assert_refused(text, strlen(text), &expectation, "not a descriptor of this service");
    free(text);

    /* Consistent in itself, and encrypted for the right service, but its blinded key is the forger's. */
    struct forger mixed = forger;
    memcpy(mixed.identity_key, other.identity_key, sizeof(mixed.identity_key));
    text = forge_around(&mixed, inner);
    assert_refused(text, strlen(text), &expectation, "not a descriptor of this service");
    free(text);

    /* The right blinded key is named, but another key has signed. */
    mixed = other;
    mixed.blinded_secret_key = forger.blinded_secret_key;
    text = forge_around(&mixed, inner);
    assert_refused(text, strlen(text), &expectation, "bad signature");
    free(text);

    /* The certificate is right, but another key than the one it certifies has signed the document. */
    mixed = other;
    mixed.signing_secret_key = forger.signing_secret_key;
    text = forge_around(&mixed, inner);
    assert_refused(text, strlen(text), &expectation, "signature is bad");
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
        struct descriptor_expectation expectation = expect(&forger);
        expectation.period_number = period_number + (uint64_t)step;
        if (step < -1 || step > 1) {
            assert_refused(text, strlen(text), &expectation, "time period");
            continue;
        }
        struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
        assert_non_null(descriptor);
        assert_int_equal(descriptor->period_number, period_number);
        descriptor_free(descriptor);
    }
    struct descriptor_expectation expectation = expect(&forger);
    expectation.schedule.period_length = 1439;
    assert_refused(text, strlen(text), &expectation, "time period");
    free(text);
    free(inner);
}

static void test_expired_certificates(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    char *inner = forge_inner(&forger, 1), *text = forge_around(&forger, inner);
    struct descriptor_expectation expectation = expect(&forger);
    expectation.now = (int64_t)forger.expiration_hour * 3600 - 1;
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    expectation.now++;
    assert_refused(text, strlen(text), &expectation,
                   "descriptor-signing-key-cert: a certificate has expired");
    free(text);

    /* Only the certificates of its point expire. */
    forger.expiration_hour++;
    text = forge_around(&forger, inner);
    assert_refused(text, strlen(text), &expectation,
                   "introduction point 1: auth-key: a certificate has expired");
    free(text);
    free(inner);
}

static void test_number_of_points(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = expect(&forger);
    static const size_t good_counts[] = {0, 1, INTRODUCTION_POINTS_MAX};
    for (size_t i = 0; i < 3; i++) {
        char *inner = forge_inner(&forger, good_counts[i]), *text = forge_around(&forger, inner);
        struct descriptor *descriptor = decode_good(&forger, text);
        assert_int_equal(descriptor->point_count, good_counts[i]);
        descriptor_free(descriptor);
        free(text);
        free(inner);
    }
    char *inner = forge_inner(&forger, INTRODUCTION_POINTS_MAX + 1), *text = forge_around(&forger, inner);
    assert_refused(text, strlen(text), &expectation, "more than 20 introduction points");
    free(text);
    free(inner);
}

static void test_duplicate_point(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = expect(&forger);
    char *inner = forge_inner(&forger, 3), *point = forge_point(&forger, 1);
    char *longer = text_format("%s%s", inner, point), *text = forge_around(&forger, longer);
    assert_refused(text, strlen(text), &expectation,
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
    struct descriptor_expectation expectation = expect(&forger);
    expectation.size_max = strlen(text) + 1;
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    descriptor_free(descriptor);
    expectation.size_max = strlen(text);
    assert_refused(text, strlen(text), &expectation, "the network allows fewer");
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
    struct descriptor_expectation expectation = expect(&forger);
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
    struct descriptor_expectation expectation = expect(&forger);
    char *inner = forge_inner(&forger, 1);
    forger.padding = "\0\0\0x\0";
    for (forger.padding_length = 0; forger.padding_length <= 5; forger.padding_length++) {
        char *text = forge_around(&forger, inner);
        if (forger.padding_length <= 3)
            descriptor_free(decode_good(&forger, text));
        else
            assert_refused(text, strlen(text), &expectation, "goes on behind its padding");
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
        cmocka_unit_test(test_intro_auth_required),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_harmless_differences),
        cmocka_unit_test(test_unknown_lines_are_kept),
        cmocka_unit_test(test_another_service),
        cmocka_unit_test(test_time_periods),
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
