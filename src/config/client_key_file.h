/* The file with the key of a client of a restricted onion service, looked at when the config is. */
#ifndef OBPUB_CONFIG_CLIENT_KEY_FILE_H
#define OBPUB_CONFIG_CLIENT_KEY_FILE_H

#include "base/error.h"

/* Checks that a file holds a key for the onion service at address, with ".onion". Returns 0, or -1 with a
 * sentence. */
int client_key_file_check(const char *path, const char *address, struct error *error);

#endif
