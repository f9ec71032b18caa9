/* Encoding superdescriptors: tor's layout to the byte, read back, and what can't be encoded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "helper_descriptor.h"
#include "helper_forge.h"
#include "helper_superdescriptor.h"
#include "onion/superdescriptor.h"

/* The innermost layer, with the signatures that are known. */
static char *encode_inner(const struct fixture *fixture, struct point_signatures *signatures)
{
    char *inner;
    size_t length;
    assert_int_equal(
        superdescriptor_encode_inner(&fixture->superdescriptor, signatures, &inner, &length, NULL), 0);
    assert_int_equal(strlen(inner), length);
    return inner;
}

/* What is made with signatures from before is what would be made without them, whichever points change. */
static void test_known_signatures(void **state)
{
    (void)state;
    struct fixture fixture;
    struct point_signatures signatures = {.count = 0};
    fixture_init(&fixture, 10);
    for (uint8_t change = 0; change < 5; change++) {
        char *inner = encode_inner(&fixture, &signatures), *anew = encode_inner(&fixture, NULL);
        assert_string_equal(inner, anew);
        point_signatures_drop_unused(&signatures);
        const size_t twice = change > 0; /* the last point stands there twice */
        assert_int_equal(signatures.count, 2 * (fixture.superdescriptor.point_count - twice));
        free(inner);
        free(anew);
        fixture_make_point(&fixture.points[2 * change], (uint8_t)(100 + change));
        fixture.superdescriptor.points[9 - change] = &fixture.points[change];
        fixture.superdescriptor.point_count = 10 - change;
        fixture.superdescriptor.expiration_hour += change == 3;
    }
    point_signatures_clear(&signatures);
}

static void make_pow_params(struct pow_params *pow_params, uint8_t number)
{
    pow_params->is_present = true;
    memset(pow_params->seed, 0xf0 + number, sizeof(pow_params->seed));
    pow_params->suggested_effort = UINT32_MAX / number;
    pow_params->expires_at = 1700000000 + number;
}

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t count = 1; count <= INTRODUCTION_POINTS_MAX; count++) {
        struct fixture fixture;
        fixture_init(&fixture, count);
        fixture.superdescriptor.is_single_onion_service = count % 2 == 0;
        fixture.superdescriptor.revision_counter = UINT64_MAX / count;
        if (count % 3 == 0)
            make_pow_params(&fixture.superdescriptor.pow_params, (uint8_t)count);
        char *text = encode_good(&fixture);
        struct descriptor *descriptor = decode_encoded(&fixture, text);
        assert_int_equal(descriptor->point_count, count);
        assert_memory_equal(descriptor->points, fixture.points, count * sizeof(fixture.points[0]));
        assert_int_equal(descriptor->is_single_onion_service, count % 2 == 0);
        assert_int_equal(descriptor->revision_counter, UINT64_MAX / count);
        assert_int_equal(descriptor->signing_key_expiration_hour, fixture.forger.expiration_hour + 1);
        assert_int_equal(descriptor->lifetime, DESCRIPTOR_LIFETIME_MINUTES);
        assert_int_equal(descriptor->auth_client_count, AUTH_CLIENT_LINES);
        assert_true(descriptor->flow_control.is_present);
        assert_int_equal(descriptor->flow_control.versions, 1 << 1 | 1 << 2);
        assert_int_equal(descriptor->flow_control.sendme_inc, 31);
        assert_int_equal(descriptor->unknown_line_count, 0);
        assert_pow_params_equal(&descriptor->pow_params, &fixture.superdescriptor.pow_params);
        assert_false(descriptor->requires_intro_auth);
        descriptor_free(descriptor);
        free(text);
    }
}

static void test_flow_control_versions(void **state)
{
    (void)state;
    static const struct {
        struct flow_control flow_control;
        const char *line;
    } rows[] = {
        {{false, 0, 0}, "create2-formats 2\nintroduction-point "},
        {{true, 1, 255}, "create2-formats 2\nflow-control 0 255\nintroduction-point "},
        {{true, 1 << 1 | 1 << 2, 31}, "create2-formats 2\nflow-control 1-2 31\nintroduction-point "},
        {{true, 1 << 1 | 1 << 3, 31}, "create2-formats 2\nflow-control 1,3 31\nintroduction-point "},
        {{true, 0xf0 | 1 << 2, 31}, "create2-formats 2\nflow-control 2,4-7 31\nintroduction-point "},
        {{true, UINT64_MAX, 31}, "create2-formats 2\nflow-control 0-63 31\nintroduction-point "},
        {{true, UINT64_C(5) << 61, 31}, "create2-formats 2\nflow-control 61,63 31\nintroduction-point "},
        {{true, UINT64_C(0x5555555555555555), 1},
         "create2-formats 2\nflow-control "
         "0,2,4,6,8,10,12,14,16,18,20,22,24,26,28,30,32,34,36,38,40,42,44,46,48,50,52,54,56,58,60,62 "
         "1\nintroduction-point "},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture;
        struct opened_layers layers;
        fixture_init(&fixture, 1);
        fixture.superdescriptor.flow_control = rows[i].flow_control;
        char *text = encode_good(&fixture);
        struct descriptor *descriptor = decode_encoded(&fixture, text);
        assert_int_equal(descriptor->flow_control.versions, rows[i].flow_control.versions);
        open_layers(&layers, text, fixture.forger.identity_key, descriptor);
        assert_memory_equal(layers.inner, rows[i].line, strlen(rows[i].line));
        opened_layers_clear(&layers);
        descriptor_free(descriptor);
        free(text);
    }
}

/* The line stands where tor has it, and without it nothing changes. */
static void test_pow_params_line(void **state)
{
    (void)state;
    static const char flow_control[] = "flow-control 1-2 31\n";
    static const char line[] =
        "pow-params v1 8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fE= 4294967295 2023-11-14T22:13:21\n";
    struct fixture fixture;
    fixture_init(&fixture, 2);
    fixture.superdescriptor.is_single_onion_service = true;
    char *without = encode_inner(&fixture, NULL);
    make_pow_params(&fixture.superdescriptor.pow_params, 1);
    char *with = encode_inner(&fixture, NULL);
    char *place = strstr(without, flow_control) + strlen(flow_control);
    assert_memory_equal(place, "introduction-point ", strlen("introduction-point "));
    char *expected = text_format("%.*s%s%s", (int)(place - without), without, line, place);
    assert_string_equal(with, expected);
    free(expected);
    free(with);
    free(without);
}

/* The shape of a text: of every line its first word and its length, of lines of base64 only the length. */
static char *describe_shape(const char *text)
{
    char *shape = text_format("%s", "");
    bool is_in_object = false;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n"), word = strcspn(text, " \n");
        if (strncmp(text, "-----END", 8) == 0)
            is_in_object = false;
        char *longer = text_format("%s%.*s %zu%s", shape, is_in_object ? 6 : (int)word,
                                   is_in_object ? "base64" : text, length, text[length] == '\n' ? "\n" : ".");
        free(shape);
        shape = longer;
        if (strncmp(text, "-----BEGIN", 10) == 0)
            is_in_object = true;
        text += length + (text[length] == '\n');
    }
    return shape;
}

static void assert_shapes_equal(const char *text, const char *expected)
{
    char *shape = describe_shape(text), *expected_shape = describe_shape(expected);
    assert_string_equal(shape, expected_shape);
    assert_non_null(strstr(shape, "base64 64\n"));
    free(shape);
    free(expected_shape);
}

/* When the first certificate behind a line expires, in hours since the epoch. */
static uint32_t read_expiration_hour(const char *inner, const char *line)
{
    uint8_t encoded[CERTIFICATE_SIZE];
    struct certificate certificate;
    const char *start = strstr(inner, line);
    assert_non_null(start);
    start += strlen(line);
    assert_int_equal(sodium_base642bin(encoded, sizeof(encoded), start, strcspn(start, "-"), "\n", NULL, NULL,
                                       sodium_base64_VARIANT_ORIGINAL),
                     0);
    assert_int_equal(certificate_parse(&certificate, encoded, sizeof(encoded), NULL), 0);
    return certificate.expiration_hour;
}

/* Encodes the points of a stock tor's descriptor anew and lays both side by side. */
static void compare_with_tor(const char *name)
{
    static const char auth_key[] = "\nauth-key\n-----BEGIN ED25519 CERT-----\n";
    struct descriptor_vector vector;
    struct fixture fixture;
    struct opened_layers layers, tor_layers;
    descriptor_vector_read(&vector, name);
    const bool is_restricted = vector.authorised_clients > 0;
    const uint8_t our_client_key[X25519_SECRET_KEY_SIZE] = {0, 1};
    vector.expectation.client_key = is_restricted ? vector.client_keys[0] : NULL;
    struct descriptor *of_tor = descriptor_decode(vector.text, vector.length, &vector.expectation, NULL);
    assert_non_null(of_tor);
    fixture_init(&fixture, 0);
    struct superdescriptor *superdescriptor = &fixture.superdescriptor;
    const struct descriptor *descriptors[] = {of_tor};
    superdescriptor_merge_features(superdescriptor, descriptors, 1);
    superdescriptor->pow_params = of_tor->pow_params;
    superdescriptor->revision_counter = of_tor->revision_counter;
    superdescriptor->expiration_hour =
        (uint32_t)(vector.expectation.wall_now / 3600) + CERTIFICATE_LIFETIME_HOURS;
    superdescriptor->point_count = of_tor->point_count;
    for (size_t i = 0; i < of_tor->point_count; i++)
        superdescriptor->points[i] = &of_tor->points[i];
    struct descriptor_authorization *authorization =
        is_restricted ? forge_authorization(&fixture.forger, (uint8_t)vector.authorised_clients) : NULL;
    superdescriptor->authorization = authorization;
    char *text = encode_good(&fixture);
    struct descriptor ours = {.revision_counter = of_tor->revision_counter};
    memcpy(ours.blinded_key, fixture.forger.blinded_key, sizeof(ours.blinded_key));

    assert_int_equal(strlen(text), vector.length);
    assert_shapes_equal(text, vector.text);
    open_layers_as_client(&layers, text, fixture.forger.identity_key, &ours,
                          is_restricted ? our_client_key : NULL);
    open_layers_as_client(&tor_layers, vector.text, vector.identity_key, of_tor,
                          vector.expectation.client_key);
    assert_int_equal(layers.middle_length, tor_layers.middle_length);
    assert_int_equal(strlen(layers.middle), strlen(tor_layers.middle));
    assert_shapes_equal(layers.middle, tor_layers.middle);
    assert_int_equal(layers.inner_length, tor_layers.inner_length);
    assert_shapes_equal(layers.inner, tor_layers.inner);
    /* Up to the first certificate nothing is another one's. */
    assert_memory_equal(layers.inner, tor_layers.inner,
                        (size_t)(strstr(tor_layers.inner, auth_key) - tor_layers.inner));
    assert_int_equal(read_expiration_hour(layers.inner, auth_key),
                     read_expiration_hour(tor_layers.inner, auth_key));
    opened_layers_clear(&layers);
    opened_layers_clear(&tor_layers);
    free(text);
    descriptor_authorization_free(authorization);
    descriptor_free(of_tor);
    descriptor_vector_clear(&vector);
}

static void test_layout_of_tor(void **state)
{
    (void)state;
    compare_with_tor("descriptor_tor_plain.txt");
    compare_with_tor("descriptor_tor_ten.txt");
    compare_with_tor("descriptor_tor_twenty.txt");
    compare_with_tor("descriptor_tor_pow.txt");
    compare_with_tor("descriptor_tor_single.txt");
    compare_with_tor("descriptor_tor_clients_1.txt");
    compare_with_tor("descriptor_tor_clients_16.txt");
    compare_with_tor("descriptor_tor_clients_17.txt");
    compare_with_tor("descriptor_tor_clients_100.txt");
}

static void test_same_input_same_text(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 3);
    char *text = encode_good(&fixture), *again = encode_good(&fixture);
    assert_string_equal(text, again);
    free(again);
    fixture.randomness.superencrypted_salt[0] ^= 1;
    again = encode_good(&fixture);
    assert_string_not_equal(text, again);
    free(again);
    free(text);
}

static void test_randomness_is_used(void **state)
{
    (void)state;
    struct fixture fixture;
    struct opened_layers layers;
    fixture_init(&fixture, 1);
    char *text = encode_good(&fixture);
    struct descriptor *descriptor = decode_encoded(&fixture, text);
    open_layers(&layers, text, fixture.forger.identity_key, descriptor);
    char *base64 = text_base64(fixture.randomness.ephemeral_key, X25519_PUBLIC_KEY_SIZE);
    assert_non_null(strstr(layers.middle, base64));
    free(base64);
    for (size_t i = 0; i < AUTH_CLIENT_LINES; i++) {
        char *client_id = text_base64(fixture.randomness.auth_clients[i].client_id, 8);
        char *iv = text_base64(fixture.randomness.auth_clients[i].iv, 16);
        char *cookie = text_base64(fixture.randomness.auth_clients[i].encrypted_cookie, 16);
        char *line = text_format("\nauth-client %.11s %.22s %.22s\n", client_id, iv, cookie);
        assert_non_null(strstr(layers.middle, line));
        free(line);
        free(cookie);
        free(iv);
        free(client_id);
    }
    opened_layers_clear(&layers);
    descriptor_free(descriptor);
    free(text);
}

static void assert_not_encoded(const struct fixture *fixture, size_t size_max, const char *words)
{
    char *text = NULL;
    size_t length;
    struct error error = {.text = ""};
    assert_int_equal(superdescriptor_encode(&fixture->superdescriptor, &fixture->randomness, size_max, &text,
                                            &length, &error),
                     -1);
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

/* The signature's first half, which stands for its nonce. */
static void read_commitment(const char *text, char commitment[42 + 1])
{
    snprintf(commitment, 42 + 1, "%s", strstr(text, "\nsignature ") + strlen("\nsignature "));
    assert_int_equal(strlen(commitment), 42);
}

/* Of all that is signed each part makes another nonce when it changes: a nonce that two texts shared would
 * give the descriptor signing key away. */
static void test_every_change_makes_another_nonce(void **state)
{
    (void)state;
    enum { CHANGES = 8 };
    char commitments[1 + CHANGES][42 + 1]; /* the first one before any change */
    struct fixture fixture;
    fixture_init(&fixture, 3);
    struct superdescriptor *superdescriptor = &fixture.superdescriptor;
    for (size_t change = 0; change <= CHANGES; change++) {
        uint8_t unchanged = 0;
        uint8_t *const changed[1 + CHANGES] = {
            &unchanged,
            fixture.randomness.ephemeral_key,
            fixture.randomness.superencrypted_salt,
            fixture.randomness.encrypted_salt,
            fixture.randomness.auth_clients[0].iv,
            fixture.points[0].onion_key,
            superdescriptor->signing_certificate + CERTIFICATE_SIZE - 1,
            (uint8_t *)&superdescriptor->revision_counter,
            (uint8_t *)&superdescriptor->expiration_hour,
        };
        *changed[change] ^= 1;
        char *text = encode_good(&fixture), *again = encode_good(&fixture);
        assert_string_equal(text, again);
        read_commitment(text, commitments[change]);
        for (size_t i = 0; i < change; i++)
            assert_string_not_equal(commitments[change], commitments[i]);
        free(text);
        free(again);
    }
}

static void test_what_is_not_encoded(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0);
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT, "can't have 0 introduction points");
    fixture_init(&fixture, INTRODUCTION_POINTS_MAX + 1);
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT, "can't have 21 introduction points");
    fixture_init(&fixture, 3);
    fixture.points[1].has_legacy_key = true;
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT, "introduction point 2 has a legacy key");
    fixture_init(&fixture, 3);
    fixture.points[0].fault = POINT_FAULT_TWO_RSA;
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT,
                       "introduction point 1 has what no tor makes (two RSA identities)");
    fixture_init(&fixture, 3);
    fixture.points[1].link_specifiers_length = 0;
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT, "introduction point 2 has link specifiers");
    fixture_init(&fixture, 3);
    fixture.points[2].link_specifiers_length = LINK_SPECIFIERS_SIZE_MAX + 1;
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT, "introduction point 3 has link specifiers");
    fixture_init(&fixture, 1);
    make_pow_params(&fixture.superdescriptor.pow_params, 1);
    fixture.superdescriptor.pow_params.expires_at =
        INT64_C(253402300800); /* the beginning of the year 10000 */
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT, "pow-params can't expire 253402300800 seconds");
    fixture_init(&fixture, 1);
    struct ed25519_secret_key without_prefix = *fixture.superdescriptor.signing_secret_key;
    memset(without_prefix.nonce_prefix, 0, sizeof(without_prefix.nonce_prefix));
    fixture.superdescriptor.signing_secret_key = &without_prefix;
    assert_not_encoded(&fixture, DESCRIPTOR_SIZE_MAX_DEFAULT, "must not sign");
}

static void test_size(void **state)
{
    (void)state;
    struct fixture fixture;
    char *again;
    size_t length;
    fixture_init(&fixture, 3);
    char *text = encode_good(&fixture);
    assert_not_encoded(&fixture, strlen(text), "the network allows fewer than");
    assert_not_encoded(&fixture, strlen(text), "(HSV3MaxDescriptorSize): take fewer introduction points");
    assert_not_encoded(&fixture, 1, "the network allows fewer than 1 (HSV3MaxDescriptorSize)");
    assert_int_equal(superdescriptor_encode(&fixture.superdescriptor, &fixture.randomness, strlen(text) + 1,
                                            &again, &length, NULL),
                     0);
    free(again);
    free(text);
    /* Twenty points fit, even with the longest link specifiers. */
    fixture_init(&fixture, INTRODUCTION_POINTS_MAX);
    text = encode_good(&fixture);
    size_t usual_length = strlen(text);
    assert_in_range(usual_length, 41000, 42000);
    free(text);
    for (size_t i = 0; i < INTRODUCTION_POINTS_MAX; i++)
        fixture.points[i].link_specifiers_length = LINK_SPECIFIERS_SIZE_MAX;
    text = encode_good(&fixture);
    assert_int_equal(strlen(text), usual_length);
    free(text);
}

static void test_merged_features(void **state)
{
    (void)state;
    static const struct {
        struct flow_control backends[3], merged;
        bool is_single[3], merged_is_single;
        size_t count;
    } rows[] = {
        {{{true, 6, 31}}, {true, 6, 31}, {true}, true, 1},
        {{{false, 0, 0}}, {false, 0, 0}, {false}, false, 1},
        {{{true, 6, 31}, {true, 6, 31}}, {true, 6, 31}, {true, true}, true, 2},
        {{{true, 6, 31}, {true, 2, 31}}, {true, 2, 31}, {true, false}, false, 2},
        {{{true, 6, 31}, {true, 14, 31}, {true, 12, 31}}, {true, 4, 31}, {false, true, true}, false, 3},
        {{{true, 2, 31}, {true, 4, 31}}, {false, 0, 0}, {false, false}, false, 2},
        {{{true, 2, 31}, {true, 4, 31}, {true, 6, 31}}, {false, 0, 0}, {true, true, true}, true, 3},
        {{{true, 6, 31}, {true, 6, 32}}, {false, 0, 0}, {true, true}, true, 2},
        {{{true, 6, 31}, {false, 0, 0}}, {false, 0, 0}, {true, true}, true, 2},
        {{{false, 0, 0}, {true, 6, 31}}, {false, 0, 0}, {true, true}, true, 2},
        {{{true, 6, 31}, {false, 0, 0}, {true, 6, 31}}, {false, 0, 0}, {true, true, false}, false, 3},
        {{{true, UINT64_C(1) << 63, 1}, {true, UINT64_MAX, 1}},
         {true, UINT64_C(1) << 63, 1},
         {true},
         false,
         2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        static struct descriptor backends[3];
        const struct descriptor *descriptors[3];
        struct superdescriptor merged = {.is_single_onion_service = true};
        for (size_t j = 0; j < rows[i].count; j++) {
            backends[j].flow_control = rows[i].backends[j];
            backends[j].is_single_onion_service = rows[i].is_single[j];
            descriptors[j] = &backends[j];
        }
        superdescriptor_merge_features(&merged, descriptors, rows[i].count);
        assert_int_equal(merged.flow_control.is_present, rows[i].merged.is_present);
        assert_int_equal(merged.flow_control.versions, rows[i].merged.versions);
        assert_int_equal(merged.flow_control.sendme_inc, rows[i].merged.sendme_inc);
        assert_int_equal(merged.is_single_onion_service, rows[i].merged_is_single);
    }
}

/* A descriptor is as long with the length that it needs as without one; and a short one as long as a long
 * one, when it is given that one's length. */
static void test_lengths(void **state)
{
    (void)state;
    struct fixture longest;
    fixture_init(&longest, INTRODUCTION_POINTS_MAX);
    size_t length_max = superdescriptor_find_middle_length(&longest.superdescriptor, 0), last = 0, steps = 0;
    char *text = encode_good(&longest);
    size_t longest_length = strlen(text);
    free(text);
    for (size_t count = 1; count <= INTRODUCTION_POINTS_MAX; count++) {
        struct fixture fixture;
        fixture_init(&fixture, count);
        size_t length = superdescriptor_find_middle_length(&fixture.superdescriptor, 0);
        assert_true(length >= last && length % SUPERENCRYPTED_PADDING == 0 && length > 0);
        steps += length > last;
        last = length;
        text = encode_good(&fixture);
        size_t plain = strlen(text), found = superdescriptor_find_length(&fixture.superdescriptor, 0);
        assert_in_range(found, plain, plain + strlen("18446744073709551615") - 1);
        free(text);
        fixture.superdescriptor.middle_length = length;
        text = encode_good(&fixture);
        assert_int_equal(strlen(text), plain);
        free(text);
        fixture.superdescriptor.middle_length = length_max;
        text = encode_good(&fixture);
        assert_int_equal(strlen(text), longest_length);
        free(text);
    }
    assert_true(steps > 1);
    longest.superdescriptor.pow_params = (struct pow_params){.is_present = true, .expires_at = INT64_MAX};
    assert_int_equal(superdescriptor_find_middle_length(&longest.superdescriptor, 0), 0);
    assert_int_equal(superdescriptor_find_length(&longest.superdescriptor, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_signatures),      cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_flow_control_versions), cmocka_unit_test(test_layout_of_tor),
        cmocka_unit_test(test_pow_params_line),       cmocka_unit_test(test_same_input_same_text),
        cmocka_unit_test(test_randomness_is_used),    cmocka_unit_test(test_every_change_makes_another_nonce),
        cmocka_unit_test(test_what_is_not_encoded),   cmocka_unit_test(test_size),
        cmocka_unit_test(test_merged_features),       cmocka_unit_test(test_lengths),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
