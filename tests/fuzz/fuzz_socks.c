/* Fuzzes the words of SOCKS5: the input is what a server says. */
#include <string.h>

#include "fuzz.h"
#include "socks/handshake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct socks_handshake handshake;
    enum socks_failure failure;
    struct error error;
    enum socks_step step = SOCKS_STEP_SEND;
    unsigned steps = 0;
    fuzz_prepare();
    socks_handshake_begin(&handshake, "zopi3buo54z46f7bixk2yvocvgx6fcdklvx2ekjydsdvvskb3kyrzyad.onion", 9151,
                          "user");
    while (step != SOCKS_STEP_DONE && step != SOCKS_STEP_FAILED) {
        FUZZ_REQUIRE(handshake.message_length > 0 && handshake.message_length <= SOCKS_MESSAGE_MAX);
        FUZZ_REQUIRE(handshake.wanted > 0 && handshake.wanted <= SOCKS_MESSAGE_MAX);
        FUZZ_REQUIRE(++steps <= 4);
        if (size < handshake.wanted)
            return 0;
        size_t wanted = handshake.wanted;
        step = socks_handshake_take(&handshake, data, &failure, &error);
        data += wanted;
        size -= wanted;
    }
    FUZZ_REQUIRE(step == SOCKS_STEP_DONE ? handshake.code == 0 : error.text[0] != '\0');
    FUZZ_REQUIRE(step == SOCKS_STEP_DONE || failure <= SOCKS_FAILURE_GENERAL);
    return 0;
}
