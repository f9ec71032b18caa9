/* Fuzzes microdescriptors, one behind the other. */
#include "fuzz.h"
#include "onion/microdescriptor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    const char *text = size > 0 ? (const char *)data : "", *end = text + size;
    struct microdescriptor microdescriptor;
    struct error error = {.text = ""};
    struct hasher *hasher = hasher_new();
    int result;
    do {
        const char *before = text;
        result = microdescriptor_next(&microdescriptor, hasher, &text, end, &error);
        FUZZ_REQUIRE(text <= end && (result <= 0 || text > before));
    } while (result > 0);
    hasher_free(hasher);
    FUZZ_REQUIRE((result < 0) == (error.text[0] != '\0'));
    FUZZ_REQUIRE(result < 0 || text == end);
    return 0;
}
