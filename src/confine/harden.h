/* What the process gives up at its start, so that the keys in its memory stay there. */
#ifndef OBPUB_CONFINE_HARDEN_H
#define OBPUB_CONFINE_HARDEN_H

#include "base/error.h"

/* No core dumps, no debugger of the same user, no new privileges, and files that are made can be reached by
 * this user alone until told otherwise (umask 077). To be called before the first key is read. Returns 0, or
 * -1 with a sentence when the system refuses; the rest has been done then. */
int process_harden(struct error *error);

#endif
