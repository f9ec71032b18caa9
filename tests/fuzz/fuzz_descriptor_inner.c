/* Fuzzes the plaintext of a descriptor's inner layer, whose certificates all have a good signature. */
#include <string.h>

#include "base/memory.h"
#include "fuzz.h"
#include "onion/descriptor_inner.h"

/* Params that were read can be written, and are the same when they are read again. */
static void check_pow_params(const struct pow_params *pow_params)
{
    char line[POW_PARAMS_LINE_SIZE];
    struct pow_params again = {.is_present = false};
    struct document_reader reader;
    struct document_item item;
    FUZZ_REQUIRE(pow_params_format(line, pow_params) == 0);
    document_reader_init(&reader, line, strlen(line));
    FUZZ_REQUIRE(document_reader_next(&reader, &item, NULL) == 1 && reader.next == reader.end);
    FUZZ_REQUIRE(pow_params_take(&again, &item, NULL) == 0 && again.is_present);
    FUZZ_REQUIRE(memcmp(again.seed, pow_params->seed, sizeof(again.seed)) == 0);
    FUZZ_REQUIRE(again.suggested_effort == pow_params->suggested_effort &&
                 again.expires_at == pow_params->expires_at);
}

static void check_descriptor(const struct descriptor *descriptor)
{
    FUZZ_REQUIRE(descriptor->point_count <= INTRODUCTION_POINTS_MAX);
    if (descriptor->pow_params.is_present)
        check_pow_params(&descriptor->pow_params);
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
    if (descriptor_decode_inner(descriptor, text, strlen(text), forger.expectation.wall_now, NULL, NULL,
                                &error) == 0)
        check_descriptor(descriptor);
    else
        FUZZ_REQUIRE(error.text[0] != '\0');
    descriptor_free(descriptor);
    char *whole = forge_around(&forger, text);
    const struct descriptor_expectation expectation = forger_expectation(&forger);
    fuzz_examine(whole, strlen(whole), &expectation);
    free(whole);
    free(text);
    free(input);
    return 0;
}
