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
        FUZZ_REQUIRE(error.text[0] != '\0' && consensus.hsdirs == NULL);
        return 0;
    }
    FUZZ_REQUIRE(consensus.valid_after < consensus.fresh_until &&
                 consensus.fresh_until <= consensus.valid_until);
    FUZZ_REQUIRE(consensus.hsdir_count <= consensus.relay_count);
    FUZZ_REQUIRE(consensus.hsdir_n_replicas >= 1 && consensus.hsdir_n_replicas <= 16);
    for (size_t i = 1; i < consensus.hsdir_count; i++)
        FUZZ_REQUIRE(memcmp(consensus.hsdirs[i - 1].fingerprint, consensus.hsdirs[i].fingerprint,
                            RELAY_FINGERPRINT_SIZE) < 0);
    consensus_clear(&consensus);
    return 0;
}
