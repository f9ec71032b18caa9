/* Fuzzes introduction points whose certificates all have a good signature. */
#include <string.h>

#include "fuzz.h"

static void check_point(const struct introduction_point *point)
{
    uint8_t fingerprint[20];
    FUZZ_REQUIRE((point->link_specifiers_length > 0) == (point->fault == POINT_FAULT_NONE) &&
                 point->link_specifiers_length <= LINK_SPECIFIERS_SIZE_MAX);
    FUZZ_REQUIRE(ed25519_public_key_is_valid(point->auth_key));
    FUZZ_REQUIRE(introduction_point_equals(point, point));
    FUZZ_REQUIRE(introduction_point_fingerprint(point, fingerprint) == (point->fault == POINT_FAULT_NONE));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct forger forger = fuzz_forger();
    char *input = fuzz_copy_string(data, size);
    char *text = fuzz_sign_certificates(input, &forger.signing_secret_key, forger.signing_key);
    struct document_reader reader;
    struct document_item item, next;
    struct introduction_point point;
    struct error error = {.text = ""};
    document_reader_init(&reader, text, strlen(text));
    int result = document_reader_next(&reader, &item, &error);
    while (result == 1) {
        result = introduction_point_decode(&point, &reader, &item, &next, forger.signing_key,
                                           forger.expectation.wall_now, NULL, &error);
        if (result >= 0)
            check_point(&point);
        item = next;
    }
    FUZZ_REQUIRE((result < 0) == (error.text[0] != '\0'));
    free(text);
    free(input);
    return 0;
}
