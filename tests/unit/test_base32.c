/* Base32: figures of RFC 4648, and what is not base32. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base32.h"

/* RFC 4648 section 10, in lower case and without padding. */
static void test_figures_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *text;
    } rows[] = {{"", ""},
                {"f", "my"},
                {"fo", "mzxq"},
                {"foo", "mzxw6"},
                {"foob", "mzxw6yq"},
                {"fooba", "mzxw6ytb"},
                {"foobar", "mzxw6ytboi"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[16] = {0};
        uint8_t bytes[8] = {0};
        size_t size = strlen(rows[i].bytes);
        assert_int_equal(BASE32_LENGTH(size), strlen(rows[i].text));
        base32_encode(text, (const uint8_t *)rows[i].bytes, size);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(base32_decode(bytes, size, text), 0);
        assert_memory_equal(bytes, rows[i].bytes, size);
    }
}

/* Every character in every place: just those of base32, in either case, are good. */
static void test_every_character(void **state)
{
    (void)state;
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz234567",
                      upper[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    for (size_t place = 0; place < 8; place++) {
        for (unsigned character = 0; character < 256; character++) {
            char text[] = "aaaaaaaa";
            uint8_t bytes[5];
            text[place] = (char)character;
            const char *found = character == 0 ? NULL : strchr(lower, (int)character);
            const char *in_upper = character == 0 ? NULL : strchr(upper, (int)character);
            size_t value = found != NULL      ? (size_t)(found - lower)
                           : in_upper != NULL ? (size_t)(in_upper - upper)
                                              : 32;
            assert_int_equal(base32_decode(bytes, 5, text), value < 32 ? 0 : -1);
            if (value == 32)
                continue;
            uint64_t bits = 0;
            for (size_t i = 0; i < 5; i++)
                bits = bits << 8 | bytes[i];
            assert_true(bits == (uint64_t)value << (35 - 5 * place));
            base32_encode(text, bytes, 5);
            assert_int_equal(text[place], lower[value]);
        }
    }
}

/* Bits behind the last byte are none that anybody writes. */
static void test_bits_too_many(void **state)
{
    (void)state;
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz234567";
    for (size_t value = 0; value < 32; value++) {
        char text[52];
        uint8_t bytes[32];
        memset(text, 'b', sizeof(text));
        text[51] = lower[value];
        assert_int_equal(base32_decode(bytes, 32, text), value % 16 == 0 ? 0 : -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_of_the_rfc),
        cmocka_unit_test(test_every_character),
        cmocka_unit_test(test_bits_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
