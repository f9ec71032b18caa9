/* The relay of an introduction point, looked up in the consensus. */
#include "onion/point_relay.h"

#include <stdlib.h>
#include <string.h>

static int compare_fingerprints(const void *fingerprint, const void *relay)
{
    return memcmp(fingerprint, ((const struct link_specifiers *)relay)->fingerprint, RELAY_FINGERPRINT_SIZE);
}

static const struct link_specifiers *find_by_fingerprint(const struct network *network,
                                                         const uint8_t fingerprint[RELAY_FINGERPRINT_SIZE])
{
    if (network->relay_count == 0)
        return NULL;
    return bsearch(fingerprint, network->relays, network->relay_count, sizeof(*network->relays),
                   compare_fingerprints);
}

/* True when an Ed25519 identity is that of a relay of the consensus. Only asked where the fingerprint does
 * not tell, which is rare: so the relays are in no order for it. */
static bool has_ed25519_identity(const struct network *network,
                                 const uint8_t identity[ED25519_PUBLIC_KEY_SIZE])
{
    for (size_t i = 0; i < network->relay_count; i++) {
        const struct link_specifiers *relay = &network->relays[i];
        if (relay->has_ed25519_identity &&
            memcmp(relay->ed25519_identity, identity, ED25519_PUBLIC_KEY_SIZE) == 0)
            return true;
    }
    return false;
}

/* True when the Ed25519 identity, if there is one, can't be that of the relay with the fingerprint, NULL if
 * there is no such relay. */
static bool is_of_another_relay(const struct link_specifiers *own, const struct link_specifiers *relay,
                                const struct network *network)
{
    if (!own->has_ed25519_identity)
        return false;
    if (relay != NULL && relay->has_ed25519_identity)
        return memcmp(own->ed25519_identity, relay->ed25519_identity, ED25519_PUBLIC_KEY_SIZE) != 0;
    return has_ed25519_identity(network, own->ed25519_identity);
}

enum point_fault point_relay_match(struct introduction_point *point, const struct network *network,
                                   bool *is_known)
{
    struct link_specifiers links;
    enum point_fault fault = point->fault;
    *is_known = false;
    if (fault != POINT_FAULT_NONE)
        return fault;
    if (point->has_legacy_key)
        return POINT_FAULT_LEGACY_KEY;
    if (link_specifiers_decode(&links, &fault, point->link_specifiers, point->link_specifiers_length) != 0)
        return POINT_FAULT_NO_RSA;
    if (fault != POINT_FAULT_NONE)
        return fault;
    const struct link_specifiers *relay = find_by_fingerprint(network, links.fingerprint);
    if (is_of_another_relay(&links, relay, network))
        return POINT_FAULT_TWO_RELAYS;
    if (relay == NULL)
        return !network->is_testing_network && link_specifiers_are_internal(&links)
                   ? POINT_FAULT_INTERNAL_ADDRESS
                   : POINT_FAULT_NONE;
    *is_known = true;
    struct link_specifiers named = *relay;
    if (!named.has_ed25519_identity && links.has_ed25519_identity) {
        /* Its microdescriptor has not come yet, and nobody else has this identity. */
        named.has_ed25519_identity = true;
        memcpy(named.ed25519_identity, links.ed25519_identity, ED25519_PUBLIC_KEY_SIZE);
    }
    introduction_point_set_links(point, &named);
    return POINT_FAULT_NONE;
}
