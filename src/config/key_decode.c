/* The encodings in which a frontend's secret key is kept: Onionbalance's PEM and tor's own. */
#include "config/key_decode.h"

#include <string.h>

#include <sodium.h>

#include "base/memory.h"
#include "base/text.h"

/* tor's key files: a header of 32 bytes, padded with NULs, then the key. */
static const char tor_header_secret[KEY_TOR_HEADER_SIZE] = "== ed25519v1-secret: type0 ==";
static const char tor_header_public[KEY_TOR_HEADER_SIZE] = "== ed25519v1-public: type0 ==";

/* What stands before the seed in the DER of an Ed25519 private key, RFC 8410 section 7: version 0, the
 * algorithm 1.3.101.112, an octet string in an octet string. */
static const uint8_t pkcs8_prefix[] = {0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06,
                                       0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
/* Version 1 of the same (RFC 5958) may have attributes and the public key behind the seed. */
static const uint8_t pkcs8_v2_prefix[] = {0x02, 0x01, 0x01, 0x30, 0x05, 0x06, 0x03,
                                          0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
/* The object identifier 1.2.840.113549.1.1.1 in DER, as it stands in any PKCS #8 RSA key. */
static const uint8_t rsa_identifier[] = {0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};

#define RSA_SENTENCE                                                                                         \
    "is an RSA key, as v2 onion services had: a v3 frontend needs an Ed25519 key (make one with "            \
    "onionbalance-config, or take the HiddenServiceDir of a v3 service)"

/* Labels of PEM blocks that are no key for obpub, and what to say about each. */
static const struct {
    const char *label, *sentence;
} pem_refused[] = {
    {"ENCRYPTED PRIVATE KEY",
     "is an encrypted PEM key, and obpub asks for no passphrase: decrypt it first with "
     "\"openssl pkey -in KEY -out NEW\" under umask 077, and name the new file here"},
    {"RSA PRIVATE KEY", RSA_SENTENCE},
    {"OPENSSH PRIVATE KEY",
     "is an OpenSSH key: a frontend needs Onionbalance's PEM (\"BEGIN PRIVATE KEY\") or tor's "
     "hs_ed25519_secret_key"},
    {"EC PRIVATE KEY", "is an elliptic-curve key of another kind: a v3 frontend needs an Ed25519 key"},
    {"PUBLIC KEY", "is a public key: name the file with the secret key here"},
};

/* The end markers are built from this too. */
static const char pem_begin[] = "-----BEGIN ";
static const char pem_end[] = "-----END ";
static const char pem_dashes[] = "-----";

const char *key_format_name(enum key_format format)
{
    static const char *const names[] = {
        [KEY_FORMAT_PEM] = "PEM",
        [KEY_FORMAT_TOR] = "tor's hs_ed25519_secret_key",
        [KEY_FORMAT_BUNDLE] = "presigned bundle",
    };
    return names[format];
}

static bool starts_with(const uint8_t *bytes, size_t length, const void *start, size_t start_length)
{
    return length >= start_length && memcmp(bytes, start, start_length) == 0;
}

/* Checks that the expanded key is one that can sign safely, and derives its public key. */
static int finish_key(const struct ed25519_secret_key *secret_key,
                      uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct error *error)
{
    if ((secret_key->scalar[0] & 7) != 0 || (secret_key->scalar[31] & 0xc0) != 0x40)
        return error_set(error, "holds a damaged key: its scalar does not have the bits of an Ed25519 key; "
                                "restore it from a backup");
    if (sodium_is_zero(secret_key->nonce_prefix, sizeof(secret_key->nonce_prefix)))
        return error_set(
            error, "holds a damaged key: its second half is all zero, so every signature would give the "
                   "key away; restore it from a backup");
    ed25519_derive_public_key(public_key, secret_key);
    return 0;
}

static int decode_tor(struct ed25519_secret_key *secret_key, const uint8_t *bytes, size_t length,
                      struct error *error)
{
    if (length < KEY_TOR_SECRET_SIZE)
        return error_set(error,
                         "is truncated: tor's hs_ed25519_secret_key has %zu bytes, this has %zu; restore it "
                         "from a backup",
                         KEY_TOR_SECRET_SIZE, length);
    if (length > KEY_TOR_SECRET_SIZE)
        return error_set(
            error, "is too long: tor's hs_ed25519_secret_key has %zu bytes, this has %zu; copy it again",
            KEY_TOR_SECRET_SIZE, length);
    memcpy(secret_key->scalar, bytes + KEY_TOR_HEADER_SIZE, sizeof(secret_key->scalar));
    memcpy(secret_key->nonce_prefix, bytes + KEY_TOR_HEADER_SIZE + sizeof(secret_key->scalar),
           sizeof(secret_key->nonce_prefix));
    return 0;
}

/* Finds the seed in a private key's DER, or returns NULL with a sentence. */
static const uint8_t *find_seed(const uint8_t *der, size_t length, struct error *error)
{
    if (starts_with(der, length, pkcs8_prefix, sizeof(pkcs8_prefix)) &&
        length == sizeof(pkcs8_prefix) + ED25519_SEED_SIZE)
        return der + sizeof(pkcs8_prefix);
    /* A sequence of at most 127 bytes: one byte says how long. */
    if (length >= 2 && der[0] == 0x30 && der[1] < 0x80 && der[1] == length - 2 &&
        starts_with(der + 2, length - 2, pkcs8_v2_prefix, sizeof(pkcs8_v2_prefix)) &&
        length - 2 >= sizeof(pkcs8_v2_prefix) + ED25519_SEED_SIZE)
        return der + 2 + sizeof(pkcs8_v2_prefix);
    if (memmem(der, length < 32 ? length : 32, rsa_identifier, sizeof(rsa_identifier)) != NULL)
        error_set(error, RSA_SENTENCE);
    else
        error_set(
            error,
            "is a PEM file, but what is in it is no Ed25519 private key, or is damaged: restore it from a "
            "backup");
    return NULL;
}

/* True when there is a byte above ASCII. libsodium 1.0.18 takes any such byte in base64 for the value of '/',
 * so that a damaged file would decode to a key, another one than it once held. Looks at all bytes, whatever
 * they are, since they are secret. */
static bool has_byte_above_ascii(const char *bytes, size_t length)
{
    unsigned int found = 0;
    for (size_t i = 0; i < length; i++)
        found |= (unsigned char)bytes[i];
    return found >= 0x80;
}

/* Decodes the base64 lines of a "PRIVATE KEY" block. */
static int decode_pkcs8(struct ed25519_secret_key *secret_key, const char *base64, size_t length,
                        struct error *error)
{
    uint8_t *der = secret_allocate(KEY_FILE_SIZE_MAX);
    size_t der_length = 0;
    const char *end = NULL;
    int result = -1;
    if (has_byte_above_ascii(base64, length) ||
        sodium_base642bin(der, KEY_FILE_SIZE_MAX, base64, length, " \t\r\n", &der_length, &end,
                          sodium_base64_VARIANT_ORIGINAL) != 0 ||
        end != base64 + length) {
        error_set(error, "is a PEM file whose base64 is damaged or truncated: restore it from a backup");
    } else {
        const uint8_t *seed = find_seed(der, der_length, error);
        if (seed != NULL) {
            ed25519_expand_seed(secret_key, seed);
            result = 0;
        }
    }
    secret_free(der);
    return result;
}

/* Says what a PEM block is that is no "PRIVATE KEY". */
static int refuse_label(struct text label, struct error *error)
{
    for (size_t i = 0; i < sizeof(pem_refused) / sizeof(pem_refused[0]); i++) {
        if (text_equals(label, pem_refused[i].label))
            return error_set(error, "%s", pem_refused[i].sentence);
    }
    return error_set(error,
                     "is a PEM file, but of no private key: a frontend needs one that says \"BEGIN PRIVATE "
                     "KEY\", or tor's hs_ed25519_secret_key");
}

/* Decodes the block that begins at begin, whose "-----BEGIN " has been found; text ends at end. */
static int decode_pem(struct ed25519_secret_key *secret_key, const char *begin, const char *end,
                      struct error *error)
{
    struct text label = {.start = begin + strlen(pem_begin)};
    const char *label_end = memmem(label.start, (size_t)(end - label.start), pem_dashes, strlen(pem_dashes));
    if (label_end == NULL)
        return error_set(error, "is a truncated PEM file: restore it from a backup");
    label.length = (size_t)(label_end - label.start);
    if (!text_equals(label, "PRIVATE KEY"))
        return refuse_label(label, error);

    const char *body = label_end + strlen(pem_dashes);
    const char *body_end = memmem(body, (size_t)(end - body), pem_end, strlen(pem_end));
    if (body_end == NULL)
        return error_set(error, "is a truncated PEM file, without its last line: restore it from a backup");
    const char *end_label = body_end + strlen(pem_end);
    if (!starts_with((const uint8_t *)end_label, (size_t)(end - end_label), "PRIVATE KEY-----", 16))
        return error_set(error,
                         "is a truncated PEM file, whose last line is not whole: restore it from a backup");
    return decode_pkcs8(secret_key, body, (size_t)(body_end - body), error);
}

/* Decodes whichever of the two formats the bytes are. */
static int decode_any(struct ed25519_secret_key *secret_key, enum key_format *format, const uint8_t *bytes,
                      size_t length, struct error *error)
{
    if (length == 0)
        return error_set(error, "is empty: restore the key from a backup");
    if (length > KEY_FILE_SIZE_MAX)
        return error_set(error, "is too long to be a key: name the key file here");
    if (starts_with(bytes, length, tor_header_public, strlen(tor_header_public)))
        return error_set(error,
                         "is the public key: name the hs_ed25519_secret_key beside it, or their folder");
    size_t header_length = length < KEY_TOR_HEADER_SIZE ? length : KEY_TOR_HEADER_SIZE;
    if (memcmp(bytes, tor_header_secret, header_length) == 0) {
        *format = KEY_FORMAT_TOR;
        return decode_tor(secret_key, bytes, length, error);
    }
    const char *text = (const char *)bytes;
    const char *begin = memmem(text, length, pem_begin, strlen(pem_begin));
    if (begin != NULL) {
        *format = KEY_FORMAT_PEM;
        return decode_pem(secret_key, begin, text + length, error);
    }
    return error_set(
        error, "is no key: a frontend needs Onionbalance's PEM file (\"BEGIN PRIVATE KEY\"), tor's "
               "hs_ed25519_secret_key, the HiddenServiceDir that holds one, or a bundle made by \"obpub "
               "presign\"");
}

int key_decode(struct ed25519_secret_key *secret_key, uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
               enum key_format *format, const uint8_t *bytes, size_t length, struct error *error)
{
    if (decode_any(secret_key, format, bytes, length, error) == 0 &&
        finish_key(secret_key, public_key, error) == 0)
        return 0;
    secret_wipe(secret_key, sizeof(*secret_key));
    return -1;
}

void key_encode_tor(uint8_t bytes[KEY_TOR_SECRET_SIZE], const struct ed25519_secret_key *secret_key)
{
    memcpy(bytes, tor_header_secret, KEY_TOR_HEADER_SIZE);
    bytes += KEY_TOR_HEADER_SIZE;
    memcpy(bytes, secret_key->scalar, sizeof(secret_key->scalar));
    memcpy(bytes + sizeof(secret_key->scalar), secret_key->nonce_prefix, sizeof(secret_key->nonce_prefix));
}

void key_encode_tor_public(uint8_t bytes[KEY_TOR_PUBLIC_SIZE],
                           const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE])
{
    memcpy(bytes, tor_header_public, KEY_TOR_HEADER_SIZE);
    memcpy(bytes + KEY_TOR_HEADER_SIZE, public_key, ED25519_PUBLIC_KEY_SIZE);
}

int key_decode_tor_public(uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], const uint8_t *bytes, size_t length)
{
    if (length != KEY_TOR_PUBLIC_SIZE || !starts_with(bytes, length, tor_header_public, KEY_TOR_HEADER_SIZE))
        return -1;
    memcpy(public_key, bytes + KEY_TOR_HEADER_SIZE, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}
