/* Fuzzes introduction points whose certificates all have a good signature. */
#include <string.h>

#include "fuzz.h"
#include "onion/point_relay.h"

static void check_point(const struct introduction_point *point)
{
    uint8_t fingerprint[20];
    FUZZ_REQUIRE((point->link_specifiers_length > 0) == (point->fault == POINT_FAULT_NONE) &&
                 point->link_specifiers_length <= LINK_SPECIFIERS_SIZE_MAX);
    FUZZ_REQUIRE(ed25519_public_key_is_valid(point->auth_key));
    FUZZ_REQUIRE(introduction_point_equals(point, point));
    FUZZ_REQUIRE(introduction_point_fingerprint(point, fingerprint) == (point->fault == POINT_FAULT_NONE));
}

/* Whatever a superdescriptor can have is such as tor makes, and where a relay can be. */
static void check_match(struct introduction_point point)
{
    static const struct network empty = {.relay_count = 0};
    struct link_specifiers links;
    bool is_known = true;
    enum point_fault fault = point_relay_match(&point, &empty, &is_known), again;
    FUZZ_REQUIRE(!is_known && point_fault_describe(fault)[0] != '\0');
    if (fault != POINT_FAULT_NONE)
        return;
    FUZZ_REQUIRE(!point.has_legacy_key);
    FUZZ_REQUIRE(
        link_specifiers_decode(&links, &again, point.link_specifiers, point.link_specifiers_length) == 0);
    FUZZ_REQUIRE(again == POINT_FAULT_NONE && !link_specifiers_are_internal(&links));
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
                                           forger.expectation.wall_now, NULL, NULL, &error);
        if (result >= 0) {
            check_point(&point);
            check_match(point);
        }
        item = next;
    }
    FUZZ_REQUIRE((result < 0) == (error.text[0] != '\0'));
    free(text);
    free(input);
    return 0;
}
