/* Client keys as lines of text, as tor keeps them in files. */
#include "onion/client_key.h"

#include <string.h>

#include <sodium.h>

#include "base/memory.h"

#define KEY_LENGTH BASE32_LENGTH(X25519_PUBLIC_KEY_SIZE)
/* Parts that colons stand between, of a private line with the address. */
#define PARTS_MAX 4
#define ADDRESS_LENGTH_MAX (ONION_ADDRESS_LENGTH + sizeof(".onion") - 1)

static const char public_form[] = "\"descriptor:x25519:\" and the key in base32";
static const char private_form[] = "the onion address, \":descriptor:x25519:\" and the private key in base32";

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static struct text trim(struct text text)
{
    while (text.length > 0 && is_blank(text.start[0]))
        text = (struct text){text.start + 1, text.length - 1};
    while (text.length > 0 && is_blank(text.start[text.length - 1]))
        text.length--;
    return text;
}

/* Takes a line apart. Returns how many parts it has, of which at most PARTS_MAX are there. */
static size_t split(struct text parts[PARTS_MAX], struct text line)
{
    size_t count = 0;
    bool has_more = true;
    while (has_more) {
        struct text part;
        has_more = text_take_until(&line, ':', &part);
        if (count < PARTS_MAX)
            parts[count] = trim(part);
        count++;
    }
    return count;
}

/* Checks what kind of key the two parts before it say that it is, and decodes it. */
static int decode_key(uint8_t key[X25519_PUBLIC_KEY_SIZE], const struct text *parts, struct error *error)
{
    if (!text_equals(parts[0], "descriptor"))
        return error_set(error,
                         "its kind of authorization is not \"descriptor\", which is the only one there is");
    if (!text_equals(parts[1], "x25519"))
        return error_set(error, "its kind of key is not \"x25519\", which is the only one there is");
    if (parts[2].length != KEY_LENGTH)
        return error_set(error, "its key has %zu characters instead of %zu: check that all of it is there",
                         parts[2].length, KEY_LENGTH);
    if (base32_decode(key, X25519_PUBLIC_KEY_SIZE, parts[2].start) != 0)
        return error_set(
            error, "its key is not base32 (a to z and 2 to 7, and at the end a or q): check it for a typing "
                   "mistake");
    return 0;
}

int client_key_parse_public(uint8_t public_key[X25519_PUBLIC_KEY_SIZE], struct text line, struct error *error)
{
    struct text parts[PARTS_MAX];
    const size_t count = split(parts, line);
    if (count == 4 && text_equals(parts[1], "descriptor"))
        return error_set(
            error,
            "has a client's private key, which nobody but that client is to have: what belongs here "
            "is %s, the public one",
            public_form);
    if (count != 3)
        return error_set(error, "is no client's key: that is %s", public_form);
    if (decode_key(public_key, parts, error) != 0)
        return -1;
    if (authorized_clients_check_key(public_key, error) != 0)
        return error_add_context(error, "its key");
    return 0;
}

/* Decodes the onion address that a private line begins with. */
static int decode_address(struct client_private_key *key, struct text address, struct error *error)
{
    char copy[ADDRESS_LENGTH_MAX + 1] = {0};
    if (address.length > ADDRESS_LENGTH_MAX)
        return error_set(error, "its onion address has %zu characters", address.length);
    memcpy(copy, address.start, address.length);
    key->has_identity_key = true;
    return onion_address_decode(key->identity_key, copy, error);
}

/* Fills in all that the line says. */
static int decode_private(struct client_private_key *key, struct text line, struct error *error)
{
    struct text parts[PARTS_MAX];
    const size_t count = split(parts, line);
    const bool has_address = count == 4;
    if (count != 3 && count != 4)
        return error_set(error, "is no client's private key: that is %s", private_form);
    if (has_address && decode_address(key, parts[0], error) != 0)
        return -1;
    if (decode_key(key->secret_key, parts + has_address, error) != 0)
        return -1;
    if (sodium_is_zero(key->secret_key, sizeof(key->secret_key)))
        return error_set(error, "its key is all zeros");
    return 0;
}

int client_key_parse_private(struct client_private_key *key, struct text line, struct error *error)
{
    *key = (struct client_private_key){.has_identity_key = false};
    int result = decode_private(key, line, error);
    if (result != 0)
        secret_wipe(key, sizeof(*key));
    return result;
}

int client_key_check_service(const struct client_private_key *key, const char *address, struct error *error)
{
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    if (!key->has_identity_key)
        return 0;
    if (onion_address_decode_unchecked(identity_key, address, error) != 0)
        return -1;
    if (memcmp(key->identity_key, identity_key, sizeof(identity_key)) == 0)
        return 0;
    char other[ONION_ADDRESS_SIZE];
    onion_address_encode(other, key->identity_key);
    return error_set(error, "is a key for %s.onion, which is another onion service", other);
}

void client_key_format_public(char line[CLIENT_KEY_PUBLIC_LINE_SIZE],
                              const uint8_t public_key[X25519_PUBLIC_KEY_SIZE])
{
    static const char kind[] = "descriptor:x25519:";
    memcpy(line, kind, strlen(kind));
    base32_encode(line + strlen(kind), public_key, X25519_PUBLIC_KEY_SIZE);
    line[strlen(kind) + KEY_LENGTH] = '\0';
}

void client_key_format_private(char line[CLIENT_KEY_PRIVATE_LINE_SIZE],
                               const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                               const uint8_t secret_key[X25519_SECRET_KEY_SIZE])
{
    onion_address_encode(line, identity_key);
    line[ONION_ADDRESS_LENGTH] = ':';
    /* Both halves of a key are of one size, and written alike. */
    client_key_format_public(line + ONION_ADDRESS_LENGTH + 1, secret_key);
}
