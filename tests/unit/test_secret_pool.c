/* Small secrets in pages that they share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "base/secret_pool.h"

#define MANY 1000 /* more than several pages have room for */

/* Each is zeroed at first, and stays where it is with what is in it, however many are added. */
static void test_stay(void **state)
{
    (void)state;
    struct secret_pool pool = {NULL};
    uint8_t *secrets[MANY];
    for (size_t i = 0; i < MANY; i++) {
        secrets[i] = secret_pool_add(&pool);
        assert_true(sodium_is_zero(secrets[i], SECRET_POOL_ITEM_SIZE));
        memset(secrets[i], (int)(1 + i % 251), SECRET_POOL_ITEM_SIZE);
    }
    for (size_t i = 0; i < MANY; i++) {
        for (size_t j = 0; j < SECRET_POOL_ITEM_SIZE; j++)
            assert_int_equal(secrets[i][j], 1 + i % 251);
    }
    secret_pool_clear(&pool);
    assert_null(pool.last);
    secret_pool_clear(&pool);
}

/* They share pages: what is locked of a page is locked of all. */
static void test_share(void **state)
{
    (void)state;
    struct secret_pool pool = {NULL};
    const uint8_t *first = secret_pool_add(&pool), *second = secret_pool_add(&pool);
    assert_ptr_equal(first + SECRET_POOL_ITEM_SIZE, second);
    secret_pool_clear(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_stay), cmocka_unit_test(test_share)};
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
