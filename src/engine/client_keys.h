/* The keys that a local tor is given for restricted onion services: those of agents, which are reached
 * through it, and those of backends whose health is checked through it.
 *
 * What decides was found out with tor 0.4.9.11 on a private network:
 *
 * - A tor hands on a restricted descriptor (HS_DESC_CONTENT after RECEIVED, no FAILED) whether it has no key
 *   for it, another one or the right one; and so does GETINFO at the service's own tor, which has no key at
 *   all. So obpub's own fetches need nothing of this, and no tor has a key that it does not need.
 * - A connection through the SOCKS port needs it: without a key it fails (0xF4), as with another one (0xF5).
 * - A key is gone with SIGHUP, as each night for a log, and with NEWNYM. So it is given again whenever it is
 *   needed: that costs nothing, and a descriptor that lies there closed is opened with it.
 * - The answer to the first one is 250, or 252 where a descriptor was opened; to one in the place of another
 *   it is 251. Which key that was can't be asked without being shown the key. So one that was there before
 *   is somebody else's, and stays when ours are taken back.
 * - A key that is taken back takes the descriptor with it: the next connection fails.
 */
#ifndef OBPUB_ENGINE_CLIENT_KEYS_H
#define OBPUB_ENGINE_CLIENT_KEYS_H

#include "config/config.h"
#include "control/connection.h"

struct client_keys;

/* None, of a tor that there is no connection to. checks_health: backends' health is checked, if the config
 * says so. */
struct client_keys *client_keys_new(bool checks_health);

/* Sends nothing more. NULL is fine. */
void client_keys_free(struct client_keys *keys);

/* Has the tor have the keys that a config names, and no others that it was given here. The config has to stay
 * until another one is set, and while that is done. NULL: none. */
void client_keys_set(struct client_keys *keys, const struct config *config);

/* Gives the tor all of them: there is a connection to it, which stays until client_keys_disconnect(). */
void client_keys_connect(struct client_keys *keys, struct control_connection *connection);

/* Gives the tor the key for an onion service (with ".onion" or without) again, if the config names one. */
void client_keys_give(struct client_keys *keys, const char *address);

/* True while the tor has keys that were given here. */
bool client_keys_are_given(const struct client_keys *keys);

/* The connection is gone; the tor may be another process when there is one again. */
void client_keys_disconnect(struct client_keys *keys);

#endif
