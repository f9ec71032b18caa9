/* Tests of bytes in hexadecimal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>

#include <sodium.h>

#include "base/hex.h"

/* Every byte, compared with libsodium's. */
static void test_every_byte(void **state)
{
    (void)state;
    uint8_t bytes[256];
    char text[HEX_TEXT_SIZE(256)], expected[HEX_TEXT_SIZE(256)];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    hex_encode_upper(text, bytes, sizeof(bytes));
    sodium_bin2hex(expected, sizeof(expected), bytes, sizeof(bytes));
    for (char *digit = expected; *digit != '\0'; digit++)
        *digit = (char)toupper((unsigned char)*digit);
    assert_string_equal(text, expected);
    hex_encode_upper(text, bytes, 0);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
