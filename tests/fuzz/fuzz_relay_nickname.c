/* Fuzzes what a tor says of a relay. */
#include <ctype.h>
#include <string.h>

#include "control/relay_nickname.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char nickname[RELAY_NICKNAME_SIZE];
    const int result = relay_nickname_parse(nickname, (struct text){(const char *)data, size});
    FUZZ_REQUIRE((result == 0) == (nickname[0] != '\0'));
    for (size_t i = 0; nickname[i] != '\0'; i++)
        FUZZ_REQUIRE(isalnum((unsigned char)nickname[i]));
    return 0;
}
