/* Fuzzes the outer layer of a descriptor, up to its signature, which is then made, and so is the
 * certificate's. */
#include <string.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct forger forger = fuzz_forger();
    char *input = fuzz_copy_string(data, size);
    char *outer = fuzz_sign_certificates(input, &forger.blinded_secret_key, forger.blinded_key);
    char *text = forge_signed(&forger, outer);
    struct descriptor_expectation expectation = forger_expectation(&forger);
    struct error error = {.text = ""};
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &expectation, &error);
    FUZZ_REQUIRE((descriptor == NULL) == (error.text[0] != '\0'));
    if (descriptor != NULL)
        FUZZ_REQUIRE(memcmp(descriptor->blinded_key, forger.blinded_key, sizeof(forger.blinded_key)) == 0);
    fuzz_examine(text, strlen(text), &expectation);
    descriptor_free(descriptor);
    free(text);
    free(outer);
    free(input);
    return 0;
}
