/* The engine's side of the reader: the config and the files that open control ports, without opening any. */
#ifndef OBPUB_READER_READER_CLIENT_H
#define OBPUB_READER_READER_CLIENT_H

#include "config/config.h"
#include "control/credential_file.h"

struct reader_client;

/* end is the engine's end of the channel to the reader, which stays the caller's. config_path is the path
 * that the reader was given. */
struct reader_client *reader_client_new(int end, const char *config_path);
void reader_client_free(struct reader_client *client);

/* Has the reader read the config and hand the keys to the signer. As with config_load(), the report is begun
 * anew, and is to be cleared in any case, config on success; config has no secret keys, but each frontend's
 * number at the signer. Say then with reader_client_keep() whether the engine goes by it. Returns 0 or -1. */
int reader_client_load(struct reader_client *client, struct config *config, struct config_report *report);

/* Ends a load: the config that was loaded last is the one in use, or the one before it stays so. The signer
 * forgets what is not needed any more. Returns 0 or -1. */
int reader_client_keep(struct reader_client *client, struct error *error);
int reader_client_drop(struct reader_client *client, struct error *error);

/* Has the reader remove the file of a listening socket that the config in use names, or the one that was
 * loaded last. Returns 0, or -1 when it could not. */
int reader_client_remove_socket(struct reader_client *client, const char *path, struct error *error);

/* Takes answers that came too late for their requests. */
void reader_client_take_late(struct reader_client *client);

/* Who has cookies, passwords and host names read by the reader; good for as long as the client is. */
const struct credential_reader *reader_client_credential_reader(const struct reader_client *client);

#endif
