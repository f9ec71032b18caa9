/* What the decoder notes while a descriptor is examined. */
#include "descriptor_examine.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/blinding.h"

#define SECONDS_PER_HOUR 3600
/* Time periods in which a certificate is looked for that is not of one possible now: the shortest that a
 * testing network has are minutes, and that a certificate was made is known by the hour. */
#define PERIODS_LOOKED_AT_MAX 64

struct descriptor_examination *descriptor_examination_new(struct descriptor *descriptor, size_t length)
{
    struct descriptor_examination *examination = memory_allocate(1, sizeof(*examination));
    examination->descriptor = descriptor;
    examination->length = length;
    examination->points = memory_allocate(INTRODUCTION_POINTS_MAX + 1, sizeof(*examination->points));
    return examination;
}

/* Looks for the blinded key in the time periods around the hour in which tor would have made such a
 * certificate. */
static bool find_past_period(const struct descriptor_expectation *expectation,
                             const struct certificate *certificate, uint64_t *period_number)
{
    const struct time_schedule *schedule = &expectation->schedule;
    /* Its hour is rounded up where tor does not begin with that of the clock. */
    const int64_t made_at =
        ((int64_t)certificate->expiration_hour - CERTIFICATE_LIFETIME_HOURS - 1) * SECONDS_PER_HOUR;
    uint8_t possible_key[ED25519_PUBLIC_KEY_SIZE];
    if (!time_schedule_is_possible(schedule) || made_at < SECONDS_PER_HOUR * 24 * 366)
        return false;
    const uint64_t last = time_period_number(schedule, made_at + 2 * SECONDS_PER_HOUR) + 1;
    uint64_t period = time_period_number(schedule, made_at) - 1;
    for (size_t i = 0; i < PERIODS_LOOKED_AT_MAX && period <= last; i++, period++) {
        *period_number = period;
        if (blinding_derive_public_key(possible_key, expectation->identity_key, period,
                                       schedule->period_length) != 0)
            return false;
        if (memcmp(possible_key, certificate->signing_key, sizeof(possible_key)) == 0)
            return true;
    }
    return false;
}

void examine_blinded_key(struct descriptor_examination *examination,
                         const struct descriptor_expectation *expectation,
                         const struct certificate *certificate, int result, const struct error *error)
{
    examination->has_certificate = true;
    if (expectation->identity_key == NULL)
        return;
    examination->has_period = true;
    if (result != 0)
        examination->has_period =
            find_past_period(expectation, certificate, &examination->descriptor->period_number);
    if (!examination->has_period) {
        check_result_note(&examination->checks[CHECK_BLINDED_KEY], result, error);
        return;
    }
    struct error other;
    check_result_note(&examination->checks[CHECK_BLINDED_KEY], 0, NULL);
    error_set(&other,
              "it is of time period %" PRIu64 ", which is not possible now (period %" PRIu64 " is running)",
              examination->descriptor->period_number, expectation->period_number);
    check_result_note(&examination->checks[CHECK_TIME_PERIOD], result, &other);
}

void examine_layer(struct descriptor_examination *examination, enum descriptor_layer layer, size_t encrypted,
                   size_t plaintext, size_t text)
{
    const bool is_middle = layer == DESCRIPTOR_LAYER_SUPERENCRYPTED;
    struct layer_lengths *lengths = is_middle ? &examination->middle : &examination->inner;
    *lengths = (struct layer_lengths){.encrypted = encrypted, .plaintext = plaintext, .text = text};
    *(is_middle ? &examination->is_middle_open : &examination->is_inner_open) = true;
}

void examine_closed(struct descriptor_examination *examination, bool has_key, const char *reason)
{
    struct check_result *check = &examination->checks[CHECK_INNER_ENCRYPTION];
    struct error error;
    if (has_key) {
        error_set(&error, "%s", reason);
        check_result_note(check, -1, &error);
    } else {
        error_set(&check->error,
                  "restricted, or damaged: only the client key of an authorised client tells, and opens it");
    }
}

void examine_links(struct examined_point *point, const struct link_specifiers *links)
{
    point->has_links = true;
    point->links = *links;
}

void examine_auth_key(struct examined_point *point, const struct certificate *certificate)
{
    point->has_auth_key = true;
    point->auth_hour = certificate->expiration_hour;
}

void examine_enc_key_certificate(struct examined_point *point, const struct certificate *certificate)
{
    point->has_enc_key_certificate = true;
    point->enc_hour = certificate->expiration_hour;
}

struct examined_point *examine_next_point(struct descriptor_examination *examination)
{
    struct examined_point *point = &examination->points[examination->point_count];
    memset(point, 0, sizeof(*point));
    return point;
}

/* Says why a check of something that need not be there was not made. */
static void note_absence(struct check_result *check)
{
    if (check->outcome == CHECK_NOT_MADE)
        error_set(&check->error, "there is none");
}

/* Checks that the newest point is none of those before it. */
static void check_no_duplicate(struct descriptor_examination *examination)
{
    const size_t newest = examination->point_count;
    const struct examined_point *points = examination->points;
    struct error error = {.text = ""};
    int result = 0;
    for (size_t i = 0; i < newest && result == 0; i++) {
        if (points[i].has_auth_key && introduction_point_equals(&points[i].point, &points[newest].point))
            result = error_set(&error, "introduction point %zu is the same as introduction point %zu",
                               newest + 1, i + 1);
    }
    check_result_note(&examination->checks[CHECK_POINTS_DIFFER], result, &error);
}

void examine_point_end(struct descriptor_examination *examination)
{
    struct examined_point *point = &examination->points[examination->point_count];
    examination->points_in_all++;
    examination->points_taken += examined_point_is_taken(point);
    if (examination->point_count == INTRODUCTION_POINTS_MAX)
        return;
    if (point->has_links) {
        struct error error;
        const enum point_fault fault = point->point.fault;
        const int result =
            fault == POINT_FAULT_NONE ? 0 : error_set(&error, "%s", point_fault_describe(fault));
        check_result_note(&point->checks[POINT_CHECK_LINKS_OF_TOR], result, &error);
    }
    if (point->has_auth_key)
        check_no_duplicate(examination);
    examination->point_count++;
}

void examine_points_end(struct descriptor_examination *examination)
{
    struct error error = {.text = ""};
    int result = 0;
    if (examination->points_taken > INTRODUCTION_POINTS_MAX)
        result = error_set(&error,
                           "it has %zu introduction points, and clients take no descriptor with more "
                           "than %d",
                           examination->points_in_all, INTRODUCTION_POINTS_MAX);
    else if (examination->points_in_all > INTRODUCTION_POINTS_MAX)
        result = error_set_stricter(&error,
                                    "it has %zu introduction points, of which clients take %zu, which are "
                                    "not too many",
                                    examination->points_in_all, examination->points_taken);
    check_result_note(&examination->checks[CHECK_POINT_COUNT], result, &error);
    note_absence(&examination->checks[CHECK_FLOW_CONTROL]);
    note_absence(&examination->checks[CHECK_PROOF_OF_WORK]);
    note_absence(&examination->checks[CHECK_POINTS_DIFFER]);
}
