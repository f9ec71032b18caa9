/* Fuzzes files with the key of a client of a restricted onion service. */
#include <string.h>

#include "fuzz.h"
#include "onion/client_key.h"

#define ADDRESS "vww6ybal4bd7szmgncyruucpgfkqahzddi37ktceo3ah7ngmcopnpyyd.onion"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t key[CLIENT_KEY_SIZE];
    struct error error = {.text = ""};
    fuzz_prepare();
    int result = client_key_parse(key, (const char *)data, size, ADDRESS, &error);
    FUZZ_REQUIRE((result == 0) == (error.text[0] == '\0'));
    FUZZ_REQUIRE(result != 0 || (size >= 70 && size <= 129));
    return 0;
}
