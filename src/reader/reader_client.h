/* The engine's side of the reader: the config and the files that open control ports, without opening any.
 *
 * The reader may hang with the disk or the mount that a file lies on. So an engine that runs waits for no
 * answer: it asks, and is called back from reader_client_take(), which belongs into its event loop.
 */
#ifndef OBPUB_READER_READER_CLIENT_H
#define OBPUB_READER_READER_CLIENT_H

#include "config/config.h"
#include "control/credential_reader.h"

struct reader_client;

/* end is the engine's end of the channel to the reader, which stays the caller's. config_path is the path
 * that the reader was given. */
struct reader_client *reader_client_new(int end, const char *config_path);

/* Nobody is called back any more. NULL is fine. */
void reader_client_free(struct reader_client *client);

/* Takes what has come from the reader, without waiting for more, and calls back whoever waits for it. */
void reader_client_take(struct reader_client *client);

/* What became of a load: with result 0 config is the callee's; else it is empty. The report is the caller's,
 * and cleared after the call. */
typedef void (*reader_load_callback)(int result, struct config *config, struct config_report *report,
                                     void *context);

/* What became of the rest; error only with result -1. */
typedef void (*reader_done_callback)(int result, const struct error *error, void *context);

/* Has the reader read the config and hand the keys to the signer. As with config_load(), but config has no
 * secret keys: it has each frontend's number at the signer. Say then with reader_client_begin_keep() whether
 * the engine goes by it. Never calls back before it has returned. */
struct file_request *reader_client_begin_load(struct reader_client *client, reader_load_callback callback,
                                              void *context);

/* Ends a load: the config that was loaded last is the one in use. The signer forgets what is not needed any
 * more. Never calls back before it has returned; callback may be NULL. */
struct file_request *reader_client_begin_keep(struct reader_client *client, reader_done_callback callback,
                                              void *context);

/* Takes the callback of a request back, before it was called. */
void reader_client_forget(struct reader_client *client, struct file_request *request);

/* The same, waiting for the answer: for before there is anything to publish. report is begun anew, and is to
 * be cleared in any case. reader_client_drop() has the config before it stay the one in use. Each returns 0
 * or -1.
 */
int reader_client_load(struct reader_client *client, struct config *config, struct config_report *report);
int reader_client_keep(struct reader_client *client, struct error *error);
int reader_client_drop(struct reader_client *client, struct error *error);

/* Has the reader remove the file of a listening socket that the config in use names, or the one that was
 * loaded last. This is waited for, but for a second at most. Returns 0, or -1 when it could not. */
int reader_client_remove_socket(struct reader_client *client, const char *path, struct error *error);

/* Who has cookies, passwords and host names read by the reader; good for as long as the client is. A cookie
 * file that a backend's tor names is read only after note_local_tors() was called: by then the reader knows
 * which cookies are the local tors'. */
const struct credential_reader *reader_client_credential_reader(const struct reader_client *client);

/* Whether an answer was given up on and has not come: what the reader reads does not answer. */
bool reader_client_is_late(const struct reader_client *client);

#endif
