/* Fuzzes the plaintext of a descriptor's middle layer, encrypted and signed as it has to be. */
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct forger forger = fuzz_forger();
    char *middle = fuzz_copy_string(data, size);
    size_t length = strlen(middle);
    forger.padding = (const char *)data + length;
    forger.padding_length = size - length;
    char *outer = forge_outer(&forger, middle);
    char *text = forge_signed(&forger, outer);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    struct error error = {.text = ""};
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, &error);
    FUZZ_REQUIRE((descriptor == NULL) == (error.text[0] != '\0'));
    descriptor_free(descriptor);
    free(text);
    free(outer);
    free(middle);
    return 0;
}
