/* Fuzzes descriptors as they come, behind what they are held to: key, period, its length, the time. */
#include <string.h>

#include "fuzz.h"

/* A moment that clocks can have, in seconds since the epoch: what is printed reckons with it. */
#define LATEST (INT64_C(1) << 40)

/* The fields of an input before its text, in this machine's byte order. */
struct header {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint64_t period_number;
    int64_t now;
    uint32_t period_length;
    uint32_t voting_interval;
};

/* Once more with what the engine remembers of a backend's descriptors, empty at first and then filled: the
 * result is the same. */
static void check_remembering(const char *text, size_t length,
                              const struct descriptor_expectation *expectation,
                              const struct descriptor *expected, const struct error *expected_error)
{
    struct known_blinded_keys known_keys = {.period_length = 0};
    struct verified_signatures verified = {.count = 0};
    struct descriptor_expectation remembering = *expectation;
    remembering.known_keys = &known_keys;
    remembering.verified = &verified;
    remembering.likely_period_number = expectation->period_number - 1 + length % 3;
    for (size_t i = 0; i < 2; i++) {
        struct error error = {.text = ""};
        struct descriptor *descriptor = descriptor_decode(text, length, &remembering, &error);
        FUZZ_REQUIRE((descriptor == NULL) == (expected == NULL));
        FUZZ_REQUIRE(strcmp(error.text, expected_error->text) == 0);
        if (descriptor != NULL) {
            FUZZ_REQUIRE(descriptor->period_number == expected->period_number);
            FUZZ_REQUIRE(descriptor->revision_counter == expected->revision_counter);
            FUZZ_REQUIRE(memcmp(descriptor->blinded_key, expected->blinded_key, ED25519_PUBLIC_KEY_SIZE) ==
                         0);
            FUZZ_REQUIRE(descriptor->point_count == expected->point_count);
        }
        FUZZ_REQUIRE(verified.count <= VERIFIED_SIGNATURES_MAX);
        descriptor_free(descriptor);
    }
    verified_signatures_clear(&verified);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct header header;
    if (size < sizeof(header))
        return 0;
    memcpy(&header, data, sizeof(header));
    struct descriptor_expectation expectation = {
        .identity_key = header.identity_key,
        .schedule = {.voting_interval = header.voting_interval, .period_length = header.period_length},
        .period_number = header.period_number,
        .size_max = DESCRIPTOR_SIZE_MAX_DEFAULT,
        .wall_now = header.now,
    };
    struct error error = {.text = ""};
    const char *text = (const char *)data + sizeof(header);
    struct descriptor *descriptor = descriptor_decode(text, size - sizeof(header), &expectation, &error);
    FUZZ_REQUIRE((descriptor == NULL) == (error.text[0] != '\0'));
    static const struct descriptor known = {.revision_counter = UINT64_MAX};
    const bool is_no_newer =
        descriptor_is_no_newer(text, size - sizeof(header), descriptor != NULL ? descriptor : &known);
    FUZZ_REQUIRE(descriptor == NULL || is_no_newer);
    check_remembering(text, size - sizeof(header), &expectation, descriptor, &error);
    if (header.now >= 0 && header.now <= LATEST)
        fuzz_examine(text, size - sizeof(header), &expectation);
    descriptor_free(descriptor);
    return 0;
}
