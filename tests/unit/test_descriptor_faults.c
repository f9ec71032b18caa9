/* Descriptors whose keys and signatures are all good, but whose text has one fault in one layer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_forge.h"
#include "onion/descriptor.h"

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

#define SEED "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" /* the bytes 0 to 31 */

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
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v1", "only 1 of 4 arguments"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v2 x\npow-params v1 y", "only 2 of 4 arguments"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v1 A" SEED " 5 2023-11-15T00:00:00", "the seed"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v1 " SEED " 4294967296 2023-11-15T00:00:00",
     "the suggested effort"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v1 " SEED " 5 2023-11-15", "the expiration time"},
    {EDIT_INNER, "flow-control 1-2 31",
     "pow-params v1 " SEED " 5 2023-11-15T00:00:00\npow-params v1 " SEED " 5 2023-11-15T00:00:00", "twice"},
    {EDIT_INNER, "flow-control 1-2 31", "intro-auth-required", "0 arguments"},
    {EDIT_INNER, "flow-control 1-2 31", "\001", "control character"},
    {EDIT_INNER, "introduction-point ", "introduction-point A", "introduction point 1: "},
    {EDIT_INNER, "introduction-point ", "introduction-point  x ", "introduction point 1: "},
};

static void check_faults(const struct forger *forger, const struct descriptor_expectation *expectation)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        struct error error = {.text = ""};
        char *text = forge_edited(forger, faults[i].layer, faults[i].from, faults[i].to);
        struct descriptor *descriptor = descriptor_decode(text, strlen(text), expectation, &error);
        if (descriptor != NULL)
            fail_msg("not refused: \"%s\" instead of \"%s\"", faults[i].to, faults[i].from);
        if (strstr(error.text, faults[i].words) == NULL)
            fail_msg("\"%s\" instead of \"%s\" gives \"%s\", which does not say \"%s\"", faults[i].to,
                     faults[i].from, error.text, faults[i].words);
        free(text);
    }
}

static void test_faults(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    check_faults(&forger, &expectation);
}

/* Nothing becomes good because signatures of the descriptor without the fault are known. */
static void test_faults_with_known_signatures(void **state)
{
    (void)state;
    struct forger forger;
    struct verified_signatures verified = {.count = 0};
    forger_init(&forger, 1);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    expectation.verified = &verified;
    char *text = forge_edited(&forger, EDIT_OUTER, "hs-descriptor 3", "hs-descriptor 3");
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, NULL);
    assert_non_null(descriptor);
    assert_int_equal(verified.count, 1 + 2 * descriptor->point_count);
    descriptor_free(descriptor);
    check_faults(&forger, &expectation);
    expectation.wall_now += 10 * 24 * 3600;
    assert_descriptor_refused(text, strlen(text), &expectation, "expired");
    verified_signatures_clear(&verified);
    free(text);
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
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v2 x\npow-params v3"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v1 " SEED " 5 2023-11-15T00:00:00\npow-params v2 x"},
    {EDIT_INNER, "flow-control 1-2 31", "pow-params v1 " SEED "= 5 2001-09-09T01:46:40 more"},
};

static void test_harmless_differences(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        char *text = forge_edited(&forger, harmless[i].layer, harmless[i].from, harmless[i].to);
        struct descriptor *descriptor = decode_forged(&forger, text);
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
    struct descriptor_expectation expectation = forger_expectation(&forger);
    char *text = forge_edited(&forger, EDIT_INNER, "flow-control 1-2 31\n", unknown_lines);
    struct descriptor *descriptor = decode_forged(&forger, text);
    assert_int_equal(descriptor->unknown_line_count, DESCRIPTOR_UNKNOWN_LINES_MAX);
    assert_string_equal(descriptor->unknown_lines[0], "u1 x");
    assert_string_equal(descriptor->unknown_lines[15], "u16");
    descriptor_free(descriptor);
    free(text);

    char *too_many = text_format("%su17\n", unknown_lines);
    text = forge_edited(&forger, EDIT_INNER, "flow-control 1-2 31\n", too_many);
    assert_descriptor_refused(text, strlen(text), &expectation, "unknown lines");
    free(text);
    free(too_many);

    char *too_long = text_format("%01030d", 0);
    text = forge_edited(&forger, EDIT_INNER, "flow-control", too_long);
    assert_descriptor_refused(text, strlen(text), &expectation, "unknown line of 1037 bytes");
    free(text);
    free(too_long);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_faults_with_known_signatures),
        cmocka_unit_test(test_harmless_differences),
        cmocka_unit_test(test_unknown_lines_are_kept),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
