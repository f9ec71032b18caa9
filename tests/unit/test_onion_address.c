/* Tests onion addresses: decoding, encoding, and everything that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "onion/onion_address.h"
#include "vectors.h"

#define VALID "25njqamcweflpvkl73j4szahhihoc4xt3ktcgjnpaingr5yhkenl5sid"

/* Decodes a text that has to be the address of a key. */
static void assert_decodes(const char *text, const uint8_t *expected)
{
    uint8_t key[ED25519_PUBLIC_KEY_SIZE] = {0};
    struct error error = {.text = ""};
    if (onion_address_decode(key, text, &error) != 0)
        fail_msg("%s: %s", text, error.text);
    assert_memory_equal(key, expected, sizeof(key));
}

static void check_address(char **words)
{
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    vectors_decode_hex(words[0], key, sizeof(key));
    char address[ONION_ADDRESS_SIZE];
    onion_address_encode(address, key);
    assert_string_equal(address, words[1]);

    char text[ONION_ADDRESS_SIZE + 8];
    snprintf(text, sizeof(text), "%s", address);
    assert_decodes(text, key);
    snprintf(text, sizeof(text), "%s.onion", address);
    assert_decodes(text, key);
    for (char *character = text; *character != '\0'; character++)
        *character = (char)toupper(*character);
    assert_decodes(text, key);
    snprintf(text, sizeof(text), "%s.oNiOn", address);
    text[3] = (char)toupper(text[3]);
    assert_decodes(text, key);
}

static void test_addresses(void **state)
{
    (void)state;
    vectors_for_each("onion_address.txt", 2, check_address);
}

static void check_invalid_address(char **words)
{
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    memset(key, 0xaa, sizeof(key));
    struct error error = {.text = ""};
    assert_int_equal(onion_address_decode(key, words[1], &error), -1);
    if (strstr(error.text, words[0]) == NULL)
        fail_msg("%s: the message does not say %s: %s", words[1], words[0], error.text);
    assert_int_equal(onion_address_decode(key, words[1], NULL), -1);
    for (size_t i = 0; i < sizeof(key); i++)
        assert_int_equal(key[i], 0xaa);
}

static void test_invalid_addresses(void **state)
{
    (void)state;
    vectors_for_each("onion_address_invalid.txt", 2, check_invalid_address);
}

/* Who has a secret key could sign for all eight that differ in what is of small order, which blinding takes
 * away. */
static void check_point(char **words)
{
    uint8_t point[ED25519_PUBLIC_KEY_SIZE], key[ED25519_PUBLIC_KEY_SIZE];
    char address[ONION_ADDRESS_SIZE];
    vectors_decode_hex(words[1], point, sizeof(point));
    onion_address_encode(address, point);
    const bool is_taken = onion_address_decode(key, address, NULL) == 0;
    if (is_taken != (strcmp(words[0], "good") == 0))
        fail_msg("the %s key %s is judged wrongly", words[0], words[1]);
}

static void test_addresses_of_no_keys(void **state)
{
    (void)state;
    vectors_for_each("ed25519_points.txt", 2, check_point);
}

/* A v2 address is told from a typing mistake. */
static void test_version_2_is_named(void **state)
{
    (void)state;
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    struct error error = {.text = ""};
    assert_int_equal(onion_address_decode(key, "expyuzz4wqqyqhjn.onion", &error), -1);
    assert_non_null(strstr(error.text, "version 2"));
}

/* The checksum, the version or the alphabet catches every single character that is another. */
static void test_every_character_counts(void **state)
{
    (void)state;
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    for (size_t i = 0; i < ONION_ADDRESS_LENGTH; i++) {
        char text[] = VALID;
        for (int character = 1; character < 256; character++) {
            text[i] = (char)character;
            if (tolower(character) == VALID[i])
                continue;
            /* A checksum of 16 bits lets one in 65,536 changes pass. */
            if (onion_address_decode(key, text, NULL) == 0)
                fail_msg("%s was taken for an address", text);
        }
    }
}

static void test_every_shorter_text(void **state)
{
    (void)state;
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    char text[] = VALID ".onion";
    for (size_t length = sizeof(text) - 2; length > 0; length--) {
        text[length] = '\0';
        if (length != ONION_ADDRESS_LENGTH)
            assert_int_equal(onion_address_decode(key, text, NULL), -1);
    }
    assert_int_equal(onion_address_decode(key, "", NULL), -1);
}

/* As browsers show addresses, and as people pass them on. */
static void test_links(void **state)
{
    (void)state;
    static const struct {
        const char *link, *wrong;
    } links[] = {
        {"http://" VALID ".onion", "leave out \"http://\" and write " VALID ".onion"},
        {"https://" VALID, "leave out \"https://\" and write"},
        {VALID ".onion/", "leave out \"/\" and write"},
        {VALID ".onion:80", "leave out \":80\" and write"},
        {VALID ":80", "leave out \":80\" and write"},
        {"www." VALID ".onion", "leave out \"www.\" and write"},
        {"http://www." VALID ".ONION:80/index.html?q=1",
         "leave out \"http://www.\" and \":80/index.html?q=1\" and write " VALID ".onion"},
        {VALID ".onion#top", "leave out \"#top\""},
    };
    static const char *const others[] = {
        "http://example.com/",
        "www.example.com",
        "x" VALID ".onion",
        VALID ".onion.org",
        "http://",
        "://",
        "/",
        VALID "/" VALID "x.onion",
    };
    uint8_t key[ED25519_PUBLIC_KEY_SIZE];
    struct error error;
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        assert_int_equal(onion_address_decode(key, links[i].link, &error), -1);
        if (strstr(error.text, links[i].wrong) == NULL)
            fail_msg("%s: %s", links[i].link, error.text);
    }
    for (size_t i = 0; i + 1 < sizeof(others) / sizeof(others[0]); i++) {
        assert_int_equal(onion_address_decode(key, others[i], &error), -1);
        assert_null(strstr(error.text, "leave out"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_invalid_addresses),
        cmocka_unit_test(test_addresses_of_no_keys),
        cmocka_unit_test(test_version_2_is_named),
        cmocka_unit_test(test_every_character_counts),
        cmocka_unit_test(test_every_shorter_text),
        cmocka_unit_test(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
