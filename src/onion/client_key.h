/* The key of a client of a restricted onion service, as tor has it in a file (client authorization,
 * rend-spec-v3 G.1). */
#ifndef OBPUB_ONION_CLIENT_KEY_H
#define OBPUB_ONION_CLIENT_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define CLIENT_KEY_SIZE 32 /* of an X25519 secret key */

/* Most bytes of such a file: its one line has 129 at most. */
#define CLIENT_KEY_FILE_MAX 512

/* Reads the content of such a file: "<56 characters>:descriptor:x25519:<base32>", or the same without the
 * address, and no more than a line end behind. Where there is an address it has to be this one (a host with
 * ".onion" or without). Returns 0 with the key, to be wiped by the caller; or -1 with a sentence that does
 * not show what is in the file. */
int client_key_parse(uint8_t key[CLIENT_KEY_SIZE], const char *text, size_t length, const char *address,
                     struct error *error);

#endif
