/* Root's powers one by one (capabilities(7)): gives them up. */
#ifndef OBPUB_CONFINE_CAPABILITIES_H
#define OBPUB_CONFINE_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Gives up every capability of the calling process but those of kept, a set of bits (1 << CAP_...): from the
 * effective, permitted and inheritable sets, from the ambient set, and, while the process may do that, from
 * the bounding set, so that none comes back. Kept ones that the process does not have are not gained. Returns
 * 0, or -1 when one that was to go is still there. */
int capabilities_keep(uint64_t kept, struct error *error);

/* Whether the calling process has all of a set, and can use them. */
bool capabilities_have(uint64_t set);

#endif
