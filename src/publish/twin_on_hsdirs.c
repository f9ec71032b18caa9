/* A twin without a control port: its tor is only seen by what it uploads, at the spare HSDirs of its
 * frontend.
 */
#include "publish/twin_on_hsdirs.h"

#include <string.h>

struct source *twin_on_hsdirs_find(const struct publisher *publisher,
                                   const struct publisher_frontend *frontend)
{
    for (size_t i = 0; i < frontend->member_count; i++) {
        struct source *source = publisher_member_source(publisher, &frontend->members[i]);
        if (source_policy(source->kind)->is_at_spares)
            return source;
    }
    return NULL;
}

size_t twin_on_hsdirs_list(const struct publisher *publisher, struct source *source,
                           uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE])
{
    const struct network *network = publisher->network;
    const struct hsdir_ring_entry *responsible[HSDIR_RESPONSIBLE_MAX];
    size_t spares = network_find_part(network, network->client_slot, source->blinded_key, false, responsible);
    if (spares == 0)
        return 0;
    const struct hsdir_ring_entry *spare = responsible[source->spares_asked++ % spares];
    memcpy(fingerprints[0], network->hsdirs[spare->hsdir].fingerprint, RELAY_FINGERPRINT_SIZE);
    return 1;
}
