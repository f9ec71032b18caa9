/* Makes both rings of a consensus of 8,000 relays and their microdescriptors. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "bare.h"
#include "bench.h"
#include "onion/network.h"

struct input {
    char *consensus, *microdescriptors;
    size_t consensus_length, microdescriptors_length;
    size_t hsdir_count;
};

/* What is measured, and what test_instructions.py counts. */
static void measured_consensus(void *context)
{
    struct input *input = context;
    struct error error;
    struct network *network =
        network_build(input->consensus, input->consensus_length, input->microdescriptors,
                      input->microdescriptors_length, false, &error);
    bench_require(network != NULL, error.text);
    input->hsdir_count = network->hsdir_count;
    network_free(network);
}

/* What it can't do without: the digest of each microdescriptor, two indices of each HSDir; digests,
 * fingerprints and identities from base64. */
static void measure_bare(const struct input *input)
{
    const size_t relays = 8000, hsdirs = input->hsdir_count;
    struct bare_work work[] = {
        {BARE_SHA256, relays, input->microdescriptors_length / relays},
        {BARE_SHA3_256, 2 * hsdirs, 88},
        {BARE_BASE64_READ, relays, 20},
        {BARE_BASE64_READ, relays, 32},
        {BARE_BASE64_READ, hsdirs, 32},
        {0, 0, 0},
    };
    bare_init();
    bench_print("consensus", "bare", bench_seconds(bare_perform, work));
}

int main(void)
{
    bench_require(sodium_init() >= 0, "libsodium does not start");
    struct input input;
    input.consensus = bench_read("consensus", &input.consensus_length);
    input.microdescriptors = bench_read("microdescriptors", &input.microdescriptors_length);
    bench_print("consensus", "obpub", bench_seconds(measured_consensus, &input));
    measure_bare(&input);
    bench_note("consensus", "%.1f MB of consensus, %.1f MB of microdescriptors, %zu HSDirs",
               (double)input.consensus_length / 1e6, (double)input.microdescriptors_length / 1e6,
               input.hsdir_count);
    free(input.consensus);
    free(input.microdescriptors);
    return 0;
}
