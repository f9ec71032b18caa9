/* Fuzzes the consensus. */
#include <string.h>

#include "fuzz.h"
#include "onion/consensus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    struct consensus consensus;
    struct error error = {.text = ""};
    if (consensus_parse(&consensus, (const char *)data, size, &error) != 0) {
        FUZZ_REQUIRE(error.text[0] != '\0' && consensus.relays == NULL);
        return 0;
    }
    FUZZ_REQUIRE(consensus.valid_after < consensus.fresh_until &&
                 consensus.fresh_until <= consensus.valid_until);
    FUZZ_REQUIRE(consensus.hsdir_count <= consensus.relay_count);
    FUZZ_REQUIRE(consensus.hsdir_n_replicas >= 1 && consensus.hsdir_n_replicas <= 16);
    size_t hsdir_count = 0;
    for (size_t i = 0; i < consensus.relay_count; i++) {
        hsdir_count += consensus.relays[i].is_hsdir;
        FUZZ_REQUIRE(i == 0 || memcmp(consensus.relays[i - 1].links.fingerprint,
                                      consensus.relays[i].links.fingerprint, RELAY_FINGERPRINT_SIZE) < 0);
        FUZZ_REQUIRE(!consensus.relays[i].links.has_ed25519_identity);
    }
    FUZZ_REQUIRE(hsdir_count == consensus.hsdir_count);
    consensus_clear(&consensus);
    return 0;
}
