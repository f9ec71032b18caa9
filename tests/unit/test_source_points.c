/* What a source offers: its points as the consensus names their relays, since when, and what is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "publish/source_points.h"

#define RELAYS 10

static struct link_specifiers relays[RELAYS];
static const struct network network = {.relays = relays, .relay_count = RELAYS};

struct fixture {
    struct introduction_point points[INTRODUCTION_POINTS_MAX];
    struct descriptor descriptor;
    struct source_points offered;
};

/* Relay n has the fingerprint nn... and is at 192.0.2.n. */
static void set_relay(struct link_specifiers *links, uint8_t number)
{
    memset(links, 0, sizeof(*links));
    memcpy(links->ipv4, (const uint8_t[]){192, 0, 2, number}, IPV4_SIZE);
    links->ipv4_port = 9001;
    memset(links->fingerprint, number, sizeof(links->fingerprint));
}

/* Gives a descriptor one more point, with the key n at the relay n. */
static void add_point(struct fixture *fixture, uint8_t key, uint8_t relay)
{
    struct introduction_point *point = &fixture->points[fixture->descriptor.point_count++];
    struct link_specifiers links;
    set_relay(&links, relay);
    memset(point, 0, sizeof(*point));
    introduction_point_set_links(point, &links);
    memset(point->auth_key, key, sizeof(point->auth_key));
}

static void begin(struct fixture *fixture)
{
    memset(fixture, 0, sizeof(*fixture));
    fixture->descriptor.points = fixture->points;
    for (uint8_t i = 0; i < RELAYS; i++)
        set_relay(&relays[i], i);
}

static bool update(struct fixture *fixture, int64_t since)
{
    return source_points_update(&fixture->offered, &fixture->descriptor, &network, since);
}

static const struct point_claim *claim_of(const struct fixture *fixture, uint8_t key)
{
    for (size_t i = 0; i < fixture->offered.count; i++) {
        if (fixture->offered.points[i].auth_key[0] == key)
            return &fixture->offered.claims[i];
    }
    fail_msg("point %u is not offered", key);
    return NULL;
}

static void assert_claim(const struct fixture *fixture, uint8_t key, int64_t key_since, int64_t relay_since)
{
    const struct point_claim *claim = claim_of(fixture, key);
    assert_int_equal(claim->key_since, key_since);
    assert_int_equal(claim->relay_since, relay_since);
}

static void test_claims(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    add_point(&fixture, 1, 1);
    add_point(&fixture, 2, 2);
    assert_true(update(&fixture, 100));
    assert_false(update(&fixture, 200));
    assert_claim(&fixture, 1, 100, 100);
    /* Another one at the relay of the first, a new one, and the second at another relay. */
    fixture.descriptor.point_count = 0;
    add_point(&fixture, 3, 1);
    add_point(&fixture, 4, 4);
    add_point(&fixture, 2, 5);
    assert_true(update(&fixture, 300));
    assert_claim(&fixture, 3, 300, 100);
    assert_claim(&fixture, 4, 300, 300);
    assert_claim(&fixture, 2, 100, 300);
    /* What was not offered in between begins anew. */
    fixture.descriptor.point_count = 0;
    add_point(&fixture, 1, 1);
    add_point(&fixture, 5, 2);
    assert_true(update(&fixture, 400));
    assert_claim(&fixture, 1, 400, 100);
    assert_claim(&fixture, 5, 400, 400);
    source_points_clear(&fixture.offered);
    assert_int_equal(fixture.offered.count, 0);
}

static void test_order_does_not_matter(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    add_point(&fixture, 1, 1);
    add_point(&fixture, 2, 2);
    assert_true(update(&fixture, 1));
    fixture.descriptor.point_count = 0;
    add_point(&fixture, 2, 2);
    add_point(&fixture, 1, 1);
    assert_false(update(&fixture, 2));
    source_points_clear(&fixture.offered);
}

/* A relay that moves, leaves the consensus, and comes back. */
static void test_relays_change(void **state)
{
    (void)state;
    struct fixture fixture;
    begin(&fixture);
    add_point(&fixture, 1, 1);
    add_point(&fixture, 2, 99);
    assert_true(update(&fixture, 1));
    assert_false(claim_of(&fixture, 1)->is_of_unknown_relay);
    assert_true(claim_of(&fixture, 2)->is_of_unknown_relay);
    relays[1].ipv4_port = 443;
    assert_true(update(&fixture, 2));
    assert_false(update(&fixture, 3));
    assert_claim(&fixture, 1, 1, 1);
    uint8_t expected[LINK_SPECIFIERS_SIZE_MAX];
    size_t length = link_specifiers_encode(expected, &relays[1]);
    assert_memory_equal(fixture.offered.points[0].link_specifiers, expected, length);
    memset(relays[1].fingerprint, 1, sizeof(relays[1].fingerprint) - 1);
    relays[1].fingerprint[RELAY_FINGERPRINT_SIZE - 1] = 2;
    assert_true(update(&fixture, 4));
    assert_true(claim_of(&fixture, 1)->is_of_unknown_relay);
    set_relay(&relays[1], 1);
    assert_true(update(&fixture, 5));
    assert_false(claim_of(&fixture, 1)->is_of_unknown_relay);
    assert_claim(&fixture, 1, 1, 1);
    source_points_clear(&fixture.offered);
}

static void test_left_out(void **state)
{
    (void)state;
    struct fixture fixture;
    char text[SOURCE_POINTS_TEXT_SIZE];
    begin(&fixture);
    for (uint8_t i = 1; i <= 6; i++)
        add_point(&fixture, i, i);
    assert_true(update(&fixture, 1));
    source_points_describe(text, &fixture.offered);
    assert_string_equal(text, "");
    assert_int_equal(source_points_count_left_out(&fixture.offered), 0);
    assert_false(source_points_are_false(&fixture.offered));

    fixture.points[0].has_legacy_key = true;
    assert_true(update(&fixture, 2));
    source_points_describe(text, &fixture.offered);
    assert_string_equal(
        text, "offers points that can't be used: a legacy RSA key, which can't be carried over (1)");
    assert_int_equal(source_points_count_left_out(&fixture.offered), 1);
    assert_false(source_points_are_false(&fixture.offered));

    fixture.points[1].fault = fixture.points[2].fault = POINT_FAULT_TWO_RSA;
    fixture.points[3].fault = POINT_FAULT_NO_IPV4;
    assert_true(update(&fixture, 3));
    source_points_describe(text, &fixture.offered);
    assert_string_equal(text, "offers points that no tor makes: no IPv4 address (1), two RSA identities (2)");
    assert_int_equal(source_points_count_left_out(&fixture.offered), 4);
    assert_true(source_points_are_false(&fixture.offered));
    assert_int_equal(fixture.offered.count, 2);
    assert_claim(&fixture, 5, 1, 1);

    /* One that is faulty for a while is new afterwards. */
    fixture.points[1].fault = POINT_FAULT_NONE;
    assert_true(update(&fixture, 4));
    assert_claim(&fixture, 2, 4, 4);
    source_points_clear(&fixture.offered);
}

/* However many kinds of faults there are, there is room to say so. */
static void test_all_faults(void **state)
{
    (void)state;
    struct source_points points = {.count = 0};
    char text[SOURCE_POINTS_TEXT_SIZE];
    for (size_t i = POINT_FAULT_NONE + 1; i < POINT_FAULTS; i++)
        points.left_out[i] = INTRODUCTION_POINTS_MAX;
    source_points_describe(text, &points);
    assert_in_range(strlen(text), 100, SOURCE_POINTS_TEXT_SIZE - 2);
    assert_string_equal(text + strlen(text) - 4, "(20)");
}

/* Before the first consensus nothing is held against an address. */
static void test_without_network(void **state)
{
    (void)state;
    struct fixture fixture;
    struct link_specifiers links;
    begin(&fixture);
    add_point(&fixture, 1, 99);
    set_relay(&links, 99);
    memcpy(links.ipv4, (const uint8_t[]){10, 0, 0, 1}, IPV4_SIZE);
    introduction_point_set_links(&fixture.points[0], &links);
    assert_true(source_points_update(&fixture.offered, &fixture.descriptor, NULL, 1));
    assert_int_equal(fixture.offered.count, 1);
    assert_true(update(&fixture, 2));
    assert_int_equal(fixture.offered.count, 0);
    assert_int_equal(fixture.offered.left_out[POINT_FAULT_INTERNAL_ADDRESS], 1);
    assert_true(source_points_update(&fixture.offered, NULL, &network, 3));
    assert_int_equal(source_points_count_left_out(&fixture.offered), 0);
    source_points_clear(&fixture.offered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims),        cmocka_unit_test(test_order_does_not_matter),
        cmocka_unit_test(test_relays_change), cmocka_unit_test(test_left_out),
        cmocka_unit_test(test_all_faults),    cmocka_unit_test(test_without_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
