/* Where a tor says that its SOCKS ports are (control-spec 3.9, net/listeners/socks). */
#ifndef OBPUB_CONTROL_SOCKS_LISTENERS_H
#define OBPUB_CONTROL_SOCKS_LISTENERS_H

#include "address/listen_address.h"
#include "base/error.h"
#include "control/reply.h"

/* More SOCKS ports than anybody gives one tor. */
#define SOCKS_LISTENERS_MAX 32

/* Reads the answer to GETINFO net/listeners/socks, and chooses the one that a program of the tor's own
 * machine best uses: a unix socket before an address of the machine alone, and that before others. One that
 * listens on every address is used by the loopback one. Returns 1 with *listener; 0 when the tor has no SOCKS
 * port; or -1 with a sentence when no tor would answer so. */
int socks_listeners_choose(struct listen_address *listener, const struct control_reply *reply,
                           struct error *error);

#endif
