/* Decoding one introduction point: what is accepted, and every way in which one can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/memory.h"
#include "helper_forge.h"
#include "onion/introduction_point.h"

/* Decodes the first point of a text. Returns what introduction_point_decode() does. */
static int decode(struct introduction_point *point, const struct forger *forger, const char *text,
                  struct document_item *next, struct error *error)
{
    struct document_reader reader;
    struct document_item first;
    document_reader_init(&reader, text, strlen(text));
    if (document_reader_next(&reader, &first, error) != 1)
        return -1;
    return introduction_point_decode(point, &reader, &first, next, forger->signing_key,
                                     forger->expectation.wall_now, NULL, NULL, error);
}

static void assert_point_refused(const struct forger *forger, const char *text, const char *words)
{
    struct introduction_point point;
    struct document_item next;
    struct error error = {.text = ""};
    if (decode(&point, forger, text, &next, &error) != -1)
        fail_msg("not refused, though it should be: %s", words);
    if (strstr(error.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, words);
}

static void assert_point_accepted(const struct forger *forger, const char *text,
                                  struct introduction_point *point)
{
    struct document_item next;
    struct error error = {.text = ""};
    if (decode(point, forger, text, &next, &error) != 0)
        fail_msg("refused: %s", error.text);
}

static void test_good_point(void **state)
{
    (void)state;
    struct forger forger;
    struct introduction_point point;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 7);
    assert_point_accepted(&forger, text, &point);
    uint8_t fingerprint[20],
        expected[20] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 7};
    assert_int_equal(point.link_specifiers_length, 31);
    assert_true(introduction_point_fingerprint(&point, fingerprint));
    assert_memory_equal(fingerprint, expected, sizeof(expected));
    assert_false(point.has_legacy_key);
    char *onion_key = text_base64(point.onion_key, 32), *enc_key = text_base64(point.enc_key, 32);
    assert_non_null(strstr(strstr(text, "onion-key ntor "), onion_key));
    assert_non_null(strstr(strstr(text, "enc-key ntor "), enc_key));
    assert_true(ed25519_public_key_is_valid(point.auth_key));
    free(onion_key);
    free(enc_key);
    free(text);
}

static void test_two_points(void **state)
{
    (void)state;
    struct forger forger;
    struct introduction_point first, second;
    struct document_item item, next;
    struct document_reader reader;
    forger_init(&forger, 3);
    char *texts[] = {forge_point(&forger, 1), forge_point(&forger, 2)};
    char *both = text_format("%s%s", texts[0], texts[1]);
    document_reader_init(&reader, both, strlen(both));
    assert_int_equal(document_reader_next(&reader, &item, NULL), 1);
    int64_t now = forger.expectation.wall_now;
    assert_int_equal(
        introduction_point_decode(&first, &reader, &item, &next, forger.signing_key, now, NULL, NULL, NULL),
        1);
    assert_true(text_equals(next.keyword, "introduction-point"));
    item = next;
    assert_int_equal(
        introduction_point_decode(&second, &reader, &item, &next, forger.signing_key, now, NULL, NULL, NULL),
        0);
    assert_false(introduction_point_equals(&first, &second));
    assert_true(introduction_point_equals(&first, &first));
    struct introduction_point alike = second;
    memcpy(alike.auth_key, first.auth_key, sizeof(alike.auth_key));
    assert_true(introduction_point_equals(&first, &alike));
    free(both);
    free(texts[0]);
    free(texts[1]);
}

#define LEGACY_KEY "legacy-key \n-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n"
#define LEGACY_KEY_CERT "legacy-key-cert\n-----BEGIN CROSSCERT-----\nAAAA\n-----END CROSSCERT-----\n"

static void test_legacy_key(void **state)
{
    (void)state;
    struct forger forger;
    struct introduction_point point;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 1), *legacy = text_format("%s" LEGACY_KEY LEGACY_KEY_CERT, text);
    assert_point_accepted(&forger, legacy, &point);
    assert_true(point.has_legacy_key);
    free(legacy);
    legacy = text_format("%s" LEGACY_KEY LEGACY_KEY, text);
    assert_point_refused(&forger, legacy, "\"legacy-key\" twice");
    free(legacy);
    free(text);
}

#define KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define LOW_ORDER_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define ANOTHER_OBJECT "-----BEGIN X-----\nAAAA\n-----END X-----\n"

/* Faults, and the words that the sentence about each has to have. */
static const struct {
    const char *from, *to;
    const char *words;
} faults[] = {
    {"onion-key ntor", "onion-key tap", "no \"onion-key ntor\""},
    {"onion-key ntor ", "onion-key ntor", "\"onion-key\" with 1 arguments"},
    {"onion-key ntor ", "onion-key ntor A", "\"onion-key ntor\" is not 32 bytes"},
    {"onion-key ntor ", "onion-key ntor " LOW_ORDER_KEY " ", "\"onion-key ntor\" is of low order"},
    {"onion-key ntor ", "onion-key ntor " KEY "\nonion-key ntor ", "two keys \"onion-key ntor\""},
    {"auth-key\n", "auth-key\n" ANOTHER_OBJECT "auth-key\n", "without its object"},
    {"auth-key\n", "auth-key-no\n", "no \"auth-key\""},
    {"-----BEGIN ED25519 CERT-----\n", "-----BEGIN ED25519 CERT-----\n*", "\"auth-key\" is not base64"},
    {"-----BEGIN ED25519 CERT-----\n", "-----BEGIN ED25519 CERT-----\nAAAA", "auth-key: "},
    {"enc-key ntor", "enc-key x", "no \"enc-key ntor\""},
    {"enc-key ntor ", "enc-key ntor " KEY " ", "enc-key-cert certifies another key"},
    {"enc-key ntor ", "enc-key ntor " LOW_ORDER_KEY " ", "\"enc-key ntor\" is of low order"},
    {"enc-key ntor ", "enc-key ntor " KEY "\nenc-key ntor ", "two keys \"enc-key ntor\""},
    {"enc-key-cert\n", "enc-key-cert\n" ANOTHER_OBJECT, "without its object"},
    {"enc-key-cert\n", "enc-key-no\n", "no \"enc-key-cert\""},
    {"introduction-point ", "introduction-point =", "link specifiers are not base64"},
    {"introduction-point ", "introduction-point AA", "link specifiers are"},
    {"introduction-point ",
     "introduction-point AgAGwAACASMpAhQ= ", "\"introduction-point\" with 2 arguments"},
    {"enc-key-cert\n", "u\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nenc-key-cert\n", "unknown lines"},
};

static void test_faults(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 1);
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        char *faulty = text_replace(text, faults[i].from, faults[i].to);
        assert_point_refused(&forger, faulty, faults[i].words);
        free(faulty);
    }
    free(text);
}

static const struct {
    const char *from, *to;
} harmless[] = {
    {"onion-key ntor", "onion-key tap abc\n" ANOTHER_OBJECT "onion-key ntor"},
    {"enc-key ntor", "enc-key future-type abc def\nenc-key ntor"},
    {"enc-key-cert\n", "enc-key-cert more words\n"},
    {"enc-key-cert\n", "unknown-line\n" ANOTHER_OBJECT "enc-key-cert\n"},
    {"auth-key\n", "u\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nu\nauth-key\n"},
};

static void test_harmless_differences(void **state)
{
    (void)state;
    struct forger forger;
    struct introduction_point plain, point;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 1);
    assert_point_accepted(&forger, text, &plain);
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        char *different = text_replace(text, harmless[i].from, harmless[i].to);
        assert_point_accepted(&forger, different, &point);
        assert_memory_equal(&point, &plain, sizeof(point));
        free(different);
    }
    free(text);
}

#define IPV4 "0006c00002012329"
#define IPV4_2 "0006c00002022329"
#define IPV6 "011220010db8000000000000000000000001238c"
#define IPV6_2 "011220010db8000000000000000000000002238c"
#define RSA "021400112233445566778899aabbccddeeff00112233"
#define RSA_2 "0214ff112233445566778899aabbccddeeff00112233"
#define ED25519 "032000112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define ED25519_2 "0320ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define UNKNOWN "f003010203"

/* Link specifiers in hexadecimal; as they are taken over, NULL for those that make the point a malformed one;
 * or what is wrong with the point otherwise. */
static const struct {
    const char *hex, *taken;
    enum point_fault fault;
} specifiers[] = {
    /* what tor makes */
    {"02" IPV4 RSA, "02" IPV4 RSA, POINT_FAULT_NONE},
    {"03" IPV4 RSA ED25519, "03" IPV4 RSA ED25519, POINT_FAULT_NONE},
    {"04" IPV4 RSA ED25519 IPV6, "04" IPV4 RSA ED25519 IPV6, POINT_FAULT_NONE},
    /* the same in another order, and with what nobody knows */
    {"03" IPV6 RSA IPV4, "03" IPV4 RSA IPV6, POINT_FAULT_NONE},
    {"04" UNKNOWN ED25519 RSA IPV4, "03" IPV4 RSA ED25519, POINT_FAULT_NONE},
    {"04" RSA UNKNOWN IPV4 "f100", "02" IPV4 RSA, POINT_FAULT_NONE},
    /* what no tor makes */
    {"01" IPV4, "", POINT_FAULT_NO_RSA},
    {"01" UNKNOWN, "", POINT_FAULT_NO_RSA},
    {"01f000", "", POINT_FAULT_NO_RSA},
    {"02" IPV4 ED25519, "", POINT_FAULT_NO_RSA},
    {"01" RSA, "", POINT_FAULT_NO_IPV4},
    {"03" IPV6 RSA ED25519, "", POINT_FAULT_NO_IPV4},
    {"03" IPV4 RSA RSA_2, "", POINT_FAULT_TWO_RSA},
    {"03" RSA IPV4 RSA, "", POINT_FAULT_TWO_RSA},
    {"03" IPV4 IPV4_2 RSA, "", POINT_FAULT_TWO_IPV4},
    {"04" IPV4 RSA ED25519 ED25519_2, "", POINT_FAULT_TWO_ED25519},
    {"04" IPV4 RSA IPV6 IPV6_2, "", POINT_FAULT_TWO_IPV6},
    /* what is none */
    {"", NULL, POINT_FAULT_NONE},
    {"00", NULL, POINT_FAULT_NONE},
    {"01", NULL, POINT_FAULT_NONE},
    {"0100", NULL, POINT_FAULT_NONE},
    {"010006c000020123", NULL, POINT_FAULT_NONE},
    {"010006c0000201232900", NULL, POINT_FAULT_NONE},
    {"020006c00002012329", NULL, POINT_FAULT_NONE},
    {"010005c000020123", NULL, POINT_FAULT_NONE},
    {"010213001122334455"
     "66778899aabbccddeeff001122",
     NULL, POINT_FAULT_NONE},
    {"01031400112233445566778899aabbccddeeff00112233", NULL, POINT_FAULT_NONE},
    {"0101120000", NULL, POINT_FAULT_NONE},
};

static size_t decode_hex(uint8_t *bytes, size_t size, const char *hex)
{
    size_t length;
    assert_int_equal(sodium_hex2bin(bytes, size, hex, strlen(hex), NULL, &length, NULL), 0);
    return length;
}

static void test_link_specifiers(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 1);
    const char *rest = strchr(text, '\n');
    for (size_t i = 0; i < sizeof(specifiers) / sizeof(specifiers[0]); i++) {
        uint8_t bytes[160], taken[160], fingerprint[20], expected[20];
        size_t size = decode_hex(bytes, sizeof(bytes), specifiers[i].hex);
        struct introduction_point point;
        char *base64 = text_base64(bytes, size);
        char *changed = text_format("introduction-point %s%s", base64, rest);
        if (specifiers[i].taken != NULL) {
            assert_point_accepted(&forger, changed, &point);
            assert_int_equal(point.fault, specifiers[i].fault);
            assert_int_equal(point.link_specifiers_length,
                             decode_hex(taken, sizeof(taken), specifiers[i].taken));
            assert_memory_equal(point.link_specifiers, taken, point.link_specifiers_length);
            assert_int_equal(introduction_point_fingerprint(&point, fingerprint),
                             specifiers[i].fault == POINT_FAULT_NONE);
            decode_hex(expected, sizeof(expected), &RSA[4]);
            if (specifiers[i].fault == POINT_FAULT_NONE)
                assert_memory_equal(fingerprint, expected, sizeof(expected));
        } else {
            assert_point_refused(&forger, changed, size > 0 ? "link specifiers" : "with 0 arguments");
        }
        free(changed);
        free(base64);
    }
    free(text);
}

/* What nobody knows may make them long, but not longer than this. */
static void test_link_specifiers_too_long(void **state)
{
    (void)state;
    struct forger forger;
    struct introduction_point point;
    const size_t size_max = 256;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 1);
    for (size_t size = size_max; size <= size_max + 1; size++) {
        uint8_t bytes[257] = {3};
        size_t known = 1 + decode_hex(bytes + 1, sizeof(bytes) - 1, IPV4 RSA);
        bytes[known] = 0xf0;
        bytes[known + 1] = (uint8_t)(size - known - 2);
        char *base64 = text_base64(bytes, size);
        char *changed = text_format("introduction-point %s%s", base64, strchr(text, '\n'));
        if (size == size_max) {
            assert_point_accepted(&forger, changed, &point);
            assert_int_equal(point.link_specifiers_length, known);
        } else {
            assert_point_refused(&forger, changed, "base64 of at most 256 bytes");
        }
        free(changed);
        free(base64);
    }
    free(text);
}

static void test_fingerprint_of_malformed_specifiers(void **state)
{
    (void)state;
    struct introduction_point point = {.link_specifiers = {1, 2, 20}};
    uint8_t fingerprint[20];
    for (uint16_t length = 0; length < 23; length++) {
        point.link_specifiers_length = length;
        assert_false(introduction_point_fingerprint(&point, fingerprint));
    }
    point.link_specifiers_length = 23;
    assert_true(introduction_point_fingerprint(&point, fingerprint));
}

/* Every X25519 key of low order that libsodium knows; some that it does not mind, but that are no canonical
 * encodings; and good ones. */
static void test_low_order_and_odd_keys(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool is_low_order;
        const char *words; /* NULL for a good one */
    } keys[] = {
        {"0000000000000000000000000000000000000000000000000000000000000000", true, "of low order"},
        {"0000000000000000000000000000000000000000000000000000000000000080", true, "of low order"},
        {"0100000000000000000000000000000000000000000000000000000000000000", true, "of low order"},
        {"0100000000000000000000000000000000000000000000000000000000000080", true, "of low order"},
        {"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800", true, "of low order"},
        {"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157", true, "of low order"},
        {"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true, "of low order"},
        {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true, "of low order"},
        {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", true, "of low order"},
        {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", true, "of low order"},
        {"efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false, "not canonical"},
        {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false, "not canonical"},
        {"0900000000000000000000000000000000000000000000000000000000000080", false, "not canonical"},
        {"ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", false, NULL},
        {"eefffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe7f", false, NULL},
        {"0200000000000000000000000000000000000000000000000000000000000000", false, NULL},
        {"0900000000000000000000000000000000000000000000000000000000000000", false, NULL},
    };
    struct forger forger;
    struct introduction_point point;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 1);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        uint8_t key[32], shared[32], scalar[32] = {8};
        assert_int_equal(sodium_hex2bin(key, sizeof(key), keys[i].hex, 64, NULL, NULL, NULL), 0);
        assert_int_equal(crypto_scalarmult_curve25519(shared, scalar, key) != 0, keys[i].is_low_order);
        char *base64 = text_base64(key, sizeof(key)), *line = text_format("onion-key ntor %s ", base64);
        char *changed = text_replace(text, "onion-key ntor ", line);
        if (keys[i].words != NULL)
            assert_point_refused(&forger, changed, keys[i].words);
        else
            assert_point_accepted(&forger, changed, &point);
        free(changed);
        free(line);
        free(base64);
    }
    free(text);
}

/* Replaces the certificate that stands behind a keyword line. */
static char *replace_certificate(const char *text, const char *keyword_line, const char *certificate)
{
    const char *start = strstr(text, keyword_line);
    assert_non_null(start);
    start += strlen(keyword_line);
    static const char end_line[] = "-----END ED25519 CERT-----";
    const char *end = strstr(start, end_line) + strlen(end_line);
    return text_format("%.*s%s%s", (int)(start - text), text, certificate, end);
}

static void test_certificates(void **state)
{
    (void)state;
    struct forger forger, other, late;
    struct introduction_point point;
    forger_init(&forger, 3);
    forger_init(&other, 4);
    late = forger;
    late.expiration_hour = (uint32_t)(forger.expectation.wall_now / 3600);
    static const uint8_t no_key[32] = {2}; /* 2 is no y coordinate of the curve */
    static const uint8_t identity[32] = {1};
    char *text = forge_point(&forger, 1);
    assert_point_accepted(&forger, text, &point);
    const struct {
        const char *keyword_line;
        const struct forger *signer;
        uint8_t type;
        const uint8_t *certified_key;
        const char *words; /* NULL: good */
    } rows[] = {
        {"\nauth-key\n", &forger, 9, point.auth_key, NULL},
        {"\nauth-key\n", &forger, 9, forger.blinded_key, NULL},
        {"\nauth-key\n", &other, 9, point.auth_key, "auth-key: a certificate is signed by another key"},
        {"\nauth-key\n", &forger, 11, point.auth_key, "auth-key: a certificate is of type 11"},
        {"\nauth-key\n", &forger, 8, point.auth_key, "auth-key: a certificate is of type 8"},
        {"\nauth-key\n", &late, 9, point.auth_key, "auth-key: a certificate has expired"},
        {"\nauth-key\n", &forger, 9, no_key, "no Ed25519 key"},
        {"\nauth-key\n", &forger, 9, identity, "no Ed25519 key"},
        {"\nenc-key-cert\n", &forger, 11, point.enc_key_certified, NULL},
        {"\nenc-key-cert\n", &other, 11, point.enc_key_certified,
         "enc-key-cert: a certificate is signed by another key"},
        {"\nenc-key-cert\n", &forger, 9, point.enc_key_certified, "enc-key-cert: a certificate is of type 9"},
        {"\nenc-key-cert\n", &late, 11, point.enc_key_certified, "enc-key-cert: a certificate has expired"},
        {"\nenc-key-cert\n", &forger, 11, point.auth_key, "certifies another key"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct introduction_point changed_point;
        char *certificate = forge_certificate(rows[i].signer, rows[i].type, rows[i].certified_key);
        char *changed = replace_certificate(text, rows[i].keyword_line, certificate);
        if (rows[i].words == NULL)
            assert_point_accepted(&forger, changed, &changed_point);
        else
            assert_point_refused(&forger, changed, rows[i].words);
        free(changed);
        free(certificate);
    }
    free(text);
}

/* The extension names the right key, but another one has signed. */
static void test_false_signer(void **state)
{
    (void)state;
    struct forger forger, other;
    forger_init(&forger, 3);
    forger_init(&other, 4);
    other.expiration_hour = forger.expiration_hour;
    memcpy(other.signing_key, forger.signing_key, sizeof(other.signing_key));
    char *text = forge_point(&other, 1);
    assert_point_refused(&forger, text, "auth-key: a certificate has a bad signature");
    free(text);
}

static void test_truncated_everywhere(void **state)
{
    (void)state;
    struct forger forger;
    forger_init(&forger, 3);
    char *text = forge_point(&forger, 1);
    size_t length = strlen(text) - 1; /* the last newline may be missing */
    for (size_t cut = 0; cut < length; cut++) {
        struct introduction_point point;
        struct document_item next;
        char *copy = memory_copy_text(text, cut);
        assert_int_equal(decode(&point, &forger, copy, &next, NULL), -1);
        free(copy);
    }
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_point),
        cmocka_unit_test(test_two_points),
        cmocka_unit_test(test_legacy_key),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_harmless_differences),
        cmocka_unit_test(test_link_specifiers),
        cmocka_unit_test(test_link_specifiers_too_long),
        cmocka_unit_test(test_fingerprint_of_malformed_specifiers),
        cmocka_unit_test(test_low_order_and_odd_keys),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_false_signer),
        cmocka_unit_test(test_truncated_everywhere),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
