/* Bundles: planned and signed where the master key is, used where it is not. */
#include "onion/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"

#define SECONDS_PER_HOUR 3600
#define SECONDS_PER_DAY 86400

/* A machine that is never on a network may have lost the time: a bundle made in 1970 helps nobody. */
#define CLOCK_MIN 1704067200  /* 2024 */
#define CLOCK_MAX 32503680000 /* 3000 */

/* How long before a consensus is valid, and how long after it should have been replaced, a publisher may
 * still publish by it: its clock may be behind, and authorities miss a vote now and then. */
#define EARLY_SECONDS SECONDS_PER_HOUR
#define LATE_SECONDS (6 * SECONDS_PER_HOUR)

/* The hour that a moment is in, named by its end: tor's certificates expire so many hours after that. */
static uint32_t find_hour(int64_t moment)
{
    return (uint32_t)((moment + SECONDS_PER_HOUR - 1) / SECONDS_PER_HOUR);
}

/* The first hour of a plan; the last one is that in which its last certificate expires. */
static uint32_t find_first_hour(const struct bundle_plan *plan)
{
    return find_hour(plan->created - EARLY_SECONDS);
}

/* The hour in which the plan's certificate for an hour expires: as tor's would, but not after the plan's
 * days. */
static uint32_t find_expiration_hour(const struct bundle_plan *plan, uint32_t hour)
{
    uint32_t expiration_hour = hour + CERTIFICATE_LIFETIME_HOURS;
    return expiration_hour < plan->last_expiration_hour ? expiration_hour : plan->last_expiration_hour;
}

/* True when a service publishes for a time period by a consensus valid after valid_after. */
static bool is_published(const struct time_schedule *schedule, uint64_t number, int64_t valid_after)
{
    uint64_t first = time_period_of_first_descriptor(schedule, valid_after);
    return first == number || first + 1 == number;
}

/* Finds the certificates that a period needs within the plan's hours: one for each hour in which they expire.
 * Returns how many. */
static size_t find_hours(const struct bundle_plan *plan, uint64_t number, uint32_t *first_expiration_hour)
{
    const struct time_schedule *schedule = &plan->schedule;
    int64_t interval = schedule->voting_interval;
    int64_t from = INT64_MAX, until = INT64_MIN;
    /* A period is never published before the period before it begins, nor after the next one ends. */
    int64_t last = time_period_start(schedule, number + 2);
    int64_t valid_after = time_period_start(schedule, number - 1) / interval * interval;
    for (; valid_after <= last; valid_after += interval) {
        if (!is_published(schedule, number, valid_after))
            continue;
        from = valid_after < from ? valid_after : from;
        until = valid_after + interval;
    }
    if (until < from)
        return 0;
    uint32_t first_hour = find_hour(from - EARLY_SECONDS), last_hour = find_hour(until + LATE_SECONDS);
    if (last_hour < find_first_hour(plan) || first_hour > plan->last_expiration_hour)
        return 0;
    if (first_hour < find_first_hour(plan))
        first_hour = find_first_hour(plan);
    *first_expiration_hour = find_expiration_hour(plan, first_hour);
    return find_expiration_hour(plan, last_hour) - *first_expiration_hour + 1;
}

/* Finds the periods that have certificates within the plan's hours. */
static void find_periods(struct bundle_plan *plan)
{
    uint32_t hour;
    uint64_t number = time_period_number(&plan->schedule, plan->created);
    /* Not only the last one: on a network with short periods many have ended within LATE_SECONDS. */
    while (find_hours(plan, number - 1, &hour) > 0)
        number--;
    plan->first_period = number;
    size_t count;
    while (plan->period_count <= BUNDLE_PERIODS_MAX && (count = find_hours(plan, number, &hour)) > 0) {
        plan->period_count++;
        plan->certificate_count += count;
        number++;
    }
}

int bundle_plan_set(struct bundle_plan *plan, const struct time_schedule *schedule, int64_t wall_now,
                    unsigned days, struct error *error)
{
    memset(plan, 0, sizeof(*plan));
    if (wall_now < CLOCK_MIN || wall_now > CLOCK_MAX)
        return error_set(error, "this machine's clock can't be right: set it first (see date(1))");
    if ((int64_t)schedule->period_length * 60 < schedule->voting_interval)
        return error_set(
            error,
            "time periods of %u minutes are shorter than the %u seconds from one consensus to the "
            "next: no bundle can be made for such a network",
            schedule->period_length, schedule->voting_interval);
    plan->schedule = *schedule;
    plan->created = wall_now;
    plan->last_expiration_hour = find_hour(wall_now + (int64_t)days * SECONDS_PER_DAY);
    find_periods(plan);
    if (plan->period_count > BUNDLE_PERIODS_MAX || plan->certificate_count > BUNDLE_CERTIFICATES_MAX)
        return error_set(error,
                         "%u days have more than %d time periods of %u minutes, which no bundle holds: make "
                         "it for fewer days",
                         days, BUNDLE_PERIODS_MAX, schedule->period_length);
    return 0;
}

uint32_t bundle_plan_first_expiration_hour(const struct bundle_plan *plan)
{
    return find_expiration_hour(plan, find_first_hour(plan));
}

int64_t bundle_plan_begin(const struct bundle_plan *plan)
{
    return ((int64_t)find_first_hour(plan) - 1) * SECONDS_PER_HOUR + 1;
}

int64_t bundle_plan_end(const struct bundle_plan *plan)
{
    return (int64_t)plan->last_expiration_hour * SECONDS_PER_HOUR;
}

struct bundle *bundle_new(const struct bundle_plan *plan, const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    struct bundle *bundle = memory_allocate(1, sizeof(*bundle));
    bundle->plan = *plan;
    memcpy(bundle->identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    bundle->periods = memory_allocate(plan->period_count, sizeof(*bundle->periods));
    bundle->secrets = secret_allocate(plan->period_count * sizeof(*bundle->secrets));
    bundle->signatures = memory_allocate(plan->certificate_count, sizeof(*bundle->signatures));
    return bundle;
}

bool bundle_is_locked(const struct bundle *bundle)
{
    return secret_is_locked(bundle->secrets, bundle->plan.period_count * sizeof(*bundle->secrets));
}

void bundle_free(struct bundle *bundle)
{
    if (bundle == NULL)
        return;
    free(bundle->periods);
    secret_free(bundle->secrets);
    free(bundle->signatures);
    free(bundle);
}

/* The certificate of a period that expires in an hour, all but its signature. */
static struct certificate describe_certificate(const struct bundle_period *period, uint32_t expiration_hour)
{
    struct certificate certificate = {
        .type = CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
        .expiration_hour = expiration_hour,
        .has_signing_key = true,
    };
    memcpy(certificate.certified_key, period->signing_key, ED25519_PUBLIC_KEY_SIZE);
    memcpy(certificate.signing_key, period->blinded_key, ED25519_PUBLIC_KEY_SIZE);
    return certificate;
}

static int sign_certificates(struct bundle *bundle, const struct bundle_period *period,
                             const struct ed25519_secret_key *blinded_secret_key)
{
    for (size_t i = 0; i < period->certificate_count; i++) {
        struct certificate certificate =
            describe_certificate(period, period->first_expiration_hour + (uint32_t)i);
        uint8_t encoded[CERTIFICATE_SIZE];
        if (certificate_make(encoded, &certificate, blinded_secret_key) != 0)
            return -1;
        memcpy(bundle->signatures[period->first_certificate + i], encoded + CERTIFICATE_BODY_SIZE,
               ED25519_SIGNATURE_SIZE);
    }
    return 0;
}

int bundle_sign_period(struct bundle *bundle, const struct ed25519_secret_key *secret_key,
                       const uint8_t signing_seed[ED25519_SEED_SIZE])
{
    size_t index = bundle->periods_added;
    struct bundle_period *period = &bundle->periods[index];
    struct bundle_period_secrets *secrets = &bundle->secrets[index];
    period->number = bundle->plan.first_period + index;
    period->certificate_count = find_hours(&bundle->plan, period->number, &period->first_expiration_hour);
    period->first_certificate = index > 0 ? period[-1].first_certificate + period[-1].certificate_count : 0;

    struct ed25519_secret_key *keys = secret_allocate(2 * sizeof(*keys));
    struct ed25519_secret_key *blinded_secret_key = &keys[0], *signing_secret_key = &keys[1];
    memcpy(secrets->signing_seed, signing_seed, ED25519_SEED_SIZE);
    ed25519_expand_seed(signing_secret_key, signing_seed);
    ed25519_derive_public_key(period->signing_key, signing_secret_key);
    blinding_derive_secret_key(blinded_secret_key, secret_key, bundle->identity_key, period->number,
                               bundle->plan.schedule.period_length);
    ed25519_derive_public_key(period->blinded_key, blinded_secret_key);
    revision_counter_derive_key(secrets->counter_key, blinded_secret_key);
    int result = sign_certificates(bundle, period, blinded_secret_key);
    secret_free(keys);
    if (result == 0) {
        bundle->periods_added++;
        bundle->signatures_added += period->certificate_count;
    }
    return result;
}

const struct bundle_period *bundle_find_period(const struct bundle *bundle, uint64_t number)
{
    const struct bundle_plan *plan = &bundle->plan;
    if (number < plan->first_period || number - plan->first_period >= plan->period_count)
        return NULL;
    return &bundle->periods[number - plan->first_period];
}

const struct bundle_period_secrets *bundle_get_secrets(const struct bundle *bundle,
                                                       const struct bundle_period *period)
{
    return &bundle->secrets[period - bundle->periods];
}

void bundle_get_certificate(const struct bundle *bundle, const struct bundle_period *period, size_t index,
                            uint8_t certificate[CERTIFICATE_SIZE])
{
    struct certificate fields = describe_certificate(period, period->first_expiration_hour + (uint32_t)index);
    certificate_assemble(certificate, &fields, bundle->signatures[period->first_certificate + index]);
}

int bundle_find_certificate(const struct bundle *bundle, const struct bundle_period *period,
                            uint32_t expiration_hour, uint8_t certificate[CERTIFICATE_SIZE])
{
    const struct bundle_plan *plan = &bundle->plan;
    if (expiration_hour < CERTIFICATE_LIFETIME_HOURS)
        return -1;
    uint32_t hour = expiration_hour - CERTIFICATE_LIFETIME_HOURS;
    if (hour < find_first_hour(plan) || hour > plan->last_expiration_hour)
        return -1;
    uint32_t found = find_expiration_hour(plan, hour);
    if (found < period->first_expiration_hour ||
        found - period->first_expiration_hour >= period->certificate_count)
        return -1;
    bundle_get_certificate(bundle, period, found - period->first_expiration_hour, certificate);
    return 0;
}
