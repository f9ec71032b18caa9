/* What can be concluded from a descriptor that was examined. */
#include "report/inspection.h"

#include <inttypes.h>
#include <string.h>

#include "base/calendar.h"
#include "base/hex.h"
#include "crypto/revision_counter.h"
#include "onion/descriptor_authorization.h"
#include "report/vanguards.h"

#define SECONDS_PER_HOUR 3600
/* The middle layer's plaintext is a multiple of this in tor (rend-spec-v3 [HS-DESC-ENC]). */
#define MIDDLE_PADDING 10000
/* Minutes for which tor has HSDirs keep one. */
#define LIFETIME_OF_TOR 180
/* A certificate of tor's is made in the hour before the one that its expiration leads to, as tor rounds that
 * up (tor_cert_create_ed25519()), and in the hour after where its maker cuts it off, as stem does. Of another
 * hour are the counter's part: an estimate's error, and a lead. */
#define MAKING_TOLERANCE (2 * SECONDS_PER_HOUR)

static const struct check_result *result_of(const struct inspection *inspection, enum descriptor_check check)
{
    return &inspection->examination->checks[check];
}

/* The slot of the descriptor by the network's consensus; DESCRIPTOR_SLOTS when it is of neither. */
static enum descriptor_slot find_slot(const struct inspection *inspection)
{
    enum descriptor_slot slot = DESCRIPTOR_FIRST;
    if (inspection->network == NULL || !inspection->examination->has_period)
        return DESCRIPTOR_SLOTS;
    while (slot < DESCRIPTOR_SLOTS &&
           inspection->network->period_number[slot] != inspection->examination->descriptor->period_number)
        slot++;
    return slot;
}

/* Whether a descriptor that was made then can have the certificate that one has. */
static bool fits_certificate(const struct making *making, int64_t made_at)
{
    const int64_t difference = made_at - making->hour_at;
    return difference >= -MAKING_TOLERANCE && difference <= MAKING_TOLERANCE;
}

/* The beginning of the one shared random run that, with so many seconds of it over, leads to the hour of the
 * certificate: there is none where runs are so short that several do. */
static bool find_run_by_certificate(const struct time_schedule *schedule, int64_t seconds,
                                    const struct making *making, int64_t *run_start)
{
    const int64_t length = shared_random_run_length(schedule);
    const int64_t running = shared_random_run_start(schedule, making->hour_at);
    if (length <= 2 * MAKING_TOLERANCE)
        return false;
    for (int64_t start = running - 2 * length; start <= running + length; start += length) {
        if (fits_certificate(making, start + seconds - 1)) {
            *run_start = start;
            return true;
        }
    }
    return false;
}

/* The beginning of the shared random run that the revision counter counts from: by the network, else by the
 * time period, else by the certificate. */
static bool find_run_start(const struct inspection *inspection, int64_t seconds, const struct making *making,
                           int64_t *run_start)
{
    const enum descriptor_slot slot = find_slot(inspection);
    if (slot != DESCRIPTOR_SLOTS) {
        *run_start = inspection->network->run_start[slot];
        return true;
    }
    if (!time_schedule_is_possible(&inspection->schedule))
        return false;
    if (inspection->examination->has_period &&
        time_period_find_run_start(&inspection->schedule, inspection->examination->descriptor->period_number,
                                   run_start))
        return true;
    return making->hour_at != 0 && find_run_by_certificate(&inspection->schedule, seconds, making, run_start);
}

void inspection_find_making(const struct inspection *inspection, struct making *making)
{
    const struct descriptor *descriptor = inspection->examination->descriptor;
    const int64_t runs = 2 * shared_random_run_length(&inspection->schedule);
    int64_t run_start;
    *making = (struct making){.fits = true};
    if (inspection->examination->has_certificate &&
        descriptor->signing_key_expiration_hour > CERTIFICATE_LIFETIME_HOURS)
        making->hour_at = ((int64_t)descriptor->signing_key_expiration_hour - CERTIFICATE_LIFETIME_HOURS) *
                          SECONDS_PER_HOUR;
    if (result_of(inspection, CHECK_REVISION_COUNTER)->outcome != CHECK_PASSED ||
        descriptor->revision_counter == 0)
        return;
    const int64_t seconds = revision_counter_estimate(descriptor->revision_counter);
    if (!find_run_start(inspection, seconds, making, &run_start))
        return;
    making->is_ahead = revision_counter_is_ahead(
        descriptor->revision_counter,
        inspection->wall_now > run_start ? inspection->wall_now - run_start + 1 : 1);
    /* A descriptor is published for two runs; a counter that is meant to be ahead, for a little longer. */
    making->is_known = seconds <= runs + SECONDS_PER_HOUR;
    if (!making->is_known)
        return;
    making->made_at = run_start + seconds - 1;
    making->fits = making->hour_at == 0 || fits_certificate(making, making->made_at);
}

/* -- remarks --------------------------------------------------------------------------------------- */

struct remarks {
    struct error *texts;
    size_t count;
};

static struct error *add_remark(struct remarks *remarks)
{
    return remarks->count < INSPECTION_REMARKS_MAX ? &remarks->texts[remarks->count++] : NULL;
}

/* What tells it from one of tor's by what HSDirs see. */
static void remark_on_looks(const struct inspection *inspection, struct remarks *remarks)
{
    const struct descriptor_examination *examination = inspection->examination;
    if (result_of(inspection, CHECK_LIFETIME)->outcome == CHECK_PASSED &&
        examination->descriptor->lifetime != LIFETIME_OF_TOR)
        error_set(add_remark(remarks), "its lifetime is not that of tor's descriptors (%d minutes)",
                  LIFETIME_OF_TOR);
    if (!vanguards_lets_through(examination->length))
        error_set(
            add_remark(remarks),
            "with %zu bytes it is too long for visitors whose tor has the add-on vanguards, as far as they "
            "have not set its limit higher",
            examination->length);
    if (examination->is_middle_open && examination->middle.plaintext % MIDDLE_PADDING != 0)
        error_set(add_remark(remarks),
                  "its middle layer is not padded to a multiple of %d bytes, as tor's is: HSDirs can tell it "
                  "from tor's by its length",
                  MIDDLE_PADDING);
    if (examination->is_middle_open && examination->descriptor->auth_client_count % AUTH_CLIENT_LINES != 0)
        error_set(add_remark(remarks), "its lines for clients are not a multiple of %d, as tor's are",
                  AUTH_CLIENT_LINES);
}

/* True when two points name the same relay. */
static bool is_same_relay(const struct examined_point *one, const struct examined_point *other)
{
    return one->has_links && other->has_links &&
           memcmp(one->links.fingerprint, other->links.fingerprint, RELAY_FINGERPRINT_SIZE) == 0;
}

/* How many points are at a relay that one before them is at. */
static size_t count_second_points(const struct descriptor_examination *examination)
{
    size_t count = 0;
    for (size_t i = 0; i < examination->point_count; i++) {
        size_t j = 0;
        while (j < i && !is_same_relay(&examination->points[j], &examination->points[i]))
            j++;
        count += j < i;
    }
    return count;
}

static void remark_on_points(const struct inspection *inspection, struct remarks *remarks)
{
    const struct descriptor_examination *examination = inspection->examination;
    const size_t second = count_second_points(examination);
    size_t legacy = 0, unknown = 0;
    for (size_t i = 0; i < examination->point_count; i++) {
        legacy += examination->points[i].point.has_legacy_key;
        unknown += !examination->points[i].is_known_relay;
    }
    if (examination->is_inner_open && examination->points_in_all == 0)
        error_set(add_remark(remarks), "it has no introduction points: nobody can reach the service by it");
    else if (examination->is_inner_open && examination->points_taken < examination->points_in_all)
        error_set(add_remark(remarks),
                  "clients leave out %zu of its %zu introduction points, for a check that these fail, and "
                  "take the others: %s",
                  examination->points_in_all - examination->points_taken, examination->points_in_all,
                  examination->points_taken == 0 ? "there are none" : "the service is reached by them alone");
    if (second > 0)
        error_set(
            add_remark(remarks),
            "%zu of its introduction points %s at a relay that one before has, too: clients use the first "
            "one there",
            second, second == 1 ? "is" : "are");
    if (legacy > 0)
        error_set(add_remark(remarks),
                  "%zu of its introduction points %s a legacy key, as no tor of today has", legacy,
                  legacy == 1 ? "has" : "have");
    if (inspection->network != NULL && unknown > 0)
        error_set(add_remark(remarks),
                  "%zu of its introduction points %s at a relay that the local tor's consensus does not have",
                  unknown, unknown == 1 ? "is" : "are");
}

static void remark_on_features(const struct inspection *inspection, struct remarks *remarks)
{
    const struct descriptor_examination *examination = inspection->examination;
    const struct descriptor *descriptor = examination->descriptor;
    if (examination->is_inner_open && !descriptor->flow_control.is_present)
        error_set(add_remark(remarks), "it has no flow control: visitors do without congestion control");
    if (descriptor->pow_params.is_present && descriptor->pow_params.expires_at <= inspection->wall_now)
        error_set(add_remark(remarks), "the seed of its proof of work has expired");
    if (descriptor->requires_intro_auth)
        error_set(add_remark(remarks), "it has \"intro-auth-required\", which nobody uses");
}

/* Clients look for the descriptor of the running time period, and take no other. */
static void remark_on_period(const struct inspection *inspection, struct remarks *remarks)
{
    const int64_t now = inspection->network != NULL ? inspection->network->valid_after : inspection->wall_now;
    if (!inspection->examination->has_period || !time_schedule_is_possible(&inspection->schedule))
        return;
    const uint64_t running = time_period_number(&inspection->schedule, now);
    if (inspection->examination->descriptor->period_number != running)
        error_set(add_remark(remarks),
                  "it is not for now: clients use the descriptor of time period %" PRIu64 ", and this one is "
                  "of %" PRIu64,
                  running, inspection->examination->descriptor->period_number);
}

static void remark_on_clock(const struct inspection *inspection, struct remarks *remarks)
{
    struct making making;
    inspection_find_making(inspection, &making);
    if (making.is_ahead)
        error_set(add_remark(remarks),
                  "its revision counter is ahead of the clock by more than an hour: that of "
                  "who made it is false, or the counter is of another kind than tor's");
    else if (!making.fits)
        error_set(add_remark(remarks),
                  "its revision counter and its certificate are not of the same time, as "
                  "tor's are: one of them was made otherwise, or beforehand");
}

size_t inspection_list_remarks(const struct inspection *inspection,
                               struct error texts[INSPECTION_REMARKS_MAX])
{
    struct remarks remarks = {.texts = texts};
    remark_on_looks(inspection, &remarks);
    remark_on_period(inspection, &remarks);
    remark_on_clock(inspection, &remarks);
    remark_on_features(inspection, &remarks);
    remark_on_points(inspection, &remarks);
    return remarks.count;
}

void inspection_format_relay(char text[RELAY_TEXT_SIZE], const struct inspection *inspection,
                             const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    char hex[HEX_TEXT_SIZE(RELAY_FINGERPRINT_SIZE)];
    const char *name =
        inspection->find_name != NULL ? inspection->find_name(fingerprint, inspection->context) : NULL;
    hex_encode_upper(hex, fingerprint, RELAY_FINGERPRINT_SIZE);
    snprintf(text, RELAY_TEXT_SIZE, "%s%s$%s", name != NULL ? name : "", name != NULL ? " " : "", hex);
}
