/* Tests which of the HSDirs that hold a descriptor clients ask, on rings made by hand and on many others
 * against a plain reckoning of both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/big_endian.h"
#include "base/memory.h"
#include "crypto/hash.h"
#include "onion/network.h"

#define PERIOD_NUMBER 20000
#define PERIOD_LENGTH 1440
#define RING_MAX 40

static const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE] = {5};

/* Where on the ring a replica of a key's descriptor begins: hs_service_index() of rend-spec-v3. */
static void find_beginning(uint8_t index[HSDIR_INDEX_SIZE], const uint8_t *key, uint32_t replica)
{
    uint8_t numbers[3][8];
    big_endian_write_uint64(numbers[0], replica);
    big_endian_write_uint64(numbers[1], PERIOD_LENGTH);
    big_endian_write_uint64(numbers[2], PERIOD_NUMBER);
    const struct span pieces[] = {
        {"store-at-idx", 12}, {key, ED25519_PUBLIC_KEY_SIZE}, {numbers, sizeof(numbers)}};
    hash_sha3_256(index, pieces, 3);
}

static void add_to_index(uint8_t index[HSDIR_INDEX_SIZE], unsigned number)
{
    for (size_t i = HSDIR_INDEX_SIZE; i-- > 0 && number != 0; number >>= 8) {
        number += index[i];
        index[i] = (uint8_t)number;
    }
}

static int compare_indices(const void *one, const void *other)
{
    return memcmp(one, other, HSDIR_INDEX_SIZE);
}

/* Makes a ring on which the first replica begins at the HSDir 0, after which the others follow by their
 * numbers, and the second replica at the HSDir second. */
static struct network make_network(struct hsdir_ring_entry *entries, size_t count, size_t second)
{
    for (size_t i = 0; i < count; i++) {
        find_beginning(entries[i].index, blinded_key, i < second ? 1 : 2);
        add_to_index(entries[i].index, (unsigned)(i < second ? i : i - second));
        entries[i].hsdir = (uint32_t)i;
    }
    qsort(entries, count, sizeof(*entries), compare_indices);
    return (struct network){
        .hsdir_n_replicas = 2,
        .hsdir_spread_store = 4,
        .hsdir_spread_fetch = 3,
        .ring[DESCRIPTOR_FIRST] = {entries, count, PERIOD_NUMBER, PERIOD_LENGTH},
    };
}

/* Checks a network's HSDirs against a text: those that hold in tor's order, a letter each from 'a' for the
 * HSDir 0; a capital letter where clients ask it. */
static void check_text(const struct network *network, const char *expected)
{
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    bool is_asked[HSDIR_RESPONSIBLE_MAX];
    char text[RING_MAX + 1] = "";
    size_t count = network_find_responsible(network, DESCRIPTOR_FIRST, blinded_key, false, responsible);
    assert_true(count <= RING_MAX);
    network_mark_asked(network, DESCRIPTOR_FIRST, blinded_key, responsible, count, is_asked);
    for (size_t i = 0; i < count; i++)
        text[i] = (char)((is_asked[i] ? 'A' : 'a') + (int)responsible[i]->hsdir);
    assert_string_equal(text, expected);
}

/* The two replicas apart, one after the other, and in one another. The first three of each replica that holds
 * would be wrong in most of them. */
static void test_doubles_between_replicas(void **state)
{
    (void)state;
    static const struct {
        size_t count, second;
        const char *expected;
    } cases[] = {
        {12, 0, "ABCDEFgh"},  {12, 1, "ABCDEFgh"},  {12, 2, "ABCDEFgh"}, {12, 3, "ABCDEFgh"},
        {12, 4, "ABCdEFGh"},  {12, 5, "ABCdFGHi"},  {12, 8, "ABCdIJKl"}, {12, 9, "ABCdJKLe"},
        {12, 10, "ABCDKLef"}, {12, 11, "ABCDLEfg"}, /* second at the end: d is asked for it */
        {8, 4, "ABCdEFGh"},   {7, 0, "ABCDEFg"},    {7, 5, "ABCDFGe"},   {6, 1, "ABCDEF"},
        {5, 4, "ABCDE"},      {3, 2, "ABC"},        {1, 0, "A"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct hsdir_ring_entry entries[RING_MAX];
        struct network network = make_network(entries, cases[i].count, cases[i].second);
        check_text(&network, cases[i].expected);
    }
}

/* Where clients ask as many as hold, or more, there is no spare one. */
static void test_spreads(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "AbcdEfgh", "ABcdEFgh", "ABCdEFGh", "ABCDEFGH", "ABCDEFGH", "ABCDEFGH", "ABCDEFGH", "ABCDEFGH",
    };
    struct hsdir_ring_entry entries[RING_MAX];
    struct network network = make_network(entries, 12, 4);
    for (uint32_t fetch = 1; fetch <= 8; fetch++) {
        network.hsdir_spread_fetch = fetch;
        check_text(&network, expected[fetch - 1]);
    }
    network = make_network(entries, 12, 2);
    network.hsdir_spread_fetch = 1;
    check_text(&network, "AbCdefgh");
    network.hsdir_spread_fetch = 2;
    check_text(&network, "ABCDefgh");
}

/* What hs_get_responsible_hsdirs() of tor's hs_common.c gives, reckoned plainly: marks the HSDirs, by their
 * place on the ring. */
static void mark_plainly(const struct hsdir_ring *ring, const uint8_t *key, uint32_t replicas,
                         uint32_t spread, bool marks[RING_MAX])
{
    memset(marks, 0, RING_MAX * sizeof(*marks));
    for (uint32_t replica = 1; replica <= replicas; replica++) {
        uint8_t beginning[HSDIR_INDEX_SIZE];
        uint32_t added = 0;
        find_beginning(beginning, key, replica);
        for (int is_round = 0; is_round <= 1; is_round++) {
            for (size_t i = 0; i < ring->count; i++) {
                bool is_before = memcmp(ring->entries[i].index, beginning, HSDIR_INDEX_SIZE) < 0;
                if (is_before != (is_round == 1) || marks[i] || added == spread)
                    continue;
                marks[i] = true;
                added++;
            }
        }
    }
}

static void check_against_plain(const struct network *network, const uint8_t *key)
{
    const struct hsdir_ring *ring = &network->ring[DESCRIPTOR_SECOND];
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    bool is_asked[HSDIR_RESPONSIBLE_MAX], stores[RING_MAX], fetches[RING_MAX];
    size_t count = network_find_responsible(network, DESCRIPTOR_SECOND, key, false, responsible), storing = 0;
    network_mark_asked(network, DESCRIPTOR_SECOND, key, responsible, count, is_asked);
    mark_plainly(ring, key, network->hsdir_n_replicas, network->hsdir_spread_store, stores);
    mark_plainly(ring, key, network->hsdir_n_replicas, network->hsdir_spread_fetch, fetches);
    for (size_t i = 0; i < ring->count; i++) {
        storing += stores[i];
        /* Clients that ask no more than hold never ask one that holds nothing. */
        if (network->hsdir_spread_fetch <= network->hsdir_spread_store)
            assert_true(stores[i] || !fetches[i]);
    }
    assert_int_equal(count, storing);
    for (size_t i = 0; i < count; i++) {
        size_t place = (size_t)(responsible[i] - ring->entries);
        assert_true(stores[place]);
        assert_int_equal(is_asked[i], fetches[place]);
    }
}

static void check_ring(const struct hsdir_ring *ring)
{
    for (uint8_t key = 0; key < 6; key++) {
        const uint8_t asked_key[ED25519_PUBLIC_KEY_SIZE] = {key};
        for (uint32_t i = 0; i < 4 * 6 * 8; i++) {
            const struct network network = {
                .hsdir_n_replicas = 1 + i % 4,
                .hsdir_spread_store = 1 + i / 4 % 6,
                .hsdir_spread_fetch = 1 + i / 24,
                .ring[DESCRIPTOR_SECOND] = *ring,
            };
            check_against_plain(&network, asked_key);
        }
    }
}

static void test_rings_of_every_size(void **state)
{
    (void)state;
    static const uint8_t value[SHARED_RANDOM_VALUE_SIZE] = {9};
    struct hsdir *hsdirs = memory_allocate(RING_MAX, sizeof(*hsdirs));
    for (size_t i = 0; i < RING_MAX; i++)
        hsdirs[i].ed25519_identity[0] = (uint8_t)i;
    for (size_t size = 1; size <= RING_MAX; size++) {
        struct hsdir_ring ring;
        hsdir_ring_build(&ring, hsdirs, size, value, PERIOD_NUMBER, PERIOD_LENGTH);
        check_ring(&ring);
        hsdir_ring_clear(&ring);
    }
    free(hsdirs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_between_replicas),
        cmocka_unit_test(test_spreads),
        cmocka_unit_test(test_rings_of_every_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
