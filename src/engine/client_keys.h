/* The keys that a local tor is given for agents' restricted onion services. */
#ifndef OBPUB_ENGINE_CLIENT_KEYS_H
#define OBPUB_ENGINE_CLIENT_KEYS_H

#include "config/config.h"
#include "control/connection.h"
#include "control/credential_reader.h"

struct client_keys;

/* None, of a tor that there is no connection to. reader reads the files, and stays. */
struct client_keys *client_keys_new(const struct credential_reader *reader);

/* Sends nothing more. NULL is fine. */
void client_keys_free(struct client_keys *keys);

/* Has the tor have the keys that a config names, and no others that it was given here. Each is read again:
 * another one may be in its file. What is needed of the config is copied. */
void client_keys_set(struct client_keys *keys, const struct config *config);

/* Gives the tor all of them: there is a connection to it, which stays until client_keys_disconnect(). */
void client_keys_connect(struct client_keys *keys, struct control_connection *connection);

/* Gives the tor the key for an onion service (with ".onion") again, if the config names one: a tor that reads
 * its own config again, as one does each night for its log, forgets what it was given over its control port.
 */
void client_keys_give(struct client_keys *keys, const char *host);

/* The connection is gone; the tor may be another process when there is one again. */
void client_keys_disconnect(struct client_keys *keys);

#endif
