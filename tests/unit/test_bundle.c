/* Tests bundles: that they have what each moment of their days needs and nothing beyond, that it is what the
 * master key itself would make, and that nothing of that key is in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"
#include "helper_bundle.h"

#define NOW 1790000123 /* 2026-09-21 14:15:23 UTC */
#define HOUR 3600
#define DAY 86400

static int set_up(void **state)
{
    (void)state;
    return sodium_init() < 0 ? -1 : 0;
}

/* The hour in which tor's own certificate of this moment expires. */
static uint32_t expiration_at(int64_t moment)
{
    return (uint32_t)((moment + HOUR - 1) / HOUR) + CERTIFICATE_LIFETIME_HOURS;
}

/* A certificate expires as tor's own would, unless it had to outlive the bundle's days for that. */
static void check_expiration(const struct bundle *bundle, const uint8_t certificate[CERTIFICATE_SIZE],
                             int64_t moment)
{
    struct certificate read;
    uint32_t end_hour = (uint32_t)(bundle_plan_end(&bundle->plan) / HOUR), hour = expiration_at(moment);
    assert_int_equal(certificate_parse(&read, certificate, CERTIFICATE_SIZE, NULL), 0);
    assert_int_equal(read.expiration_hour, hour < end_hour ? hour : end_hour);
    if (moment >= (int64_t)read.expiration_hour * HOUR)
        fail_msg("a certificate has expired %lld s ago",
                 (long long)(moment - (int64_t)read.expiration_hour * HOUR));
}

/* Both descriptors of a moment can be published by a consensus that is so old. */
static bool can_publish(const struct bundle *bundle, int64_t moment, int64_t consensus_age)
{
    const struct time_schedule *schedule = &bundle->plan.schedule;
    int64_t valid_after = (moment - consensus_age) / schedule->voting_interval * schedule->voting_interval;
    uint64_t first = time_period_of_first_descriptor(schedule, valid_after);
    uint8_t certificate[CERTIFICATE_SIZE];
    for (uint64_t number = first; number <= first + 1; number++) {
        const struct bundle_period *period = bundle_find_period(bundle, number);
        if (period == NULL ||
            bundle_find_certificate(bundle, period, expiration_at(moment), certificate) != 0)
            return false;
        check_expiration(bundle, certificate, moment);
    }
    return true;
}

static void check_coverage(const struct time_schedule *schedule, int64_t now, unsigned days, int64_t step)
{
    struct bundle *bundle = make_bundle(1, schedule, now, days);
    assert_non_null(bundle);
    int64_t begin = bundle_plan_begin(&bundle->plan), end = bundle_plan_end(&bundle->plan);
    assert_in_range(now - begin, HOUR, 2 * HOUR);
    assert_in_range(end - (now + (int64_t)days * DAY), 0, HOUR - 1);
    assert_false(can_publish(bundle, begin - 1, 0));
    assert_false(can_publish(bundle, end + 1, 0));
    for (int64_t moment = begin; moment < end; moment += step) {
        /* The publisher's clock may be behind, or the consensus late. */
        for (int64_t age = -HOUR + 1; age <= 6 * HOUR; age += HOUR / 2) {
            if (!can_publish(bundle, moment, age))
                fail_msg("%lld s after its making, with a consensus of %lld s, it can't publish",
                         (long long)(moment - now), (long long)age);
        }
    }
    assert_true(can_publish(bundle, end - 1, 0));
    bundle_free(bundle);
}

static void test_each_moment_is_covered(void **state)
{
    (void)state;
    check_coverage(&schedule_public, NOW, 1, 97);
    check_coverage(&schedule_public, NOW, 3, 599);
    for (int64_t now = NOW / DAY * DAY; now < NOW / DAY * DAY + DAY; now += HOUR)
        check_coverage(&schedule_public, now, 1, 1801);
    check_coverage(&schedule_testing, NOW, 1, 7);
    /* A real network that has other time periods than today's. */
    check_coverage(&(struct time_schedule){.voting_interval = 3600, .period_length = 600}, NOW, 3, 997);
    check_coverage(&(struct time_schedule){.voting_interval = 3600, .period_length = 14400}, NOW, 15, 997);
    check_coverage(&(struct time_schedule){.voting_interval = 1800, .period_length = 1440}, NOW, 3, 997);
    check_coverage(&(struct time_schedule){.voting_interval = 3600, .period_length = 60}, NOW, 3, 997);
}

/* So many certificates a period, and so many periods, as the public network needs and no more. */
static void test_it_has_nothing_unneeded(void **state)
{
    (void)state;
    struct bundle *bundle = make_bundle(1, &schedule_public, NOW, 30);
    assert_in_range(bundle->plan.period_count, 31, 32);
    for (size_t i = 0; i < bundle->plan.period_count; i++) {
        const struct bundle_period *period = &bundle->periods[i];
        assert_in_range(period->certificate_count, 1, 57);
        assert_true(period->first_expiration_hour >= expiration_at(NOW) - 1);
        uint32_t last = period->first_expiration_hour + (uint32_t)period->certificate_count - 1;
        assert_true((int64_t)last * HOUR < NOW + 30 * DAY + HOUR);
    }
    bundle_free(bundle);
}

/* Certificates and counters are what the master key itself would have made. */
static void test_it_is_what_the_master_key_makes(void **state)
{
    (void)state;
    struct bundle *bundle = make_bundle(2, &schedule_public, NOW, 4);
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], blinded_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t counter_key[REVISION_COUNTER_KEY_SIZE], made[CERTIFICATE_SIZE], stored[CERTIFICATE_SIZE];
    struct ed25519_secret_key *secret_key = make_master_key(2, identity_key);
    struct ed25519_secret_key blinded_secret_key, signing_secret_key;
    assert_memory_equal(bundle->identity_key, identity_key, sizeof(identity_key));
    for (size_t i = 0; i < bundle->plan.period_count; i++) {
        const struct bundle_period *period = &bundle->periods[i];
        blinding_derive_secret_key(&blinded_secret_key, secret_key, identity_key, period->number, 1440);
        assert_int_equal(blinding_derive_public_key(blinded_key, identity_key, period->number, 1440), 0);
        assert_memory_equal(period->blinded_key, blinded_key, sizeof(blinded_key));
        revision_counter_derive_key(counter_key, &blinded_secret_key);
        assert_memory_equal(bundle_get_secrets(bundle, period)->counter_key, counter_key,
                            sizeof(counter_key));
        ed25519_expand_seed(&signing_secret_key, bundle_get_secrets(bundle, period)->signing_seed);
        struct certificate fields = {.type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY};
        ed25519_derive_public_key(fields.certified_key, &signing_secret_key);
        memcpy(fields.signing_key, blinded_key, sizeof(blinded_key));
        for (uint32_t j = 0; j < period->certificate_count; j++) {
            struct certificate read;
            struct error error;
            fields.expiration_hour = period->first_expiration_hour + j;
            assert_int_equal(certificate_make(made, &fields, &blinded_secret_key), 0);
            bundle_get_certificate(bundle, period, j, stored);
            assert_memory_equal(made, stored, sizeof(made));
            assert_int_equal(certificate_verify(&read, stored, sizeof(stored),
                                                CERTIFICATE_DESCRIPTOR_SIGNING_KEY, blinded_key, NOW, &error),
                             0);
        }
    }
    secret_free(secret_key);
    bundle_free(bundle);
}

/* Whether there is a certificate for when tor's own would expire in an hour. */
static bool has_certificate(const struct bundle *bundle, const struct bundle_period *period, uint32_t hour)
{
    uint8_t certificate[CERTIFICATE_SIZE];
    return bundle_find_certificate(bundle, period, hour, certificate) == 0;
}

static void test_what_it_has_not(void **state)
{
    (void)state;
    struct bundle *bundle = make_bundle(1, &schedule_public, NOW, 10);
    const struct bundle_plan *plan = &bundle->plan;
    assert_ptr_equal(bundle_find_period(bundle, plan->first_period), &bundle->periods[0]);
    assert_null(bundle_find_period(bundle, plan->first_period - 1));
    assert_null(bundle_find_period(bundle, plan->first_period + plan->period_count));
    assert_null(bundle_find_period(bundle, UINT64_MAX));
    /* The third period begins after the bundle does and ends long before it. */
    const struct bundle_period *period = &bundle->periods[2];
    uint32_t first = period->first_expiration_hour, last = first + (uint32_t)period->certificate_count - 1;
    assert_true(first > bundle_plan_first_expiration_hour(plan) && last < plan->last_expiration_hour);
    assert_true(has_certificate(bundle, period, first) && has_certificate(bundle, period, last));
    assert_false(has_certificate(bundle, period, first - 1) || has_certificate(bundle, period, last + 1));
    /* The last one has a single certificate, which is good to the end and not beyond. */
    period = &bundle->periods[plan->period_count - 1];
    last = plan->last_expiration_hour;
    assert_true(period->certificate_count == 1 && period->first_expiration_hour == last);
    assert_true(has_certificate(bundle, period, last + CERTIFICATE_LIFETIME_HOURS));
    assert_false(has_certificate(bundle, period, last + CERTIFICATE_LIFETIME_HOURS + 1));
    static const uint32_t never[] = {0, 1, CERTIFICATE_LIFETIME_HOURS, UINT32_MAX};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        assert_false(has_certificate(bundle, period, never[i]));
    bundle_free(bundle);
}

static void assert_not_in(const uint8_t *bytes, size_t length, const void *secret, size_t size)
{
    assert_null(memmem(bytes, length, secret, size));
}

static void test_no_master_key_is_in_it(void **state)
{
    (void)state;
    size_t length;
    struct bundle *bundle = make_bundle(3, &schedule_public, NOW, 3);
    struct bundle_plan plan = bundle->plan;
    uint8_t *bytes = encode_bundle(bundle, &length);
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key = make_master_key(3, identity_key), blinded;
    const uint8_t seed[ED25519_SEED_SIZE] = {3, 'm', 'a', 's', 't', 'e', 'r'};
    assert_not_in(bytes, length, seed, sizeof(seed));
    assert_not_in(bytes, length, secret_key->scalar, sizeof(secret_key->scalar));
    assert_not_in(bytes, length, secret_key->nonce_prefix, sizeof(secret_key->nonce_prefix));
    for (size_t i = 0; i < plan.period_count; i++) {
        blinding_derive_secret_key(&blinded, secret_key, identity_key, plan.first_period + i, 1440);
        assert_not_in(bytes, length, blinded.scalar, sizeof(blinded.scalar));
        assert_not_in(bytes, length, blinded.nonce_prefix, sizeof(blinded.nonce_prefix));
    }
    /* What is in it would be found. */
    assert_non_null(memmem(bytes, length, identity_key, sizeof(identity_key)));
    secret_free(secret_key);
    secret_free(bytes);
}

static void test_plans_that_are_refused(void **state)
{
    (void)state;
    struct bundle_plan plan;
    struct error error;
    assert_int_equal(bundle_plan_set(&plan, &schedule_public, 0, 1, &error), -1);
    assert_non_null(strstr(error.text, "clock"));
    assert_int_equal(bundle_plan_set(&plan, &schedule_public, INT64_MAX, 1, &error), -1);
    assert_int_equal(bundle_plan_set(&plan, &schedule_testing, NOW, 27, &error), 0);
    assert_int_equal(bundle_plan_set(&plan, &schedule_testing, NOW, 28, &error), -1);
    assert_non_null(strstr(error.text, "fewer days"));
    /* Shorter than from one consensus to the next. */
    const struct time_schedule short_periods = {.voting_interval = 3600, .period_length = 59};
    const struct time_schedule as_short = {.voting_interval = 3600, .period_length = 60};
    assert_int_equal(bundle_plan_set(&plan, &short_periods, NOW, 1, &error), -1);
    assert_non_null(strstr(error.text, "59 minutes"));
    assert_int_equal(bundle_plan_set(&plan, &as_short, NOW, 1, &error), 0);
    assert_int_equal(bundle_plan_set(&plan, &schedule_public, NOW, BUNDLE_DAYS_MAX, &error), 0);
    assert_in_range(bundle_size(&plan), 1000000, 1500000);
}

/* A master key whose second half was lost signs nothing. */
static void test_a_lost_nonce_prefix_is_refused(void **state)
{
    (void)state;
    struct bundle_plan plan;
    const uint8_t seed[ED25519_SEED_SIZE] = {1};
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    struct ed25519_secret_key *secret_key = make_master_key(1, identity_key);
    memset(secret_key->nonce_prefix, 0, sizeof(secret_key->nonce_prefix));
    assert_int_equal(bundle_plan_set(&plan, &schedule_public, NOW, 1, NULL), 0);
    struct bundle *bundle = bundle_new(&plan, identity_key);
    assert_int_equal(bundle_sign_period(bundle, secret_key, seed), -1);
    bundle_free(bundle);
    secret_free(secret_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_moment_is_covered),
        cmocka_unit_test(test_it_has_nothing_unneeded),
        cmocka_unit_test(test_it_is_what_the_master_key_makes),
        cmocka_unit_test(test_what_it_has_not),
        cmocka_unit_test(test_no_master_key_is_in_it),
        cmocka_unit_test(test_plans_that_are_refused),
        cmocka_unit_test(test_a_lost_nonce_prefix_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
