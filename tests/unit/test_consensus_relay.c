/* Tests what the consensus parser makes of a relay's lines: which count, and which are malformed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "helper_consensus.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

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
        struct consensus consensus = consensus_parse_changed(cases[i].from, cases[i].to);
        assert_int_equal(consensus.relay_count, BASE_RELAYS);
        if (consensus.hsdir_count != (cases[i].counts ? BASE_HSDIRS : BASE_HSDIRS - 1))
            fail_msg("%s: %zu HSDirs", cases[i].to, consensus.hsdir_count);
        consensus_clear(&consensus);
    }
}

static void test_lines_that_change_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } cases[] = {
        {S_LINE, "a [2001:db8::1]:9001\na-new-line of a relay\n" S_LINE},
        {M_LINE S_LINE V_LINE PR_LINE, PR_LINE V_LINE S_LINE M_LINE},
        {"192.0.2.52 9001 0\n", "192.0.2.52 9001 0 more\n"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct consensus consensus = consensus_parse_changed(cases[i].from, cases[i].to);
        assert_int_equal(consensus.relay_count, BASE_RELAYS);
        assert_int_equal(consensus.hsdir_count, BASE_HSDIRS);
        consensus_clear(&consensus);
    }
}

/* Where a relay is: the first address of IPv6 that can be read counts, as for tor. */
static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint8_t last_byte; /* 0: no IPv6 */
        uint16_t port;
    } cases[] = {
        {"", 0, 0},
        {"a [2001:db8::1]:9001\n", 1, 9001},
        {"a [2001:db8::2]:443\na [2001:db8::1]:9001\n", 2, 443},
        {"a 192.0.2.1:9001\na [2001:db8::1]:9001\n", 1, 9001},
        {"a [2001:db8::1:9001\n", 0, 0},
        {"a \n", 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char lines[128];
        snprintf(lines, sizeof(lines), "%s" S_LINE, cases[i].lines);
        struct consensus consensus = consensus_parse_changed(S_LINE, lines);
        const struct link_specifiers *links = &consensus.relays[0].links;
        assert_memory_equal(links->ipv4, ((const uint8_t[]){192, 0, 2, 52}), IPV4_SIZE);
        assert_int_equal(links->ipv4_port, 9001);
        assert_int_equal(links->has_ipv6, cases[i].last_byte != 0);
        assert_int_equal(links->ipv6[IPV6_SIZE - 1], cases[i].last_byte);
        assert_int_equal(links->ipv6_port, cases[i].port);
        assert_false(links->has_ed25519_identity);
        consensus_clear(&consensus);
    }
}

static void test_malformed_relays(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to, *word;
    } cases[] = {
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
        {"192.0.2.52 9001 0\n", "192.0.2.256 9001 0\n", "address"},
        {"192.0.2.52 9001 0\n", "2001:db8::1 9001 0\n", "address"},
        {"192.0.2.52 9001 0\n", "192.0.2.52 65536 0\n", "address"},
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
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        consensus_assert_refused(cases[i].from, cases[i].to, cases[i].word);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relays_that_count),
        cmocka_unit_test(test_lines_that_change_nothing),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_malformed_relays),
    };
    return cmocka_run_group_tests(tests, consensus_read_base, consensus_free_base);
}
