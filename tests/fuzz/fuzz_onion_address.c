/* Fuzzes onion addresses. */
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "onion/onion_address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    char *text = fuzz_copy_string(data, size);
    uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE];
    char address[ONION_ADDRESS_SIZE];
    struct error error = {.text = ""};
    if (onion_address_decode(identity_key, text, &error) == 0) {
        onion_address_encode(address, identity_key);
        FUZZ_REQUIRE(strncasecmp(address, text, ONION_ADDRESS_LENGTH) == 0);
    } else {
        FUZZ_REQUIRE(error.text[0] != '\0');
    }
    free(text);
    return 0;
}
