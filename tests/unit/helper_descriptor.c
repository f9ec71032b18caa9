/* Descriptors for the tests: the ones recorded in vectors/, and what lies in their encrypted layers. */
#include "helper_descriptor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/memory.h"
#include "crypto/descriptor_cookie.h"
#include "crypto/descriptor_layer.h"
#include "vectors.h"

/* Cuts the next word off a line of words. */
static char *next_word(char **rest)
{
    char *word = strtok_r(NULL, " ", rest);
    assert_non_null(word);
    return word;
}

static void read_point(struct descriptor *expected, char *words)
{
    expected->points = memory_resize(expected->points, expected->point_count + 1, sizeof(*expected->points));
    struct introduction_point *point = &expected->points[expected->point_count++];
    memset(point, 0, sizeof(*point));
    char *rest = words, *specifiers = strtok_r(words, " ", &rest);
    point->link_specifiers_length = (uint16_t)(strlen(specifiers) / 2);
    vectors_decode_hex(specifiers, point->link_specifiers, point->link_specifiers_length);
    vectors_decode_hex(next_word(&rest), point->onion_key, sizeof(point->onion_key));
    vectors_decode_hex(next_word(&rest), point->auth_key, sizeof(point->auth_key));
    vectors_decode_hex(next_word(&rest), point->enc_key, sizeof(point->enc_key));
    vectors_decode_hex(next_word(&rest), point->enc_key_certified, sizeof(point->enc_key_certified));
}

/* The seed in hexadecimal, the suggested effort, and the expiration time in seconds since the epoch; or "-".
 */
static void read_pow_params(struct pow_params *expected, char *words)
{
    if (strcmp(words, "-") == 0)
        return;
    char *rest = words, *seed = strtok_r(words, " ", &rest);
    vectors_decode_hex(seed, expected->seed, sizeof(expected->seed));
    expected->suggested_effort = (uint32_t)strtoul(next_word(&rest), NULL, 10);
    expected->expires_at = strtoll(next_word(&rest), NULL, 10);
    expected->is_present = true;
}

static void read_number(struct descriptor_vector *vector, const char *key, const char *value)
{
    struct descriptor_expectation *expectation = &vector->expectation;
    struct descriptor *expected = &vector->expected;
    unsigned long long number = strtoull(value, NULL, 10);
    if (strcmp(key, "now") == 0)
        expectation->wall_now = (int64_t)number;
    else if (strcmp(key, "period-length") == 0)
        expectation->schedule.period_length = (uint32_t)number;
    else if (strcmp(key, "voting-interval") == 0)
        expectation->schedule.voting_interval = (uint32_t)number;
    else if (strcmp(key, "period-number") == 0)
        expectation->period_number = number;
    else if (strcmp(key, "descriptor-period") == 0)
        expected->period_number = number;
    else if (strcmp(key, "expiration-hour") == 0)
        expected->signing_key_expiration_hour = (uint32_t)number;
    else if (strcmp(key, "lifetime") == 0)
        expected->lifetime = (uint32_t)number;
    else if (strcmp(key, "revision-counter") == 0)
        expected->revision_counter = number;
    else if (strcmp(key, "single-onion-service") == 0)
        expected->is_single_onion_service = number != 0;
    else if (strcmp(key, "authorised-clients") == 0)
        vector->authorised_clients = number;
    else
        fail_msg("a vector says \"%s\", which nobody knows", key);
}

static void read_line(struct descriptor_vector *vector, char *line)
{
    char *value = strchr(line, ' ');
    assert_non_null(value);
    *value++ = '\0';
    if (strcmp(line, "identity-key") == 0)
        vectors_decode_hex(value, vector->identity_key, sizeof(vector->identity_key));
    else if (strcmp(line, "blinded-key") == 0)
        vectors_decode_hex(value, vector->expected.blinded_key, sizeof(vector->expected.blinded_key));
    else if (strcmp(line, "signing-key") == 0)
        vectors_decode_hex(value, vector->expected.signing_key, sizeof(vector->expected.signing_key));
    else if (strcmp(line, "flow-control") == 0)
        strncpy(vector->flow_control, value, sizeof(vector->flow_control) - 1);
    else if (strcmp(line, "pow-params") == 0)
        read_pow_params(&vector->expected.pow_params, value);
    else if (strcmp(line, "client-key") == 0)
        vectors_decode_hex(value, vector->client_keys[vector->client_key_count++], 32);
    else if (strcmp(line, "point") == 0)
        read_point(&vector->expected, value);
    else
        read_number(vector, line, value);
}

void descriptor_vector_read(struct descriptor_vector *vector, const char *name)
{
    memset(vector, 0, sizeof(*vector));
    vector->file = vectors_read_file(name, NULL);
    char *gap = strstr(vector->file, "\n\n");
    assert_non_null(gap);
    *gap = '\0';
    vector->text = gap + 2;
    vector->length = strlen(vector->text);
    char *rest = vector->file;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] != '#')
            read_line(vector, line);
    }
    vector->expectation.identity_key = vector->identity_key;
    vector->expectation.size_max = DESCRIPTOR_SIZE_MAX_DEFAULT;
}

void descriptor_vector_clear(struct descriptor_vector *vector)
{
    free(vector->file);
    free(vector->expected.points);
}

void assert_pow_params_equal(const struct pow_params *pow_params, const struct pow_params *expected)
{
    assert_int_equal(pow_params->is_present, expected->is_present);
    assert_memory_equal(pow_params->seed, expected->seed, sizeof(expected->seed));
    assert_int_equal(pow_params->suggested_effort, expected->suggested_effort);
    assert_true(pow_params->expires_at == expected->expires_at);
}

/* Decrypts the first MESSAGE object of a text. */
static char *open_layer(const char *text, enum descriptor_layer layer,
                        const struct descriptor_layer_secret *secret, size_t *length)
{
    static const char begin[] = "-----BEGIN MESSAGE-----\n";
    const char *start = strstr(text, begin);
    assert_non_null(start);
    start += strlen(begin);
    const char *end = strstr(start, "-----END");
    assert_non_null(end);
    size_t room = (size_t)(end - start), blob_length;
    uint8_t *blob = memory_allocate(room, 1);
    assert_int_equal(
        sodium_base642bin(blob, room, start, room, "\n", &blob_length, NULL, sodium_base64_VARIANT_ORIGINAL),
        0);
    char *plaintext = memory_allocate(room + 1, 1);
    ptrdiff_t result = descriptor_layer_decrypt(plaintext, layer, secret, blob, blob_length);
    assert_true(result >= 0);
    free(blob);
    *length = (size_t)result;
    return plaintext;
}

static void decode_base64(uint8_t *bytes, size_t size, const char *base64)
{
    size_t length = 0;
    assert_int_equal(sodium_base642bin(bytes, size, base64, strcspn(base64, " \n"), NULL, &length, NULL,
                                       sodium_base64_VARIANT_ORIGINAL_NO_PADDING),
                     0);
    assert_int_equal(length, size);
}

/* Finds a client's cookie in a middle layer. */
static void find_cookie(uint8_t cookie[DESCRIPTOR_COOKIE_SIZE], const char *middle,
                        const struct descriptor_layer_secret *secret, const uint8_t *client_key)
{
    static const char key_line[] = "\ndesc-auth-ephemeral-key ", client_line[] = "\nauth-client ";
    uint8_t ephemeral_key[X25519_PUBLIC_KEY_SIZE];
    char key[44 + 1] = {0};
    assert_non_null(strstr(middle, key_line));
    memcpy(key, strstr(middle, key_line) + strlen(key_line), 43); /* without its padding */
    decode_base64(ephemeral_key, sizeof(ephemeral_key), key);
    for (const char *line = middle; (line = strstr(line, client_line)) != NULL;) {
        struct auth_client client;
        line += strlen(client_line);
        decode_base64(client.client_id, sizeof(client.client_id), line);
        decode_base64(client.iv, sizeof(client.iv), line + 12);
        decode_base64(client.encrypted_cookie, sizeof(client.encrypted_cookie), line + 35);
        if (descriptor_cookie_open(cookie, secret->subcredential, client_key, ephemeral_key, &client, 1) == 0)
            return;
    }
    fail_msg("no line is the client's");
}

void open_layers(struct opened_layers *layers, const char *text, const uint8_t *identity_key,
                 const struct descriptor *descriptor)
{
    open_layers_as_client(layers, text, identity_key, descriptor, NULL);
}

void open_layers_as_client(struct opened_layers *layers, const char *text, const uint8_t *identity_key,
                           const struct descriptor *descriptor, const uint8_t *client_key)
{
    struct descriptor_layer_secret secret = {.revision_counter = descriptor->revision_counter};
    uint8_t cookie[DESCRIPTOR_COOKIE_SIZE];
    memcpy(secret.blinded_key, descriptor->blinded_key, sizeof(secret.blinded_key));
    blinding_derive_subcredential(secret.subcredential, identity_key, descriptor->blinded_key);
    layers->middle = open_layer(text, DESCRIPTOR_LAYER_SUPERENCRYPTED, &secret, &layers->middle_length);
    if (client_key != NULL) {
        find_cookie(cookie, layers->middle, &secret, client_key);
        secret.cookie = cookie;
    }
    layers->inner = open_layer(layers->middle, DESCRIPTOR_LAYER_ENCRYPTED, &secret, &layers->inner_length);
}

void opened_layers_clear(struct opened_layers *layers)
{
    free(layers->middle);
    free(layers->inner);
}
