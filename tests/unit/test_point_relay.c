/* Introduction points whose relays the consensus has, has otherwise, or does not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "onion/point_relay.h"

#define RELAYS 5

/* Relay n has the fingerprint nn..., the Ed25519 identity (0x80 + n)..., and is at 127.0.0.n; the last one's
 * microdescriptor has not come; the first one has IPv6, too. */
static struct link_specifiers relays[RELAYS];
static struct network network = {.relays = relays, .relay_count = RELAYS};

static void set_identities(struct link_specifiers *links, uint8_t rsa, uint8_t ed25519)
{
    memset(links->fingerprint, rsa, sizeof(links->fingerprint));
    links->has_ed25519_identity = ed25519 != 0;
    memset(links->ed25519_identity, ed25519, sizeof(links->ed25519_identity));
}

static int set_up(void **state)
{
    (void)state;
    network.is_testing_network = false;
    memset(relays, 0, sizeof(relays));
    for (uint8_t i = 0; i < RELAYS; i++) {
        set_identities(&relays[i], i + 1, i + 1 < RELAYS ? 0x81 + i : 0);
        memcpy(relays[i].ipv4, (const uint8_t[]){127, 0, 0, i + 1}, IPV4_SIZE);
        relays[i].ipv4_port = 9001;
    }
    relays[0].has_ipv6 = true;
    relays[0].ipv6[0] = 0x20;
    relays[0].ipv6_port = 443;
    return 0;
}

/* A point at 192.0.2.1 with these identities. */
static struct introduction_point make_point(uint8_t rsa, uint8_t ed25519)
{
    struct introduction_point point = {.onion_key = {7}, .auth_key = {8}, .enc_key = {9}};
    struct link_specifiers links = {.ipv4 = {192, 0, 2, 1}, .ipv4_port = 443};
    set_identities(&links, rsa, ed25519);
    introduction_point_set_links(&point, &links);
    return point;
}

static void assert_names(const struct introduction_point *point, const struct link_specifiers *links)
{
    uint8_t expected[LINK_SPECIFIERS_SIZE_MAX];
    assert_int_equal(point->link_specifiers_length, link_specifiers_encode(expected, links));
    assert_memory_equal(point->link_specifiers, expected, point->link_specifiers_length);
}

/* Whatever address it says, with or without the Ed25519 identity; all else stays. */
static void test_known_relay(void **state)
{
    (void)state;
    for (uint8_t i = 1; i < RELAYS; i++) {
        for (int has_identity = 0; has_identity < 2; has_identity++) {
            struct introduction_point point = make_point(i, has_identity ? 0x80 + i : 0), before = point;
            bool is_known = false;
            assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_NONE);
            assert_true(is_known);
            assert_names(&point, &relays[i - 1]);
            assert_memory_equal(point.onion_key, before.onion_key, sizeof(point.onion_key));
            assert_memory_equal(point.auth_key, before.auth_key, sizeof(point.auth_key));
            assert_memory_equal(point.enc_key, before.enc_key, sizeof(point.enc_key));
        }
    }
}

/* One whose microdescriptor is missing may have the Ed25519 identity that the point says, if nobody else has.
 */
static void test_relay_without_microdescriptor(void **state)
{
    (void)state;
    struct introduction_point point = make_point(RELAYS, 0xee);
    struct link_specifiers named = relays[RELAYS - 1];
    bool is_known = false;
    set_identities(&named, RELAYS, 0xee);
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_NONE);
    assert_true(is_known);
    assert_names(&point, &named);
    point = make_point(RELAYS, 0);
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_NONE);
    assert_names(&point, &relays[RELAYS - 1]);
    point = make_point(RELAYS, 0x82);
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_TWO_RELAYS);
}

static void test_identities_of_two_relays(void **state)
{
    (void)state;
    static const struct {
        uint8_t rsa, ed25519;
    } rows[] = {{1, 0x82}, {2, 0x81}, {3, 0xee}, {0x77, 0x84}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct introduction_point point = make_point(rows[i].rsa, rows[i].ed25519), before = point;
        bool is_known = true;
        assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_TWO_RELAYS);
        assert_false(is_known);
        assert_memory_equal(&point, &before, sizeof(point));
    }
}

static void test_unknown_relay(void **state)
{
    (void)state;
    for (int has_identity = 0; has_identity < 2; has_identity++) {
        struct introduction_point point = make_point(0x77, has_identity ? 0xee : 0), before = point;
        bool is_known = true;
        assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_NONE);
        assert_false(is_known);
        assert_memory_equal(&point, &before, sizeof(point));
    }
    static const struct network empty = {.relay_count = 0};
    struct introduction_point point = make_point(1, 0x82);
    bool is_known = true;
    assert_int_equal(point_relay_match(&point, &empty, &is_known), POINT_FAULT_NONE);
    assert_false(is_known);
}

/* Only where no relay is known that the point could mean; on a testing network relays are there. */
static void test_internal_address(void **state)
{
    (void)state;
    struct link_specifiers links = {.ipv4 = {127, 0, 0, 1}, .ipv4_port = 9001};
    struct introduction_point point = make_point(1, 0);
    bool is_known = true;
    set_identities(&links, 0x77, 0);
    introduction_point_set_links(&point, &links);
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_INTERNAL_ADDRESS);
    network.is_testing_network = true;
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_NONE);
    assert_false(is_known);
    network.is_testing_network = false;
    set_identities(&links, 2, 0);
    introduction_point_set_links(&point, &links);
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_NONE);
    assert_names(&point, &relays[1]);
}

static void test_faulty_already(void **state)
{
    (void)state;
    struct introduction_point point = make_point(1, 0x81);
    bool is_known = true;
    point.fault = POINT_FAULT_TWO_RSA;
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_TWO_RSA);
    point.fault = POINT_FAULT_NONE;
    point.has_legacy_key = true;
    assert_int_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_LEGACY_KEY);
    point.has_legacy_key = false;
    point.link_specifiers_length = 0;
    assert_int_not_equal(point_relay_match(&point, &network, &is_known), POINT_FAULT_NONE);
    assert_false(is_known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_known_relay, set_up),
        cmocka_unit_test_setup(test_relay_without_microdescriptor, set_up),
        cmocka_unit_test_setup(test_identities_of_two_relays, set_up),
        cmocka_unit_test_setup(test_unknown_relay, set_up),
        cmocka_unit_test_setup(test_internal_address, set_up),
        cmocka_unit_test_setup(test_faulty_already, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
