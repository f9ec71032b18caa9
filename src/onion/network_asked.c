/* Which of the HSDirs that hold a descriptor clients ask, and which are spare ones. */
#include "onion/network.h"

void network_mark_asked(const struct network *network, enum descriptor_slot slot,
                        const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE],
                        const struct hsdir_ring_entry *const *responsible, size_t count, bool *is_asked)
{
    const struct hsdir_ring_entry *asked[HSDIR_RESPONSIBLE_MAX];
    size_t asked_count = network_find_responsible(network, slot, blinded_key, true, asked);
    for (size_t i = 0; i < count; i++) {
        is_asked[i] = false;
        for (size_t j = 0; j < asked_count && !is_asked[i]; j++)
            is_asked[i] = asked[j] == responsible[i];
    }
}

size_t network_find_part(const struct network *network, enum descriptor_slot slot,
                         const uint8_t blinded_key[ED25519_PUBLIC_KEY_SIZE], bool are_asked,
                         const struct hsdir_ring_entry **responsible)
{
    bool is_asked[HSDIR_RESPONSIBLE_MAX];
    size_t count = network_find_responsible(network, slot, blinded_key, false, responsible), kept = 0;
    network_mark_asked(network, slot, blinded_key, responsible, count, is_asked);
    for (size_t i = 0; i < count; i++) {
        if (is_asked[i] == are_asked)
            responsible[kept++] = responsible[i];
    }
    return kept;
}
