/* Tests the consensus parser with recorded and made-up consensuses and changed copies of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper_network.h"
#include "obpub/onion/consensus.h"
#include "vectors.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The consensus that most tests change something in. Its first relay is an HSDir; these are its lines. */
#define BASE_FOLDER "ring-first-half"
#define BASE_RELAYS 60
#define BASE_HSDIRS 41
#define R_LINE "r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoM 2038-01-01 00:00:00 192.0.2.52 9001 0\n"
#define M_LINE "m TIDj3xXX0bd5uRhTauonmFvgzRnxg/sbYP4TAkUl0B4\n"
#define S_LINE "s HSDir Running Valid\n"
#define V_LINE "v Tor 0.4.9.11\n"
#define PR_LINE "pr Cons=2 HSDir=2\n"
#define SECOND_R_LINE "r relay57 CF7gfx9GNCGC1hRIaq65WqIEd/Y 2038-01-01 00:00:00 192.0.2.57 9001 0\n"
#define PARAMS_LINE "params CircuitPriorityHalflifeMsec=30000 DoSCircuitCreationEnabled=1 circwindow=1000\n"
#define PREVIOUS_LINE "shared-rand-previous-value 9 baBjNSjeqgFE57BYMV8LdT7AuUUWOnK/lqDRgYD53g0=\n"
#define CURRENT_LINE "shared-rand-current-value 9 l7BWAoDtYKWh6qG8RUklQ8iphq1aJbRoxCfrg8PogZE=\n"

static char *base;

static int read_base(void **state)
{
    (void)state;
    base = network_read_document(BASE_FOLDER, "consensus");
    return 0;
}

static int free_base(void **state)
{
    (void)state;
    free(base);
    return 0;
}

/* Parses a text of exactly length bytes. */
static int parse(struct consensus *consensus, const char *text, size_t length, struct error *error)
{
    char *copy = network_copy_exactly(text, length);
    int result = consensus_parse(consensus, copy, length, error);
    free(copy);
    return result;
}

/* Parses a document that has to be good. */
static struct consensus parse_good(const char *text, const char *name)
{
    struct consensus consensus;
    struct error error = {""};
    if (parse(&consensus, text, strlen(text), &error) != 0)
        fail_msg("%s: %s", name, error.text);
    return consensus;
}

/* Parses the base with one text in it replaced by another; that has to succeed. */
static struct consensus parse_changed(const char *from, const char *to)
{
    char *text = network_replace_text(base, from, to);
    struct consensus consensus = parse_good(text, to);
    free(text);
    return consensus;
}

/* The same, which has to fail with a message that has a word in it, and with nothing left to release. */
static void assert_refused(const char *from, const char *to, const char *word)
{
    char *text = network_replace_text(base, from, to);
    struct consensus consensus;
    struct error error = {""};
    if (parse(&consensus, text, strlen(text), &error) == 0)
        fail_msg("\"%s\" instead of \"%s\" was accepted", to, from);
    if (strstr(error.text, word) == NULL)
        fail_msg("\"%s\" instead of \"%s\": the message does not say \"%s\": %s", to, from, word, error.text);
    assert_null(consensus.hsdirs);
    assert_int_equal(parse(&consensus, text, strlen(text), NULL), -1);
    free(text);
}

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
    struct consensus consensus = parse_good(text, "network-new");
    assert_int_equal(consensus.relay_count, count_occurrences(text, "\nr "));
    assert_int_equal(consensus.hsdir_count, count_occurrences(text, " HSDir Running "));
    assert_true(consensus.hsdir_count > 8);
    assert_int_equal(consensus.fresh_until - consensus.valid_after, 10);
    assert_int_equal(consensus.valid_until - consensus.valid_after, 20);
    assert_false(consensus.has_previous_shared_random);
    consensus_clear(&consensus);
    assert_null(consensus.hsdirs);
    assert_int_equal(consensus.hsdir_count, 0);
    free(text);
}

/* The consensus that check_stem_row() compares with, and how many of its HSDirs have been compared. */
static struct consensus judged;
static size_t judged_hsdirs;

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
    const struct consensus_relay *hsdir = &judged.hsdirs[judged_hsdirs++];
    assert_memory_equal(hsdir->fingerprint, fingerprint, sizeof(fingerprint));
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
        judged = parse_good(text, cases[i].folder);
        free(text);
        assert_int_equal(judged.has_previous_shared_random, cases[i].has_previous);
        assert_int_equal(judged.has_current_shared_random, cases[i].has_current);
        assert_int_equal(judged.relay_count, BASE_RELAYS);
        judged_hsdirs = 0;
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
    char *late =
        network_replace_text(base, "fresh-until 2026-03-15 03:00:00\nvalid-until 2026-03-15 05:00:00",
                             "fresh-until 9999-01-01 00:00:00\nvalid-until 9999-12-31 23:59:59");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = network_replace_text(late, "2026-03-15 02:00:00", cases[i].time);
        struct consensus consensus = parse_good(text, cases[i].time);
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
        assert_refused("2026-03-15 02:00:00", times[i], "valid-after is no time");
        assert_refused("2026-03-15 03:00:00", times[i], "fresh-until is no time");
        assert_refused("2026-03-15 05:00:00", times[i], "valid-until is no time");
    }
    assert_refused("fresh-until 2026-03-15 03:00:00", "fresh-until 2026-03-15 02:00:00",
                   "not after valid-after");
    assert_refused("fresh-until 2026-03-15 03:00:00", "fresh-until 2026-03-15 01:00:00",
                   "not after valid-after");
    assert_refused("valid-until 2026-03-15 05:00:00", "valid-until 2026-03-15 02:59:59",
                   "before fresh-until");
}

static void test_shared_random_values(void **state)
{
    (void)state;
    struct consensus consensus = parse_changed(
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
        struct consensus consensus = parse_changed(PARAMS_LINE, cases[i].params);
        assert_int_equal(consensus.descriptor_size_max, cases[i].size);
        assert_int_equal(consensus.hsdir_interval, cases[i].interval);
        assert_int_equal(consensus.hsdir_n_replicas, cases[i].replicas);
        assert_int_equal(consensus.hsdir_spread_fetch, cases[i].fetch);
        assert_int_equal(consensus.hsdir_spread_store, cases[i].store);
        consensus_clear(&consensus);
    }
}

/* Which relays keep v3 descriptors: by the flag, the protocol, a tor that is not too old. */
static void test_relays_that_count(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
        bool counts;
    } cases[] = {
        {S_LINE, "s Running HSDir\n", true},
        {S_LINE, "s HSDir\n", true},
        {S_LINE, "s Running Valid\n", false},
        {S_LINE, "s HSDirs XHSDir hsdir\n", false},
        {S_LINE, "s \n", false},
        {PR_LINE, "pr HSDir=1-2\n", true},
        {PR_LINE, "pr Cons=1 HSDir=1,2 Link=5\n", true},
        {PR_LINE, "pr HSDir=0-63\n", true},
        {PR_LINE, "pr HSDir=1,2-3\n", true},
        {PR_LINE, "pr HSDir=1 HSDir=2\n", true},
        {PR_LINE, "pr HSDir=2 HSDir=1\n", true},
        {PR_LINE, "pr HSDir=1\n", false},
        {PR_LINE, "pr HSDir=3-63\n", false},
        {PR_LINE, "pr HSDir=1,3\n", false},
        {PR_LINE, "pr HSDir=\n", false},
        {PR_LINE, "pr XHSDir=2 HSDirX=2 Cons=2\n", false},
        {PR_LINE, "pr \n", false},
        {V_LINE, "", true},
        {V_LINE, "v \n", true},
        {V_LINE, "v Tor\n", true},
        {V_LINE, "v Tor 0.3.0.8\n", true},
        {V_LINE, "v Tor 0.3.1.1-alpha\n", true},
        {V_LINE, "v Tor 1.0.0.0\n", true},
        {V_LINE, "v Other 0.3.0.7\n", true},
        {V_LINE, "v Tor unreadable\n", true},
        {V_LINE, "v Tor 0.3.0\n", true},
        {V_LINE, "v Tor 0.3.0.7\n", false},
        {V_LINE, "v Tor 0.3.0.7-dev (git-0123456789abcdef)\n", false},
        {V_LINE, "v Tor 0.3.0.5-rc\n", false},
        {V_LINE, "v Tor 0.2.9.11\n", false},
        {V_LINE, "v Tor 0.2.99.99\n", false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct consensus consensus = parse_changed(cases[i].from, cases[i].to);
        assert_int_equal(consensus.relay_count, BASE_RELAYS);
        if (consensus.hsdir_count != (cases[i].counts ? BASE_HSDIRS : BASE_HSDIRS - 1))
            fail_msg("%s: %zu HSDirs", cases[i].to, consensus.hsdir_count);
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
        {S_LINE, "a [2001:db8::1]:9001\na-new-line of a relay\n" S_LINE},
        {S_LINE V_LINE PR_LINE, PR_LINE V_LINE S_LINE},
        {"192.0.2.52 9001 0\n", "192.0.2.52 9001 0 more\n"},
        {"bandwidth-weights", "a-new-line of the footer\nbandwidth-weights"},
        {"-----END SIGNATURE-----\n", "-----END SIGNATURE-----"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct consensus consensus = parse_changed(cases[i].from, cases[i].to);
        assert_int_equal(consensus.relay_count, BASE_RELAYS);
        assert_int_equal(consensus.hsdir_count, BASE_HSDIRS);
        consensus_clear(&consensus);
    }
}

/* A consensus without relays is one; whether it is of any use is for the network to say. */
static void test_no_relays(void **state)
{
    (void)state;
    char *text = network_replace_text(base, "\nr ", "\ndirectory-footer\nx ");
    char *end = strstr(text, "\nx ");
    end[1] = '\0';
    struct consensus consensus = parse_good(text, "no relays");
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
        {"r relay52 ", "r relaywithalongnickname ", "nickname"},
        {"192.0.2.52 9001 0\n", "192.0.2.52 9001\n", "cut short"},
        {R_LINE, "r relay52\n", "cut short"},
        {R_LINE, "r \n", "cut short"},
        {"r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoM ", "r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIo ", "identity"},
        {"r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoM ", "r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoM= ", "identity"},
        {"r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoM ", "r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoN ", "identity"},
        {"r relay52 BqH+iDhKRyl7ZcBAnf3N5W0aIoM ", "r relay52 BqH*iDhKRyl7ZcBAnf3N5W0aIoM ", "identity"},
        {SECOND_R_LINE, R_LINE, "there twice"},
        {R_LINE, "r relay52 ///+iDhKRyl7ZcBAnf3N5W0aIoM 2038-01-01 00:00:00 192.0.2.52 9001 0\n", "order"},
        {M_LINE, "", "lacks"},
        {S_LINE, "", "lacks"},
        {PR_LINE, "", "lacks"},
        {M_LINE, M_LINE M_LINE, "two m lines"},
        {S_LINE, S_LINE S_LINE, "two s lines"},
        {V_LINE, V_LINE V_LINE, "two v lines"},
        {PR_LINE, PR_LINE PR_LINE, "two pr lines"},
        {M_LINE, "m TIDj3xXX0bd5uRhTauonmFvgzRnxg/sbYP4TAkUl0B\n", "digest"},
        {M_LINE, "m TIDj3xXX0bd5uRhTauonmFvgzRnxg/sbYP4TAkUl0B4=\n", "digest"},
        {M_LINE, "m sha256=TIDj3xXX0bd5uRhTauonmFvgzRnxg/sbYP4TAkUl0B4\n", "digest"},
        {M_LINE, "m \n", "digest"},
        {PR_LINE, "pr HSDir=2,\n", "malformed"},
        {PR_LINE, "pr HSDir=,2\n", "malformed"},
        {PR_LINE, "pr HSDir=1-\n", "malformed"},
        {PR_LINE, "pr HSDir=-2\n", "malformed"},
        {PR_LINE, "pr HSDir=1-2-3\n", "malformed"},
        {PR_LINE, "pr HSDir=3-2\n", "malformed"},
        {PR_LINE, "pr HSDir=64\n", "malformed"},
        {PR_LINE, "pr HSDir=2-4294967295\n", "malformed"},
        {PR_LINE, "pr HSDir=two\n", "malformed"},
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
        assert_refused(cases[i].from, cases[i].to, cases[i].word);
}

/* Cut anywhere before the footer it is refused; cut behind it, never misread. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    size_t length = strlen(base);
    size_t footer = (size_t)(strstr(base, "directory-footer") - base) + strlen("directory-footer");
    size_t signature = (size_t)(strstr(base, "-----BEGIN SIGNATURE-----") - base) + strlen("-----BEGIN ");
    size_t signature_end = (size_t)(strstr(base, "-----END SIGNATURE-----") - base) + strlen("-----END ");
    for (size_t cut = 0; cut < length; cut++) {
        struct consensus consensus;
        struct error error = {""};
        int result = parse(&consensus, base, cut, &error);
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
    size_t length = strlen(base);
    char *text = network_copy_exactly(base, length);
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
        cmocka_unit_test(test_relays_that_count),
        cmocka_unit_test(test_unknown_lines_are_passed_over),
        cmocka_unit_test(test_no_relays),
        cmocka_unit_test(test_malformed_consensuses),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_every_byte_changed),
    };
    return cmocka_run_group_tests(tests, read_base, free_base);
}
