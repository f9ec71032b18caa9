/* The authorised clients of the service whose key "obpub init" takes over: they stay its only readers. */
#ifndef OBPUB_COMMAND_INIT_CLIENTS_H
#define OBPUB_COMMAND_INIT_CLIENTS_H

#include "config/client_files.h"
#include "files/new_folder.h"

/* Loads those that tor has beside the key file at key_path; none where the key does not lie in a
 * HiddenServiceDir. Returns 0 with clients to be released with client_files_clear(); or -1 with a sentence
 * and nothing to release: then the service must not be taken for an open one. */
int init_clients_load(struct client_files *clients, const char *key_path, struct error *error);

/* Writes each to a file of a new folder with this name, as tor keeps them. Returns 0, or -1 with a sentence.
 */
int init_clients_write(const struct client_files *clients, struct new_folder *folder, const char *name,
                       struct error *error);

#endif
