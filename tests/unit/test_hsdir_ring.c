/* Tests the hash ring: its indices against tor's figures, and the choice of HSDirs on rings of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "onion/hsdir_ring.h"
#include "vectors.h"

static void check_disaster_value(char **words)
{
    uint8_t expected[SHARED_RANDOM_VALUE_SIZE], value[SHARED_RANDOM_VALUE_SIZE];
    vectors_decode_hex(words[2], expected, sizeof(expected));
    hsdir_ring_disaster_value(value, strtoull(words[0], NULL, 10), (uint32_t)strtoul(words[1], NULL, 10));
    assert_memory_equal(value, expected, sizeof(value));
}

static void test_disaster_values(void **state)
{
    (void)state;
    vectors_for_each("disaster_value.txt", 3, check_disaster_value);
}

/* Adds one to an index, or takes one off. */
static void move_index(uint8_t index[HSDIR_INDEX_SIZE], int by)
{
    for (size_t i = HSDIR_INDEX_SIZE; i-- > 0 && by != 0;) {
        int sum = index[i] + by;
        index[i] = (uint8_t)sum;
        by = sum < 0 ? -1 : sum > 255 ? 1 : 0;
    }
}

static void check_indices(char **words)
{
    uint64_t period_number = strtoull(words[0], NULL, 10);
    uint32_t period_length = (uint32_t)strtoul(words[1], NULL, 10);
    struct hsdir hsdir = {.fingerprint = {0}};
    uint8_t value[SHARED_RANDOM_VALUE_SIZE], expected[HSDIR_INDEX_SIZE], blinded_key[ED25519_PUBLIC_KEY_SIZE];
    vectors_decode_hex(words[2], hsdir.ed25519_identity, sizeof(hsdir.ed25519_identity));
    vectors_decode_hex(words[2], blinded_key, sizeof(blinded_key));
    vectors_decode_hex(words[3], value, sizeof(value));
    vectors_decode_hex(words[4], expected, sizeof(expected));
    struct hsdir_ring ring;
    hsdir_ring_build(&ring, &hsdir, 1, value, period_number, period_length);
    assert_int_equal(ring.count, 1);
    assert_memory_equal(ring.entries[0].index, expected, sizeof(expected));
    hsdir_ring_clear(&ring);
    assert_null(ring.entries);

    /* The index of the descriptor shows in which HSDir comes next: the one right on it, not the one just
     * before it. */
    assert_string_equal(words[5], "1");
    struct hsdir_ring_entry entries[3] = {{.hsdir = 0}, {.hsdir = 1}, {.hsdir = 2}};
    for (size_t i = 0; i < 3; i++) {
        vectors_decode_hex(words[6], entries[i].index, HSDIR_INDEX_SIZE);
        move_index(entries[i].index, (int)i - 1);
    }
    ring = (struct hsdir_ring){entries, 3, period_number, period_length};
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 1, 3, responsible), 3);
    assert_int_equal(responsible[0]->hsdir, 1);
    assert_int_equal(responsible[1]->hsdir, 2);
    assert_int_equal(responsible[2]->hsdir, 0);
    /* Without that one it is the next, and past the last one the first. */
    ring.entries = entries + 2;
    ring.count = 1;
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 1, 1, responsible), 1);
    assert_ptr_equal(responsible[0], &entries[2]);
    ring.entries = entries;
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 1, 1, responsible), 1);
    assert_ptr_equal(responsible[0], &entries[0]);
}

static void test_indices(void **state)
{
    (void)state;
    vectors_for_each("hsdir_index.txt", 7, check_indices);
}

/* HSDirs with identities that differ in two bytes. */
static struct hsdir *make_hsdirs(size_t count)
{
    struct hsdir *hsdirs = memory_allocate(count, sizeof(*hsdirs));
    for (size_t i = 0; i < count; i++) {
        hsdirs[i].ed25519_identity[0] = (uint8_t)i;
        hsdirs[i].ed25519_identity[1] = (uint8_t)(i >> 8);
    }
    return hsdirs;
}

static void test_ring_is_sorted(void **state)
{
    (void)state;
    static const uint8_t value[SHARED_RANDOM_VALUE_SIZE] = {7};
    struct hsdir *hsdirs = make_hsdirs(1000);
    struct hsdir_ring ring;
    hsdir_ring_build(&ring, hsdirs, 1000, value, 20000, 1440);
    assert_int_equal(ring.period_number, 20000);
    assert_int_equal(ring.period_length, 1440);
    bool is_there[1000] = {false};
    for (size_t i = 0; i < ring.count; i++) {
        assert_true(ring.entries[i].hsdir < 1000 && !is_there[ring.entries[i].hsdir]);
        is_there[ring.entries[i].hsdir] = true;
        if (i > 0)
            assert_true(memcmp(ring.entries[i - 1].index, ring.entries[i].index, HSDIR_INDEX_SIZE) < 0);
    }
    hsdir_ring_clear(&ring);
    free(hsdirs);
}

/* Relays that share an identity have one index; their order is that of the array. */
static void test_same_identities(void **state)
{
    (void)state;
    static const uint8_t value[SHARED_RANDOM_VALUE_SIZE] = {7};
    static const struct hsdir hsdirs[20] = {{.fingerprint = {1}}};
    struct hsdir_ring ring;
    hsdir_ring_build(&ring, hsdirs, 20, value, 20000, 1440);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(ring.entries[i].hsdir, i);
    hsdir_ring_clear(&ring);
}

/* The place of an entry in its ring. */
static size_t place_of(const struct hsdir_ring *ring, const struct hsdir_ring_entry *entry)
{
    assert_true(entry >= ring->entries && entry < ring->entries + ring->count);
    return (size_t)(entry - ring->entries);
}

/* Checks one choice: as many as there can be, none twice, and each replica's without a gap that an HSDir
 * taken by an earlier replica does not fill. */
static void check_choice(const struct hsdir_ring *ring, const uint8_t *blinded_key, uint32_t replicas,
                         uint32_t spread)
{
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = hsdir_ring_find_responsible(ring, blinded_key, replicas, spread, responsible);
    size_t due = (size_t)replicas * spread;
    assert_int_equal(count, due < ring->count ? due : ring->count);
    bool *is_taken = memory_allocate(ring->count, sizeof(*is_taken));
    for (size_t i = 0; i < count; i++) {
        size_t place = place_of(ring, responsible[i]);
        assert_false(is_taken[place]);
        if (i % spread != 0) {
            size_t between = (place_of(ring, responsible[i - 1]) + 1) % ring->count;
            for (; between != place; between = (between + 1) % ring->count)
                assert_true(is_taken[between]);
        }
        is_taken[place] = true;
    }
    free(is_taken);
}

static void test_rings_of_every_size(void **state)
{
    (void)state;
    static const uint8_t value[SHARED_RANDOM_VALUE_SIZE] = {9};
    struct hsdir *hsdirs = make_hsdirs(60);
    for (size_t size = 1; size <= 60; size++) {
        struct hsdir_ring ring;
        hsdir_ring_build(&ring, hsdirs, size, value, 20000, 1440);
        for (uint8_t key = 0; key < 8; key++) {
            uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE] = {key};
            for (uint32_t replicas = 1; replicas <= 4; replicas++) {
                for (uint32_t spread = 1; spread <= 5; spread++)
                    check_choice(&ring, blinded_key, replicas, spread);
            }
        }
        hsdir_ring_clear(&ring);
    }
    free(hsdirs);
}

/* A replica that starts where an earlier one did skips all of that one's HSDirs. */
static void test_second_replica_skips(void **state)
{
    (void)state;
    /* Both replicas of any key start at the first entry: no index is above it. */
    struct hsdir_ring_entry entries[10];
    memset(entries, 0, sizeof(entries));
    for (uint8_t i = 0; i < 10; i++)
        entries[i].index[HSDIR_INDEX_SIZE - 1] = i;
    struct hsdir_ring ring = {entries, 10, 1, 1440};
    const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE] = {1};
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 2, 4, responsible), 8);
    for (size_t i = 0; i < 8; i++)
        assert_ptr_equal(responsible[i], &entries[i]);
}

static void test_most_and_none(void **state)
{
    (void)state;
    static const uint8_t value[SHARED_RANDOM_VALUE_SIZE] = {9};
    const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE] = {1};
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    struct hsdir *hsdirs = make_hsdirs(3000);
    struct hsdir_ring ring;
    hsdir_ring_build(&ring, hsdirs, 3000, value, 1, 1440);
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 16, 128, responsible), 2048);
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, UINT32_MAX, UINT32_MAX, responsible),
                     2048);
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 0, 4, responsible), 0);
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 2, 0, responsible), 0);
    hsdir_ring_clear(&ring);
    hsdir_ring_build(&ring, hsdirs, 0, value, 1, 1440);
    assert_int_equal(hsdir_ring_find_responsible(&ring, blinded_key, 2, 4, responsible), 0);
    hsdir_ring_clear(&ring);
    free(hsdirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disaster_values),     cmocka_unit_test(test_indices),
        cmocka_unit_test(test_ring_is_sorted),      cmocka_unit_test(test_same_identities),
        cmocka_unit_test(test_rings_of_every_size), cmocka_unit_test(test_second_replica_skips),
        cmocka_unit_test(test_most_and_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
