/* Takes a v3 descriptor apart and checks all of it: form, service, signatures, layers. Ends at the first
 * check that fails, unless it is examined: then all are made that can be. */
#include "onion/descriptor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "crypto/descriptor_cookie.h"
#include "crypto/descriptor_layer.h"
#include "descriptor_examine.h"
#include "descriptor_inner.h"
#include "descriptor_layout.h"
#include "descriptor_period.h"
#include "item_rules.h"

/* Longest descriptor-lifetime, in minutes (rend-spec-v3 [DESC-OUTER]). */
#define LIFETIME_MAX 720
/* Characters of an Ed25519 signature in base64 without padding. */
#define SIGNATURE_LENGTH 86
enum outer_item {
    ITEM_HS_DESCRIPTOR,
    ITEM_LIFETIME,
    ITEM_SIGNING_KEY_CERT,
    ITEM_REVISION_COUNTER,
    ITEM_SUPERENCRYPTED,
    ITEM_SIGNATURE,
    OUTER_ITEMS,
};

static const struct item_rule outer_rules[OUTER_ITEMS] = {
    [ITEM_HS_DESCRIPTOR] = {"hs-descriptor", 1, 1, ITEM_OBJECT_NEVER, NULL, true, false},
    [ITEM_LIFETIME] = {"descriptor-lifetime", 1, 1, ITEM_OBJECT_NEVER, NULL, true, false},
    [ITEM_SIGNING_KEY_CERT] = {"descriptor-signing-key-cert", 0, 0, ITEM_OBJECT_MUST, "ED25519 CERT", true,
                               false},
    [ITEM_REVISION_COUNTER] = {"revision-counter", 1, 1, ITEM_OBJECT_NEVER, NULL, true, false},
    [ITEM_SUPERENCRYPTED] = {"superencrypted", 0, 0, ITEM_OBJECT_MUST, "MESSAGE", true, false},
    [ITEM_SIGNATURE] = {"signature", 1, 1, ITEM_OBJECT_NEVER, NULL, true, false},
};

enum middle_item {
    ITEM_AUTH_TYPE,
    ITEM_EPHEMERAL_KEY,
    ITEM_AUTH_CLIENT,
    ITEM_ENCRYPTED,
    MIDDLE_ITEMS,
};

static const struct item_rule middle_rules[MIDDLE_ITEMS] = {
    [ITEM_AUTH_TYPE] = {"desc-auth-type", 1, 0, ITEM_OBJECT_NEVER, NULL, true, false},
    [ITEM_EPHEMERAL_KEY] = {"desc-auth-ephemeral-key", 1, 0, ITEM_OBJECT_NEVER, NULL, true, false},
    [ITEM_AUTH_CLIENT] = {"auth-client", 3, 0, ITEM_OBJECT_NEVER, NULL, true, true},
    [ITEM_ENCRYPTED] = {"encrypted", 0, 0, ITEM_OBJECT_MUST, "MESSAGE", true, false},
};

/* A layer can't be decrypted: this is not what its keys come from. */
#define LAYER_CLOSED 1

/* A descriptor that is being decoded. */
struct decoding {
    const struct descriptor_expectation *expectation;
    struct descriptor *descriptor;
    struct descriptor_examination *examination; /* NULL: it is not examined */
    struct text text;
    struct text certificate, superencrypted, signature; /* of the outer layer, base64 */
    struct text signed_text;                            /* what the signature covers */
    struct text encrypted;                              /* of the middle layer, base64 */
    uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE];      /* likewise */
    struct auth_client *clients; /* its auth-client lines, only kept where there is a client key */
    size_t client_room;
    uint8_t cookie[DESCRIPTOR_COOKIE_SIZE]; /* that the client key is given */
    struct descriptor_layer_secret secret;
    /* Two buffers that take turns. Each has room for the signature prefix and the whole text, so for
     * everything that is decoded from it as well. */
    uint8_t *blob;
    char *plaintext;
    size_t room; /* bytes in each */
};

/* Notes how a check went, where it is examined. Returns the result as it is. */
static int judge(const struct decoding *decoding, enum descriptor_check check, int result,
                 const struct error *error)
{
    if (decoding->examination == NULL)
        return result;
    return check_result_note(&decoding->examination->checks[check], result, error);
}

/* Whether decoding ends with a check that came out like this; an examination goes on with the next. */
static bool is_end(const struct decoding *decoding, int result)
{
    return result != 0 && decoding->examination == NULL;
}

/* Decodes the base64 of an encrypted layer, and checks that something can be encrypted in it. Returns its
 * length in decoding->blob, or -1. */
static ptrdiff_t decode_encrypted(const struct decoding *decoding, struct text base64, struct error *error)
{
    const ptrdiff_t length = text_decode_base64(base64, decoding->blob, decoding->room);
    if (length < 0)
        return error_set(error, "an encrypted layer is not base64");
    if (length <= DESCRIPTOR_LAYER_OVERHEAD)
        return error_set(error, "an encrypted layer has only %d bytes, and %d are not encrypted", (int)length,
                         DESCRIPTOR_LAYER_OVERHEAD);
    return length;
}

/* The same as soon as it is read, as tor does, where a descriptor is examined: it may be that it is not
 * decrypted. */
static int check_encrypted(const struct decoding *decoding, struct text base64, struct error *error)
{
    return decoding->examination != NULL && decode_encrypted(decoding, base64, error) < 0 ? -1 : 0;
}

/* Takes over one item of the outer layer. */
static int decode_outer_item(struct decoding *decoding, int rule, const struct document_item *item,
                             struct error *error)
{
    struct descriptor *descriptor = decoding->descriptor;
    uint64_t number;
    switch (rule) {
    case ITEM_HS_DESCRIPTOR:
        if (!text_equals(item->arguments[0], "3"))
            return error_set(error, "it is of another version than 3");
        return 0;
    case ITEM_LIFETIME:
        if (text_parse_uint64(item->arguments[0], LIFETIME_MAX, &number) != 0)
            return error_set(error, "its lifetime is no number of minutes up to %d", LIFETIME_MAX);
        descriptor->lifetime = (uint32_t)number;
        return 0;
    case ITEM_SIGNING_KEY_CERT:
        decoding->certificate = item->object;
        return 0;
    case ITEM_REVISION_COUNTER:
        if (text_parse_uint64(item->arguments[0], UINT64_MAX, &descriptor->revision_counter) != 0)
            return error_set(error, "its revision counter is no number of 64 bits");
        return 0;
    case ITEM_SUPERENCRYPTED:
        if (check_encrypted(decoding, item->object, error) != 0)
            return -1;
        decoding->superencrypted = item->object;
        return 0;
    case ITEM_SIGNATURE:
        decoding->signature = item->arguments[0];
        decoding->signed_text =
            (struct text){decoding->text.start, (size_t)(item->line.start - decoding->text.start)};
        return 0;
    default:
        return 0;
    }
}

/* Checks an auth-client line, and keeps it where the client whose key there is may find itself in it. */
static int decode_auth_client(struct decoding *decoding, const struct document_item *item,
                              struct error *error)
{
    struct auth_client client;
    if (text_decode_base64_exact(item->arguments[0], client.client_id, sizeof(client.client_id)) != 0 ||
        text_decode_base64_exact(item->arguments[1], client.iv, sizeof(client.iv)) != 0 ||
        text_decode_base64_exact(item->arguments[2], client.encrypted_cookie,
                                 sizeof(client.encrypted_cookie)) != 0)
        return error_set(error, "an \"auth-client\" line is not 8, 16 and 16 bytes in base64");
    const size_t count = decoding->descriptor->auth_client_count++;
    if (decoding->expectation->client_key == NULL)
        return 0;
    decoding->clients = memory_make_room(decoding->clients, &decoding->client_room, count + 1, 16,
                                         sizeof(*decoding->clients));
    decoding->clients[count] = client;
    return 0;
}

/* Takes over one item of the middle layer. */
static int decode_middle_item(struct decoding *decoding, int rule, const struct document_item *item,
                              struct error *error)
{
    switch (rule) {
    case ITEM_AUTH_TYPE:
        if (!text_equals(item->arguments[0], "x25519"))
            return error_set(error, "the middle layer has another \"desc-auth-type\" than x25519");
        return 0;
    case ITEM_EPHEMERAL_KEY:
        if (text_decode_base64_exact(item->arguments[0], decoding->ephemeral_key,
                                     sizeof(decoding->ephemeral_key)) != 0)
            return error_set(error, "\"desc-auth-ephemeral-key\" is not 32 bytes in base64");
        return 0;
    case ITEM_AUTH_CLIENT:
        return decode_auth_client(decoding, item, error);
    case ITEM_ENCRYPTED:
        if (check_encrypted(decoding, item->object, error) != 0)
            return -1;
        decoding->encrypted = item->object;
        return 0;
    default:
        return 0;
    }
}

/* A layer that is held to a table in its order. */
struct layer_form {
    const char *section;
    const struct item_rule *rules;
    size_t rule_count;
    int (*decode_item)(struct decoding *, int rule, const struct document_item *, struct error *);
    enum descriptor_check form;          /* that all items are there, in their order and as they have to be */
    const enum descriptor_check *checks; /* which one is about what an item says */
};

static const enum descriptor_check outer_checks[OUTER_ITEMS] = {
    [ITEM_HS_DESCRIPTOR] = CHECK_VERSION,       [ITEM_LIFETIME] = CHECK_LIFETIME,
    [ITEM_SIGNING_KEY_CERT] = CHECK_OUTER_FORM, [ITEM_REVISION_COUNTER] = CHECK_REVISION_COUNTER,
    [ITEM_SUPERENCRYPTED] = CHECK_OUTER_FORM,   [ITEM_SIGNATURE] = CHECK_OUTER_FORM,
};
static const struct layer_form outer_form = {
    "the outer layer", outer_rules, OUTER_ITEMS, decode_outer_item, CHECK_OUTER_FORM, outer_checks,
};

static const enum descriptor_check middle_checks[MIDDLE_ITEMS] = {
    [ITEM_AUTH_TYPE] = CHECK_CLIENT_AUTHORIZATION,
    [ITEM_EPHEMERAL_KEY] = CHECK_CLIENT_AUTHORIZATION,
    [ITEM_AUTH_CLIENT] = CHECK_CLIENT_AUTHORIZATION,
    [ITEM_ENCRYPTED] = CHECK_MIDDLE_FORM,
};
static const struct layer_form middle_form = {
    "the middle layer", middle_rules, MIDDLE_ITEMS, decode_middle_item, CHECK_MIDDLE_FORM, middle_checks,
};

/* Checks one item and takes over what it says. */
static int decode_item(struct decoding *decoding, const struct layer_form *form, struct item_checker *checker,
                       const struct document_item *item, struct error *error)
{
    const int rule = item_checker_take(checker, item, error);
    if (rule < 0) {
        /* Clients mind nothing that stands behind the end of the middle layer. */
        if (error != NULL && form == &middle_form && item_checker_has(checker, ITEM_ENCRYPTED))
            error->is_stricter = true;
        return judge(decoding, form->form, rule, error);
    }
    if (rule == ITEM_UNKNOWN)
        return 0;
    int result = item_checker_order(checker, rule, error);
    if (is_end(decoding, judge(decoding, form->form, result, error)))
        return -1;
    result = form->decode_item(decoding, rule, item, error);
    return judge(decoding, form->checks[rule], result, error);
}

/* Reads all items of a layer. */
static int decode_items(struct decoding *decoding, struct text text, const struct layer_form *form,
                        struct error *error)
{
    struct document_reader reader;
    struct document_item item;
    struct item_checker checker;
    int has_item;
    item_checker_init(&checker, form->section, form->rules, form->rule_count, true);
    document_reader_init(&reader, text.start, text.length);
    while ((has_item = document_reader_next(&reader, &item, error)) != 0) {
        int result = has_item < 0
                         ? judge(decoding, form->form, error_add_context(error, "%s", form->section), error)
                         : decode_item(decoding, form, &checker, &item, error);
        if (is_end(decoding, result))
            return -1;
    }
    return judge(decoding, form->form, item_checker_finish(&checker, error), error);
}

/* Reads the certificate of the descriptor signing key, *length bytes of encoded, without any check of what it
 * says. */
static int read_certificate(struct certificate *certificate, uint8_t encoded[CERTIFICATE_SIZE_MAX],
                            size_t *length, struct text base64, struct error *error)
{
    ptrdiff_t decoded = text_decode_base64(base64, encoded, CERTIFICATE_SIZE_MAX);
    if (decoded < 0)
        return error_set(error, "descriptor-signing-key-cert is not base64 of at most %d bytes",
                         CERTIFICATE_SIZE_MAX);
    *length = (size_t)decoded;
    if (certificate_parse(certificate, encoded, *length, error) != 0)
        return error_add_context(error, "descriptor-signing-key-cert");
    if (!certificate->has_signing_key)
        return error_set(error, "descriptor-signing-key-cert does not name the blinded key");
    return 0;
}

/* Checks that a blinded key is the service's, of a time period that is possible now. */
static int check_blinded_key(struct decoding *decoding, const struct certificate *certificate,
                             struct error *error)
{
    const struct descriptor_expectation *expectation = decoding->expectation;
    int result = 0;
    if (expectation->identity_key != NULL)
        result = descriptor_find_period(&decoding->descriptor->period_number, expectation,
                                        certificate->signing_key, error);
    if (decoding->examination != NULL)
        examine_blinded_key(decoding->examination, expectation, certificate, result, error);
    return result;
}

/* Judges a check of the certificate; the sentence is to say which one it is. */
static int judge_certificate(const struct decoding *decoding, enum descriptor_check check, int result,
                             struct error *error)
{
    if (result != 0)
        error_add_context(error, "descriptor-signing-key-cert");
    return judge(decoding, check, result, error);
}

/* Checks that the descriptor signing key was certified by a blinded key of the expected service. */
static int verify_signing_key(struct decoding *decoding, struct error *error)
{
    struct descriptor *descriptor = decoding->descriptor;
    const struct descriptor_expectation *expectation = decoding->expectation;
    uint8_t encoded[CERTIFICATE_SIZE_MAX];
    struct certificate certificate;
    size_t length = 0;
    int result = read_certificate(&certificate, encoded, &length, decoding->certificate, error);
    if (judge(decoding, CHECK_SIGNING_KEY_CERTIFICATE, result, error) != 0 ||
        is_end(decoding, check_blinded_key(decoding, &certificate, error)))
        return -1;
    memcpy(descriptor->blinded_key, certificate.signing_key, sizeof(descriptor->blinded_key));
    memcpy(descriptor->signing_key, certificate.certified_key, sizeof(descriptor->signing_key));
    descriptor->signing_key_expiration_hour = certificate.expiration_hour;
    result = certificate_check_signer(&certificate, CERTIFICATE_DESCRIPTOR_SIGNING_KEY,
                                      descriptor->blinded_key, error);
    if (is_end(decoding, judge_certificate(decoding, CHECK_SIGNING_KEY_CERTIFICATE, result, error)))
        return -1;
    result = certificate_check_times(&certificate, expectation->wall_now, error);
    if (is_end(decoding, judge_certificate(decoding, CHECK_SIGNING_KEY_TIMES, result, error)))
        return -1;
    result =
        certificate_check_signature(encoded, length, descriptor->blinded_key, expectation->verified, error);
    return judge_certificate(decoding, CHECK_SIGNING_KEY_SIGNATURE, result, error);
}

/* Checks the signature under the document. */
static int check_signature(struct decoding *decoding, struct error *error)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    if (decoding->signature.length != SIGNATURE_LENGTH ||
        text_decode_base64_exact(decoding->signature, signature, sizeof(signature)) != 0)
        return error_set(error, "its signature is not %d characters of base64", SIGNATURE_LENGTH);
    size_t prefix_length = sizeof(DESCRIPTOR_SIGNATURE_PREFIX) - 1;
    memcpy(decoding->blob, DESCRIPTOR_SIGNATURE_PREFIX, prefix_length);
    memcpy(decoding->blob + prefix_length, decoding->signed_text.start, decoding->signed_text.length);
    if (ed25519_verify(signature, decoding->blob, prefix_length + decoding->signed_text.length,
                       decoding->descriptor->signing_key) != 0)
        return error_set(error, "its signature is bad");
    return 0;
}

static int verify_signature(struct decoding *decoding, struct error *error)
{
    return judge(decoding, CHECK_SIGNATURE, check_signature(decoding, error), error);
}

/* True when all that stands behind a layer's text is NULs. */
static bool is_padding(const char *bytes, size_t length)
{
    unsigned int found = 0;
    for (size_t i = 0; i < length; i++)
        found |= (unsigned char)bytes[i];
    return found == 0;
}

/* Decodes and decrypts a layer into decoding->plaintext, and takes the NULs off its end. The base64 may lie
 * in decoding->plaintext itself. Returns 0, -1 with a sentence, or LAYER_CLOSED without one. */
static int decrypt_layer(struct decoding *decoding, struct text base64, enum descriptor_layer layer,
                         struct text *plaintext, struct error *error)
{
    *plaintext = (struct text){NULL, 0};
    const ptrdiff_t blob_length = decode_encrypted(decoding, base64, error);
    if (blob_length < 0)
        return -1;
    ptrdiff_t length = descriptor_layer_decrypt(decoding->plaintext, layer, &decoding->secret, decoding->blob,
                                                (size_t)blob_length);
    if (length < 0)
        return LAYER_CLOSED;
    *plaintext = (struct text){decoding->plaintext, strnlen(decoding->plaintext, (size_t)length)};
    if (decoding->examination != NULL)
        examine_layer(decoding->examination, layer, (size_t)blob_length, (size_t)length, plaintext->length);
    if (!is_padding(plaintext->start + plaintext->length, (size_t)length - plaintext->length))
        return error_set_stricter(error, "an encrypted layer goes on behind its padding");
    return 0;
}

/* Looks for the line of the client whose key there is. */
static int find_cookie(struct decoding *decoding, struct error *error)
{
    if (decoding->expectation->client_key == NULL)
        return 0;
    int result = descriptor_cookie_open(decoding->cookie, decoding->secret.subcredential,
                                        decoding->expectation->client_key, decoding->ephemeral_key,
                                        decoding->clients, decoding->descriptor->auth_client_count);
    if (result == DESCRIPTOR_COOKIE_BAD_KEY)
        return error_set(error, "\"desc-auth-ephemeral-key\" is of low order, as no tor makes it");
    decoding->descriptor->is_restricted = result == 0;
    decoding->secret.cookie = result == 0 ? decoding->cookie : NULL;
    return 0;
}

const char *descriptor_explain_closed(bool has_client_key)
{
    return has_client_key
               ? "restricted: its inner layer can't be decrypted, and the client key is of none of its "
                 "authorised clients (the public half has to be in authorized_clients there, and its tor to "
                 "have read that)"
               : "restricted: needs a client key (client-key), as its inner layer can't be decrypted without "
                 "one: that service has restricted discovery, or client authorization, on";
}

/* What becomes of a descriptor whose inner layer can't be decrypted. */
static int leave_closed(struct decoding *decoding, struct error *error)
{
    const bool has_key = decoding->expectation->client_key != NULL;
    const char *reason = decoding->descriptor->is_restricted
                             ? "its inner layer can't be decrypted, though the client key is of one of its "
                               "authorised clients"
                             : descriptor_explain_closed(has_key);
    if (decoding->examination != NULL)
        examine_closed(decoding->examination, has_key, reason);
    else if (decoding->descriptor->is_restricted || !decoding->expectation->accepts_closed)
        return error_set(error, "%s", reason);
    decoding->descriptor->is_restricted = false;
    decoding->descriptor->is_closed = true;
    return 0;
}

/* Decrypts the inner layer; where the service's own cookie is there, with it or else without one. */
static int decrypt_inner(struct decoding *decoding, struct text *inner, struct error *error)
{
    const uint8_t *cookie = decoding->expectation->cookie;
    if (decoding->secret.cookie == NULL && cookie != NULL) {
        decoding->secret.cookie = cookie;
        int result = decrypt_layer(decoding, decoding->encrypted, DESCRIPTOR_LAYER_ENCRYPTED, inner, error);
        decoding->descriptor->is_restricted = result == 0;
        decoding->secret.cookie = NULL;
        if (result != LAYER_CLOSED)
            return result;
    }
    return decrypt_layer(decoding, decoding->encrypted, DESCRIPTOR_LAYER_ENCRYPTED, inner, error);
}

/* Opens the middle layer, and finds what the inner one is opened with. */
static int decode_middle(struct decoding *decoding, struct error *error)
{
    struct text middle;
    int result =
        decrypt_layer(decoding, decoding->superencrypted, DESCRIPTOR_LAYER_SUPERENCRYPTED, &middle, error);
    if (result == LAYER_CLOSED)
        result = error_set(error, "its middle layer can't be decrypted");
    judge(decoding, CHECK_MIDDLE_ENCRYPTION, result, error);
    if (middle.start == NULL || is_end(decoding, result) ||
        is_end(decoding, decode_items(decoding, middle, &middle_form, error)))
        return -1;
    return judge(decoding, CHECK_CLIENT_AUTHORIZATION, find_cookie(decoding, error), error);
}

/* Opens the inner layer and reads all that is in it. */
static int decode_inner(struct decoding *decoding, struct error *error)
{
    struct text inner;
    int result = decrypt_inner(decoding, &inner, error);
    if (result == LAYER_CLOSED)
        return leave_closed(decoding, error);
    judge(decoding, CHECK_INNER_ENCRYPTION, result, error);
    if (inner.start == NULL || is_end(decoding, result))
        return -1;
    return descriptor_decode_inner(decoding->descriptor, inner.start, inner.length,
                                   decoding->expectation->wall_now, decoding->expectation->verified,
                                   decoding->examination, error);
}

/* Opens the two encrypted layers. */
static int decode_layers(struct decoding *decoding, struct error *error)
{
    struct descriptor *descriptor = decoding->descriptor;
    struct descriptor_layer_secret *secret = &decoding->secret;
    memcpy(secret->blinded_key, descriptor->blinded_key, sizeof(secret->blinded_key));
    blinding_derive_subcredential(secret->subcredential, decoding->expectation->identity_key,
                                  descriptor->blinded_key);
    secret->revision_counter = descriptor->revision_counter;
    if (is_end(decoding, decode_middle(decoding, error)) || decoding->encrypted.start == NULL)
        return -1;
    return decode_inner(decoding, error);
}

static int decode_descriptor(struct decoding *decoding, struct error *error)
{
    if (decode_items(decoding, decoding->text, &outer_form, error) != 0 ||
        verify_signing_key(decoding, error) != 0 || verify_signature(decoding, error) != 0)
        return -1;
    return decode_layers(decoding, error);
}

/* The same, of as much as can be checked with what there is. */
static void examine_descriptor(struct decoding *decoding)
{
    const struct descriptor_examination *examination = decoding->examination;
    struct error error = {.text = ""};
    decode_items(decoding, decoding->text, &outer_form, &error);
    if (decoding->certificate.start != NULL)
        verify_signing_key(decoding, &error);
    if (decoding->signature.start != NULL && examination->has_certificate)
        verify_signature(decoding, &error);
    if (examination->has_period && decoding->superencrypted.start != NULL &&
        examination->checks[CHECK_REVISION_COUNTER].outcome == CHECK_PASSED)
        decode_layers(decoding, &error);
}

/* Keeps the signatures of two descriptors like this one: a service has two at a time. */
static void trim_verified(struct verified_signatures *verified, const struct descriptor *descriptor)
{
    const size_t certificates = 1 + 2 * descriptor->point_count;
    if (verified != NULL)
        verified_signatures_trim(verified, 2 * certificates);
}

/* Prepares to decode a text; a descriptor that is the caller's comes of it. */
static void decoding_init(struct decoding *decoding, const char *text, size_t length,
                          const struct descriptor_expectation *expectation)
{
    const size_t room = length + sizeof(DESCRIPTOR_SIGNATURE_PREFIX);
    *decoding = (struct decoding){
        .expectation = expectation,
        .descriptor = memory_allocate(1, sizeof(struct descriptor)),
        .text = {text, length},
        .blob = memory_allocate(room, 1),
        .plaintext = memory_allocate(room, 1),
        .room = room,
    };
    decoding->descriptor->decoded_at = expectation->wall_now;
}

static void decoding_clear(struct decoding *decoding)
{
    secret_wipe(&decoding->secret, sizeof(decoding->secret));
    secret_wipe(decoding->cookie, sizeof(decoding->cookie));
    free(decoding->clients);
    free(decoding->blob);
    free(decoding->plaintext);
}

/* Checks that a descriptor is no longer than the network allows. */
static int check_size(size_t length, const struct descriptor_expectation *expectation, struct error *error)
{
    if (length >= expectation->size_max)
        return error_set(error, "a descriptor of %zu bytes: the network allows fewer than %zu", length,
                         expectation->size_max);
    return 0;
}

struct descriptor *descriptor_decode(const char *text, size_t length,
                                     const struct descriptor_expectation *expectation, struct error *error)
{
    struct decoding decoding;
    if (check_size(length, expectation, error) != 0)
        return NULL;
    decoding_init(&decoding, text, length, expectation);
    int result = decode_descriptor(&decoding, error);
    decoding_clear(&decoding);
    if (result != 0) {
        descriptor_free(decoding.descriptor);
        return NULL;
    }
    trim_verified(expectation->verified, decoding.descriptor);
    return decoding.descriptor;
}

struct descriptor_examination *descriptor_examine(const char *text, size_t length,
                                                  const struct descriptor_expectation *expectation)
{
    struct decoding decoding;
    struct error error = {.text = ""};
    decoding_init(&decoding, text, length, expectation);
    decoding.examination = descriptor_examination_new(decoding.descriptor, length);
    judge(&decoding, CHECK_SIZE, check_size(length, expectation, &error), &error);
    examine_descriptor(&decoding);
    decoding_clear(&decoding);
    return decoding.examination;
}

void descriptor_free(struct descriptor *descriptor)
{
    if (descriptor == NULL)
        return;
    for (size_t i = 0; i < descriptor->unknown_line_count; i++)
        free(descriptor->unknown_lines[i]);
    free(descriptor->points);
    free(descriptor);
}
