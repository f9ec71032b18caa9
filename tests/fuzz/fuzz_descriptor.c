/* Fuzzes descriptors as they come, behind what they are held to: key, period, its length, the time. */
#include <string.h>

#include "fuzz.h"

/* The fields of an input before its text, in this machine's byte order. */
struct header {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint64_t period_number;
    int64_t now;
    uint32_t period_length;
    uint32_t voting_interval;
};

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
        .now = header.now,
    };
    struct error error = {.text = ""};
    const char *text = (const char *)data + sizeof(header);
    struct descriptor *descriptor = descriptor_decode(text, size - sizeof(header), &expectation, &error);
    FUZZ_REQUIRE((descriptor == NULL) == (error.text[0] != '\0'));
    static const struct descriptor known = {.revision_counter = UINT64_MAX};
    const bool is_no_newer =
        descriptor_is_no_newer(text, size - sizeof(header), descriptor != NULL ? descriptor : &known);
    FUZZ_REQUIRE(descriptor == NULL || is_no_newer);
    descriptor_free(descriptor);
    return 0;
}
