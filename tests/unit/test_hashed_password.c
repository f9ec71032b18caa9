/* Passwords as a torrc holds them, against what tor --hash-password has made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/hashed_password.h"
#include "vectors.h"

static void check(const char *password, const char *expected)
{
    char text[HASHED_PASSWORD_SIZE];
    char salt_text[2 * HASHED_PASSWORD_SALT_SIZE + 1];
    uint8_t salt[HASHED_PASSWORD_SALT_SIZE];
    memcpy(salt_text, expected + strlen("16:"), sizeof(salt_text) - 1);
    salt_text[sizeof(salt_text) - 1] = '\0';
    vectors_decode_hex(salt_text, salt, sizeof(salt));
    hashed_password_make(text, password, strlen(password), salt);
    assert_string_equal(text, expected);
}

static void test_as_tor(void **state)
{
    (void)state;
    check("correct horse", "16:9AA6BA34558F3E816077904FE5FDF057D5BDFB91B9332B0066972ADE13");
    check("p", "16:6344EC619DF80AB36084A11E26BC10B6FEB620072981E0430980050CF5");
    check("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
          "16:3E8251F867686A4060CEB7EABFC3F02B3B6E8E3D957FE7E8B393290D61");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_as_tor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
