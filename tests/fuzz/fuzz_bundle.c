/* Fuzzes bundles: as they are, and once more with the checksum mended, without which little would be reached.
 */
#include <string.h>

#include "../unit/helper_bundle.h"
#include "fuzz.h"
#include "obpub/memory.h"

/* What was decoded holds together, and is encoded as it came. */
static void check_bundle(const struct bundle *bundle, const uint8_t *data, size_t size)
{
    const struct bundle_plan *plan = &bundle->plan;
    size_t certificates = 0;
    uint8_t certificate[CERTIFICATE_SIZE];
    bundle_check_certificates(bundle, NULL);
    FUZZ_REQUIRE(plan->period_count > 0 && bundle_plan_begin(plan) < bundle_plan_end(plan));
    for (size_t i = 0; i < plan->period_count; i++) {
        const struct bundle_period *period = &bundle->periods[i];
        FUZZ_REQUIRE(bundle_find_period(bundle, period->number) == period);
        FUZZ_REQUIRE(period->first_certificate == certificates);
        certificates += period->certificate_count;
        for (uint32_t j = 0; j < period->certificate_count; j++)
            FUZZ_REQUIRE(
                bundle_get_certificate(bundle, period, period->first_expiration_hour + j, certificate) == 0);
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
