/* Sorting by hashes: the order of qsort(), whatever the hashes are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/hash_sort.h"

#define COUNT_MAX 5000

struct thing {
    uint8_t hash[20];
    uint16_t number;
};

static int compare(const void *one, const void *other)
{
    const struct thing *first = one, *second = other;
    int order = memcmp(first->hash, second->hash, sizeof(first->hash));
    return order != 0 ? order : (first->number > second->number) - (first->number < second->number);
}

/* Makes as many things with hashes of a seed, whose first bytes all have in common. */
static void make_things(struct thing *things, size_t count, size_t common, uint8_t seed)
{
    const uint8_t seed_bytes[randombytes_SEEDBYTES] = {seed};
    randombytes_buf_deterministic(things, count * sizeof(*things), seed_bytes);
    for (size_t i = 0; i < count; i++) {
        memset(things[i].hash, 0x5a, common);
        things[i].number = (uint16_t)(count - i);
    }
}

static void check(size_t count, size_t common, uint8_t seed)
{
    static struct thing things[COUNT_MAX], expected[COUNT_MAX];
    uint32_t starts[HASH_SORT_PARTS + 1];
    make_things(things, count, common, seed);
    memcpy(expected, things, count * sizeof(*things));
    qsort(expected, count, sizeof(*expected), compare);
    hash_sort(things, count, sizeof(*things), compare, starts);
    assert_memory_equal(things, expected, count * sizeof(*things));
    assert_int_equal(starts[0], 0);
    assert_int_equal(starts[HASH_SORT_PARTS], count);
    for (size_t part = 0; part < HASH_SORT_PARTS; part++) {
        assert_true(starts[part] <= starts[part + 1]);
        for (size_t i = starts[part]; i < starts[part + 1]; i++)
            assert_int_equal(hash_sort_part(things[i].hash), part);
    }
}

static void test_order(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 15, 16, 17, 100, 4096, COUNT_MAX};
    static const size_t common[] = {0, 1, 2, 10, 20}; /* 20: all hashes are the same */
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        for (size_t j = 0; j < sizeof(common) / sizeof(common[0]); j++)
            check(counts[i], common[j], (uint8_t)(16 * i + j));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order)};
    return sodium_init() < 0 || cmocka_run_group_tests(tests, NULL, NULL);
}
