/* Client keys as lines of text: tor's forms, and everything that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_forge.h"
#include "onion/client_key.h"
#include "vectors.h"

/* A key pair and its base32, of Python's cryptography and base64 modules. */
static const char secret_hex[] = "bb2ac8cc6f9afcc930acdf8377640488c243ae92b74ccf67eb6f1565814490f2";
static const char public_hex[] = "cfdc60e2b3ccfa5bee430bcdb523c72017d46ba27147054eb03d77e3388ce957";
#define SECRET "xmvmrtdptl6msmfm36bxozaerdbehlusw5gm6z7ln4kwlakesdza"
#define PUBLIC "z7ogbyvtzt5fx3sdbpg3ki6heal5i25cofdqktvqhv36goem5flq"
#define PUBLIC_UPPER "Z7OGBYVTZT5FX3SDBPG3KI6HEAL5I25COFDQKTVQHV36GOEM5FLQ"
/* A test figure of tor's, with its identity key. */
#define ADDRESS "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid"
static const char identity_hex[] = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

static void test_lines_are_written_as_tor_does(void **state)
{
    (void)state;
    uint8_t key[32], identity_key[32];
    char public_line[CLIENT_KEY_PUBLIC_LINE_SIZE], private_line[CLIENT_KEY_PRIVATE_LINE_SIZE];
    vectors_decode_hex(public_hex, key, 32);
    client_key_format_public(public_line, key);
    assert_string_equal(public_line, "descriptor:x25519:" PUBLIC);
    vectors_decode_hex(secret_hex, key, 32);
    vectors_decode_hex(identity_hex, identity_key, 32);
    client_key_format_private(private_line, identity_key, key);
    assert_string_equal(private_line, ADDRESS ":descriptor:x25519:" SECRET);
    assert_int_equal(strlen(private_line) + 1, sizeof(private_line));
    assert_int_equal(strlen(public_line) + 1, sizeof(public_line));
}

static void test_public_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "descriptor:x25519:" PUBLIC,
        "descriptor:x25519:" PUBLIC_UPPER,
        "  descriptor : x25519\t:\r\n" PUBLIC "\r\n\n",
    };
    uint8_t key[32], expected[32];
    vectors_decode_hex(public_hex, expected, 32);
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        memset(key, 0, sizeof(key));
        assert_int_equal(client_key_parse_public(key, text_from_string(lines[i]), NULL), 0);
        assert_memory_equal(key, expected, 32);
    }
}

/* No part of a key is ever quoted: it may be a private one in the wrong place. */
static void assert_sentence(const struct error *error, const char *words)
{
    if (strstr(error->text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error->text, words);
    assert_null(strstr(error->text, "xmvm"));
    assert_null(strstr(error->text, "z7og"));
}

static void test_what_is_no_public_line(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"", "is no client's key"},
        {PUBLIC, "is no client's key"},
        {"x25519:" PUBLIC, "is no client's key"},
        {"descriptor:x25519:" PUBLIC ":", "is no client's key"},
        {"a:b:c:d:e:f", "is no client's key"},
        {ADDRESS ":descriptor:x25519:" SECRET, "private key, which nobody but that client is to have"},
        {"Descriptor:x25519:" PUBLIC, "kind of authorization is not \"descriptor\""},
        {"intro:x25519:" PUBLIC, "kind of authorization is not \"descriptor\""},
        {"descriptor:ed25519:" PUBLIC, "kind of key is not \"x25519\""},
        {"descriptor:x25519:", "has 0 characters instead of 52"},
        {"descriptor:x25519:" PUBLIC "====", "has 56 characters instead of 52"},
        {"descriptor:x25519:z7ogbyvtzt5f", "has 12 characters instead of 52"},
        {"descriptor:x25519:z7ogbyvtzt5fx3sdbpg3ki6heal5i25cofdqktvqhv36goem5fl1", "is not base32"},
        {"descriptor:x25519:z7ogbyvtzt5fx3sdbpg3ki6heal5i25cofdqktvqhv36goem5flr", "is not base32"},
        {"descriptor:x25519:z7ogbyvtzt5fx3sdbpg3ki6heal5i25cofdqktvqhv36goem5fla", "is no X25519 public key"},
        {"descriptor:x25519:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "all zeros"},
        {"descriptor:x25519:aeaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "is no X25519 public key"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key[32];
        struct error error = {.text = ""};
        assert_int_equal(client_key_parse_public(key, text_from_string(rows[i].line), &error), -1);
        assert_sentence(&error, rows[i].words);
    }
}

static void test_private_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool has_identity_key;
    } rows[] = {
        {ADDRESS ":descriptor:x25519:" SECRET, true},
        {ADDRESS ".onion:descriptor:x25519:" SECRET "\n", true},
        {"\t" ADDRESS " : descriptor : x25519 : " SECRET " ", true},
        {"descriptor:x25519:" SECRET "\n", false},
    };
    uint8_t secret_key[32], identity_key[32];
    vectors_decode_hex(secret_hex, secret_key, 32);
    vectors_decode_hex(identity_hex, identity_key, 32);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client_private_key key;
        struct error error = {.text = ""};
        if (client_key_parse_private(&key, text_from_string(rows[i].line), &error) != 0)
            fail_msg("%s", error.text);
        assert_memory_equal(key.secret_key, secret_key, 32);
        assert_int_equal(key.has_identity_key, rows[i].has_identity_key);
        if (key.has_identity_key)
            assert_memory_equal(key.identity_key, identity_key, 32);
    }
}

static void test_what_is_no_private_line(void **state)
{
    (void)state;
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"", "is no client's private key"},
        {SECRET, "is no client's private key"},
        {ADDRESS ":" ADDRESS ":descriptor:x25519:" SECRET, "is no client's private key"},
        {"tor:descriptor:x25519:" SECRET, "has 3 characters instead of 56"},
        {"25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sie:descriptor:x25519:" SECRET,
         "onion address"},
        {ADDRESS ADDRESS ":descriptor:x25519:" SECRET, "onion address has 112 characters"},
        {ADDRESS ":basic:x25519:" SECRET, "kind of authorization"},
        {ADDRESS ":descriptor:x448:" SECRET, "kind of key"},
        {ADDRESS ":descriptor:x25519:" SECRET "a", "has 53 characters instead of 52"},
        {ADDRESS ":descriptor:x25519:xmvmrtdptl6msmfm36bxozaerdbehlusw5gm6z7ln4kwlakesdz!", "is not base32"},
        {ADDRESS ":descriptor:x25519:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "all zeros"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct client_private_key key;
        struct error error = {.text = ""};
        memset(&key, 1, sizeof(key));
        assert_int_equal(client_key_parse_private(&key, text_from_string(rows[i].line), &error), -1);
        assert_sentence(&error, rows[i].words);
        assert_true(sodium_is_zero((const uint8_t *)&key, sizeof(key)));
    }
}

/* A line is for one service, where it says for which. */
static void test_services(void **state)
{
    (void)state;
    static const char other[] = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";
    static const char whole[] = ADDRESS ":descriptor:x25519:" SECRET "\n";
    static const char without[] = "descriptor:x25519:" SECRET "\r\n";
    struct client_private_key key;
    uint8_t expected[32];
    struct error error = {.text = ""};
    vectors_decode_hex(secret_hex, expected, 32);
    assert_int_equal(client_key_parse_private(&key, text_from_string(whole), NULL), 0);
    assert_memory_equal(key.secret_key, expected, 32);
    assert_int_equal(client_key_check_service(&key, ADDRESS ".onion", NULL), 0);
    assert_int_equal(client_key_check_service(&key, ADDRESS, NULL), 0);
    assert_int_equal(client_key_check_service(&key, other, &error), -1);
    assert_sentence(&error, "another onion service");
    assert_int_equal(client_key_parse_private(&key, text_from_string(without), NULL), 0);
    assert_memory_equal(key.secret_key, expected, 32);
    assert_int_equal(client_key_check_service(&key, other, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_are_written_as_tor_does), cmocka_unit_test(test_public_lines),
        cmocka_unit_test(test_what_is_no_public_line),        cmocka_unit_test(test_private_lines),
        cmocka_unit_test(test_what_is_no_private_line),       cmocka_unit_test(test_services),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
