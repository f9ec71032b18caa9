/* Tests the microdescriptor parser with recorded and hand-made entries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"
#include "helper_network.h"
#include "onion/microdescriptor.h"
#include "vectors.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define IDENTITY "id ed25519 AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ\n"
#define NTOR "ntor-onion-key hOok2plUoan2LgsxYvMYEe/zNMhpTMAqIwqZxq+9MXs\n"
#define RSA_KEY "-----BEGIN RSA PUBLIC KEY-----\nMIGJAoGBALN8\nid ed25519\n-----END RSA PUBLIC KEY-----\n"
#define ENTRY "onion-key\n" NTOR IDENTITY

/* Reads all entries of exactly length bytes. Returns how many there are, or -1; last is the last one read. */
static int read_all(const char *text, size_t length, struct microdescriptor *last, struct error *error)
{
    char *copy = network_copy_exactly(text, length);
    const char *next = copy, *end = copy + length;
    int count = 0, result;
    struct microdescriptor microdescriptor;
    struct hasher *hasher = hasher_new();
    while ((result = microdescriptor_next(&microdescriptor, hasher, &next, end, error)) > 0) {
        *last = microdescriptor;
        count++;
    }
    if (result == 0)
        assert_ptr_equal(next, end);
    hasher_free(hasher);
    free(copy);
    return result == 0 ? count : -1;
}

static struct microdescriptor read_one(const char *text)
{
    struct microdescriptor microdescriptor;
    struct error error = {.text = ""};
    if (read_all(text, strlen(text), &microdescriptor, &error) != 1)
        fail_msg("not one microdescriptor: %s%s", text, error.text);
    return microdescriptor;
}

static bool is_hsdir_digest(const struct consensus *consensus, const uint8_t *digest)
{
    for (size_t i = 0; i < consensus->relay_count; i++) {
        const struct consensus_relay *relay = &consensus->relays[i];
        if (relay->is_hsdir &&
            memcmp(relay->microdescriptor_digest, digest, MICRODESCRIPTOR_DIGEST_SIZE) == 0)
            return true;
    }
    return false;
}

/* Every digest of a recorded network is one that its consensus names. */
static void test_recorded_digests(void **state)
{
    (void)state;
    char *document = network_read_document("network-new", "consensus");
    struct consensus consensus;
    assert_int_equal(consensus_parse(&consensus, document, strlen(document), NULL), 0);
    char *text = network_read_document("network-new", "microdescriptors");
    const char *next = text, *end = text + strlen(text);
    struct microdescriptor microdescriptor;
    struct error error = {.text = ""};
    struct hasher *hasher = hasher_new();
    size_t count = 0;
    int result;
    while ((result = microdescriptor_next(&microdescriptor, hasher, &next, end, &error)) > 0) {
        assert_true(microdescriptor.has_ed25519_identity);
        assert_true(is_hsdir_digest(&consensus, microdescriptor.digest));
        count++;
    }
    hasher_free(hasher);
    if (result < 0)
        fail_msg("%s", error.text);
    assert_int_equal(count, consensus.relay_count);
    consensus_clear(&consensus);
    free(document);
    free(text);
}

/* The digest is that of the entry alone, from its onion-key to its last newline. */
static void test_digest(void **state)
{
    (void)state;
    uint8_t expected[SHA256_SIZE];
    hash_sha256(expected, &(struct span){ENTRY, strlen(ENTRY)}, 1);
    struct microdescriptor entry = read_one(ENTRY);
    assert_memory_equal(entry.digest, expected, sizeof(expected));
    static const char *const surroundings[] = {
        "onion-key\n" NTOR ENTRY,
        "@last-listed 2026-11-22 00:00:00\n" ENTRY,
        "@last-listed 2026-11-22 00:00:00\n@another\n" ENTRY "@last-listed 2026-11-22 01:00:00\n",
    };
    for (size_t i = 0; i < COUNT_OF(surroundings); i++) {
        struct error error = {.text = ""};
        if (read_all(surroundings[i], strlen(surroundings[i]), &entry, &error) < 1)
            fail_msg("%s%s", surroundings[i], error.text);
        assert_memory_equal(entry.digest, expected, sizeof(expected));
    }
}

static void test_identity(void **state)
{
    (void)state;
    static const uint8_t expected[ED25519_PUBLIC_KEY_SIZE] = {1, 2, 3, [31] = 4};
    static const char *const with[] = {
        ENTRY,
        "onion-key\n" IDENTITY NTOR,
        "onion-key\n" RSA_KEY NTOR "a [2001:db8::1]:9001\nid rsa1024 CUB2zEtXTMZgSvoyXFvIYRl7ozE\n" IDENTITY
        "p accept 80,443\n",
        ("onion-key\nunknown-line\n" IDENTITY),
    };
    static const char *const without[] = {
        "onion-key\n",
        "onion-key\n" NTOR,
        "onion-key\n" RSA_KEY,
        "onion-key\nid rsa1024 CUB2zEtXTMZgSvoyXFvIYRl7ozE\n",
        "onion-key\nidentity ed25519\n",
        "onion-key\nid ed25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", /* tor's idea of none */
    };
    for (size_t i = 0; i < COUNT_OF(with); i++) {
        struct microdescriptor microdescriptor = read_one(with[i]);
        assert_true(microdescriptor.has_ed25519_identity);
        assert_memory_equal(microdescriptor.ed25519_identity, expected, sizeof(expected));
    }
    for (size_t i = 0; i < COUNT_OF(without); i++)
        assert_false(read_one(without[i]).has_ed25519_identity);
}

static void test_nothing(void **state)
{
    (void)state;
    struct microdescriptor microdescriptor;
    assert_int_equal(read_all("", 0, &microdescriptor, NULL), 0);
    assert_int_equal(read_all("@last-listed\n", 13, &microdescriptor, NULL), 0);
}

static void test_malformed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"onion-key", "whole line"},
        {ENTRY "onion-key", "whole line"},
        {"onion-key\nid ed25519 AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ", "whole line"},
        {"\n" ENTRY, "onion-key"},
        {" onion-key\n" NTOR, "onion-key"},
        {"onion-keys\n" NTOR, "onion-key"},
        {"onion-key more\n" NTOR, "onion-key"},
        {NTOR ENTRY, "onion-key"},
        {"onion-key\n" NTOR "\n" IDENTITY, "empty line"},
        {ENTRY "\n", "empty line"},
        {"onion-key\n" IDENTITY IDENTITY, "two Ed25519"},
        {"onion-key\nid \n", "without a key"},
        {"onion-key\nid ed25519\n", "without a key"},
        {"onion-key\nid ed25519 AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "43 characters"},
        {"onion-key\nid ed25519 AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ=\n", "43 characters"},
        {"onion-key\nid ed25519 AQIDAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAR\n", "43 characters"},
        {"onion-key\nid ed25519 AQID*AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ\n", "43 characters"},
        {"onion-key\n-----BEGIN RSA PUBLIC KEY-----\nMIGJ\n", "within a key"},
        {"onion-key\n-----BEGIN RSA PUBLIC KEY-----\nMIGJ\n" ENTRY, "within a key"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct microdescriptor microdescriptor;
        struct error error = {.text = ""};
        if (read_all(cases[i].text, strlen(cases[i].text), &microdescriptor, &error) >= 0)
            fail_msg("accepted: %s", cases[i].text);
        if (strstr(error.text, cases[i].word) == NULL)
            fail_msg("%s: the message does not say \"%s\": %s", cases[i].text, cases[i].word, error.text);
        assert_int_equal(read_all(cases[i].text, strlen(cases[i].text), &microdescriptor, NULL), -1);
    }
}

/* Cut at any byte but the end of a line it is refused. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    char *text = network_read_document("network-new", "microdescriptors");
    size_t length = strlen(text);
    struct microdescriptor microdescriptor;
    int all = read_all(text, length, &microdescriptor, NULL);
    assert_true(all > 0);
    for (size_t cut = 1; cut < length; cut++) {
        int count = read_all(text, cut, &microdescriptor, NULL);
        assert_true(count <= all);
        if (text[cut - 1] != '\n')
            assert_int_equal(count, -1);
    }
    free(text);
}

static void test_every_byte_changed(void **state)
{
    (void)state;
    static const char changes[] = {'\0', '\n', ' ', '@', 'o', (char)0xff};
    char *text = network_read_document("network-new", "microdescriptors");
    size_t length = strlen(text);
    struct microdescriptor microdescriptor;
    int all = read_all(text, length, &microdescriptor, NULL);
    for (size_t i = 0; i < length; i++) {
        char original = text[i];
        text[i] = changes[i % sizeof(changes)];
        int count = read_all(text, length, &microdescriptor, NULL);
        assert_true(count <= all + 1);
        text[i] = original;
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_digests),   cmocka_unit_test(test_digest),
        cmocka_unit_test(test_identity),           cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_malformed),          cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_every_byte_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
