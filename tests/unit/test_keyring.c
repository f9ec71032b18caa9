/* Tests what the descriptors are that a keyring makes of point sets, with the signer's process as a thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "config/config.h"
#include "engine/keyring.h"
#include "helper_clients.h"
#include "helper_descriptor.h"
#include "helper_forge.h"
#include "helper_signer.h"
#include "process/channel.h"
#include "signer/key_request.h"
#include "signer/signer_process.h"

#define POINTS 2

struct fixture {
    int engine[2], reader[2]; /* ends [1] are the signer's */
    pthread_t thread;
    struct signer_client *client;
    struct network network;
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct point_set_entry entries[POINTS];
    struct keyring keyring;
    const uint8_t *client_key, *cookie; /* to decode with; NULL: none */
};

static void *run_signer(void *context)
{
    struct fixture *fixture = context;
    struct error error;
    signer_process_run(fixture->engine[1], fixture->reader[1], &error);
    close(fixture->engine[1]);
    close(fixture->reader[1]);
    return NULL;
}

/* Hands the signer the frontend's key. */
static void give_key(struct fixture *fixture)
{
    uint8_t bytes[SIGNER_KEY_REQUEST_SIZE];
    struct ed25519_secret_key *key = signer_make_key(1, fixture->identity_key);
    signer_key_request_add(bytes, key, fixture->identity_key);
    secret_free(key);
    assert_int_equal(channel_send(fixture->reader[0], bytes, sizeof(bytes)), 0);
    assert_int_equal(channel_receive(fixture->reader[0], bytes, sizeof(bytes)), SIGNER_KEY_ANSWER_SIZE);
}

/* Takes the points of a descriptor that another service has. */
static void make_entries(struct fixture *fixture)
{
    struct forger forger;
    forger_init(&forger, 3);
    char *inner = forge_inner(&forger, POINTS), *text = forge_around(&forger, inner);
    struct descriptor *descriptor = decode_forged(&forger, text);
    for (size_t i = 0; i < POINTS; i++)
        fixture->entries[i].point = descriptor->points[i];
    descriptor_free(descriptor);
    free(text);
    free(inner);
}

static int start(void **state)
{
    struct fixture *fixture = memory_allocate(1, sizeof(*fixture));
    *state = fixture;
    signal(SIGPIPE, SIG_IGN);
    if (channel_open(fixture->engine, NULL) != 0 || channel_open(fixture->reader, NULL) != 0 ||
        pthread_create(&fixture->thread, NULL, run_signer, fixture) != 0)
        return -1;
    give_key(fixture);
    fixture->client = signer_client_new(fixture->engine[0]);
    make_entries(fixture);
    int64_t wall_now = clock_wall_seconds();
    fixture->network = (struct network){
        .valid_after = wall_now,
        .schedule = {.voting_interval = 3600, .period_length = SIGNER_PERIOD_LENGTH},
        .descriptor_size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .run_start = {wall_now - 3600, wall_now - 3600},
    };
    uint64_t period_number = time_period_number(&fixture->network.schedule, wall_now);
    fixture->network.period_number[DESCRIPTOR_FIRST] = period_number;
    fixture->network.period_number[DESCRIPTOR_SECOND] = period_number + 1;
    return 0;
}

static int end(void **state)
{
    struct fixture *fixture = *state;
    keyring_clear(&fixture->keyring);
    signer_client_free(fixture->client);
    close(fixture->engine[0]);
    close(fixture->reader[0]);
    int result = pthread_join(fixture->thread, NULL);
    free(fixture);
    return result;
}

/* The text that the data of a command stand for. */
static char *read_command_data(struct command_data *data)
{
    struct evbuffer *buffer = evbuffer_new();
    char *text = text_format("%s", ""), *line;
    assert_int_equal(command_data_append(data, buffer), 0);
    while ((line = evbuffer_readln(buffer, NULL, EVBUFFER_EOL_CRLF_STRICT)) != NULL) {
        char *longer = text_format("%s%s\n", text, line);
        bool is_end = strcmp(line, ".") == 0;
        free(line);
        if (is_end) {
            free(longer);
            break;
        }
        free(text);
        text = longer;
    }
    evbuffer_free(buffer);
    return text;
}

static struct keyring_request request_set(struct fixture *fixture, struct point_set *set,
                                          enum descriptor_slot slot, uint64_t round)
{
    return (struct keyring_request){
        .network = &fixture->network,
        .signer = fixture->client,
        .identity_key = fixture->identity_key,
        .slot = slot,
        .set = set,
        .round = round,
        .wall_now = clock_wall_seconds(),
        .now = 1000,
    };
}

/* Makes a descriptor of a set, and decodes what would be sent. */
static struct descriptor *make_of_set(struct fixture *fixture, struct point_set *set,
                                      enum descriptor_slot slot, uint64_t round)
{
    const struct keyring_request request = request_set(fixture, set, slot, round);
    const struct descriptor_expectation expectation = {
        .identity_key = fixture->identity_key,
        .schedule = fixture->network.schedule,
        .period_number = fixture->network.period_number[slot],
        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .client_key = fixture->client_key,
        .cookie = fixture->cookie,
        .accepts_closed = true,
        .wall_now = request.wall_now,
    };
    struct command_data *built = NULL;
    struct error error = {.text = ""};
    bool is_clock_back;
    if (keyring_make_descriptor(&fixture->keyring, &request, &built, &is_clock_back, &error) != 0)
        fail_msg("not made: %s", error.text);
    char *text = read_command_data(built);
    command_data_release(built);
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, &error);
    if (descriptor == NULL)
        fail_msg("not decoded: %s", error.text);
    free(text);
    return descriptor;
}

/* The same of the fixture's points with these features. */
static struct descriptor *make_descriptor(struct fixture *fixture, const struct point_set_features *features,
                                          enum descriptor_slot slot, uint64_t round)
{
    struct point_set *set = point_set_new(fixture->entries, POINTS, features);
    struct descriptor *descriptor = make_of_set(fixture, set, slot, round);
    point_set_release(set);
    return descriptor;
}

/* Makes a descriptor with a set of these points in a round. */
static void make_of_points(struct fixture *fixture, const struct point_set_entry *entries, size_t count,
                           uint64_t round)
{
    const struct point_set_features features = {.is_single_onion_service = false};
    struct point_set *set = point_set_new(entries, count, &features);
    descriptor_free(make_of_set(fixture, set, DESCRIPTOR_FIRST, round));
    point_set_release(set);
    keyring_rest(&fixture->keyring);
}

/* Descriptors of one round with different points have the signatures of what they have in common made once;
 * they are kept for as long as a round has them. */
static void test_signatures_of_sets(void **state)
{
    struct fixture *fixture = *state;
    struct point_set_entry entries[6];
    for (uint8_t i = 0; i < 6; i++) {
        entries[i] = fixture->entries[i % POINTS];
        const uint8_t seed[ED25519_SEED_SIZE] = {i};
        struct ed25519_secret_key secret_key;
        ed25519_expand_seed(&secret_key, seed);
        ed25519_derive_public_key(entries[i].point.auth_key, &secret_key);
    }
    const struct point_signatures *signatures = NULL;
    for (size_t i = 0; i + 3 <= 6; i++)
        make_of_points(fixture, entries + i, 3, 1);
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        if (fixture->keyring.keys[i].is_set)
            signatures = &fixture->keyring.keys[i].signatures;
    }
    assert_non_null(signatures);
    const size_t all = 6 + POINTS; /* their encryption keys are still two */
    assert_int_equal(signatures->count, all);
    uint8_t first[ED25519_SIGNATURE_SIZE];
    memcpy(first, signatures->signatures[0].signature, sizeof(first));
    make_of_points(fixture, entries, 3, 2);
    assert_int_equal(signatures->count, all);
    make_of_points(fixture, entries, 3, 3);
    assert_int_equal(signatures->count, 3 + POINTS);
    assert_memory_equal(signatures->signatures[0].signature, first, sizeof(first));
}

/* All that a point set says of the service stands in the descriptor, also when nothing else has changed. */
static void test_features(void **state)
{
    struct fixture *fixture = *state;
    enum { CHANGES = 8 };
    struct point_set_features features[CHANGES] = {
        [1] = {.is_single_onion_service = true},
        [2] = {.flow_control = {.is_present = true, .versions = 6, .sendme_inc = 31}},
        [3] = {.pow_params = {.is_present = true, .suggested_effort = 5, .expires_at = 1795320098}},
        [4] = {.pow_params = {.is_present = true, .suggested_effort = 6, .expires_at = 1795320098}},
        [5] = {.pow_params = {.is_present = true, .suggested_effort = 6, .expires_at = 1795320099}},
        [6] = {.pow_params = {.is_present = true, .seed = {1, 2, 3}, .expires_at = 1795320099}},
    };
    for (size_t i = 0; i < CHANGES; i++) {
        for (enum descriptor_slot slot = DESCRIPTOR_FIRST; slot < DESCRIPTOR_SLOTS; slot++) {
            struct descriptor *descriptor = make_descriptor(fixture, &features[i], slot, 1 + i);
            assert_int_equal(descriptor->period_number, fixture->network.period_number[slot]);
            assert_int_equal(descriptor->is_single_onion_service, features[i].is_single_onion_service);
            assert_int_equal(descriptor->flow_control.is_present, features[i].flow_control.is_present);
            assert_int_equal(descriptor->flow_control.versions, features[i].flow_control.versions);
            assert_int_equal(descriptor->flow_control.sendme_inc, features[i].flow_control.sendme_inc);
            assert_pow_params_equal(&descriptor->pow_params, &features[i].pow_params);
            assert_int_equal(descriptor->point_count, POINTS);
            for (size_t j = 0; j < POINTS; j++)
                assert_true(introduction_point_equals(&descriptor->points[j], &fixture->entries[j].point));
            descriptor_free(descriptor);
        }
    }
}

/* Makes a restricted descriptor. */
static struct descriptor *make_restricted(struct fixture *fixture, struct authorized_clients *clients,
                                          enum descriptor_slot slot, uint64_t round)
{
    const struct point_set_features features = {.clients = clients};
    return make_descriptor(fixture, &features, slot, round);
}

/* Who may read a descriptor is decided by its point set alone: with the key of a client it is read, with no
 * key, or another one, it is closed. Our own is read with our own cookie; and so is an open one. */
static void test_clients(void **state)
{
    struct fixture *fixture = *state;
    struct authorized_clients *clients = clients_make(0, 17);
    uint8_t secret_keys[18][X25519_SECRET_KEY_SIZE], public_key[X25519_PUBLIC_KEY_SIZE];
    for (size_t i = 0; i < 18; i++)
        client_make_keys(secret_keys[i], public_key, i);
    for (enum descriptor_slot slot = DESCRIPTOR_FIRST; slot < DESCRIPTOR_SLOTS; slot++) {
        for (size_t i = 0; i < 18; i += 8) {
            fixture->client_key = secret_keys[i];
            struct descriptor *descriptor = make_restricted(fixture, clients, slot, 1);
            assert_int_equal(descriptor->is_restricted, i < 17);
            assert_int_equal(descriptor->auth_client_count, 32);
            assert_int_equal(descriptor->point_count, i < 17 ? POINTS : 0);
            descriptor_free(descriptor);
        }
        fixture->client_key = secret_keys[17];
        struct descriptor *descriptor = make_restricted(fixture, clients, slot, 1);
        assert_true(descriptor->is_closed);
        descriptor_free(descriptor);
        fixture->client_key = NULL;
        fixture->cookie = keyring_cookie(&fixture->keyring, fixture->network.period_number[slot]);
        descriptor = make_restricted(fixture, clients, slot, 1);
        assert_true(descriptor->is_restricted && !descriptor->is_closed);
        assert_int_equal(descriptor->point_count, POINTS);
        descriptor_free(descriptor);
        const uint8_t other[DESCRIPTOR_COOKIE_SIZE] = {1};
        fixture->cookie = other;
        descriptor = make_restricted(fixture, clients, slot, 1);
        assert_true(descriptor->is_closed && !descriptor->is_restricted);
        descriptor_free(descriptor);
        descriptor = make_restricted(fixture, NULL, slot, 2);
        assert_true(!descriptor->is_closed && !descriptor->is_restricted);
        assert_int_equal(descriptor->point_count, POINTS);
        descriptor_free(descriptor);
        fixture->cookie = NULL;
    }
    authorized_clients_release(clients);
}

/* What a frontend's clients are given for a time period. */
struct given {
    uint8_t cookie[DESCRIPTOR_COOKIE_SIZE];
    uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE];
};

static void read_given(struct fixture *fixture, struct authorized_clients *clients, enum descriptor_slot slot,
                       uint64_t round, struct given *given)
{
    const uint64_t period_number = fixture->network.period_number[slot];
    const struct descriptor_authorization *authorization = NULL;
    descriptor_free(make_restricted(fixture, clients, slot, round));
    for (size_t i = 0; i < DESCRIPTOR_SLOTS; i++) {
        const struct keyring_keys *keys = &fixture->keyring.keys[i];
        if (keys->is_set && keys->period_number == period_number)
            authorization = keys->authorization;
    }
    assert_non_null(authorization);
    assert_ptr_equal(keyring_cookie(&fixture->keyring, period_number), authorization->cookie);
    memcpy(given->cookie, authorization->cookie, sizeof(given->cookie));
    memcpy(given->ephemeral_key, authorization->ephemeral_key, sizeof(given->ephemeral_key));
}

static void assert_same(const struct given *one, const struct given *other)
{
    assert_memory_equal(one->cookie, other->cookie, sizeof(one->cookie));
    assert_memory_equal(one->ephemeral_key, other->ephemeral_key, sizeof(one->ephemeral_key));
}

static void assert_other(const struct given *one, const struct given *other)
{
    assert_memory_not_equal(one->cookie, other->cookie, sizeof(one->cookie));
    assert_memory_not_equal(one->ephemeral_key, other->ephemeral_key, sizeof(one->ephemeral_key));
}

/* The cookie stays for all descriptors of a time period and these clients, round after round, as tor's does;
 * it is another one for the other descriptor, for other clients, whether they are more or less, and once it
 * was open. So is the key that it is encrypted with. */
static void test_life_of_cookies(void **state)
{
    struct fixture *fixture = *state;
    struct authorized_clients *clients = clients_make(0, 2), *more = clients_make(0, 3);
    struct given first, of_more, again, last;
    read_given(fixture, clients, DESCRIPTOR_FIRST, 1, &first);
    for (uint64_t round = 1; round < 4; round++) {
        read_given(fixture, clients, DESCRIPTOR_FIRST, round, &again);
        assert_same(&again, &first);
    }
    keyring_renew(&fixture->keyring); /* another signing key is no reason */
    read_given(fixture, clients, DESCRIPTOR_FIRST, 4, &again);
    assert_same(&again, &first);
    read_given(fixture, clients, DESCRIPTOR_SECOND, 5, &again);
    assert_other(&again, &first);
    read_given(fixture, more, DESCRIPTOR_FIRST, 6, &of_more);
    assert_other(&of_more, &first);
    read_given(fixture, clients, DESCRIPTOR_FIRST, 7, &again);
    assert_other(&again, &of_more); /* who has been removed knows that one */
    assert_other(&again, &first);
    descriptor_free(make_restricted(fixture, NULL, DESCRIPTOR_FIRST, 8));
    assert_null(keyring_cookie(&fixture->keyring, fixture->network.period_number[DESCRIPTOR_FIRST]));
    read_given(fixture, clients, DESCRIPTOR_FIRST, 9, &last);
    assert_other(&last, &again);
    authorized_clients_release(clients);
    authorized_clients_release(more);
}

/* The clients that the config takes may be too many where a consensus allows shorter descriptors than usual.
 * Then none is made, and it is said what to do; with the usual length the same clients get theirs. */
static void test_smaller_network(void **state)
{
    struct fixture *fixture = *state;
    struct authorized_clients *clients = clients_make(0, CONFIG_CLIENTS_MAX);
    const struct point_set_features features = {.clients = clients};
    struct point_set *set = point_set_new(fixture->entries, POINTS, &features);
    static const size_t sizes[] = {1, 5000, 10000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        fixture->network.descriptor_size_max = sizes[i];
        struct error error = {.text = ""};
        const struct keyring_request request = request_set(fixture, set, DESCRIPTOR_FIRST, 1 + i);
        struct command_data *built = NULL;
        bool is_clock_back;
        assert_int_equal(keyring_make_descriptor(&fixture->keyring, &request, &built, &is_clock_back, &error),
                         -1);
        assert_null(built);
        char *words = text_format("the network allows fewer than %zu (HSV3MaxDescriptorSize): take fewer "
                                  "introduction points or authorised clients",
                                  sizes[i]);
        if (strstr(error.text, words) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", error.text, words);
        free(words);
    }
    fixture->network.descriptor_size_max = DESCRIPTOR_SIZE_MAX_DEFAULT;
    descriptor_free(make_of_set(fixture, set, DESCRIPTOR_FIRST, 9));
    point_set_release(set);
    authorized_clients_release(clients);
}

/* When the second descriptor becomes the first one it has the cookie that it has had, as its time period is
 * the same; and the new second one has another than any before. */
static void test_cookies_of_time_periods(void **state)
{
    struct fixture *fixture = *state;
    uint64_t *period_number = fixture->network.period_number;
    struct authorized_clients *clients = clients_make(0, 2);
    struct given first, second, again;
    period_number[DESCRIPTOR_FIRST]--;
    period_number[DESCRIPTOR_SECOND]--;
    read_given(fixture, clients, DESCRIPTOR_FIRST, 1, &first);
    read_given(fixture, clients, DESCRIPTOR_SECOND, 2, &second);
    period_number[DESCRIPTOR_FIRST]++;
    period_number[DESCRIPTOR_SECOND]++;
    read_given(fixture, clients, DESCRIPTOR_FIRST, 3, &again);
    assert_same(&again, &second);
    read_given(fixture, clients, DESCRIPTOR_SECOND, 4, &again);
    assert_other(&again, &first);
    assert_other(&again, &second);
    read_given(fixture, clients, DESCRIPTOR_FIRST, 5, &again);
    assert_same(&again, &second);
    authorized_clients_release(clients);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clients, start, end),
        cmocka_unit_test_setup_teardown(test_life_of_cookies, start, end),
        cmocka_unit_test_setup_teardown(test_cookies_of_time_periods, start, end),
        cmocka_unit_test_setup_teardown(test_smaller_network, start, end),
        cmocka_unit_test_setup_teardown(test_signatures_of_sets, start, end),
        cmocka_unit_test_setup_teardown(test_features, start, end),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
