/* Fuzzes the plaintext of a descriptor's middle layer, encrypted and signed as it has to be; and what an
 * authorised client makes of it. */
#include <string.h>

#include "fuzz.h"

/* Decodes it again with the first client's key. That changes nothing of one that can be read without, and
 * only what can't be is restricted. */
static void check_client(const char *text, const struct descriptor_expectation *expectation,
                         const struct descriptor *open)
{
    const uint8_t client_key[X25519_SECRET_KEY_SIZE] = {0, 1};
    struct descriptor_expectation with_key = *expectation;
    struct error error = {.text = ""};
    with_key.client_key = client_key;
    struct descriptor *descriptor = descriptor_decode(text, strlen(text), &with_key, &error);
    FUZZ_REQUIRE((descriptor == NULL) == (error.text[0] != '\0'));
    FUZZ_REQUIRE(descriptor == NULL || descriptor->is_restricted == (open == NULL));
    FUZZ_REQUIRE(descriptor == NULL || !descriptor->is_closed);
    FUZZ_REQUIRE(descriptor == NULL || open == NULL || descriptor->point_count == open->point_count);
    descriptor_free(descriptor);
    with_key.accepts_closed = true;
    error.text[0] = '\0';
    descriptor = descriptor_decode(text, strlen(text), &with_key, &error);
    FUZZ_REQUIRE((descriptor == NULL) == (error.text[0] != '\0'));
    FUZZ_REQUIRE(descriptor == NULL || !descriptor->is_closed || open == NULL);
    descriptor_free(descriptor);
}

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
    check_client(text, &expectation, descriptor);
    fuzz_examine(text, strlen(text), &expectation);
    descriptor_free(descriptor);
    free(text);
    free(outer);
    free(middle);
    return 0;
}
