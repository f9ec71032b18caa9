/* A twin without a control port: its tor is only seen by what it uploads, at the spare HSDirs of its
 * frontend, which are left to the twins' tors. A frontend has one such twin at most: nothing tells two of
 * them apart.
 */
#ifndef OBPUB_PUBLISH_TWIN_ON_HSDIRS_H
#define OBPUB_PUBLISH_TWIN_ON_HSDIRS_H

#include "publish/state.h"

/* That of a frontend; NULL when it has none. */
struct source *twin_on_hsdirs_find(const struct publisher *publisher,
                                   const struct publisher_frontend *frontend);

/* Lists the spare HSDir that is to be asked next about the descriptor that clients use now: each is in turn,
 * since they may have descriptors of different tors. fingerprints has room for one. Returns how many: 1, or 0
 * where clients ask all HSDirs. */
size_t twin_on_hsdirs_list(const struct publisher *publisher, struct source *source,
                           uint8_t (*fingerprints)[RELAY_FINGERPRINT_SIZE]);

#endif
