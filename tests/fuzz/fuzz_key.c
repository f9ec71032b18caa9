/* Fuzzes the files in which keys are kept; those of tor's are encoded again, as they were. */
#include <string.h>

#include <sodium.h>

#include "config/key_decode.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct ed25519_secret_key secret_key;
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], derived_key[ED25519_PUBLIC_KEY_SIZE];
    uint8_t signature[ED25519_SIGNATURE_SIZE], encoded[KEY_TOR_SECRET_SIZE];
    enum key_format format;
    struct error error = {.text = ""};
    memset(&secret_key, 0xff, sizeof(secret_key));
    if (key_decode(&secret_key, public_key, &format, data, size, &error) == 0) {
        const struct span message = {"message", 7};
        ed25519_derive_public_key(derived_key, &secret_key);
        FUZZ_REQUIRE(memcmp(derived_key, public_key, sizeof(public_key)) == 0);
        FUZZ_REQUIRE(ed25519_sign(signature, &message, 1, &secret_key, public_key) == 0);
        FUZZ_REQUIRE(ed25519_verify(signature, "message", 7, public_key) == 0);
        FUZZ_REQUIRE(key_format_name(format) != NULL);
        key_encode_tor(encoded, &secret_key);
        FUZZ_REQUIRE(format != KEY_FORMAT_TOR || memcmp(encoded, data, sizeof(encoded)) == 0);
    } else {
        FUZZ_REQUIRE(error.text[0] != '\0');
        FUZZ_REQUIRE(sodium_is_zero((const uint8_t *)&secret_key, sizeof(secret_key)));
    }
    if (key_decode_tor_public(public_key, data, size) == 0) {
        key_encode_tor_public(encoded, public_key);
        FUZZ_REQUIRE(size == KEY_TOR_PUBLIC_SIZE && memcmp(encoded, data, size) == 0);
    }
    return 0;
}
