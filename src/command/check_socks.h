/* What the publisher's own tors need so that onion services can be reached through them: agents, and backends
 * whose health is checked. */
#ifndef OBPUB_COMMAND_CHECK_SOCKS_H
#define OBPUB_COMMAND_CHECK_SOCKS_H

#include <jansson.h>

#include "config/config.h"

/* Prints what a SOCKS port is needed for, and the line of the torrc; nothing where none is needed. */
void check_socks_print(const struct config *config);

/* That line as a list of texts; the caller's. Empty where none is needed, or the config says where SOCKS
 * ports are (tor-socks): then obpub does not ask its tors. */
json_t *check_socks_make_torrc(const struct config *config);

#endif
