/* Tests the consensus parser with recorded and made-up consensuses and changed copies of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_consensus.h"
#include "helper_network.h"
#include "onion/consensus.h"
#include "vectors.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static size_t count_occurrences(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *found = strstr(text, part); found != NULL; found = strstr(found + 1, part))
        count++;
    return count;
}

static void test_recorded_consensus(void **state)
{
    (void)state;
    char *text = network_read_document("network-new", "consensus");
    struct consensus consensus = consensus_parse_good(text, "network-new");
    assert_int_equal(consensus.relay_count, count_occurrences(text, "\nr "));
    assert_int_equal(consensus.hsdir_count, count_occurrences(text, " HSDir Running "));
    assert_true(consensus.hsdir_count > 8);
    assert_int_equal(consensus.fresh_until - consensus.valid_after, 10);
    assert_int_equal(consensus.valid_until - consensus.valid_after, 20);
    assert_false(consensus.has_previous_shared_random);
    consensus_clear(&consensus);
    assert_null(consensus.relays);
    assert_int_equal(consensus.hsdir_count, 0);
    free(text);
}

/* The consensus that check_stem_row() compares with, how many of its HSDirs have been compared, and how many
 * of all its relays. */
static struct consensus judged;
static size_t judged_hsdirs, judged_relays;

static const struct consensus_relay *next_hsdir(void)
{
    while (judged_relays < judged.relay_count) {
        const struct consensus_relay *relay = &judged.relays[judged_relays++];
        judged_hsdirs += relay->is_hsdir;
        if (relay->is_hsdir)
            return relay;
    }
    fail_msg("there are only %zu HSDirs", judged_hsdirs);
    return NULL;
}

static void check_stem_row(char **words)
{
    if (strcmp(words[0], "times") == 0) {
        char times[128];
        snprintf(times, sizeof(times), "%lld,%lld,%lld", (long long)judged.valid_after,
                 (long long)judged.fresh_until, (long long)judged.valid_until);
        assert_string_equal(times, words[1]);
        return;
    }
    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE], digest[MICRODESCRIPTOR_DIGEST_SIZE];
    vectors_decode_hex(words[0], fingerprint, sizeof(fingerprint));
    vectors_decode_hex(words[1], digest, sizeof(digest));
    assert_true(judged_hsdirs < judged.hsdir_count);
    const struct consensus_relay *hsdir = next_hsdir();
    assert_memory_equal(hsdir->links.fingerprint, fingerprint, sizeof(fingerprint));
    assert_memory_equal(hsdir->microdescriptor_digest, digest, sizeof(digest));
}

/* What stem, an independent implementation, reads of a consensus with relays of all kinds. */
static void test_as_stem_reads_it(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        bool has_previous, has_current;
    } cases[] = {
        {"ring-first-half", true, true},
        {"ring-second-half", true, true},
        {"ring-no-previous-value", false, true},
        {"ring-no-value", false, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = network_read_document(cases[i].folder, "consensus");
        judged = consensus_parse_good(text, cases[i].folder);
        free(text);
        assert_int_equal(judged.has_previous_shared_random, cases[i].has_previous);
        assert_int_equal(judged.has_current_shared_random, cases[i].has_current);
        assert_int_equal(judged.relay_count, BASE_RELAYS);
        judged_hsdirs = judged_relays = 0;
        char name[64];
        snprintf(name, sizeof(name), "%s/hsdirs", cases[i].folder);
        vectors_for_each(name, 2, check_stem_row);
        assert_int_equal(judged_hsdirs, BASE_HSDIRS);
        assert_int_equal(judged_hsdirs, judged.hsdir_count);
        consensus_clear(&judged);
    }
}

static void test_times(void **state)
{
    (void)state;
    static const struct {
        const char *time; /* valid-after, with fresh-until and valid-until in 9999 */
        int64_t seconds;
    } cases[] = {
        {"1970-01-01 00:00:00", 0},
        {"1970-01-01 00:00:01", 1},
        {"1999-12-31 23:59:59", 946684799},
        {"2000-02-29 00:00:00", 951782400},
        {"2000-03-01 00:00:00", 951868800},
        {"2024-02-29 12:34:56", 1709210096},
        {"2038-01-19 03:14:08", 2147483648},
        {"2100-03-01 00:00:00", 4107542400},
        {"9998-12-31 23:59:59", 253370764799},
    };
    char *late = network_replace_text(consensus_base,
                                      "fresh-until 2026-03-15 03:00:00\nvalid-until 2026-03-15 05:00:00",
                                      "fresh-until 9999-01-01 00:00:00\nvalid-until 9999-12-31 23:59:59");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = network_replace_text(late, "2026-03-15 02:00:00", cases[i].time);
        struct consensus consensus = consensus_parse_good(text, cases[i].time);
        assert_int_equal(consensus.valid_after, cases[i].seconds);
        assert_int_equal(consensus.valid_until, 253402300799);
        consensus_clear(&consensus);
        free(text);
    }
    free(late);
}

static void test_bad_times(void **state)
{
    (void)state;
    static const char *const times[] = {
        "",
        "2026-03-15",
        "2026-03-15 02:00",
        "2026-03-15 02:00:0",
        "2026-03-15 02:00:000",
        "2026-03-15 02:00:00 ",
        " 2026-03-15 02:00:00",
        "2026-03-15T02:00:00",
        "2026-03-15  2:00:00",
        "2026/03/15 02:00:00",
        "2026-03-15 02.00.00",
        "26-03-15 02:00:00.0",
        "+026-03-15 02:00:00",
        "-026-03-15 02:00:00",
        "1969-12-31 23:59:59",
        "0000-00-00 00:00:00",
        "2026-00-15 02:00:00",
        "2026-13-15 02:00:00",
        "2026-03-00 02:00:00",
        "2026-03-32 02:00:00",
        "2026-02-29 02:00:00",
        "2100-02-29 02:00:00",
        "2026-03-15 24:00:00",
        "2026-03-15 02:60:00",
        "2026-03-15 02:00:60",
        "2026-03-15 -2:00:00",
        "2026-03-15 02:00:0x",
        "2026-03-15 02:00:\xff\xff",
    };
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        consensus_assert_refused("2026-03-15 02:00:00", times[i], "valid-after is no time");
        consensus_assert_refused("2026-03-15 03:00:00", times[i], "fresh-until is no time");
        consensus_assert_refused("2026-03-15 05:00:00", times[i], "valid-until is no time");
    }
    consensus_assert_refused("fresh-until 2026-03-15 03:00:00", "fresh-until 2026-03-15 02:00:00",
                             "not after valid-after");
    consensus_assert_refused("fresh-until 2026-03-15 03:00:00", "fresh-until 2026-03-15 01:00:00",
                             "not after valid-after");
    consensus_assert_refused("valid-until 2026-03-15 05:00:00", "valid-until 2026-03-15 02:59:59",
                             "before fresh-until");
}

static void test_shared_random_values(void **state)
{
    (void)state;
    struct consensus consensus = consensus_parse_changed(
        PREVIOUS_LINE CURRENT_LINE,
        "shared-rand-previous-value 0 //////////////////////////////////////////8=\n"
        "shared-rand-current-value 18446744073709551615 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAI=\n");
    uint8_t value[SHARED_RANDOM_VALUE_SIZE];
    assert_true(consensus.has_previous_shared_random && consensus.has_current_shared_random);
    memset(value, 0xff, sizeof(value));
    assert_memory_equal(consensus.previous_shared_random, value, sizeof(value));
    memset(value, 0, sizeof(value));
    value[0] = 1;
    value[31] = 2;
    assert_memory_equal(consensus.current_shared_random, value, sizeof(value));
    consensus_clear(&consensus);
}

static void test_parameters(void **state)
{
    (void)state;
    static const struct {
        const char *params;
        int32_t size, interval, replicas, fetch, store;
    } cases[] = {
        {"", 50000, 1440, 2, 3, 4},
        {"params\n", 50000, 1440, 2, 3, 4},
        {"params HSV3MaxDescriptorSize=60000 hsdir_interval=720 hsdir_n_replicas=3 hsdir_spread_fetch=5 "
         "hsdir_spread_store=6\n",
         60000, 720, 3, 5, 6},
        {"params HSV3MaxDescriptorSize=0 hsdir_interval=4 hsdir_n_replicas=0 hsdir_spread_fetch=-1 "
         "hsdir_spread_store=-2147483648\n",
         1, 5, 1, 1, 1},
        {"params HSV3MaxDescriptorSize=2147483647 hsdir_interval=14401 hsdir_n_replicas=17 "
         "hsdir_spread_fetch=129 hsdir_spread_store=2147483647\n",
         2147483647, 14400, 16, 128, 128},
        {"params Xhsdir_interval=9 hsdir_intervals=8 zhsdir=7\n", 50000, 1440, 2, 3, 4},
        /* tor's order is that of the whole words, in which '-' comes before '='. */
        {"params a-b=1 a=1 hsdir_interval=60\n", 50000, 60, 2, 3, 4},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct consensus consensus = consensus_parse_changed(PARAMS_LINE, cases[i].params);
        assert_int_equal(consensus.descriptor_size_max, cases[i].size);
        assert_int_equal(consensus.hsdir_interval, cases[i].interval);
        assert_int_equal(consensus.hsdir_n_replicas, cases[i].replicas);
        assert_int_equal(consensus.hsdir_spread_fetch, cases[i].fetch);
        assert_int_equal(consensus.hsdir_spread_store, cases[i].store);
        consensus_clear(&consensus);
    }
}

/* What a later consensus method could bring without changing what is read here. */
static void test_unknown_lines_are_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"voting-delay", "a-new-line of the preamble\nvoting-delay"},
        {"bandwidth-weights", "a-new-line of the footer\nbandwidth-weights"},
        {"-----END SIGNATURE-----\n", "-----END SIGNATURE-----"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct consensus consensus = consensus_parse_changed(cases[i].from, cases[i].to);
        assert_int_equal(consensus.relay_count, BASE_RELAYS);
        assert_int_equal(consensus.hsdir_count, BASE_HSDIRS);
        consensus_clear(&consensus);
    }
}

/* A consensus without relays is one; whether it is of any use is for the network to say. */
static void test_no_relays(void **state)
{
    (void)state;
    char *text = network_replace_text(consensus_base, "\nr ", "\ndirectory-footer\nx ");
    char *end = strstr(text, "\nx ");
    end[1] = '\0';
    struct consensus consensus = consensus_parse_good(text, "no relays");
    assert_int_equal(consensus.relay_count, 0);
    assert_int_equal(consensus.hsdir_count, 0);
    consensus_clear(&consensus);
    free(text);
}

static void test_malformed_consensuses(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
    } cases[] = {
        {"network-status-version 3 microdesc", "network-status-version 3", "microdesc"},
        {"network-status-version 3 microdesc", "network-status-version 4 microdesc", "microdesc"},
        {"network-status-version 3 microdesc", "network-status-version", "microdesc"},
        {"network-status-version 3 microdesc\n", "", "network-status-version"},
        {"network-status-version", "something-else\nnetwork-status-version", "network-status-version"},
        {"vote-status consensus", "vote-status vote", "vote"},
        {"vote-status consensus\n", "", "vote-status"},
        {"vote-status consensus\n", "vote-status consensus\nvote-status consensus\n", "twice"},
        {"valid-after 2026-03-15 02:00:00\n", "", "valid-after"},
        {"fresh-until 2026-03-15 03:00:00\n", "", "fresh-until"},
        {"valid-until 2026-03-15 05:00:00\n", "", "valid-until"},
        {"valid-after 2026", " valid-after 2026", "valid-after"},
        {"valid-until 2026-03-15 05:00:00\n",
         "valid-until 2026-03-15 05:00:00\nfresh-until 2026-03-15 03:00:00\n", "twice"},
        {"voting-delay", "\nvoting-delay", "empty"},
        {PARAMS_LINE, PARAMS_LINE PARAMS_LINE, "twice"},
        {PARAMS_LINE, "params a\n", "no value"},
        {PARAMS_LINE, "params a=\n", "number"},
        {PARAMS_LINE, "params a=1x\n", "number"},
        {PARAMS_LINE, "params a=--1\n", "number"},
        {PARAMS_LINE, "params a=-\n", "number"},
        {PARAMS_LINE, "params a=2147483648\n", "number"},
        {PARAMS_LINE, "params a=-2147483649\n", "number"},
        {PARAMS_LINE, "params a=99999999999999999999999999\n", "number"},
        {PARAMS_LINE, "params b=1 a=1\n", "order"},
        {PARAMS_LINE, "params a=1 a=1\n", "order"},
        {PARAMS_LINE, "params a=1 a=2\n", "twice"},
        {PARAMS_LINE, "params a=1 a-b=1\n", "order"},
        {PREVIOUS_LINE CURRENT_LINE, CURRENT_LINE PREVIOUS_LINE, "too late"},
        {CURRENT_LINE, CURRENT_LINE CURRENT_LINE, "twice"},
        {CURRENT_LINE, "shared-rand-current-value\n", "no shared random value"},
        {CURRENT_LINE, "shared-rand-current-value 9\n", "no shared random value"},
        {"current-value 9 ", "current-value nine ", "no shared random value"},
        {"current-value 9 ", "current-value -9 ", "no shared random value"},
        {"current-value 9 ", "current-value 18446744073709551616 ", "no shared random value"},
        {"xCfrg8PogZE=", "xCfrg8PogZE= more", "no shared random value"},
        {"xCfrg8PogZE=", "xCfrg8PogZE", "44 characters"},
        {"xCfrg8PogZE=", "xCfrg8PogZEA", "44 characters"},
        {"xCfrg8PogZE=", "xCfrg8PogZ==", "base64"},
        {"xCfrg8PogZE=", "xCfrg8PogZF=", "base64"}, /* another spelling of the same bytes */
        {"xCfrg8PogZE=", "xCfrg8Po-ZE=", "base64"},
        {V_LINE, "\n", "empty"},
        {"directory-footer\n", "", "footer"},
        {"directory-footer\n", "directory-foot\n", "footer"},
        {"bandwidth-weights", "directory-footer\nbandwidth-weights", "belong"},
        {"bandwidth-weights", "r relay60 x\nbandwidth-weights", "belong"},
        {"bandwidth-weights", "network-status-version 3 microdesc\nbandwidth-weights", "belong"},
        {"-----END SIGNATURE-----\n", "", "cut off"},
        {"bandwidth-weights", "\nbandwidth-weights", "empty"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        consensus_assert_refused(cases[i].from, cases[i].to, cases[i].word);
}

/* Cut anywhere before the footer it is refused; cut behind it, never misread. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    size_t length = strlen(consensus_base);
    size_t footer =
        (size_t)(strstr(consensus_base, "directory-footer") - consensus_base) + strlen("directory-footer");
    size_t signature = (size_t)(strstr(consensus_base, "-----BEGIN SIGNATURE-----") - consensus_base) +
                       strlen("-----BEGIN ");
    size_t signature_end =
        (size_t)(strstr(consensus_base, "-----END SIGNATURE-----") - consensus_base) + strlen("-----END ");
    for (size_t cut = 0; cut < length; cut++) {
        struct consensus consensus;
        struct error error = {.text = ""};
        int result = consensus_parse_exactly(&consensus, consensus_base, cut, &error);
        bool is_whole = (cut >= footer && cut < signature) || cut >= signature_end;
        if (result != (is_whole ? 0 : -1))
            fail_msg("cut at %zu of %zu bytes: %d (%s)", cut, length, result, error.text);
        if (result == 0) {
            assert_int_equal(consensus.hsdir_count, BASE_HSDIRS);
            consensus_clear(&consensus);
        }
    }
}

/* No byte, whatever it turns into, makes the parser read or count beyond the document. */
static void test_every_byte_changed(void **state)
{
    (void)state;
    static const char changes[] = {'\0', '\n', ' ', '=', 'r', (char)0xff};
    size_t length = strlen(consensus_base);
    char *text = network_copy_exactly(consensus_base, length);
    for (size_t i = 0; i < length; i++) {
        char original = text[i];
        char change = changes[i % sizeof(changes)];
        text[i] = change != original ? change : '9';
        struct consensus consensus;
        if (consensus_parse(&consensus, text, length, NULL) == 0) {
            assert_true(consensus.hsdir_count <= consensus.relay_count);
            assert_true(consensus.relay_count <= BASE_RELAYS + 1);
            assert_true(consensus.valid_after < consensus.fresh_until);
            consensus_clear(&consensus);
        }
        text[i] = original;
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_consensus),
        cmocka_unit_test(test_as_stem_reads_it),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_bad_times),
        cmocka_unit_test(test_shared_random_values),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_unknown_lines_are_passed_over),
        cmocka_unit_test(test_no_relays),
        cmocka_unit_test(test_malformed_consensuses),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_every_byte_changed),
    };
    return cmocka_run_group_tests(tests, consensus_read_base, consensus_free_base);
}
