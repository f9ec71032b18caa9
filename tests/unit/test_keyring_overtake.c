/* Tests from which second a keyring makes a revision counter: from the clock's, or from the first that is
 * above another publisher's. The signer is stood in for, with a revision counter of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "../sim/model.h"
#include "base/memory.h"
#include "crypto/revision_counter.h"
#include "engine/keyring.h"

#define HOUR 3600
#define DAY (24 * HOUR)
#define VALID_AFTER (19999 * (int64_t)DAY + 18 * HOUR) /* clients use the second descriptor */
#define WALL_NOW (VALID_AFTER + HOUR / 2)
#define HSDIRS 40
#define SEARCH_MAX 11 /* counters that the signer is asked for to find one among KEYRING_AHEAD_MAX */

/* The signer's part. */
static struct revision_counter *revision_counter;
static unsigned counts;

int __wrap_signer_client_certify(struct signer_client *client, const struct signer_period *period,
                                 const uint8_t *signing_key, uint32_t expiration_hour,
                                 struct signer_answer *answer, struct error *error);
int __real_signer_client_certify(struct signer_client *client, const struct signer_period *period,
                                 const uint8_t *signing_key, uint32_t expiration_hour,
                                 struct signer_answer *answer, struct error *error);
int __wrap_signer_client_count(struct signer_client *client, const struct signer_period *period,
                               int64_t seconds, uint64_t *counter, struct error *error);
int __real_signer_client_count(struct signer_client *client, const struct signer_period *period,
                               int64_t seconds, uint64_t *counter, struct error *error);

/* Other tests have a client, which asks the signer itself. */
int __wrap_signer_client_certify(struct signer_client *client, const struct signer_period *period,
                                 const uint8_t *signing_key, uint32_t expiration_hour,
                                 struct signer_answer *answer, struct error *error)
{
    if (client != NULL)
        return __real_signer_client_certify(client, period, signing_key, expiration_hour, answer, error);
    memset(answer, 0, sizeof(*answer));
    return 0;
}

int __wrap_signer_client_count(struct signer_client *client, const struct signer_period *period,
                               int64_t seconds, uint64_t *counter, struct error *error)
{
    if (client != NULL)
        return __real_signer_client_count(client, period, seconds, counter, error);
    counts++;
    return revision_counter_encrypt(revision_counter, seconds, counter);
}

struct fixture {
    struct keyring keyring;
    struct network *network;
    struct point_set *set;
    uint64_t round;
    int64_t wall_now;
    int64_t lead, lead_longest; /* seconds */
    bool is_clock_back;
};

static int set_up(void **state)
{
    static const uint8_t key[REVISION_COUNTER_KEY_SIZE] = {7}, value[SHARED_RANDOM_VALUE_SIZE] = {1};
    struct fixture *fixture = memory_allocate(1, sizeof(*fixture));
    struct hsdir hsdirs[HSDIRS];
    for (uint32_t i = 0; i < HSDIRS; i++)
        model_make_hsdir(&hsdirs[i], i);
    const struct model_consensus consensus = {.schedule = {HOUR, 1440},
                                              .valid_after = VALID_AFTER,
                                              .previous_shared_random = value,
                                              .current_shared_random = value,
                                              .hsdirs = hsdirs,
                                              .hsdir_count = HSDIRS};
    static const uint64_t points[] = {1};
    struct descriptor *descriptor = model_make_descriptor(19999, 1, points, 1);
    const struct point_set_entry entry = {.point = descriptor->points[0]};
    const struct point_set_features features = {0};
    fixture->set = point_set_new(&entry, 1, &features);
    descriptor_free(descriptor);
    fixture->network = model_make_network(&consensus);
    fixture->wall_now = WALL_NOW;
    revision_counter = secret_allocate(sizeof(*revision_counter));
    revision_counter_set_key(revision_counter, key);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    keyring_clear(&fixture->keyring);
    point_set_release(fixture->set);
    network_free(fixture->network);
    secret_free(revision_counter);
    free(fixture);
    return 0;
}

static int64_t clock_seconds(const struct fixture *fixture)
{
    return network_revision_seconds(fixture->network, DESCRIPTOR_SECOND, fixture->wall_now);
}

static uint64_t counter_of(int64_t seconds)
{
    uint64_t counter = 0;
    assert_int_equal(revision_counter_encrypt(revision_counter, seconds, &counter), 0);
    return counter;
}

/* The counter of a descriptor of a round that is to be above another one, 0 for none. */
static uint64_t make(struct fixture *fixture, uint64_t round, uint64_t above)
{
    static const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE] = {1};
    const struct keyring_request request = {
        .network = fixture->network,
        .identity_key = identity_key,
        .slot = DESCRIPTOR_SECOND,
        .set = fixture->set,
        .round = round,
        .lead = fixture->lead,
        .above = above,
        .lead_longest = fixture->lead_longest,
        .wall_now = fixture->wall_now,
    };
    struct error error;
    struct command_data *built = NULL;
    fixture->round = round;
    fixture->is_clock_back = false;
    counts = 0;
    assert_int_equal(
        keyring_make_descriptor(&fixture->keyring, &request, &built, &fixture->is_clock_back, &error), 0);
    command_data_release(built);
    return keyring_counter(&fixture->keyring, fixture->network->period_number[DESCRIPTOR_SECOND]);
}

static uint64_t make_next(struct fixture *fixture, uint64_t above)
{
    return make(fixture, fixture->round + 1, above);
}

/* A second for each round, and the clock's where that is later. */
static void test_clock(void **state)
{
    struct fixture *fixture = *state;
    int64_t clock = clock_seconds(fixture);
    assert_int_equal(make_next(fixture, 0), counter_of(clock));
    assert_int_equal(make(fixture, fixture->round, 0), counter_of(clock));
    assert_int_equal(make_next(fixture, 0), counter_of(clock + 1));
    assert_false(fixture->is_clock_back);
    fixture->wall_now += 60;
    assert_int_equal(make_next(fixture, 0), counter_of(clock + 60));
    fixture->wall_now -= 30;
    assert_int_equal(make_next(fixture, 0), counter_of(clock + 61));
    assert_true(fixture->is_clock_back);
}

/* The first second above, wherever that is; and what is as high as the clock's already is no reason. */
static void test_above(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t aheads[] = {0, 1, 2, 89, 90, 91, 300, KEYRING_AHEAD_MAX - 2};
    for (size_t i = 0; i < sizeof(aheads) / sizeof(aheads[0]); i++) {
        int64_t clock = clock_seconds(fixture);
        uint64_t others = counter_of(clock + aheads[i]);
        assert_int_equal(make_next(fixture, others), counter_of(clock + aheads[i] + 1));
        assert_in_range(counts, 1, 1 + SEARCH_MAX);
        assert_false(fixture->is_clock_back);
        assert_int_equal(make(fixture, fixture->round, others), counter_of(clock + aheads[i] + 1));
        assert_int_equal(counts, 0);
        fixture->wall_now += 2 * KEYRING_AHEAD_MAX;
    }
    int64_t clock = clock_seconds(fixture);
    assert_int_equal(make_next(fixture, counter_of(clock) - 1), counter_of(clock));
    assert_int_equal(make_next(fixture, counter_of(clock + 50) - 1), counter_of(clock + 50));
}

/* Nobody's counter takes ours further ahead of the clock than that; nor do many, one after the other. */
static void test_bound(void **state)
{
    struct fixture *fixture = *state;
    int64_t clock = clock_seconds(fixture), latest = clock + KEYRING_AHEAD_MAX;
    assert_int_equal(make_next(fixture, counter_of(latest)), counter_of(clock));
    assert_int_equal(make_next(fixture, counter_of(latest + DAY / 2)), counter_of(clock + 1));
    assert_int_equal(make_next(fixture, UINT64_MAX), counter_of(clock + 2));
    assert_int_equal(make_next(fixture, counter_of(latest - 1)), counter_of(latest));
    assert_int_equal(make_next(fixture, counter_of(latest + 20)), counter_of(latest + 1));
    assert_int_equal(make_next(fixture, counter_of(latest + 21)), counter_of(latest + 2));
    fixture->wall_now += 30;
    assert_int_equal(make_next(fixture, counter_of(latest + 28)), counter_of(latest + 29));
}

/* An obpub that had a lead has left its counters at the HSDirs, and one is here that has none, or not now:
 * what has changed goes out above them. */
static void test_counters_of_a_lead(void **state)
{
    struct fixture *fixture = *state;
    int64_t clock = clock_seconds(fixture), lead = 2700, latest = clock + lead + KEYRING_AHEAD_MAX;
    fixture->lead_longest = lead;
    assert_int_equal(make_next(fixture, 0), counter_of(clock));
    assert_int_equal(make_next(fixture, counter_of(latest)), counter_of(clock + 1));
    assert_int_equal(make_next(fixture, counter_of(clock + lead)), counter_of(clock + lead + 1));
    assert_int_equal(make_next(fixture, counter_of(latest - 1)), counter_of(latest));
    fixture->wall_now += HOUR;
    fixture->lead = lead;
    assert_int_equal(make_next(fixture, 0), counter_of(clock + HOUR + lead));
    assert_int_equal(make_next(fixture, counter_of(latest + HOUR)), counter_of(clock + HOUR + lead + 1));
    assert_int_equal(make_next(fixture, counter_of(latest + HOUR - 1)), counter_of(latest + HOUR));
}

/* Rounds after that go on from there, until the clock has come so far; the clock was not set back. */
static void test_afterwards(void **state)
{
    struct fixture *fixture = *state;
    int64_t clock = clock_seconds(fixture);
    make_next(fixture, counter_of(clock + 90));
    fixture->wall_now += 10;
    assert_int_equal(make_next(fixture, 0), counter_of(clock + 92));
    assert_false(fixture->is_clock_back);
    fixture->wall_now += 100;
    assert_int_equal(make_next(fixture, 0), counter_of(clock + 110));
    fixture->wall_now -= 40;
    assert_int_equal(make_next(fixture, 0), counter_of(clock + 111));
    assert_true(fixture->is_clock_back);
}

/* There is a last second. */
static void test_end(void **state)
{
    struct fixture *fixture = *state;
    fixture->wall_now = fixture->network->run_start[DESCRIPTOR_SECOND] + REVISION_COUNTER_SECONDS_MAX - 100;
    uint64_t last = counter_of(REVISION_COUNTER_SECONDS_MAX);
    int64_t clock = clock_seconds(fixture);
    assert_int_equal(make_next(fixture, last), counter_of(clock));
    assert_int_equal(make_next(fixture, last - 1), last);
}

int main(void)
{
    if (sodium_init() < 0)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clock, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_above, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counters_of_a_lead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_afterwards, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_end, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
