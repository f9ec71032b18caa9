/* Tests the network: its HSDirs against what a stock tor and Onionbalance computed, its slots, its times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/blinding.h"
#include "crypto/revision_counter.h"
#include "helper_consensus.h"
#include "helper_network.h"
#include "onion/network.h"
#include "onion/onion_address.h"
#include "vectors.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#define HOUR 3600

/* The network that the vectors' rows are compared with, and how many rows there were for each slot. */
static struct network *judged;
static size_t judged_rows[DESCRIPTOR_SLOTS];

static struct network *build(const char *consensus, const char *microdescriptors, bool is_testing_network,
                             struct error *error)
{
    return network_build(consensus, strlen(consensus), microdescriptors, strlen(microdescriptors),
                         is_testing_network, error);
}

/* Builds the network of a folder of vectors. */
static struct network *build_folder(const char *folder, bool is_testing_network)
{
    char *consensus = network_read_document(folder, "consensus");
    char *microdescriptors = network_read_document(folder, "microdescriptors");
    struct error error = {.text = ""};
    struct network *network = build(consensus, microdescriptors, is_testing_network, &error);
    if (network == NULL)
        fail_msg("%s: %s", folder, error.text);
    free(consensus);
    free(microdescriptors);
    return network;
}

/* Builds a folder's network and checks every row of one of its files with it. */
static void judge_folder(const char *folder, bool is_testing_network, const char *file, size_t words,
                         void (*row)(char **words))
{
    judged = build_folder(folder, is_testing_network);
    memset(judged_rows, 0, sizeof(judged_rows));
    char name[128];
    snprintf(name, sizeof(name), "%s/%s", folder, file);
    vectors_for_each(name, words, row);
    network_free(judged);
}

static enum descriptor_slot read_slot(const char *word)
{
    enum descriptor_slot slot = strcmp(word, "first") == 0 ? DESCRIPTOR_FIRST : DESCRIPTOR_SECOND;
    judged_rows[slot]++;
    return slot;
}

/* One upload of a stock tor: ours for that key has to go to that HSDir, which has to have that index. */
static void check_upload(char **words)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t expected_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], index[HSDIR_INDEX_SIZE];
    assert_int_equal(onion_address_decode(identity_key, words[0], NULL), 0);
    enum descriptor_slot slot = read_slot(words[1]);
    vectors_decode_hex(words[2], expected_key, sizeof(expected_key));
    vectors_decode_hex(words[3], fingerprint, sizeof(fingerprint));
    vectors_decode_hex(words[4], index, sizeof(index));
    assert_int_equal(blinding_derive_public_key(blinded_key, identity_key, judged->period_number[slot],
                                                judged->schedule.period_length),
                     0);
    assert_memory_equal(blinded_key, expected_key, sizeof(blinded_key));

    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(judged, slot, blinded_key, false, responsible);
    assert_int_equal(count, 8);
    for (size_t i = 0; i < count; i++) {
        const struct hsdir *hsdir = &judged->hsdirs[responsible[i]->hsdir];
        if (memcmp(hsdir->fingerprint, fingerprint, sizeof(fingerprint)) == 0) {
            assert_memory_equal(responsible[i]->index, index, sizeof(index));
            return;
        }
    }
    fail_msg("tor uploaded to %s, which is not responsible", words[3]);
}

/* Eight rows, all different, for eight HSDirs: so ours are the same set. */
static void test_uploads_of_a_stock_tor(void **state)
{
    (void)state;
    static const char *const folders[] = {"network-new", "network-first-half", "network-second-half"};
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        judge_folder(folders[i], true, "uploads", 5, check_upload);
        assert_int_equal(judged_rows[DESCRIPTOR_FIRST], 8);
        assert_int_equal(judged_rows[DESCRIPTOR_SECOND], 8);
    }
}

/* One row of Onionbalance's: period, and all HSDirs in their order. */
static void check_onionbalance(char **words)
{
    enum descriptor_slot slot = read_slot(words[0]);
    assert_int_equal(judged->period_number[slot], strtoull(words[1], NULL, 10));
    uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE];
    vectors_decode_hex(words[2], blinded_key, sizeof(blinded_key));
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(judged, slot, blinded_key, false, responsible);
    char found[1024] = "";
    for (size_t i = 0; i < count && i < 8; i++) {
        char hex[RELAY_FINGERPRINT_SIZE * 2 + 1];
        const struct hsdir *hsdir = &judged->hsdirs[responsible[i]->hsdir];
        sodium_bin2hex(hex, sizeof(hex), hsdir->fingerprint, RELAY_FINGERPRINT_SIZE);
        strcat(strcat(found, i > 0 ? "," : ""), hex);
    }
    assert_int_equal(count, 8);
    assert_string_equal(found, words[3]);
}

static void test_as_onionbalance_computes_it(void **state)
{
    (void)state;
    static const char *const folders[] = {"ring-first-half", "ring-second-half", "ring-no-previous-value",
                                          "ring-no-value"};
    for (size_t i = 0; i < COUNT_OF(folders); i++) {
        judge_folder(folders[i], false, "responsible", 4, check_onionbalance);
        assert_true(judged_rows[DESCRIPTOR_FIRST] > 0 && judged_rows[DESCRIPTOR_SECOND] > 0);
    }
}

static void test_figures(void **state)
{
    (void)state;
    struct network *network = build_folder("ring-first-half", false);
    int64_t midnight = 1773532800; /* 2026-03-15 00:00:00 UTC */
    assert_int_equal(network->valid_after, midnight + 2 * HOUR);
    assert_int_equal(network->fresh_until, midnight + 3 * HOUR);
    assert_int_equal(network->valid_until, midnight + 5 * HOUR);
    assert_int_equal(network->schedule.voting_interval, HOUR);
    assert_int_equal(network->schedule.period_length, 1440);
    assert_int_equal(network->hsdir_n_replicas, 2);
    assert_int_equal(network->hsdir_spread_store, 4);
    assert_int_equal(network->hsdir_spread_fetch, 3);
    assert_int_equal(network->descriptor_size_max, 50000);
    /* Of 41 HSDirs one has no Ed25519 identity and two have no microdescriptor. */
    assert_int_equal(network->hsdir_count, 38);
    assert_int_equal(network->hsdirs_without_identity, 3);
    for (int slot = 0; slot < DESCRIPTOR_SLOTS; slot++) {
        assert_int_equal(network->ring[slot].count, 38);
        assert_int_equal(network->ring[slot].period_number, network->period_number[slot]);
        assert_int_equal(network->ring[slot].period_length, 1440);
        /* What follows from the period's number alone. */
        int64_t run_start;
        assert_true(time_period_find_run_start(&network->schedule, network->period_number[slot], &run_start));
        assert_int_equal(run_start, network->run_start[slot]);
    }
    assert_int_equal(network->run_start[DESCRIPTOR_FIRST], midnight - 24 * HOUR);
    assert_int_equal(network->run_start[DESCRIPTOR_SECOND], midnight);
    network_free(network);
    network_free(NULL);
}

static void test_disasters(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        bool first, second;
    } cases[] = {
        {"ring-first-half", false, false},
        {"ring-no-previous-value", true, false},
        {"ring-no-value", true, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct network *network = build_folder(cases[i].folder, false);
        assert_int_equal(network->is_disaster[DESCRIPTOR_FIRST], cases[i].first);
        assert_int_equal(network->is_disaster[DESCRIPTOR_SECOND], cases[i].second);
        network_free(network);
    }
}

/* Clients ask for the first three of each replica's four, in the slot that they use. */
static void test_fetching(void **state)
{
    (void)state;
    struct network *network = build_folder("ring-second-half", false);
    const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE] = {5};
    const struct hsdir_ring_entry *stored[HSDIR_RESPONSIBLE_MAX], *asked[HSDIR_RESPONSIBLE_MAX];
    assert_int_equal(network_find_responsible(network, DESCRIPTOR_SECOND, blinded_key, false, stored), 8);
    assert_int_equal(network_find_responsible(network, DESCRIPTOR_SECOND, blinded_key, true, asked), 6);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(asked[i], stored[i]);
    network_free(network);
}

/* The public network through two days, every hour: the slots, and that what clients ask for was there before
 * they did. */
static void test_slots_through_two_days(void **state)
{
    (void)state;
    char *consensus = network_read_document("ring-first-half", "consensus");
    char *microdescriptors = network_read_document("ring-first-half", "microdescriptors");
    uint64_t last_second = 0;
    for (int hour = 0; hour < 47; hour++) {
        char text[128];
        int next = hour + 1;
        snprintf(text, sizeof(text), "2026-03-%02d %02d:00:00\nfresh-until 2026-03-%02d %02d:00:00",
                 15 + hour / 24, hour % 24, 15 + next / 24, next % 24);
        char *changed =
            network_replace_text(consensus, "2026-03-15 02:00:00\nfresh-until 2026-03-15 03:00:00", text);
        char *late = network_replace_text(changed, "valid-until 2026-03-15", "valid-until 2026-03-19");
        struct error error = {.text = ""};
        struct network *network = build(late, microdescriptors, false, &error);
        if (network == NULL)
            fail_msg("%s: %s", text, error.text);
        bool is_late = hour % 24 >= 12;
        assert_int_equal(network->client_slot, is_late ? DESCRIPTOR_SECOND : DESCRIPTOR_FIRST);
        uint64_t now = time_period_number(&network->schedule, network->valid_after);
        assert_int_equal(network->period_number[network->client_slot], now);
        assert_int_equal(network->period_number[DESCRIPTOR_SECOND],
                         network->period_number[DESCRIPTOR_FIRST] + 1);
        /* At a new shared random value the second descriptor becomes the first. */
        if (hour == 24)
            assert_int_equal(network->period_number[DESCRIPTOR_FIRST], last_second);
        last_second = network->period_number[DESCRIPTOR_SECOND];
        network_free(network);
        free(late);
        free(changed);
    }
    free(consensus);
    free(microdescriptors);
}

static void test_liveness(void **state)
{
    (void)state;
    struct network *network = build_folder("ring-first-half", false);
    assert_true(network_is_live(network, network->valid_after));
    assert_true(network_is_live(network, network->valid_until + 24 * HOUR));
    assert_false(network_is_live(network, network->valid_until + 24 * HOUR + 1));
    assert_true(network_is_live(network, network->valid_after - 24 * HOUR));
    assert_false(network_is_live(network, network->valid_after - 24 * HOUR - 1));
    assert_false(network_is_live(network, INT64_MAX));
    assert_false(network_is_live(network, INT64_MIN));
    network_free(network);
}

/* Around the moment in which clients go over to another descriptor nobody knows which one somebody else goes
 * by. */
static void test_other_half(void **state)
{
    (void)state;
    struct network *network = build_folder("ring-first-half", false);
    int64_t interval = network->schedule.voting_interval;
    int64_t begins = network->run_start[DESCRIPTOR_SECOND], ends = begins + 12 * interval;
    assert_true(network_may_be_of_other_half(network, begins + 1));
    assert_true(network_may_be_of_other_half(network, begins + 3 * interval - 1));
    assert_false(network_may_be_of_other_half(network, begins + 3 * interval));
    assert_false(network_may_be_of_other_half(network, ends - interval / 12 - 1));
    assert_true(network_may_be_of_other_half(network, ends - interval / 12));
    assert_true(network_may_be_of_other_half(network, ends + interval));
    assert_true(network_may_be_of_other_half(network, begins + 24 * interval + 6 * interval));
    network_free(network);
}

static void test_revision_seconds(void **state)
{
    (void)state;
    struct network *network = build_folder("ring-first-half", false);
    int64_t first = network->run_start[DESCRIPTOR_FIRST], second = network->run_start[DESCRIPTOR_SECOND];
    assert_int_equal(network_revision_seconds(network, DESCRIPTOR_SECOND, second), 1);
    assert_int_equal(network_revision_seconds(network, DESCRIPTOR_SECOND, second + 1), 2);
    assert_int_equal(network_revision_seconds(network, DESCRIPTOR_SECOND, second - 1), 1);
    assert_int_equal(network_revision_seconds(network, DESCRIPTOR_SECOND, INT64_MIN), 1);
    assert_int_equal(network_revision_seconds(network, DESCRIPTOR_FIRST, second), 24 * HOUR + 1);
    assert_int_equal(
        network_revision_seconds(network, DESCRIPTOR_FIRST, first + REVISION_COUNTER_SECONDS_MAX - 2),
        REVISION_COUNTER_SECONDS_MAX - 1);
    assert_int_equal(
        network_revision_seconds(network, DESCRIPTOR_FIRST, first + REVISION_COUNTER_SECONDS_MAX),
        REVISION_COUNTER_SECONDS_MAX);
    assert_int_equal(network_revision_seconds(network, DESCRIPTOR_FIRST, INT64_MAX),
                     REVISION_COUNTER_SECONDS_MAX);
    network_free(network);
}

/* All relays are there, not only HSDirs: by fingerprint, with the identity of each whose microdescriptor is.
 */
static void test_relays(void **state)
{
    (void)state;
    struct network *network = build_folder("ring-first-half", false);
    size_t known = 0, hsdir = 0;
    assert_int_equal(network->relay_count, BASE_RELAYS);
    assert_false(network->is_testing_network);
    for (size_t i = 0; i < network->relay_count; i++) {
        const struct link_specifiers *relay = &network->relays[i];
        assert_true(i == 0 || memcmp(relay[-1].fingerprint, relay->fingerprint, RELAY_FINGERPRINT_SIZE) < 0);
        assert_memory_equal(relay->ipv4, ((const uint8_t[]){192, 0, 2}), 3);
        assert_int_equal(relay->ipv4_port, 9001);
        known += relay->has_ed25519_identity;
        if (hsdir == network->hsdir_count ||
            memcmp(network->hsdirs[hsdir].fingerprint, relay->fingerprint, RELAY_FINGERPRINT_SIZE) != 0)
            continue;
        assert_memory_equal(network->hsdirs[hsdir].ed25519_identity, relay->ed25519_identity,
                            ED25519_PUBLIC_KEY_SIZE);
        hsdir++;
    }
    assert_int_equal(hsdir, network->hsdir_count);
    assert_in_range(known, network->hsdir_count + 1, BASE_RELAYS - 1);
    network_free(network);
    network = build_folder("network-new", true);
    assert_true(network->is_testing_network);
    network_free(network);
}

/* Two relays that share a microdescriptor, which can't be told apart by it: both get its identity. */
static void test_shared_microdescriptor(void **state)
{
    (void)state;
    char *consensus = network_read_document("ring-first-half", "consensus");
    char *microdescriptors = network_read_document("ring-first-half", "microdescriptors");
    char *shared = network_replace_text(consensus, SECOND_M_LINE, M_LINE);
    struct error error = {.text = ""};
    struct network *network = build(shared, microdescriptors, false, &error);
    if (network == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(network->hsdir_count, 38);
    assert_memory_equal(network->hsdirs[0].ed25519_identity, network->hsdirs[1].ed25519_identity,
                        ED25519_PUBLIC_KEY_SIZE);
    assert_memory_not_equal(network->hsdirs[0].fingerprint, network->hsdirs[1].fingerprint,
                            RELAY_FINGERPRINT_SIZE);
    network_free(network);
    free(shared);
    free(consensus);
    free(microdescriptors);
}

/* Many relays that share a microdescriptor, and that one many times over: no more work than reading both. */
static void test_shared_microdescriptor_many_times(void **state)
{
    (void)state;
    enum { COPIES = 50000 };
    static const char entry[] = "onion-key\nid ed25519 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\n";
    uint8_t digest[MICRODESCRIPTOR_DIGEST_SIZE];
    char base64[64];
    hash_sha256(digest, &(struct span){entry, strlen(entry)}, 1);
    sodium_bin2base64(base64, sizeof(base64), digest, sizeof(digest),
                      sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
    char *base = network_read_document("ring-first-half", "consensus");
    size_t room = strlen(base) + COPIES * 200, length = (size_t)(strstr(base, "\nr ") + 1 - base);
    char *consensus = test_malloc(room), *microdescriptors = test_malloc(COPIES * strlen(entry));
    memcpy(consensus, base, length);
    for (size_t i = 0; i < COPIES; i++) {
        const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE] = {(uint8_t)(i >> 8), (uint8_t)i};
        char identity[32];
        sodium_bin2base64(identity, sizeof(identity), fingerprint, sizeof(fingerprint),
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
        length += (size_t)snprintf(
            consensus + length, room - length,
            "r x %s 2038-01-01 00:00:00 192.0.2.1 9001 0\nm %s\n" S_LINE V_LINE PR_LINE, identity, base64);
        memcpy(microdescriptors + i * strlen(entry), entry, strlen(entry));
    }
    length += (size_t)snprintf(consensus + length, room - length, "%s", strstr(base, "directory-footer"));
    struct error error = {.text = ""};
    clock_t start = clock();
    struct network *network =
        network_build(consensus, length, microdescriptors, COPIES * strlen(entry), false, &error);
    clock_t used = clock() - start;
    if (network == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(network->hsdir_count, COPIES);
    /* It takes some 0.2 seconds, and took 12 when every copy was matched with every relay. */
    assert_true(used < 4 * CLOCKS_PER_SEC);
    network_free(network);
    test_free(microdescriptors);
    test_free(consensus);
    free(base);
}

/* Periods longer than runs, other replicas and spreads. */
static void test_other_parameters(void **state)
{
    (void)state;
    char *consensus = network_read_document("ring-second-half", "consensus");
    char *microdescriptors = network_read_document("ring-second-half", "microdescriptors");
    char *changed = network_replace_text(consensus, "circwindow=1000",
                                         "circwindow=1000 hsdir_interval=2880 hsdir_n_replicas=3 "
                                         "hsdir_spread_fetch=1 hsdir_spread_store=2");
    struct error error = {.text = ""};
    struct network *network = build(changed, microdescriptors, false, &error);
    if (network == NULL)
        fail_msg("%s", error.text);
    assert_int_equal(network->schedule.period_length, 2880);
    const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE] = {5};
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    assert_int_equal(network_find_responsible(network, DESCRIPTOR_FIRST, blinded_key, false, responsible), 6);
    assert_int_equal(network_find_responsible(network, DESCRIPTOR_FIRST, blinded_key, true, responsible), 3);
    network_free(network);
    free(changed);
    free(consensus);
    free(microdescriptors);
}

static void assert_not_built(const char *consensus, const char *microdescriptors, bool is_testing_network,
                             const char *word)
{
    struct error error = {.text = ""};
    if (build(consensus, microdescriptors, is_testing_network, &error) != NULL)
        fail_msg("built, but \"%s\" was due", word);
    if (strstr(error.text, word) == NULL)
        fail_msg("the message does not say \"%s\": %s", word, error.text);
    assert_null(build(consensus, microdescriptors, is_testing_network, NULL));
}

static void test_failures(void **state)
{
    (void)state;
    char *consensus = network_read_document("network-new", "consensus");
    char *microdescriptors = network_read_document("network-new", "microdescriptors");
    struct network *network = build(consensus, microdescriptors, true, NULL);
    assert_non_null(network);
    network_free(network);

    assert_not_built(consensus, microdescriptors, false, "10 seconds");
    assert_not_built(consensus, "", true, "bootstrapped");
    assert_null(network_build(consensus, strlen(consensus), NULL, 0, true, NULL));
    assert_null(network_build(NULL, 0, NULL, 0, true, NULL));
    assert_not_built(consensus, "onion-key\n", true, "bootstrapped");
    assert_not_built(consensus, "onion-key", true, "microdescriptors");
    assert_not_built("", microdescriptors, true, "consensus");
    assert_not_built(microdescriptors, consensus, true, "consensus");
    assert_not_built(consensus, consensus, true, "microdescriptor");

    char *bad = network_replace_text(microdescriptors, "id ed25519", "id ed25519 =");
    assert_not_built(consensus, bad, true, "Ed25519");
    free(bad);
    bad = network_replace_text(consensus, "\nr ", "\ndirectory-footer\n");
    char *end = strstr(bad, "directory-footer\n") + strlen("directory-footer\n");
    *end = '\0';
    assert_not_built(bad, microdescriptors, true, "HSDir");
    free(bad);
    free(consensus);
    free(microdescriptors);
}

/* A consensus of the first day of 1970 has no period before its own. */
/* A microdescriptor that goes on and on is refused while it comes. */
static void test_endless_microdescriptor(void **state)
{
    (void)state;
    char *consensus = network_read_document("network-new", "consensus");
    struct network_builder *builder = network_builder_new(true);
    struct error error;
    assert_true(network_builder_is_empty(builder));
    for (const char *line = consensus, *next; *line != '\0'; line = next) {
        next = strchr(line, '\n') + 1;
        network_builder_take_consensus(builder, line, (size_t)(next - line));
    }
    assert_false(network_builder_is_empty(builder));
    assert_int_equal(network_builder_end_consensus(builder, &error), 0);
    network_builder_take_microdescriptors(builder, "onion-key\n", 10);
    for (size_t i = 0; i < 40000; i++)
        network_builder_take_microdescriptors(builder, "family a\n", 9);
    assert_null(network_builder_finish(builder, &error));
    assert_non_null(strstr(error.text, "longer"));
    network_builder_free(builder);
    free(consensus);
}

/* A builder can be given up at any moment. */
static void test_builders_given_up(void **state)
{
    (void)state;
    char *consensus = network_read_document("network-new", "consensus");
    struct error error;
    network_builder_free(NULL);
    struct network_builder *builder = network_builder_new(true);
    network_builder_take_microdescriptors(builder, "onion-key\n", 10);
    assert_int_equal(network_builder_end_consensus(builder, &error), -1);
    network_builder_free(builder);
    builder = network_builder_new(true);
    size_t lines = 0;
    for (const char *line = consensus, *next; *line != '\0' && lines < 40; line = next, lines++) {
        next = strchr(line, '\n') + 1;
        network_builder_take_consensus(builder, line, (size_t)(next - line));
    }
    network_builder_free(builder);
    free(consensus);
}

static void test_the_beginning_of_time(void **state)
{
    (void)state;
    char *consensus = network_read_document("ring-first-half", "consensus");
    char *microdescriptors = network_read_document("ring-first-half", "microdescriptors");
    char *text = network_replace_text(consensus, "2026-03-15 02:00:00\nfresh-until 2026-03-15 03:00:00",
                                      "1970-01-01 02:00:00\nfresh-until 1970-01-01 03:00:00");
    assert_not_built(text, microdescriptors, false, "1970");
    free(text);
    free(consensus);
    free(microdescriptors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uploads_of_a_stock_tor),
        cmocka_unit_test(test_as_onionbalance_computes_it),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_disasters),
        cmocka_unit_test(test_fetching),
        cmocka_unit_test(test_slots_through_two_days),
        cmocka_unit_test(test_liveness),
        cmocka_unit_test(test_other_half),
        cmocka_unit_test(test_revision_seconds),
        cmocka_unit_test(test_relays),
        cmocka_unit_test(test_shared_microdescriptor),
        cmocka_unit_test(test_shared_microdescriptor_many_times),
        cmocka_unit_test(test_other_parameters),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_endless_microdescriptor),
        cmocka_unit_test(test_builders_given_up),
        cmocka_unit_test(test_the_beginning_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
