/* Fuzzes what "obpub inspect" makes of descriptors: of whole ones, or of a layer, around which the rest is
 * made as it has to be. The first byte says which. (The other targets of descriptors do the same with what
 * they have.) */
#include <string.h>

#include "fuzz.h"
#include "onion/descriptor_wrapping.h"

enum { KIND_WHOLE, KIND_OUTER, KIND_MIDDLE, KIND_INNER, KINDS };

/* A file's bytes, without what stands around a descriptor there. */
static char *unwrap(const char *input)
{
    char *text = text_format("%s", input);
    const size_t before = strlen(text), length = descriptor_unwrap(text, before);
    FUZZ_REQUIRE(length <= before && (length > 0) == (before > 0));
    text[length] = '\0';
    FUZZ_REQUIRE(strlen(text) == length);
    return text;
}

/* The descriptor that the input is part of; to be released with free(). */
static char *make_descriptor(struct forger *forger, uint8_t kind, const char *input)
{
    char *signed_input, *outer, *text;
    switch (kind % KINDS) {
    case KIND_OUTER:
        outer = fuzz_sign_certificates(input, &forger->blinded_secret_key, forger->blinded_key);
        break;
    case KIND_MIDDLE:
        outer = forge_outer(forger, input);
        break;
    case KIND_INNER:
        signed_input = fuzz_sign_certificates(input, &forger->signing_secret_key, forger->signing_key);
        text = forge_around(forger, signed_input);
        free(signed_input);
        return text;
    default:
        return unwrap(input);
    }
    text = forge_signed(forger, outer);
    free(outer);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    if (size < 1)
        return 0;
    struct forger forger = fuzz_forger();
    char *input = fuzz_copy_string(data + 1, size - 1);
    char *text = make_descriptor(&forger, data[0], input);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    fuzz_examine(text, strlen(text), &expectation);
    free(text);
    free(input);
    return 0;
}
