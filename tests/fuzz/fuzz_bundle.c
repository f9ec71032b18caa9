/* Fuzzes bundles: as they are, and once more with the checksum mended, without which little would be reached.
 */
#include <string.h>

#include "../unit/helper_bundle.h"
#include "base/memory.h"
#include "fuzz.h"

/* What is found for an hour expires then, or with the bundle's days. */
static void check_hour(const struct bundle *bundle, const struct bundle_period *period, uint32_t hour)
{
    uint8_t found[CERTIFICATE_SIZE];
    struct certificate certificate;
    if (bundle_find_certificate(bundle, period, hour, found) != 0)
        return;
    FUZZ_REQUIRE(certificate_parse(&certificate, found, sizeof(found), NULL) == 0);
    uint32_t last = bundle->plan.last_expiration_hour;
    FUZZ_REQUIRE(certificate.expiration_hour == (hour < last ? hour : last));
    FUZZ_REQUIRE(hour <= last + CERTIFICATE_LIFETIME_HOURS);
}

static void check_period(const struct bundle *bundle, const struct bundle_period *period)
{
    uint32_t first = bundle_plan_first_expiration_hour(&bundle->plan),
             last = bundle->plan.last_expiration_hour;
    const uint32_t hours[] = {0,
                              first - 1,
                              first,
                              last - 1,
                              last,
                              last + 1,
                              UINT32_MAX,
                              last + CERTIFICATE_LIFETIME_HOURS - 1,
                              last + CERTIFICATE_LIFETIME_HOURS,
                              last + CERTIFICATE_LIFETIME_HOURS + 1};
    for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++)
        check_hour(bundle, period, hours[i]);
    /* Each certificate is found for some hour. */
    for (uint32_t i = 0; i < period->certificate_count; i++) {
        uint8_t found[CERTIFICATE_SIZE];
        uint32_t hour = period->first_expiration_hour + i;
        if (hour == last)
            hour += CERTIFICATE_LIFETIME_HOURS;
        FUZZ_REQUIRE(bundle_find_certificate(bundle, period, hour, found) == 0);
    }
}

/* What was decoded holds together, and is encoded as it came. */
static void check_bundle(const struct bundle *bundle, const uint8_t *data, size_t size)
{
    const struct bundle_plan *plan = &bundle->plan;
    size_t certificates = 0;
    bundle_check_certificates(bundle, NULL);
    FUZZ_REQUIRE(plan->period_count > 0 && bundle_plan_begin(plan) < bundle_plan_end(plan));
    for (size_t i = 0; i < plan->period_count; i++) {
        const struct bundle_period *period = &bundle->periods[i];
        FUZZ_REQUIRE(bundle_find_period(bundle, period->number) == period);
        FUZZ_REQUIRE(period->first_certificate == certificates);
        certificates += period->certificate_count;
        check_period(bundle, period);
    }
    FUZZ_REQUIRE(certificates == plan->certificate_count);
    FUZZ_REQUIRE(bundle_is_whole(bundle) && bundle_size(plan) == size);
    uint8_t *encoded = bundle_encode(bundle);
    FUZZ_REQUIRE(memcmp(encoded, data, size) == 0);
    secret_free(encoded);
}

static void decode(const uint8_t *data, size_t size)
{
    struct error error = {.text = ""};
    struct bundle *bundle = bundle_decode(data, size, &error);
    FUZZ_REQUIRE((bundle != NULL) == (error.text[0] == '\0'));
    if (bundle != NULL)
        check_bundle(bundle, data, size);
    bundle_free(bundle);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    decode(data, size);
    if (size < BUNDLE_HEADER_SIZE + BUNDLE_CHECKSUM_SIZE)
        return 0;
    uint8_t *mended = memory_allocate(size, 1);
    memcpy(mended, data, size);
    correct_checksum(mended, size);
    decode(mended, size);
    free(mended);
    return 0;
}
