/* Files with the key of a client of a restricted onion service. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "onion/client_key.h"

#define ADDRESS "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd"
#define OTHER "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd"
/* The bytes 0, 1, ... 31. */
#define KEY "AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ"

static void test_takes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        ADDRESS ":descriptor:x25519:" KEY "\n",
        ADDRESS ":descriptor:x25519:" KEY,
        "VWW6YBAL4BD7SZMGNCYRUUCPGFKQAHZDDI37KTCEO3AH7NGMCOPNPYYD:descriptor:x25519:" KEY "\r\n",
        "descriptor:x25519:" KEY "\n",
        "descriptor:x25519:aaaqeayeaudaocajbifqydiob4ibceqtcqkrmfyydenbwha5dypq",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint8_t key[CLIENT_KEY_SIZE];
        struct error error = {.text = ""};
        if (client_key_parse(key, texts[i], strlen(texts[i]), ADDRESS ".onion", &error) != 0)
            fail_msg("%s: %s", texts[i], error.text);
        for (size_t j = 0; j < sizeof(key); j++)
            assert_int_equal(key[j], j);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } rows[] = {
        {"", "one line"},
        {"\n", "one line"},
        {KEY "\n", "one line"},
        {"descriptor:x25519:\n", "has not 52 characters"},
        {"descriptor:x25519:" KEY "A\n", "has not 52 characters"},
        {"descriptor:x25519:" KEY "\n\n", "has not 52 characters"},
        {"descriptor:x25519:" KEY " ", "has not 52 characters"},
        {"descriptor:x25519:0AAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYPQ", "has not 52 characters"},
        {"descriptor:X25519:" KEY, "does not begin with an onion address"},
        {ADDRESS ":x25519:" KEY, "one line"},
        {ADDRESS ".onion:descriptor:x25519:" KEY, "without \".onion\""},
        {OTHER ":descriptor:x25519:" KEY, "another onion service"},
        {"wvw6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd:descriptor:x25519:" KEY, "checksum"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t key[CLIENT_KEY_SIZE];
        struct error error = {.text = ""};
        if (client_key_parse(key, rows[i].text, strlen(rows[i].text), ADDRESS ".onion", &error) != -1)
            fail_msg("taken: %s", rows[i].text);
        if (strstr(error.text, rows[i].words) == NULL)
            fail_msg("%s: %s", rows[i].text, error.text);
        assert_null(strstr(error.text, KEY));
    }
    uint8_t key[CLIENT_KEY_SIZE];
    static const char with_nul[] = "descriptor:x25519:AAAQEAYEAUDAOCAJBIFQYDIOB4IBCEQTCQKRMFYYDENBWHA5DYP\0";
    assert_int_equal(client_key_parse(key, with_nul, sizeof(with_nul) - 1, ADDRESS, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
