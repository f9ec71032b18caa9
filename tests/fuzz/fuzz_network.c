/* Fuzzes consensus and microdescriptors together: a byte that says what network it is, then both, a NUL
 * between. */
#include <string.h>

#include "fuzz.h"
#include "onion/network.h"
#include "onion/point_relay.h"

/* Every relay is found, and a point at it names it as it is there. */
static void check_relays(const struct network *network)
{
    for (size_t i = 0; i < network->relay_count; i++) {
        struct introduction_point point = {.fault = POINT_FAULT_NONE}, before;
        bool is_known = false;
        introduction_point_set_links(&point, &network->relays[i]);
        before = point;
        FUZZ_REQUIRE(point_relay_match(&point, network, &is_known) == POINT_FAULT_NONE && is_known);
        FUZZ_REQUIRE(introduction_point_is_unchanged(&point, &before));
    }
}

static void check_network(const struct network *network)
{
    struct forger forger = fuzz_forger();
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    FUZZ_REQUIRE(network->hsdir_count > 0 && network->hsdir_count <= network->relay_count);
    check_relays(network);
    for (enum descriptor_slot slot = DESCRIPTOR_FIRST; slot < DESCRIPTOR_SLOTS; slot++) {
        for (int to_fetch = 0; to_fetch < 2; to_fetch++) {
            size_t count =
                network_find_responsible(network, slot, forger.blinded_key, to_fetch != 0, responsible);
            FUZZ_REQUIRE(count > 0 && count <= HSDIR_RESPONSIBLE_MAX && count <= network->hsdir_count);
        }
        FUZZ_REQUIRE(network_revision_seconds(network, slot, network->fresh_until) > 0);
    }
    FUZZ_REQUIRE(network_is_live(network, network->valid_after));
    FUZZ_REQUIRE(!network_is_live(network, network->valid_until + 24 * 60 * 60 + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_prepare();
    const uint8_t *gap = size > 1 ? memchr(data + 1, '\0', size - 1) : NULL;
    if (gap == NULL)
        return 0;
    const char *consensus = (const char *)data + 1, *microdescriptors = (const char *)gap + 1;
    struct error error = {.text = ""};
    struct network *network = network_build(consensus, (size_t)(gap - data) - 1, microdescriptors,
                                            (size_t)(data + size - gap) - 1, (data[0] & 1) != 0, &error);
    FUZZ_REQUIRE((network == NULL) == (error.text[0] != '\0'));
    if (network != NULL)
        check_network(network);
    network_free(network);
    return 0;
}
