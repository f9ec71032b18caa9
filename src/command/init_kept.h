/* The onion service whose address is kept: "obpub init" takes its key over, and its authorised clients. */
#ifndef OBPUB_COMMAND_INIT_KEPT_H
#define OBPUB_COMMAND_INIT_KEPT_H

#include <stdbool.h>

#include "command/init_keys.h"
#include "config/client_files.h"

/* By which the tors of a hardmap know the publisher: no client of theirs may have that name. */
#define INIT_PUBLISHER_NAME "publisher"

/* Loads both from the key file or HiddenServiceDir at path; key is in the caller's secret memory. Returns 0
 * with clients to be released with client_files_clear(); or -1 with a sentence that begins with the path, and
 * nothing to release. */
int init_kept_load(struct init_key *key, struct client_files *clients, const char *path, bool is_hardmap,
                   struct error *error);

/* Whether it could be loaded: returns 0 with its address, or -1 with the same sentence. */
int init_kept_check(char address[ONION_ADDRESS_SIZE], const char *path, bool is_hardmap, struct error *error);

#endif
