/* Fuzzes the plaintext of a descriptor's inner layer, whose certificates all have a good signature. */
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "onion/descriptor_inner.h"

static void check_descriptor(const struct descriptor *descriptor)
{
    FUZZ_REQUIRE(descriptor->point_count <= INTRODUCTION_POINTS_MAX);
    FUZZ_REQUIRE(descriptor->unknown_line_count <= DESCRIPTOR_UNKNOWN_LINES_MAX);
    for (size_t i = 0; i < descriptor->unknown_line_count; i++)
        FUZZ_REQUIRE(strlen(descriptor->unknown_lines[i]) <= UNKNOWN_LINE_LENGTH_MAX &&
                     strpbrk(descriptor->unknown_lines[i], "\r\n") == NULL);
    for (size_t i = 0; i < descriptor->point_count; i++) {
        for (size_t j = 0; j < i; j++)
            FUZZ_REQUIRE(!introduction_point_equals(&descriptor->points[i], &descriptor->points[j]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct forger forger = fuzz_forger();
    char *input = fuzz_copy_string(data, size);
    char *text = fuzz_sign_certificates(input, &forger.signing_secret_key, forger.signing_key);
    struct descriptor *descriptor = memory_allocate(1, sizeof(*descriptor));
    struct error error = {.text = ""};
    memcpy(descriptor->signing_key, forger.signing_key, sizeof(descriptor->signing_key));
    if (descriptor_decode_inner(descriptor, text, strlen(text), forger.expectation.wall_now, NULL, &error) ==
        0)
        check_descriptor(descriptor);
    else
        FUZZ_REQUIRE(error.text[0] != '\0');
    descriptor_free(descriptor);
    free(text);
    free(input);
    return 0;
}
