/* The key of a client of a restricted onion service, as tor has it in a file (client authorization,
 * rend-spec-v3 G.1). */
#include "onion/client_key.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "onion/base32.h"
#include "onion/onion_address.h"

#define KEY_PREFIX "descriptor:x25519:"
#define KEY_LENGTH 52 /* base32 characters of a key */
#define FORM "<address>:" KEY_PREFIX "<secret key in base32>"

/* Checks the address that stands before the key. */
static int check_address(struct text text, const char *address, struct error *error)
{
    uint8_t found[ED25519_PUBLIC_KEY_SIZE], wanted[ED25519_PUBLIC_KEY_SIZE];
    char name[ONION_ADDRESS_SIZE];
    if (text.length != ONION_ADDRESS_LENGTH)
        return error_set(error,
                         "it does not begin with an onion address without \".onion\": it has to be one "
                         "line, " FORM);
    memcpy(name, text.start, text.length);
    name[text.length] = '\0';
    if (onion_address_decode_unchecked(found, name, error) != 0)
        return -1;
    if (onion_address_decode_unchecked(wanted, address, NULL) != 0 ||
        memcmp(found, wanted, sizeof(found)) != 0)
        return error_set(error, "it is a key for %s.onion, which is another onion service", name);
    return 0;
}

int client_key_parse(uint8_t key[CLIENT_KEY_SIZE], const char *text, size_t length, const char *address,
                     struct error *error)
{
    struct text rest = {text, length};
    if (rest.length > 0 && rest.start[rest.length - 1] == '\n')
        rest.length--;
    if (rest.length > 0 && rest.start[rest.length - 1] == '\r')
        rest.length--;
    if (!text_begins_with(rest, KEY_PREFIX)) {
        struct text before;
        if (!text_take_until(&rest, ':', &before))
            return error_set(error, "it is not a client's secret key: it has to be one line, " FORM);
        if (check_address(before, address, error) != 0)
            return -1;
    }
    if (!text_begins_with(rest, KEY_PREFIX))
        return error_set(error, "it is not a client's secret key: it has to be one line, " FORM);
    rest = (struct text){rest.start + strlen(KEY_PREFIX), rest.length - strlen(KEY_PREFIX)};
    if (rest.length != KEY_LENGTH || base32_decode(key, rest.start, rest.length) != 0) {
        secret_wipe(key, CLIENT_KEY_SIZE);
        return error_set(error,
                         "the key in it has not %d characters of base32 (A to Z and 2 to 7): it has to be "
                         "one line, " FORM,
                         KEY_LENGTH);
    }
    return 0;
}
