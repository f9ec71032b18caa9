/* Tests of the encodings of secret keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "config/key_decode.h"
#include "onion/onion_address.h"
#include "vectors.h"

#define TOR_FILE_SIZE 96

/* The secret key that all the tests decode into, and the first vector of each format. */
static struct ed25519_secret_key *secret_key;
static uint8_t tor_file[TOR_FILE_SIZE];
static char pem_file[512];

static int prepare(void **state)
{
    (void)state;
    if (sodium_init() < 0)
        return -1;
    secret_key = secret_allocate(sizeof(*secret_key));
    return 0;
}

static int release(void **state)
{
    (void)state;
    secret_free(secret_key);
    return 0;
}

static int decode(const void *bytes, size_t length, struct error *error)
{
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    enum key_format format;
    memset(secret_key, 0x55, sizeof(*secret_key));
    int result = key_decode(secret_key, public_key, &format, bytes, length, error);
    if (result != 0)
        assert_true(sodium_is_zero((const uint8_t *)secret_key, sizeof(*secret_key)));
    return result;
}

/* Bytes that have to be refused, in a sentence that has the text in it. */
static void check_refused(const void *bytes, size_t length, const char *text)
{
    struct error error = {.text = ""};
    assert_int_equal(decode(bytes, length, &error), -1);
    if (strstr(error.text, text) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, text);
}

static void check_refused_text(const char *bytes, const char *text)
{
    check_refused(bytes, strlen(bytes), text);
}

static void check_vector(char **words)
{
    size_t length = strlen(words[1]) / 2;
    uint8_t bytes[512];
    assert_true(length < sizeof(bytes));
    vectors_decode_hex(words[1], bytes, length);
    bool is_tor = strcmp(words[0], "tor") == 0;
    if (is_tor)
        memcpy(tor_file, bytes, sizeof(tor_file));
    else
        snprintf(pem_file, sizeof(pem_file), "%.*s", (int)length, (const char *)bytes);

    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    enum key_format format;
    struct error error = {.text = ""};
    if (key_decode(secret_key, public_key, &format, bytes, length, &error) != 0)
        fail_msg("%s: %s", words[0], error.text);
    assert_int_equal(format, is_tor ? KEY_FORMAT_TOR : KEY_FORMAT_PEM);
    char address[ONION_ADDRESS_SIZE];
    onion_address_encode(address, public_key);
    assert_string_equal(address, words[2]);
}

static void test_vectors(void **state)
{
    (void)state;
    vectors_for_each("key_files.txt", 3, check_vector);
    assert_string_equal(key_format_name(KEY_FORMAT_PEM), "PEM");
    assert_string_equal(key_format_name(KEY_FORMAT_TOR), "tor's hs_ed25519_secret_key");
}

static void test_tor_truncated_anywhere(void **state)
{
    (void)state;
    check_refused(tor_file, 0, "is empty");
    for (size_t length = 1; length < TOR_FILE_SIZE; length++)
        check_refused(tor_file, length, "is truncated");
    uint8_t longer[TOR_FILE_SIZE + 1] = {0};
    memcpy(longer, tor_file, TOR_FILE_SIZE);
    check_refused(longer, sizeof(longer),
                  "is too long: tor's hs_ed25519_secret_key has 96 bytes, this has 97");
}

/* A bit that flips in the header, or in one of the fixed bits of the scalar, is noticed. (Any other makes
 * another key: there is nothing in the file to tell by.) */
static void test_tor_damaged(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 32 * 8; bit++) {
        uint8_t bytes[TOR_FILE_SIZE];
        memcpy(bytes, tor_file, sizeof(bytes));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        check_refused(bytes, sizeof(bytes), "is no key");
    }
    const struct {
        size_t byte;
        uint8_t bit;
    } fixed[] = {{32, 1}, {32, 2}, {32, 4}, {63, 0x40}, {63, 0x80}};
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        uint8_t bytes[TOR_FILE_SIZE];
        memcpy(bytes, tor_file, sizeof(bytes));
        bytes[fixed[i].byte] ^= fixed[i].bit;
        check_refused(bytes, sizeof(bytes), "its scalar does not have the bits");
    }
}

static void test_zero_nonce_prefix(void **state)
{
    (void)state;
    uint8_t bytes[TOR_FILE_SIZE];
    memcpy(bytes, tor_file, sizeof(bytes));
    memset(bytes + 64, 0, 32);
    check_refused(bytes, sizeof(bytes), "every signature would give the key away");
    bytes[95] = 1;
    assert_int_equal(decode(bytes, sizeof(bytes), NULL), 0);
}

static void test_tor_public_key(void **state)
{
    (void)state;
    uint8_t bytes[65] = "== ed25519v1-public: type0 ==";
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    memset(bytes + 32, 7, 32);
    check_refused(bytes, 64, "is the public key");
    assert_int_equal(key_decode_tor_public(public_key, bytes, 64), 0);
    assert_memory_equal(public_key, bytes + 32, 32);
    for (size_t length = 0; length < 64; length++)
        assert_int_equal(key_decode_tor_public(public_key, bytes, length), -1);
    assert_int_equal(key_decode_tor_public(public_key, bytes, 65), -1);
    bytes[31] = 1;
    assert_int_equal(key_decode_tor_public(public_key, bytes, 64), -1);
}

/* Every way to cut a PEM file off, but for its last newline. */
static void test_pem_truncated_anywhere(void **state)
{
    (void)state;
    size_t length = strlen(pem_file);
    assert_int_equal(pem_file[length - 1], '\n');
    assert_int_equal(decode(pem_file, length - 1, NULL), 0);
    for (size_t cut = 0; cut < length - 1; cut++) {
        struct error error = {.text = ""};
        assert_int_equal(decode(pem_file, cut, &error), -1);
        assert_true(error.text[0] != '\0');
    }
    for (size_t cut = strlen("-----BEGIN "); cut < length - 1; cut++)
        check_refused(pem_file, cut, "truncated");
}

static void test_pem_with_text_around(void **state)
{
    (void)state;
    char text[1024];
    snprintf(text, sizeof(text), "ED25519 Private-Key:\n\n%sthe end\n", pem_file);
    assert_int_equal(decode(text, strlen(text), NULL), 0);
}

static void test_pem_with_other_line_ends(void **state)
{
    (void)state;
    char text[1024];
    size_t length = 0;
    for (const char *c = pem_file; *c != '\0'; c++) {
        if (*c == '\n')
            text[length++] = '\r';
        text[length++] = *c;
    }
    assert_int_equal(decode(text, length, NULL), 0);
}

/* One wrong letter in the base64 of everything before the seed. */
static void test_pem_damaged(void **state)
{
    (void)state;
    size_t start = strlen("-----BEGIN PRIVATE KEY-----\n");
    for (size_t i = 0; i < 21; i++) {
        char text[512];
        strcpy(text, pem_file);
        text[start + i] = text[start + i] == 'A' ? 'B' : 'A';
        check_refused_text(text, "damaged");
        text[start + i] = '*';
        check_refused_text(text, "base64 is damaged");
    }
}

/* A byte above ASCII, as a broken disk or a wrong encoding makes them, anywhere in the base64, and so in the
 * seed too: no other key may come out of it. */
static void test_pem_above_ascii(void **state)
{
    (void)state;
    size_t start = strlen("-----BEGIN PRIVATE KEY-----\n");
    for (size_t i = start; pem_file[i] != '\n'; i++) {
        char text[512];
        strcpy(text, pem_file);
        for (int byte = 0x80; byte <= 0xff; byte++) {
            text[i] = (char)byte;
            check_refused_text(text, "base64 is damaged");
        }
    }
}

/* Writes a PRIVATE KEY block around DER. */
static void make_pem(char *text, size_t size, const char *hex)
{
    uint8_t der[256];
    char base64[512];
    size_t length = strlen(hex) / 2;
    vectors_decode_hex(hex, der, length);
    sodium_bin2base64(base64, sizeof(base64), der, length, sodium_base64_VARIANT_ORIGINAL);
    snprintf(text, size, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", base64);
}

/* The example of RFC 8410 section 10.3: the same key without and with the public key and an attribute. */
static void test_pem_version_2(void **state)
{
    (void)state;
    static const char *const files[] = {
        "302e020100300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842",
        "3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842a01f"
        "301d06"
        "0a2a864886f70d01090914310f0c0d437572646c6520436861697273812100"
        "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1",
    };
    for (size_t i = 0; i < 2; i++) {
        char text[1024];
        make_pem(text, sizeof(text), files[i]);
        uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], expected[ED25519_PUBLIC_KEY_SIZE];
        enum key_format format;
        vectors_decode_hex("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1", expected,
                           sizeof(expected));
        assert_int_equal(
            key_decode(secret_key, public_key, &format, (const uint8_t *)text, strlen(text), NULL), 0);
        assert_memory_equal(public_key, expected, sizeof(expected));
    }
}

static void test_other_kinds(void **state)
{
    (void)state;
    char text[1024];
    /* The beginning of an RSA key in PKCS #8, and an X25519 key: the algorithm is what is looked at. */
    make_pem(text, sizeof(text), "30820276020100300d06092a864886f70d0101010500048202603082025c");
    check_refused_text(text, "is an RSA key");
    make_pem(
        text, sizeof(text),
        "302e020100300506032b656e04220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842");
    check_refused_text(text, "no Ed25519 private key");
    make_pem(text, sizeof(text), "3000");
    check_refused_text(text, "no Ed25519 private key");

    check_refused_text("-----BEGIN RSA PRIVATE KEY-----\nMIIC\n-----END RSA PRIVATE KEY-----\n",
                       "is an RSA key");
    check_refused_text("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "is an RSA key");
    check_refused_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "decrypt it first");
    check_refused_text("-----BEGIN OPENSSH PRIVATE KEY-----\n", "is an OpenSSH key");
    check_refused_text("-----BEGIN EC PRIVATE KEY-----\n", "another kind");
    check_refused_text("-----BEGIN PUBLIC KEY-----\n", "is a public key");
    check_refused_text("-----BEGIN CERTIFICATE-----\n", "of no private key");
    check_refused_text("hello\n", "is no key");
    check_refused("\0\0\0", 3, "is no key");
}

static void test_too_long(void **state)
{
    (void)state;
    char *text = memory_allocate(KEY_FILE_SIZE_MAX + 1, 1);
    memset(text, ' ', KEY_FILE_SIZE_MAX + 1);
    check_refused(text, KEY_FILE_SIZE_MAX + 1, "is too long to be a key");
    memcpy(text, pem_file, strlen(pem_file));
    assert_int_equal(decode(text, KEY_FILE_SIZE_MAX, NULL), 0);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_tor_truncated_anywhere),
        cmocka_unit_test(test_tor_damaged),
        cmocka_unit_test(test_zero_nonce_prefix),
        cmocka_unit_test(test_tor_public_key),
        cmocka_unit_test(test_pem_truncated_anywhere),
        cmocka_unit_test(test_pem_with_text_around),
        cmocka_unit_test(test_pem_with_other_line_ends),
        cmocka_unit_test(test_pem_damaged),
        cmocka_unit_test(test_pem_above_ascii),
        cmocka_unit_test(test_pem_version_2),
        cmocka_unit_test(test_other_kinds),
        cmocka_unit_test(test_too_long),
    };
    return cmocka_run_group_tests(tests, prepare, release);
}
