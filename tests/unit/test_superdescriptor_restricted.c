/* Superdescriptors that only authorised clients can read: who can, how long they are, how many clients fit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/memory.h"
#include "helper_superdescriptor.h"

/* The numbers of clients that tor's rounding up makes differ. */
static const size_t client_counts[] = {1, 16, 17, 100};
#define CLIENT_COUNTS (sizeof(client_counts) / sizeof(client_counts[0]))

static void make_client_key(uint8_t secret_key[X25519_SECRET_KEY_SIZE], size_t number)
{
    hash_sha3_256(secret_key, &(struct span){&number, sizeof(number)}, 1);
}

/* Clients 0 to count - 1. */
static struct authorized_clients *make_clients(size_t count)
{
    struct error error = {.text = ""};
    uint8_t(*keys)[X25519_PUBLIC_KEY_SIZE] = memory_allocate(count, sizeof(*keys));
    for (size_t i = 0; i < count; i++) {
        uint8_t secret_key[X25519_SECRET_KEY_SIZE];
        make_client_key(secret_key, i);
        x25519_derive_public_key(keys[i], secret_key);
    }
    struct authorized_clients *clients = authorized_clients_new(keys, count, &error);
    if (clients == NULL)
        fail_msg("%s", error.text);
    free(keys);
    return clients;
}

static struct descriptor_authorization *authorise(const struct fixture *fixture, size_t count, uint8_t chance)
{
    const uint8_t seed[DESCRIPTOR_AUTHORIZATION_SEED_SIZE] = {chance};
    struct authorized_clients *clients = make_clients(count);
    struct descriptor_authorization *authorization = descriptor_authorization_new(
        clients, fixture->superdescriptor.identity_key, fixture->superdescriptor.blinded_key, seed);
    assert_true(
        descriptor_authorization_is_for(authorization, clients, fixture->superdescriptor.blinded_key));
    assert_false(
        descriptor_authorization_is_for(authorization, clients, fixture->superdescriptor.identity_key));
    assert_false(descriptor_authorization_is_for(NULL, clients, fixture->superdescriptor.blinded_key));
    assert_false(descriptor_authorization_is_for(authorization, NULL, fixture->superdescriptor.blinded_key));
    authorized_clients_release(clients);
    return authorization;
}

/* The fixture's superdescriptor, for as many clients. */
static struct descriptor_authorization *restrict_fixture(struct fixture *fixture, size_t count)
{
    struct descriptor_authorization *authorization = authorise(fixture, count, 1);
    fixture->superdescriptor.authorization = authorization;
    return authorization;
}

/* Every client reads what everybody would have read of an open one; nobody else does. */
static void test_who_can_read_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLIENT_COUNTS; i++) {
        struct fixture fixture;
        uint8_t key[X25519_SECRET_KEY_SIZE];
        fixture_init(&fixture, 3);
        struct descriptor_authorization *authorization = restrict_fixture(&fixture, client_counts[i]);
        char *text = encode_good(&fixture);
        struct descriptor_expectation expectation = forger_expectation(&fixture.forger);
        assert_descriptor_refused(text, strlen(text), &expectation, "restricted: needs a client key");
        fixture.forger.expectation.client_key = key;
        for (size_t client = 0; client < client_counts[i]; client += client < 20 ? 1 : 40) {
            make_client_key(key, client);
            struct descriptor *descriptor = decode_encoded(&fixture, text);
            assert_true(descriptor->is_restricted);
            assert_int_equal(descriptor->auth_client_count, (client_counts[i] + 15) / 16 * 16);
            assert_int_equal(descriptor->point_count, 3);
            for (size_t point = 0; point < 3; point++)
                assert_true(
                    introduction_point_is_unchanged(&descriptor->points[point], &fixture.points[point]));
            descriptor_free(descriptor);
        }
        make_client_key(key, client_counts[i]);
        expectation.client_key = key;
        assert_descriptor_refused(text, strlen(text), &expectation, "of none of its authorised clients");
        free(text);
        descriptor_authorization_free(authorization);
    }
}

/* Which line is the client's, when there is one. */
static size_t find_line(const struct fixture *fixture, const struct descriptor_authorization *authorization)
{
    uint8_t key[X25519_SECRET_KEY_SIZE], subcredential[SUBCREDENTIAL_SIZE], cookie[DESCRIPTOR_COOKIE_SIZE];
    make_client_key(key, 0);
    blinding_derive_subcredential(subcredential, fixture->superdescriptor.identity_key,
                                  fixture->superdescriptor.blinded_key);
    for (size_t i = 0; i < authorization->line_count; i++) {
        if (descriptor_cookie_open(cookie, subcredential, key, authorization->ephemeral_key,
                                   &authorization->lines[i], 1) == 0) {
            assert_memory_equal(cookie, authorization->cookie, sizeof(cookie));
            return i;
        }
    }
    fail_msg("no line is the client's");
    return 0;
}

/* A client's line stands anywhere. */
static void test_order_of_the_lines(void **state)
{
    (void)state;
    enum { DRAWS = 128 };
    struct fixture fixture;
    size_t places[AUTH_CLIENT_LINES] = {0};
    fixture_init(&fixture, 1);
    for (uint8_t chance = 0; chance < DRAWS; chance++) {
        struct descriptor_authorization *authorization = authorise(&fixture, 1, chance);
        places[find_line(&fixture, authorization)]++;
        descriptor_authorization_free(authorization);
    }
    for (size_t i = 0; i < AUTH_CLIENT_LINES; i++)
        assert_in_range(places[i], 1, DRAWS / 4);
}

static bool has_line_in_common(const struct descriptor_authorization *one,
                               const struct descriptor_authorization *other)
{
    for (size_t i = 0; i < one->line_count; i++) {
        for (size_t j = 0; j < other->line_count; j++) {
            if (memcmp(one->lines[i].client_id, other->lines[j].client_id, AUTH_CLIENT_ID_SIZE) == 0 ||
                memcmp(one->lines[i].iv, other->lines[j].iv, AES_CTR_IV_SIZE) == 0 ||
                memcmp(one->lines[i].encrypted_cookie, other->lines[j].encrypted_cookie,
                       DESCRIPTOR_COOKIE_SIZE) == 0)
                return true;
        }
    }
    return false;
}

/* With the same seed all is the same; with another one nothing is. So who is left out when clients change can
 * do nothing with the cookie that he had, and no line shows who has stayed. */
static void test_all_comes_from_the_seed(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 1);
    struct descriptor_authorization *one = authorise(&fixture, 17, 1), *same = authorise(&fixture, 17, 1);
    struct descriptor_authorization *other = authorise(&fixture, 17, 2);
    assert_int_equal(one->line_count, 32);
    assert_memory_equal(one->lines, same->lines, one->line_count * sizeof(*one->lines));
    assert_memory_equal(one->cookie, same->cookie, DESCRIPTOR_COOKIE_SIZE);
    assert_memory_not_equal(one->cookie, other->cookie, DESCRIPTOR_COOKIE_SIZE);
    assert_memory_not_equal(one->ephemeral_key, other->ephemeral_key, X25519_PUBLIC_KEY_SIZE);
    assert_false(has_line_in_common(one, other));
    for (size_t i = 0; i < one->line_count; i++) {
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(&one->lines[i], &one->lines[j], AUTH_CLIENT_ID_SIZE + 1);
    }
    descriptor_authorization_free(one);
    descriptor_authorization_free(same);
    descriptor_authorization_free(other);
    descriptor_authorization_free(NULL);
}

static void test_other_blinded_key(void **state)
{
    (void)state;
    struct fixture fixture;
    struct error error = {.text = ""};
    char *text = NULL;
    size_t length;
    fixture_init(&fixture, 1);
    struct descriptor_authorization *authorization = restrict_fixture(&fixture, 1);
    fixture.superdescriptor.blinded_key[0] ^= 1;
    assert_int_equal(superdescriptor_encode(&fixture.superdescriptor, &fixture.randomness,
                                            DESCRIPTOR_SIZE_MAX_DEFAULT, &text, &length, &error),
                     -1);
    assert_non_null(strstr(error.text, "another time period"));
    descriptor_authorization_free(authorization);
}

/* The length that is worked out is the one that the text has: a descriptor is as long with it as without, and
 * longer with the next one. */
static void test_lengths(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLIENT_COUNTS; i++) {
        struct fixture fixture;
        fixture_init(&fixture, 3 + i);
        struct descriptor_authorization *authorization = restrict_fixture(&fixture, client_counts[i]);
        char *text = encode_good(&fixture);
        size_t length = superdescriptor_find_middle_length(&fixture.superdescriptor, client_counts[i]);
        fixture.superdescriptor.middle_length = length;
        char *padded = encode_good(&fixture);
        assert_int_equal(strlen(padded), strlen(text));
        free(padded);
        fixture.superdescriptor.middle_length = length + SUPERENCRYPTED_PADDING;
        padded = encode_good(&fixture);
        assert_true(strlen(padded) > strlen(text) + SUPERENCRYPTED_PADDING);
        free(padded);
        free(text);
        descriptor_authorization_free(authorization);
    }
}

/* How long a descriptor for so many clients is; 0 when that is not shorter than size_max. */
static size_t measure(struct fixture *fixture, size_t count, size_t size_max)
{
    char *text = NULL;
    size_t length = 0;
    struct error error = {.text = ""};
    struct descriptor_authorization *authorization = restrict_fixture(fixture, count);
    if (superdescriptor_encode(&fixture->superdescriptor, &fixture->randomness, size_max, &text, &length,
                               &error) != 0)
        assert_non_null(strstr(
            error.text, "(HSV3MaxDescriptorSize): take fewer introduction points or authorised clients"));
    free(text);
    descriptor_authorization_free(authorization);
    fixture->superdescriptor.authorization = NULL;
    return length;
}

/* As many clients fit as are said to, and not one more; and a byte decides. */
static void test_client_limit(void **state)
{
    (void)state;
    static const size_t point_counts[] = {1, 6, 20}, sizes[] = {28000, 50000};
    for (size_t i = 0; i < sizeof(point_counts) / sizeof(point_counts[0]); i++) {
        size_t last = 0;
        for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
            struct fixture fixture;
            fixture_init(&fixture, point_counts[i]);
            fixture.superdescriptor.revision_counter = UINT64_MAX;
            size_t limit = superdescriptor_find_client_limit(&fixture.superdescriptor, sizes[j]);
            assert_true(limit >= last && limit % AUTH_CLIENT_LINES == 0);
            size_t length = limit > 0 ? measure(&fixture, limit, sizes[j]) : 0;
            assert_true(limit == 0 || length > 0);
            assert_int_equal(measure(&fixture, limit + 1, sizes[j]), 0);
            /* The text has to be shorter than the network allows. */
            assert_true(limit == 0 ||
                        superdescriptor_find_client_limit(&fixture.superdescriptor, length) < limit);
            assert_true(limit == 0 ||
                        superdescriptor_find_client_limit(&fixture.superdescriptor, length + 1) == limit);
            last = limit;
        }
        assert_true(last > 0);
    }
}

/* What operators are told for the public network. */
static void test_client_limit_of_the_public_network(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, INTRODUCTION_POINTS_MAX);
    assert_int_equal(superdescriptor_find_client_limit(&fixture.superdescriptor, DESCRIPTOR_SIZE_MAX_DEFAULT),
                     128);
    fixture_init(&fixture, 3);
    assert_int_equal(superdescriptor_find_client_limit(&fixture.superdescriptor, DESCRIPTOR_SIZE_MAX_DEFAULT),
                     368);
    /* Relays with an IPv6 address, too, make points that are longer; proof of work comes on top. */
    fixture_init(&fixture, INTRODUCTION_POINTS_MAX);
    for (size_t i = 0; i < INTRODUCTION_POINTS_MAX; i++)
        fixture.points[i].link_specifiers_length = 1 + 8 + 20 + 22 + 34;
    fixture.superdescriptor.flow_control =
        (struct flow_control){.is_present = true, .versions = 3 << 1, .sendme_inc = 100};
    fixture.superdescriptor.pow_params = (struct pow_params){
        .is_present = true, .suggested_effort = UINT32_MAX, .expires_at = INT64_C(4000000000)};
    assert_int_equal(superdescriptor_find_client_limit(&fixture.superdescriptor, DESCRIPTOR_SIZE_MAX_DEFAULT),
                     112); /* CONFIG_CLIENTS_MAX */
    fixture_init(&fixture, 3);
    /* However large a network allows descriptors to be. */
    assert_int_equal(superdescriptor_find_client_limit(&fixture.superdescriptor, INT32_MAX),
                     AUTHORIZED_CLIENTS_MAX);
    fixture.superdescriptor.pow_params = (struct pow_params){.is_present = true, .expires_at = INT64_MAX};
    assert_int_equal(superdescriptor_find_client_limit(&fixture.superdescriptor, INT32_MAX), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_can_read_it),
        cmocka_unit_test(test_order_of_the_lines),
        cmocka_unit_test(test_all_comes_from_the_seed),
        cmocka_unit_test(test_other_blinded_key),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_client_limit),
        cmocka_unit_test(test_client_limit_of_the_public_network),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
