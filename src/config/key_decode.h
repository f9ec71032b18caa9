/* The encodings in which a frontend's secret key is kept: Onionbalance's PEM and tor's own. */
#ifndef OBPUB_CONFIG_KEY_DECODE_H
#define OBPUB_CONFIG_KEY_DECODE_H

#include "base/error.h"
#include "crypto/ed25519.h"

enum key_format {
    KEY_FORMAT_PEM,    /* "BEGIN PRIVATE KEY", PKCS #8 of RFC 8410: a seed */
    KEY_FORMAT_TOR,    /* tor's hs_ed25519_secret_key: a header and the expanded key */
    KEY_FORMAT_BUNDLE, /* no key: a bundle signed with it beforehand */
};

/* Longest file that is looked at: an RSA key, given by mistake, shall still be told from rubbish. */
#define KEY_FILE_SIZE_MAX 16384

/* Decodes the length bytes of a key file, at most KEY_FILE_SIZE_MAX of them. secret_key is in the caller's
 * secret memory; so are the bytes, of which no other copy is made outside secret memory. public_key becomes
 * the key that belongs to it. Returns 0, or -1 with a sentence that says what the bytes are instead and what
 * to do, and secret_key wiped. No part of the bytes is ever quoted. */
int key_decode(struct ed25519_secret_key *secret_key, uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
               enum key_format *format, const uint8_t *bytes, size_t length, struct error *error);

/* Tor's hs_ed25519_secret_key and hs_ed25519_public_key: a header and the key. */
#define KEY_TOR_HEADER_SIZE 32
#define KEY_TOR_SECRET_SIZE (KEY_TOR_HEADER_SIZE + sizeof(struct ed25519_secret_key))
#define KEY_TOR_PUBLIC_SIZE (KEY_TOR_HEADER_SIZE + ED25519_PUBLIC_KEY_SIZE)

/* Encode them; the bytes of the secret one are in the caller's secret memory. */
void key_encode_tor(uint8_t bytes[KEY_TOR_SECRET_SIZE], const struct ed25519_secret_key *secret_key);
void key_encode_tor_public(uint8_t bytes[KEY_TOR_PUBLIC_SIZE],
                           const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE]);

/* Decodes tor's hs_ed25519_public_key: 64 bytes, header and key. Returns 0, or -1. */
int key_decode_tor_public(uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], const uint8_t *bytes, size_t length);

/* "PEM", "tor's hs_ed25519_secret_key" or "presigned bundle". */
const char *key_format_name(enum key_format format);

#endif
