/* Tests the writing of base64: of every length it has to be what libsodium makes, and nothing behind it is
 * touched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onion/base64.h"

#define SIZE_MAX_TESTED 300
#define ROUNDS 50

/* The bytes and the text lie at the end of their memory, so that the sanitizer sees whoever goes on. */
static void check_size(size_t size)
{
    char expected[sodium_base64_ENCODED_LEN(SIZE_MAX_TESTED, sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
    uint8_t *bytes = memory_resize(NULL, size, 1);
    char *text = memory_resize(NULL, BASE64_LENGTH(size), 1);
    randombytes_buf(bytes, size);
    sodium_bin2base64(expected, sizeof(expected), bytes, size, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    assert_int_equal(strlen(expected), BASE64_LENGTH(size));
    base64_encode(text, bytes, size);
    assert_memory_equal(text, expected, BASE64_LENGTH(size));
    free(text);
    free(bytes);
}

static void test_every_length(void **state)
{
    (void)state;
    for (size_t size = 1; size <= SIZE_MAX_TESTED; size++) {
        for (size_t i = 0; i < ROUNDS; i++)
            check_size(size);
    }
}

static void test_all_pairs_of_characters(void **state)
{
    (void)state;
    for (unsigned int pair = 0; pair < 4096; pair++) {
        const uint8_t bytes[8] = {(uint8_t)(pair >> 4), (uint8_t)(pair << 4)};
        char text[BASE64_LENGTH(sizeof(bytes)) + 1] = {0};
        char expected[sodium_base64_ENCODED_LEN(sizeof(bytes), sodium_base64_VARIANT_ORIGINAL_NO_PADDING)];
        sodium_bin2base64(expected, sizeof(expected), bytes, sizeof(bytes),
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
        base64_encode(text, bytes, sizeof(bytes));
        assert_string_equal(text, expected);
    }
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_all_pairs_of_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
