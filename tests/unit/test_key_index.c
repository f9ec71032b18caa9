/* Tests of finding things by their keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/key_index.h"

#define KEYS 5000

static void make_key(uint8_t key[KEY_INDEX_KEY_SIZE], uint32_t number)
{
    memset(key, 7, KEY_INDEX_KEY_SIZE);
    memcpy(key + number % 28, &number, sizeof(number));
}

static void test_empty(void **state)
{
    (void)state;
    struct key_index index = {0};
    uint8_t key[KEY_INDEX_KEY_SIZE] = {0};
    assert_int_equal(key_index_find(&index, key), KEY_INDEX_NONE);
    key_index_clear(&index);
}

static void test_many(void **state)
{
    (void)state;
    struct key_index index = {0};
    uint8_t key[KEY_INDEX_KEY_SIZE];
    for (uint32_t i = 0; i < KEYS; i++) {
        make_key(key, 2 * i + 1);
        assert_int_equal(key_index_find(&index, key), KEY_INDEX_NONE);
        key_index_add(&index, key, i);
    }
    assert_int_equal(index.count, KEYS);
    for (uint32_t i = 0; i < KEYS; i++) {
        make_key(key, 2 * i + 1);
        assert_int_equal(key_index_find(&index, key), i);
        make_key(key, 2 * i + 2);
        assert_int_equal(key_index_find(&index, key), KEY_INDEX_NONE);
    }
    key_index_clear(&index);
    assert_int_equal(key_index_find(&index, key), KEY_INDEX_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
