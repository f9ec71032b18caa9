/* Reads the introduction points of a descriptor's inner layer. */
#include "onion/introduction_point.h"

#include <string.h>

#include "descriptor_examine.h"
#include "descriptor_layout.h"
#include "item_rules.h"

/* Longest link specifier list that is read, in bytes: longer than any that tor makes, as types may come that
 * nobody knows yet. */
#define ENCODED_SPECIFIERS_SIZE_MAX 256

enum point_item {
    ITEM_INTRODUCTION_POINT,
    ITEM_ONION_KEY,
    ITEM_AUTH_KEY,
    ITEM_ENC_KEY,
    ITEM_ENC_KEY_CERT,
    ITEM_LEGACY_KEY,
    ITEM_LEGACY_KEY_CERT,
    POINT_ITEMS,
};

/* Keys of other kinds than ntor may stand beside the ntor keys. (Clients take that of onion-key alone.) */
static const struct item_rule point_rules[POINT_ITEMS] = {
    [ITEM_INTRODUCTION_POINT] = {"introduction-point", 1, 1, ITEM_OBJECT_NEVER, NULL, true, false},
    [ITEM_ONION_KEY] = {"onion-key", 2, 0, ITEM_OBJECT_MAY, NULL, true, true},
    [ITEM_AUTH_KEY] = {"auth-key", 0, 0, ITEM_OBJECT_MUST, "ED25519 CERT", true, false},
    [ITEM_ENC_KEY] = {"enc-key", 2, 0, ITEM_OBJECT_MAY, NULL, true, true},
    [ITEM_ENC_KEY_CERT] = {"enc-key-cert", 0, 0, ITEM_OBJECT_MUST, "ED25519 CERT", true, false},
    [ITEM_LEGACY_KEY] = {"legacy-key", 0, 0, ITEM_OBJECT_MUST, "RSA PUBLIC KEY", false, false},
    [ITEM_LEGACY_KEY_CERT] = {"legacy-key-cert", 0, 0, ITEM_OBJECT_MUST, "CROSSCERT", false, false},
};

/* X25519 public keys whose shared secret is known to everyone, whatever the other key: the points of small
 * order and their other encodings (RFC 7748 section 6.1, curve25519 and its twist). */
static const uint8_t low_order_keys[][X25519_PUBLIC_KEY_SIZE] = {
    {0},
    {1},
    {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
     0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00},
    {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef, 0x5b,
     0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
     0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
};

/* A point that is being read. */
struct point_decoding {
    struct introduction_point *point;
    const uint8_t *signing_key;
    int64_t wall_now;
    struct verified_signatures *verified;
    struct examined_point *examined; /* NULL: it is not examined */
    struct item_checker checker;
    bool has_onion_key, has_enc_key; /* of the kind ntor */
    size_t enc_key_count;            /* of all kinds */
    bool has_bare_legacy_key;        /* there is no certificate for it */
};

/* Notes how a check went, where the point is examined. Returns the result as it is. */
static int judge(const struct point_decoding *decoding, enum point_check check, int result,
                 const struct error *error)
{
    if (decoding->examined == NULL)
        return result;
    return check_result_note(&decoding->examined->checks[check], result, error);
}

/* Whether reading ends with a check that came out like this; an examination goes on with the next. */
static bool is_end(const struct point_decoding *decoding, int result)
{
    return result != 0 && decoding->examined == NULL;
}

bool introduction_point_equals(const struct introduction_point *one, const struct introduction_point *other)
{
    return memcmp(one->auth_key, other->auth_key, sizeof(one->auth_key)) == 0;
}

bool introduction_point_is_unchanged(const struct introduction_point *one,
                                     const struct introduction_point *other)
{
    return introduction_point_equals(one, other) && one->has_legacy_key == other->has_legacy_key &&
           one->fault == other->fault && one->link_specifiers_length == other->link_specifiers_length &&
           memcmp(one->link_specifiers, other->link_specifiers, one->link_specifiers_length) == 0 &&
           memcmp(one->onion_key, other->onion_key, sizeof(one->onion_key)) == 0 &&
           memcmp(one->enc_key, other->enc_key, sizeof(one->enc_key)) == 0 &&
           memcmp(one->enc_key_certified, other->enc_key_certified, sizeof(one->enc_key_certified)) == 0;
}

bool introduction_point_fingerprint(const struct introduction_point *point,
                                    uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    struct link_specifiers specifiers;
    enum point_fault fault;
    if (link_specifiers_decode(&specifiers, &fault, point->link_specifiers, point->link_specifiers_length) !=
            0 ||
        fault == POINT_FAULT_NO_RSA)
        return false;
    memcpy(fingerprint, specifiers.fingerprint, RELAY_FINGERPRINT_SIZE);
    return true;
}

void introduction_point_set_links(struct introduction_point *point, const struct link_specifiers *specifiers)
{
    memset(point->link_specifiers, 0, sizeof(point->link_specifiers));
    point->link_specifiers_length = (uint16_t)link_specifiers_encode(point->link_specifiers, specifiers);
}

/* Takes the link specifiers over as tor would have written them. Where they are none that tor makes, the
 * point is faulty, not its descriptor: tor reads on, too. */
static int decode_link_specifiers(const struct point_decoding *decoding, struct text encoded,
                                  struct error *error)
{
    struct introduction_point *point = decoding->point;
    uint8_t bytes[ENCODED_SPECIFIERS_SIZE_MAX];
    struct link_specifiers specifiers;
    ptrdiff_t length = text_decode_base64(encoded, bytes, sizeof(bytes));
    if (length < 0)
        return error_set(error, "the link specifiers are not base64 of at most %d bytes",
                         ENCODED_SPECIFIERS_SIZE_MAX);
    if (link_specifiers_decode(&specifiers, &point->fault, bytes, (size_t)length) != 0)
        return error_set(error, "the link specifiers are malformed");
    if (point->fault == POINT_FAULT_NONE)
        introduction_point_set_links(point, &specifiers);
    if (decoding->examined != NULL)
        examine_links(decoding->examined, &specifiers);
    return 0;
}

/* The highest bit of an X25519 key does not count (RFC 7748 section 5). */
static bool is_low_order(const uint8_t key[X25519_PUBLIC_KEY_SIZE])
{
    uint8_t masked[X25519_PUBLIC_KEY_SIZE];
    memcpy(masked, key, sizeof(masked));
    masked[sizeof(masked) - 1] &= 0x7f;
    for (size_t i = 0; i < sizeof(low_order_keys) / sizeof(low_order_keys[0]); i++) {
        if (memcmp(masked, low_order_keys[i], sizeof(masked)) == 0)
            return true;
    }
    return false;
}

/* True when a key is the one encoding of its point: less than 2^255 - 19. */
static bool is_canonical(const uint8_t key[X25519_PUBLIC_KEY_SIZE])
{
    if (key[31] != 0x7f)
        return key[31] < 0x7f;
    for (size_t i = 30; i > 0; i--) {
        if (key[i] != 0xff)
            return true;
    }
    return key[0] < 0xed;
}

/* Decodes an "onion-key" or "enc-key" item unless it is of another kind than ntor. */
static int decode_ntor_key(uint8_t key[X25519_PUBLIC_KEY_SIZE], bool *has_key,
                           const struct document_item *item, struct error *error)
{
    int name_length = (int)item->keyword.length;
    if (!text_equals(item->arguments[0], "ntor"))
        return 0;
    if (*has_key)
        return error_set_stricter(error, "it has two keys \"%.*s ntor\"", name_length, item->keyword.start);
    if (item->has_object || text_decode_base64_exact(item->arguments[1], key, X25519_PUBLIC_KEY_SIZE) != 0)
        return error_set(error, "the key of \"%.*s ntor\" is not 32 bytes in base64", name_length,
                         item->keyword.start);
    if (is_low_order(key))
        return error_set_stricter(error, "the key of \"%.*s ntor\" is of low order", name_length,
                                  item->keyword.start);
    if (!is_canonical(key))
        return error_set_stricter(error, "the key of \"%.*s ntor\" is not canonical, as no tor makes it",
                                  name_length, item->keyword.start);
    *has_key = true;
    return 0;
}

/* The checks that a certificate has to pass. */
struct certificate_checks {
    enum certificate_type type;
    enum point_check form, times, signature;
};

static const struct certificate_checks auth_key_checks = {CERTIFICATE_INTRODUCTION_AUTH_KEY,
                                                          POINT_CHECK_AUTH_CERTIFICATE,
                                                          POINT_CHECK_AUTH_TIMES, POINT_CHECK_AUTH_SIGNATURE};
static const struct certificate_checks enc_key_checks = {CERTIFICATE_INTRODUCTION_ENC_KEY,
                                                         POINT_CHECK_ENC_CERTIFICATE, POINT_CHECK_ENC_TIMES,
                                                         POINT_CHECK_ENC_SIGNATURE};

/* Judges a check of an item's certificate; the sentence is to say which one it is. */
static int judge_certificate(const struct point_decoding *decoding, enum point_check check,
                             const struct document_item *item, int result, struct error *error)
{
    if (result != 0)
        error_add_context(error, "%.*s", (int)item->keyword.length, item->keyword.start);
    return judge(decoding, check, result, error);
}

/* Decodes and verifies the certificate of an "auth-key" or "enc-key-cert" item. */
static int decode_certificate(const struct point_decoding *decoding, const struct document_item *item,
                              const struct certificate_checks *checks, struct certificate *certificate,
                              struct error *error)
{
    uint8_t encoded[CERTIFICATE_SIZE_MAX];
    int name_length = (int)item->keyword.length;
    ptrdiff_t length = text_decode_base64(item->object, encoded, sizeof(encoded));
    if (length < 0)
        return judge(decoding, checks->form,
                     error_set(error, "the certificate of \"%.*s\" is not base64 of at most %d bytes",
                               name_length, item->keyword.start, CERTIFICATE_SIZE_MAX),
                     error);
    int result = certificate_parse(certificate, encoded, (size_t)length, error);
    if (judge_certificate(decoding, checks->form, item, result, error) != 0)
        return -1;
    result = certificate_check_signer(certificate, checks->type, decoding->signing_key, error);
    if (is_end(decoding, judge_certificate(decoding, checks->form, item, result, error)))
        return -1;
    result = certificate_check_times(certificate, decoding->wall_now, error);
    if (is_end(decoding, judge_certificate(decoding, checks->times, item, result, error)))
        return -1;
    result = certificate_check_signature(encoded, (size_t)length, decoding->signing_key, decoding->verified,
                                         error);
    return is_end(decoding, judge_certificate(decoding, checks->signature, item, result, error)) ? -1 : 0;
}

static int decode_auth_key(const struct point_decoding *decoding, const struct document_item *item,
                           struct error *error)
{
    uint8_t *auth_key = decoding->point->auth_key;
    struct certificate certificate;
    if (decode_certificate(decoding, item, &auth_key_checks, &certificate, error) != 0)
        return -1;
    memcpy(auth_key, certificate.certified_key, ED25519_PUBLIC_KEY_SIZE);
    if (decoding->examined != NULL)
        examine_auth_key(decoding->examined, &certificate);
    if (!ed25519_public_key_is_valid(auth_key))
        return judge(decoding, POINT_CHECK_AUTH_KEY,
                     error_set(error, "auth-key certifies what is no Ed25519 key"), error);
    return judge(decoding, POINT_CHECK_AUTH_KEY, 0, error);
}

static int decode_enc_key_certificate(const struct point_decoding *decoding, const struct document_item *item,
                                      struct error *error)
{
    struct certificate certificate;
    if (decode_certificate(decoding, item, &enc_key_checks, &certificate, error) != 0)
        return -1;
    memcpy(decoding->point->enc_key_certified, certificate.certified_key, ED25519_PUBLIC_KEY_SIZE);
    if (decoding->examined != NULL)
        examine_enc_key_certificate(decoding->examined, &certificate);
    return 0;
}

/* Checks one item and takes over what it says. */
static int decode_item(struct point_decoding *decoding, const struct document_item *item, struct error *error)
{
    struct introduction_point *point = decoding->point;
    const int rule = item_checker_take(&decoding->checker, item, error);
    switch (rule) {
    case ITEM_INTRODUCTION_POINT:
        return judge(decoding, POINT_CHECK_LINKS, decode_link_specifiers(decoding, item->arguments[0], error),
                     error);
    case ITEM_ONION_KEY:
        return judge(decoding, POINT_CHECK_ONION_KEY,
                     decode_ntor_key(point->onion_key, &decoding->has_onion_key, item, error), error);
    case ITEM_AUTH_KEY:
        return decode_auth_key(decoding, item, error);
    case ITEM_ENC_KEY:
        decoding->enc_key_count++;
        return judge(decoding, POINT_CHECK_ENC_KEY,
                     decode_ntor_key(point->enc_key, &decoding->has_enc_key, item, error), error);
    case ITEM_ENC_KEY_CERT:
        return decode_enc_key_certificate(decoding, item, error);
    case ITEM_LEGACY_KEY:
    case ITEM_LEGACY_KEY_CERT:
        /* Its own certificate is not checked: a point with a legacy key is of no use to us anyway. */
        decoding->has_bare_legacy_key =
            rule == ITEM_LEGACY_KEY && !item_checker_has(&decoding->checker, ITEM_LEGACY_KEY_CERT);
        point->has_legacy_key = true;
        return 0;
    default:
        return judge(decoding, POINT_CHECK_FORM, rule == ITEM_UNKNOWN ? 0 : -1, error);
    }
}

/* Checks that both ntor keys were there. */
static int check_ntor_keys(const struct point_decoding *decoding, struct error *error)
{
    if (!decoding->has_onion_key || !decoding->has_enc_key)
        return error_set(error, "it has no \"%s ntor\"", decoding->has_onion_key ? "enc-key" : "onion-key");
    return 0;
}

static int check_enc_key_certified(const struct point_decoding *decoding, struct error *error)
{
    if (!ed25519_matches_x25519(decoding->point->enc_key_certified, decoding->point->enc_key))
        return error_set(error, "enc-key-cert certifies another key than enc-key");
    return 0;
}

/* Checks what makes clients leave a point out, and what only an examination looks for: that there is one
 * enc-key, and that a legacy key has its certificate. */
static void examine_keys(const struct point_decoding *decoding)
{
    struct error error;
    int result = 0;
    if (decoding->enc_key_count > 1)
        result = error_set(&error, "it has %zu, and clients leave such a point out", decoding->enc_key_count);
    if (decoding->enc_key_count > 0)
        judge(decoding, POINT_CHECK_ENC_KEY_ALONE, result, &error);
    result = 0;
    if (decoding->has_bare_legacy_key)
        result = error_set(&error, "there is no \"legacy-key-cert\", and clients leave such a point out");
    if (decoding->point->has_legacy_key)
        judge(decoding, POINT_CHECK_LEGACY_KEY, result, &error);
}

/* Checks what can only be checked when all items were read. */
static int finish_point(const struct point_decoding *decoding, struct error *error)
{
    const struct examined_point *examined = decoding->examined;
    if (examined != NULL)
        examine_keys(decoding);
    int result = item_checker_finish(&decoding->checker, error);
    if (is_end(decoding, judge(decoding, POINT_CHECK_FORM, result, error)))
        return -1;
    if (examined == NULL || (examined->checks[POINT_CHECK_ONION_KEY].outcome != CHECK_FAILED &&
                             examined->checks[POINT_CHECK_ENC_KEY].outcome != CHECK_FAILED)) {
        result = check_ntor_keys(decoding, error);
        if (is_end(decoding, judge(decoding, POINT_CHECK_FORM, result, error)))
            return -1;
    }
    if (examined != NULL && (!decoding->has_enc_key || !examined->has_enc_key_certificate))
        return 0;
    return judge(decoding, POINT_CHECK_ENC_CERTIFIED, check_enc_key_certified(decoding, error), error);
}

int introduction_point_decode(struct introduction_point *point, struct document_reader *reader,
                              const struct document_item *first, struct document_item *next,
                              const uint8_t signing_key[ED25519_PUBLIC_KEY_SIZE], int64_t wall_now,
                              struct verified_signatures *verified, struct examined_point *examined,
                              struct error *error)
{
    struct point_decoding decoding = {.point = point,
                                      .signing_key = signing_key,
                                      .wall_now = wall_now,
                                      .verified = verified,
                                      .examined = examined};
    item_checker_init(&decoding.checker, "the point", point_rules, POINT_ITEMS, false);
    memset(point, 0, sizeof(*point));
    if (is_end(&decoding, decode_item(&decoding, first, error)))
        return -1;
    int has_next;
    while ((has_next = document_reader_next(reader, next, error)) != 0) {
        if (has_next > 0 && text_equals(next->keyword, point_rules[ITEM_INTRODUCTION_POINT].keyword))
            break;
        int result = has_next < 0 ? judge(&decoding, POINT_CHECK_FORM, -1, error)
                                  : decode_item(&decoding, next, error);
        if (is_end(&decoding, result))
            return -1;
    }
    return is_end(&decoding, finish_point(&decoding, error)) ? -1 : has_next;
}

uint32_t introduction_point_expiration_hour(int64_t wall_now)
{
    return (uint32_t)(wall_now / 3600 + CERTIFICATE_LIFETIME_HOURS);
}
