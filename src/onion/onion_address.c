/* v3 onion addresses: base32 of an identity key, a checksum and the version. */
#include "onion/onion_address.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base32.h"
#include "base/text.h"

#define ADDRESS_SUFFIX ".onion"
#define ADDRESS_SUFFIX_LENGTH (sizeof(ADDRESS_SUFFIX) - 1)
#define ADDRESS_V2_LENGTH 16 /* characters, without ".onion" */
#define ADDRESS_VERSION 3
#define CHECKSUM_PREFIX ".onion checksum"
#define CHECKSUM_SIZE 2
#define BLANKS " \t\r\n"

/* What the base32 characters of an address stand for, byte for byte. */
struct address_bytes {
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t checksum[CHECKSUM_SIZE];
    uint8_t version;
};

_Static_assert(sizeof(struct address_bytes) * 8 == ONION_ADDRESS_LENGTH * 5,
               "an address is whole base32 characters without padding");

/* The first bytes of H(".onion checksum" | identity key | version). */
static void compute_checksum(uint8_t checksum[CHECKSUM_SIZE],
                             const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    static const uint8_t version = ADDRESS_VERSION;
    const struct span pieces[] = {
        {CHECKSUM_PREFIX, sizeof(CHECKSUM_PREFIX) - 1},
        {identity_key, ED25519_PUBLIC_KEY_SIZE},
        {&version, sizeof(version)},
    };
    uint8_t digest[SHA3_256_SIZE];
    hash_sha3_256(digest, pieces, sizeof(pieces) / sizeof(pieces[0]));
    memcpy(checksum, digest, CHECKSUM_SIZE);
}

/* The length of an address without the ".onion" it may end in. */
static size_t length_without_suffix(const char *address)
{
    size_t length = strlen(address);
    if (length >= ADDRESS_SUFFIX_LENGTH &&
        strcasecmp(address + length - ADDRESS_SUFFIX_LENGTH, ADDRESS_SUFFIX) == 0)
        return length - ADDRESS_SUFFIX_LENGTH;
    return length;
}

/* Bytes of what is too much that a message quotes. */
#define QUOTE_LENGTH_MAX 40

/* What stands around an address that is written as a link. */
struct link_parts {
    struct text before, address, behind;
};

/* Takes a link apart. Returns false for what is none, or has no address in it. */
static bool split_link(struct link_parts *parts, const char *link)
{
    const char *scheme = strstr(link, "://");
    const char *host = scheme != NULL ? scheme + strlen("://") : link;
    const char *end = host + strcspn(host, "/:?#");
    const char *suffix = end - ADDRESS_SUFFIX_LENGTH;
    if ((size_t)(end - host) < ADDRESS_SUFFIX_LENGTH ||
        strncasecmp(suffix, ADDRESS_SUFFIX, strlen(ADDRESS_SUFFIX)) != 0)
        suffix = end;
    if (suffix - host < ONION_ADDRESS_LENGTH)
        return false;
    const char *start = suffix - ONION_ADDRESS_LENGTH;
    parts->before = (struct text){link, (size_t)(start - link)};
    parts->address = (struct text){start, ONION_ADDRESS_LENGTH};
    parts->behind = text_from_string(end);
    const bool is_whole = start == host || start[-1] == '.';
    return is_whole && parts->before.length + parts->behind.length > 0;
}

/* Says what is too much of an address that is written as a link, or with the name of a website before it.
 * Returns -1; or 0 for what is something else. */
static int refuse_link(const char *link, struct error *error)
{
    struct link_parts parts;
    struct address_bytes bytes;
    char address[ONION_ADDRESS_SIZE] = "", wrong[2 * QUOTE_LENGTH_MAX + 16] = "";
    if (!split_link(&parts, link))
        return 0;
    memcpy(address, parts.address.start, ONION_ADDRESS_LENGTH);
    if (base32_decode((uint8_t *)&bytes, sizeof(bytes), address) != 0)
        return 0;
    const struct text pieces[] = {parts.before, parts.behind};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t length = strlen(wrong);
        int shown = pieces[i].length < QUOTE_LENGTH_MAX ? (int)pieces[i].length : QUOTE_LENGTH_MAX;
        if (shown > 0)
            snprintf(wrong + length, sizeof(wrong) - length, "%s\"%.*s\"", length > 0 ? " and " : "", shown,
                     pieces[i].start);
    }
    return error_set(
        error,
        "the onion address %.100s has %zu characters instead of 56, as it is written like a link or a "
        "website's name: leave out %s and write %s.onion",
        link, length_without_suffix(link), wrong, address);
}

/* Whether these are the characters of a version 2 address. */
static bool is_version_2(const char *address, size_t length)
{
    uint8_t bytes[ADDRESS_V2_LENGTH * 5 / 8];
    return length == ADDRESS_V2_LENGTH && base32_decode(bytes, sizeof(bytes), address) == 0;
}

/* Says what was written where an address of another length should be. Returns -1. */
static int refuse_length(const char *address, size_t length, struct error *error)
{
    if (refuse_link(address, error) != 0)
        return -1;
    if (is_version_2(address, length))
        return error_set(error,
                         "the onion address %.80s has 16 characters, which is version 2: Tor no longer "
                         "supports it, use a version 3 address of 56 characters",
                         address);
    const char last = address[0] != '\0' ? address[strlen(address) - 1] : '\0';
    if (strspn(address, BLANKS) > 0 || (last != '\0' && strchr(BLANKS, last) != NULL))
        return error_set(error, "the onion address '%.80s' has a blank before or behind: remove it", address);
    if (address[length] == '\0' && last != '.' && strpbrk(address, ".:") != NULL)
        return error_set(error,
                         "%.80s is a host's name or its IP address, and no onion address: that has 56 "
                         "characters before .onion, and tor has written it into the hostname file of the "
                         "onion service's folder",
                         address);
    return error_set(error, "the onion address %.80s has %zu characters instead of 56 (not counting .onion)",
                     address, length);
}

int onion_address_decode_unchecked(uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const char *address,
                                   struct error *error)
{
    size_t length = length_without_suffix(address);
    if (length != ONION_ADDRESS_LENGTH)
        return refuse_length(address, length, error);
    struct address_bytes bytes;
    if (base32_decode((uint8_t *)&bytes, sizeof(bytes), address) != 0)
        return error_set(error,
                         "the onion address %.80s has a character that no address has: only a to z and 2 to "
                         "7 can be in one",
                         address);
    if (bytes.version != ADDRESS_VERSION)
        return error_set(error,
                         "the onion address %.80s has version %u instead of 3: check its last characters for "
                         "a typing mistake",
                         address, bytes.version);
    uint8_t checksum[CHECKSUM_SIZE];
    compute_checksum(checksum, bytes.identity_key);
    if (memcmp(checksum, bytes.checksum, CHECKSUM_SIZE) != 0)
        return error_set(error, "the onion address %.80s has a wrong checksum: check it for a typing mistake",
                         address);
    memcpy(identity_key, bytes.identity_key, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

int onion_address_decode(uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const char *address,
                         struct error *error)
{
    uint8_t decoded[ED25519_PUBLIC_KEY_SIZE];
    if (onion_address_decode_unchecked(decoded, address, error) != 0)
        return -1;
    if (!ed25519_public_key_is_valid(decoded))
        return error_set(error, "the onion address %.80s does not stand for a valid Ed25519 key", address);
    memcpy(identity_key, decoded, ED25519_PUBLIC_KEY_SIZE);
    return 0;
}

void onion_address_encode(char address[ONION_ADDRESS_SIZE],
                          const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE])
{
    struct address_bytes bytes = {.version = ADDRESS_VERSION};
    memcpy(bytes.identity_key, identity_key, ED25519_PUBLIC_KEY_SIZE);
    compute_checksum(bytes.checksum, identity_key);
    base32_encode(address, (const uint8_t *)&bytes, sizeof(bytes));
    address[ONION_ADDRESS_LENGTH] = '\0';
}
