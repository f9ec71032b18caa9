/* Writes a superdescriptor as tor writes a descriptor: same lines, same order, same lengths. */
#include "onion/superdescriptor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base64.h"
#include "crypto/x25519.h"
#include "descriptor_layout.h"
#include "flow_control.h"
#include "text_builder.h"
#include "version_ranges.h"

/* Room that each part takes at the most, in bytes, so that no buffer has to grow. */
#define INNER_HEAD_ROOM 384
#define POINT_ROOM (BASE64_PADDED_LENGTH(LINK_SPECIFIERS_SIZE_MAX) + 768)
#define MIDDLE_HEAD_ROOM 256
#define OUTER_HEAD_ROOM 1024

/* Characters of an auth-client line, with its newline. */
#define AUTH_CLIENT_LINE_LENGTH                                                                              \
    (sizeof("auth-client   ") + BASE64_LENGTH(AUTH_CLIENT_ID_SIZE) + BASE64_LENGTH(AES_CTR_IV_SIZE) +        \
     BASE64_LENGTH(DESCRIPTOR_COOKIE_SIZE))

void superdescriptor_merge_features(struct superdescriptor *superdescriptor,
                                    const struct descriptor *const *descriptors, size_t count)
{
    superdescriptor->flow_control = descriptors[0]->flow_control;
    superdescriptor->is_single_onion_service = descriptors[0]->is_single_onion_service;
    for (size_t i = 1; i < count; i++) {
        flow_control_intersect(&superdescriptor->flow_control, &descriptors[i]->flow_control);
        superdescriptor->is_single_onion_service =
            superdescriptor->is_single_onion_service && descriptors[i]->is_single_onion_service;
    }
}

void superdescriptor_make_ephemeral_key(uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE],
                                        const uint8_t random_bytes[32])
{
    x25519_derive_public_key(ephemeral_key, random_bytes);
}

/* Checks what can be asked of the caller's points before anything is made of them. */
static int check_points(const struct superdescriptor *superdescriptor, struct error *error)
{
    if (superdescriptor->point_count == 0 || superdescriptor->point_count > INTRODUCTION_POINTS_MAX)
        return error_set(error, "a descriptor can't have %zu introduction points: 1 to %d are possible",
                         superdescriptor->point_count, INTRODUCTION_POINTS_MAX);
    for (size_t i = 0; i < superdescriptor->point_count; i++) {
        if (superdescriptor->points[i]->has_legacy_key)
            return error_set(
                error, "introduction point %zu has a legacy key and can't be carried over: leave it out",
                i + 1);
        if (superdescriptor->points[i]->fault != POINT_FAULT_NONE)
            return error_set(error, "introduction point %zu has what no tor makes (%s): leave it out", i + 1,
                             point_fault_describe(superdescriptor->points[i]->fault));
        if (superdescriptor->points[i]->link_specifiers_length == 0 ||
            superdescriptor->points[i]->link_specifiers_length > LINK_SPECIFIERS_SIZE_MAX)
            return error_set(error, "introduction point %zu has link specifiers of %u bytes", i + 1,
                             superdescriptor->points[i]->link_specifiers_length);
    }
    return 0;
}

/* An innermost layer that is being written. */
struct inner_layer {
    struct text_builder text;
    const struct superdescriptor *superdescriptor;
    struct point_signatures *signatures; /* may be NULL */
    bool is_measured;                    /* for its length alone: nothing is signed */
};

/* Appends a certificate line: the descriptor signing key certifies a key of an introduction point. */
static int append_certificate(struct inner_layer *inner, const char *keyword, enum certificate_type type,
                              const uint8_t certified_key[ED25519_PUBLIC_KEY_SIZE], struct error *error)
{
    const struct superdescriptor *superdescriptor = inner->superdescriptor;
    struct text_builder *text = &inner->text;
    uint8_t encoded[CERTIFICATE_SIZE];
    struct certificate certificate = {
        .type = (uint8_t)type,
        .expiration_hour = superdescriptor->expiration_hour,
        .has_signing_key = true,
    };
    memcpy(certificate.certified_key, certified_key, sizeof(certificate.certified_key));
    memcpy(certificate.signing_key, superdescriptor->signing_key, sizeof(certificate.signing_key));
    if (inner->is_measured)
        memset(encoded, 0, sizeof(encoded));
    else if (point_signatures_certify(encoded, &certificate, superdescriptor->signing_secret_key,
                                      inner->signatures) != 0)
        return error_set(error, "the descriptor signing key must not sign");
    text_builder_append(text, keyword);
    text_builder_append(text, "\n");
    text_builder_append_object(text, "ED25519 CERT", encoded, sizeof(encoded));
    text_builder_append(text, "\n");
    return 0;
}

static void append_ntor_key(struct text_builder *text, const char *keyword,
                            const uint8_t key[X25519_PUBLIC_KEY_SIZE])
{
    text_builder_append(text, keyword);
    text_builder_append(text, " ntor ");
    text_builder_append_base64(text, key, X25519_PUBLIC_KEY_SIZE, true);
    text_builder_append(text, "\n");
}

static int append_point(struct inner_layer *inner, const struct introduction_point *point,
                        struct error *error)
{
    struct text_builder *text = &inner->text;
    text_builder_append(text, "introduction-point ");
    text_builder_append_base64(text, point->link_specifiers, point->link_specifiers_length, true);
    text_builder_append(text, "\n");
    append_ntor_key(text, "onion-key", point->onion_key);
    if (append_certificate(inner, "auth-key", CERTIFICATE_INTRODUCTION_AUTH_KEY, point->auth_key, error) != 0)
        return -1;
    append_ntor_key(text, "enc-key", point->enc_key);
    return append_certificate(inner, "enc-key-cert", CERTIFICATE_INTRODUCTION_ENC_KEY,
                              point->enc_key_certified, error);
}

static int append_pow_params(struct text_builder *text, const struct pow_params *pow_params,
                             struct error *error)
{
    char line[POW_PARAMS_LINE_SIZE];
    if (pow_params_format(line, pow_params) != 0)
        return error_set(error, "pow-params can't expire %" PRId64 " seconds after the epoch",
                         pow_params->expires_at);
    text_builder_append(text, line);
    return 0;
}

/* Writes the plaintext of the innermost layer. */
static int append_inner_layer(struct inner_layer *inner, struct error *error)
{
    const struct superdescriptor *superdescriptor = inner->superdescriptor;
    struct text_builder *text = &inner->text;
    text_builder_append(text, "create2-formats 2\n");
    if (superdescriptor->is_single_onion_service)
        text_builder_append(text, "single-onion-service\n");
    if (superdescriptor->flow_control.is_present) {
        char versions[VERSION_RANGES_SIZE];
        version_ranges_format(versions, superdescriptor->flow_control.versions);
        text_builder_append_format(text, "flow-control %s %u\n", versions,
                                   superdescriptor->flow_control.sendme_inc);
    }
    if (superdescriptor->pow_params.is_present &&
        append_pow_params(text, &superdescriptor->pow_params, error) != 0)
        return -1;
    for (size_t i = 0; i < superdescriptor->point_count; i++) {
        if (append_point(inner, superdescriptor->points[i], error) != 0)
            return -1;
    }
    return 0;
}

/* Encrypts a layer's plaintext and appends it as the object of a keyword, without a newline at its end. Gives
 * its MAC. */
static void append_encrypted(struct text_builder *builder, const char *keyword, struct text plaintext,
                             enum descriptor_layer layer, const struct descriptor_layer_secret *secret,
                             const uint8_t salt[DESCRIPTOR_LAYER_SALT_SIZE],
                             uint8_t mac[DESCRIPTOR_LAYER_MAC_SIZE])
{
    size_t size = plaintext.length + DESCRIPTOR_LAYER_OVERHEAD;
    uint8_t *blob = memory_resize(NULL, size, 1);
    descriptor_layer_encrypt(blob, layer, secret, salt, plaintext.start, plaintext.length);
    memcpy(mac, blob + size - DESCRIPTOR_LAYER_MAC_SIZE, DESCRIPTOR_LAYER_MAC_SIZE);
    text_builder_append(builder, keyword);
    text_builder_append(builder, "\n");
    text_builder_append_object(builder, "MESSAGE", blob, size);
    free(blob);
}

/* The middle layer up to its auth-client lines. */
static void append_middle_head(struct text_builder *middle,
                               const uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE])
{
    text_builder_append(middle, "desc-auth-type x25519\ndesc-auth-ephemeral-key ");
    text_builder_append_base64(middle, ephemeral_key, X25519_PUBLIC_KEY_SIZE, true);
    text_builder_append(middle, "\n");
}

static void append_auth_client(struct text_builder *middle, const struct auth_client *line)
{
    text_builder_append(middle, "auth-client ");
    text_builder_append_base64(middle, line->client_id, sizeof(line->client_id), false);
    text_builder_append(middle, " ");
    text_builder_append_base64(middle, line->iv, sizeof(line->iv), false);
    text_builder_append(middle, " ");
    text_builder_append_base64(middle, line->encrypted_cookie, sizeof(line->encrypted_cookie), false);
    text_builder_append(middle, "\n");
}

/* Of auth-client lines. */
static size_t count_lines(const struct superdescriptor *superdescriptor)
{
    const struct descriptor_authorization *authorization = superdescriptor->authorization;
    return authorization != NULL ? authorization->line_count : AUTH_CLIENT_LINES;
}

/* Who may read it, or random bytes in that place where everybody may. */
static void append_clients(struct text_builder *middle, const struct superdescriptor *superdescriptor,
                           const struct superdescriptor_randomness *randomness)
{
    const struct descriptor_authorization *authorization = superdescriptor->authorization;
    const struct auth_client *lines = authorization != NULL ? authorization->lines : randomness->auth_clients;
    append_middle_head(middle,
                       authorization != NULL ? authorization->ephemeral_key : randomness->ephemeral_key);
    for (size_t i = 0; i < count_lines(superdescriptor); i++)
        append_auth_client(middle, &lines[i]);
}

/* Writes the plaintext of the middle layer, whose last line tor leaves without a newline. */
static void append_middle_layer(struct text_builder *middle, const struct superdescriptor *superdescriptor,
                                struct text inner, const struct descriptor_layer_secret *secret,
                                const struct superdescriptor_randomness *randomness)
{
    uint8_t mac[DESCRIPTOR_LAYER_MAC_SIZE];
    append_clients(middle, superdescriptor, randomness);
    append_encrypted(middle, "encrypted", inner, DESCRIPTOR_LAYER_ENCRYPTED, secret,
                     randomness->encrypted_salt, mac);
    text_builder_pad(middle, SUPERENCRYPTED_PADDING);
    if (middle->length < superdescriptor->middle_length)
        text_builder_pad(middle, superdescriptor->middle_length);
}

/* Appends the signature of all that stands in the outer layer. Behind head_length characters all of it is
 * encrypted and ends with this MAC, a SHA-3 digest of it, so that head and MAC are an abstract of the text.
 */
static int append_signature(struct text_builder *outer, size_t head_length,
                            const uint8_t mac[DESCRIPTOR_LAYER_MAC_SIZE],
                            const struct superdescriptor *superdescriptor, struct error *error)
{
    uint8_t signature[ED25519_SIGNATURE_SIZE];
    const struct span prefix = {DESCRIPTOR_SIGNATURE_PREFIX, sizeof(DESCRIPTOR_SIGNATURE_PREFIX) - 1};
    const struct span pieces[] = {prefix, {outer->text, outer->length}};
    const struct span abstract[] = {
        prefix,
        {outer->text, head_length},
        {mac, DESCRIPTOR_LAYER_MAC_SIZE},
    };
    if (ed25519_sign_long(signature, pieces, 2, abstract, 3, superdescriptor->signing_secret_key,
                          superdescriptor->signing_key) != 0)
        return error_set(error, "the descriptor signing key must not sign");
    text_builder_append(outer, "signature ");
    text_builder_append_base64(outer, signature, sizeof(signature), false);
    text_builder_append(outer, "\n");
    return 0;
}

/* The outer layer up to its revision counter. */
static void append_outer_head(struct text_builder *outer, const uint8_t signing_certificate[CERTIFICATE_SIZE],
                              uint64_t revision_counter)
{
    text_builder_append_format(outer, "hs-descriptor 3\ndescriptor-lifetime %d\n",
                               DESCRIPTOR_LIFETIME_MINUTES);
    text_builder_append(outer, "descriptor-signing-key-cert\n");
    text_builder_append_object(outer, "ED25519 CERT", signing_certificate, CERTIFICATE_SIZE);
    text_builder_append_format(outer, "\nrevision-counter %" PRIu64 "\n", revision_counter);
}

/* Writes the whole descriptor. */
static int append_outer_layer(struct text_builder *outer, const struct superdescriptor *superdescriptor,
                              const struct text_builder *middle, const struct descriptor_layer_secret *secret,
                              const struct superdescriptor_randomness *randomness, struct error *error)
{
    append_outer_head(outer, superdescriptor->signing_certificate, superdescriptor->revision_counter);
    const struct text plaintext = {middle->text, middle->length};
    const size_t head_length = outer->length;
    uint8_t mac[DESCRIPTOR_LAYER_MAC_SIZE];
    append_encrypted(outer, "superencrypted", plaintext, DESCRIPTOR_LAYER_SUPERENCRYPTED, secret,
                     randomness->superencrypted_salt, mac);
    text_builder_append(outer, "\n");
    return append_signature(outer, head_length, mac, superdescriptor, error);
}

/* Characters that size bytes take as a MESSAGE object. */
static size_t object_length(size_t size)
{
    return strlen("-----BEGIN MESSAGE-----\n") + BASE64_PADDED_LENGTH(size) + (size + 47) / 48 +
           strlen("-----END MESSAGE-----");
}

/* Writes the layers from the inside out. inner holds the innermost one already. */
static int encode_layers(struct text_builder *outer, const struct superdescriptor *superdescriptor,
                         struct text inner, const struct superdescriptor_randomness *randomness,
                         struct error *error)
{
    const struct descriptor_authorization *authorization = superdescriptor->authorization;
    struct descriptor_layer_secret secret = {
        .revision_counter = superdescriptor->revision_counter,
        .cookie = authorization != NULL ? authorization->cookie : NULL,
    };
    if (authorization != NULL &&
        memcmp(authorization->blinded_key, superdescriptor->blinded_key, ED25519_PUBLIC_KEY_SIZE) != 0)
        return error_set(error, "its clients were authorised for another time period");
    memcpy(secret.blinded_key, superdescriptor->blinded_key, sizeof(secret.blinded_key));
    blinding_derive_subcredential(secret.subcredential, superdescriptor->identity_key,
                                  superdescriptor->blinded_key);
    struct text_builder middle;
    text_builder_init(&middle, MIDDLE_HEAD_ROOM + count_lines(superdescriptor) * AUTH_CLIENT_LINE_LENGTH +
                                   object_length(inner.length + DESCRIPTOR_LAYER_OVERHEAD) +
                                   SUPERENCRYPTED_PADDING);
    append_middle_layer(&middle, superdescriptor, inner, &secret, randomness);
    text_builder_init(outer, OUTER_HEAD_ROOM + object_length(middle.length + DESCRIPTOR_LAYER_OVERHEAD));
    int result = append_outer_layer(outer, superdescriptor, &middle, &secret, randomness, error);
    free(middle.text);
    secret_wipe(&secret, sizeof(secret));
    return result;
}

int superdescriptor_encode_inner(const struct superdescriptor *superdescriptor,
                                 struct point_signatures *signatures, char **inner, size_t *length,
                                 struct error *error)
{
    if (check_points(superdescriptor, error) != 0)
        return -1;
    struct inner_layer layer = {.superdescriptor = superdescriptor, .signatures = signatures};
    text_builder_init(&layer.text, INNER_HEAD_ROOM + superdescriptor->point_count * POINT_ROOM);
    if (append_inner_layer(&layer, error) != 0) {
        free(layer.text.text);
        return -1;
    }
    *inner = layer.text.text;
    *length = layer.text.length;
    return 0;
}

int superdescriptor_encode_around(const struct superdescriptor *superdescriptor, const char *inner,
                                  size_t inner_length, const struct superdescriptor_randomness *randomness,
                                  size_t size_max, char **text, size_t *length, struct error *error)
{
    struct text_builder outer = {.text = NULL};
    const struct text innermost = {inner, inner_length};
    int result = encode_layers(&outer, superdescriptor, innermost, randomness, error);
    if (result == 0 && outer.length >= size_max)
        result = error_set(error,
                           "the descriptor would be of %zu bytes, the network allows fewer than %zu "
                           "(HSV3MaxDescriptorSize): take fewer introduction points%s",
                           outer.length, size_max,
                           superdescriptor->authorization != NULL ? " or authorised clients" : "");
    if (result != 0) {
        free(outer.text);
        return -1;
    }
    *text = outer.text;
    *length = outer.length;
    return 0;
}

int superdescriptor_encode(const struct superdescriptor *superdescriptor,
                           const struct superdescriptor_randomness *randomness, size_t size_max, char **text,
                           size_t *length, struct error *error)
{
    char *inner = NULL;
    size_t inner_length = 0;
    if (superdescriptor_encode_inner(superdescriptor, NULL, &inner, &inner_length, error) != 0)
        return -1;
    int result = superdescriptor_encode_around(superdescriptor, inner, inner_length, randomness, size_max,
                                               text, length, error);
    free(inner);
    return result;
}

/* How many bytes of the middle layer its points and features take, with all but its auth-client lines and
 * without padding. 0 for what can't be encoded. */
static size_t measure_middle(const struct superdescriptor *superdescriptor)
{
    static const uint8_t no_key[X25519_PUBLIC_KEY_SIZE];
    struct inner_layer layer = {.superdescriptor = superdescriptor, .is_measured = true};
    struct text_builder middle;
    struct error error;
    text_builder_init(&layer.text, INNER_HEAD_ROOM + superdescriptor->point_count * POINT_ROOM);
    size_t length = 0;
    if (append_inner_layer(&layer, &error) == 0) {
        text_builder_init(&middle, MIDDLE_HEAD_ROOM);
        append_middle_head(&middle, no_key);
        text_builder_append(&middle, "encrypted\n");
        length = middle.length + object_length(layer.text.length + DESCRIPTOR_LAYER_OVERHEAD);
        free(middle.text);
    }
    free(layer.text.text);
    return length;
}

size_t superdescriptor_find_middle_length(const struct superdescriptor *superdescriptor, size_t client_count)
{
    const size_t measured = measure_middle(superdescriptor);
    const size_t lines = descriptor_authorization_count_lines(client_count);
    const size_t length = measured + lines * AUTH_CLIENT_LINE_LENGTH;
    return measured == 0
               ? 0
               : (length + SUPERENCRYPTED_PADDING - 1) / SUPERENCRYPTED_PADDING * SUPERENCRYPTED_PADDING;
}

/* How many bytes of the whole text are not its superencrypted object, at the most. */
static size_t measure_outer(void)
{
    static const uint8_t no_certificate[CERTIFICATE_SIZE];
    struct text_builder outer;
    text_builder_init(&outer, OUTER_HEAD_ROOM);
    append_outer_head(&outer, no_certificate, UINT64_MAX);
    const size_t length = outer.length + strlen("superencrypted\n") + strlen("\nsignature \n") +
                          BASE64_LENGTH(ED25519_SIGNATURE_SIZE);
    free(outer.text);
    return length;
}

size_t superdescriptor_find_length(const struct superdescriptor *superdescriptor, size_t client_count)
{
    const size_t middle = superdescriptor_find_middle_length(superdescriptor, client_count);
    return middle == 0 ? 0 : measure_outer() + object_length(middle + DESCRIPTOR_LAYER_OVERHEAD);
}

size_t superdescriptor_find_client_limit(const struct superdescriptor *superdescriptor, size_t size_max)
{
    const size_t measured = measure_middle(superdescriptor), outer = measure_outer();
    const size_t group_length = AUTH_CLIENT_LINES * AUTH_CLIENT_LINE_LENGTH;
    size_t limit = 0;
    if (measured == 0)
        return 0;
    for (size_t middle = SUPERENCRYPTED_PADDING;
         outer + object_length(middle + DESCRIPTOR_LAYER_OVERHEAD) < size_max &&
         limit < AUTHORIZED_CLIENTS_MAX;
         middle += SUPERENCRYPTED_PADDING)
        limit = middle > measured ? (middle - measured) / group_length * AUTH_CLIENT_LINES : 0;
    return limit < AUTHORIZED_CLIENTS_MAX ? limit : AUTHORIZED_CLIENTS_MAX;
}
