/* Tells, from what a descriptor says in the clear, whether it can be newer than one that is known. */
#include <string.h>

#include "descriptor_layout.h"
#include "onion/descriptor.h"
#include "onion/document.h"

/* Whether a descriptor-signing-key-cert names this blinded key. */
static bool names_blinded_key(const struct document_item *item,
                              const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE])
{
    uint8_t encoded[CERTIFICATE_SIZE_MAX];
    struct certificate certificate;
    struct error error;
    const ptrdiff_t length = text_decode_base64(item->object, encoded, sizeof(encoded));
    return length >= 0 && certificate_parse(&certificate, encoded, (size_t)length, &error) == 0 &&
           certificate.has_signing_key &&
           memcmp(certificate.signing_key, blinded_key, ED25519_PUBLIC_KEY_SIZE) == 0;
}

bool descriptor_is_no_newer(const char *text, size_t length, const struct descriptor *known)
{
    struct document_reader reader;
    struct document_item item;
    struct error error;
    bool is_of_same_key = false;
    document_reader_init(&reader, text, length);
    while (document_reader_next(&reader, &item, &error) == 1) {
        uint64_t counter;
        if (text_equals(item.keyword, "descriptor-signing-key-cert") && item.has_object)
            is_of_same_key = names_blinded_key(&item, known->blinded_key);
        else if (text_equals(item.keyword, "revision-counter") && item.argument_count > 0)
            return is_of_same_key && text_parse_uint64(item.arguments[0], UINT64_MAX, &counter) == 0 &&
                   counter <= known->revision_counter;
    }
    return false;
}
