/* Tests which descriptors are left aside because they say themselves that they are no newer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_forge.h"

static char *forge_whole(const struct forger *forger)
{
    char *inner = forge_inner(forger, 2);
    char *whole = forge_around(forger, inner);
    free(inner);
    return whole;
}

static bool is_no_newer(const char *text, const struct descriptor *known)
{
    return descriptor_is_no_newer(text, strlen(text), known);
}

static void test_counters(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 1);
    forger.revision_counter = 1000;
    char *text = forge_whole(&forger);
    struct descriptor *known = decode_forged(&forger, text);
    assert_true(is_no_newer(text, known));
    known->revision_counter = 1001;
    assert_true(is_no_newer(text, known));
    known->revision_counter = 999;
    assert_false(is_no_newer(text, known));
    free(text);
    descriptor_free(known);
}

/* Of another time period, or another service, a counter says nothing. */
static void test_other_blinded_key(void **state)
{
    (void)state;
    struct forger forger, other;
    forger_init(&forger, 1);
    forger_init(&other, 2);
    char *text = forge_whole(&forger), *other_text = forge_whole(&other);
    struct descriptor *known = decode_forged(&forger, text);
    known->revision_counter = UINT64_MAX;
    assert_true(is_no_newer(text, known));
    assert_false(is_no_newer(other_text, known));
    free(text);
    free(other_text);
    descriptor_free(known);
}

/* What can't be told is left to the decoder, which says what is wrong with it. */
static void test_what_can_not_be_told(void **state)
{
    (void)state;
    static const char *const changes[][2] = {
        {"revision-counter ", "revision-counter x"},
        {"revision-counter ", "revision-counter 99999999999999999999"},
        {"revision-counter ", "revision-counter\nother "},
        {"revision-counter ", "other-counter "},
        {"descriptor-signing-key-cert", "other-cert"},
        {"-----BEGIN ED25519 CERT-----\n", "-----BEGIN ED25519 CERT-----\n*"},
        {"-----BEGIN ED25519 CERT-----\n", "-----BEGIN ED25519 CERT-----\nAAAA"},
        {"hs-descriptor 3\n", "hs-descriptor 3\n\n"},
    };
    struct forger forger;
    forger_init(&forger, 1);
    char *text = forge_whole(&forger);
    struct descriptor *known = decode_forged(&forger, text);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        char *changed = text_replace(text, changes[i][0], changes[i][1]);
        assert_false(is_no_newer(changed, known));
        free(changed);
    }
    const size_t length = (size_t)(strstr(text, "revision-counter") - text);
    for (size_t i = 0; i <= length; i++)
        assert_false(descriptor_is_no_newer(text, i, known));
    free(text);
    descriptor_free(known);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_other_blinded_key),
        cmocka_unit_test(test_what_can_not_be_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
