/* The words for what is wrong with an introduction point. */
#include "onion/point_fault.h"

const char *point_fault_describe(enum point_fault fault)
{
    static const char *const words[POINT_FAULTS] = {
        [POINT_FAULT_NONE] = "nothing",
        [POINT_FAULT_LEGACY_KEY] = "a legacy RSA key, which can't be carried over",
        [POINT_FAULT_NO_IPV4] = "no IPv4 address",
        [POINT_FAULT_TWO_IPV4] = "two IPv4 addresses",
        [POINT_FAULT_NO_RSA] = "no RSA identity",
        [POINT_FAULT_TWO_RSA] = "two RSA identities",
        [POINT_FAULT_TWO_ED25519] = "two Ed25519 identities",
        [POINT_FAULT_TWO_IPV6] = "two IPv6 addresses",
        [POINT_FAULT_TWO_RELAYS] = "identities of two relays",
        [POINT_FAULT_INTERNAL_ADDRESS] = "an address where no relay can be",
    };
    return words[fault];
}
