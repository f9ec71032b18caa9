/* Fuzzes client keys as lines of text: public ones behind an even byte, private ones behind an odd one. */
#include <string.h>

#include <sodium.h>

#include "fuzz.h"
#include "onion/client_key.h"

/* What was read is written as the same key. */
static void check_public(struct text line)
{
    uint8_t key[X25519_PUBLIC_KEY_SIZE], again[X25519_PUBLIC_KEY_SIZE];
    char written[CLIENT_KEY_PUBLIC_LINE_SIZE];
    struct error error = {.text = ""};
    int result = client_key_parse_public(key, line, &error);
    FUZZ_REQUIRE((result == 0) == (error.text[0] == '\0'));
    if (result != 0)
        return;
    client_key_format_public(written, key);
    FUZZ_REQUIRE(client_key_parse_public(again, text_from_string(written), NULL) == 0);
    FUZZ_REQUIRE(memcmp(key, again, sizeof(key)) == 0);
}

static void check_private(struct text line)
{
    struct client_private_key key, again;
    char written[CLIENT_KEY_PRIVATE_LINE_SIZE];
    struct error error = {.text = ""};
    int result = client_key_parse_private(&key, line, &error);
    FUZZ_REQUIRE((result == 0) == (error.text[0] == '\0'));
    FUZZ_REQUIRE((result == 0) == !sodium_is_zero(key.secret_key, sizeof(key.secret_key)));
    if (result != 0 || !key.has_identity_key)
        return;
    client_key_format_private(written, key.identity_key, key.secret_key);
    FUZZ_REQUIRE(client_key_parse_private(&again, text_from_string(written), NULL) == 0);
    FUZZ_REQUIRE(memcmp(&key, &again, sizeof(key)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    if (size == 0)
        return 0;
    const struct text line = {(const char *)data + 1, size - 1};
    if (data[0] % 2 == 0)
        check_public(line);
    else
        check_private(line);
    return 0;
}
