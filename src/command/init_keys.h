/* The keys that "obpub init" makes: each drawn in secret memory, and written to a file of its owner's alone.
 */
#ifndef OBPUB_COMMAND_INIT_KEYS_H
#define OBPUB_COMMAND_INIT_KEYS_H

#include "crypto/hashed_password.h"
#include "files/new_folder.h"
#include "onion/onion_address.h"

/* The key pair of an onion service. To be kept in secret memory. */
struct init_key {
    struct ed25519_secret_key secret_key;
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
};

/* Draws a new one. */
void init_key_draw(struct init_key *key);

/* Write to a folder that is being made: the key as tor keeps it, in a file; and all that tor has of it in a
 * HiddenServiceDir, which is a folder in it. Return 0, or -1 with a sentence. */
int init_key_write(const struct init_key *key, struct new_folder *folder, const char *name,
                   struct error *error);
int init_key_write_service(const struct init_key *key, struct new_folder *folder, const char *name,
                           struct error *error);

/* Draws a key, writes it likewise, and forgets it but for its address. Returns 0, or -1 with a sentence. */
int init_key_make_service(char address[ONION_ADDRESS_SIZE], struct new_folder *folder, const char *name,
                          struct error *error);

/* Draws a secret and writes it as a line of each of count files. hashed, which may be NULL, becomes what a
 * torrc has of it as a password. Returns 0, or -1 with a sentence. */
int init_secret_make(char hashed[HASHED_PASSWORD_SIZE], struct new_folder *folder, const char *const *names,
                     size_t count, struct error *error);

/* Draws the key of a client, writes its private half to a file that is good for any service, and has the line
 * of its public half in public_line, with a newline in the place of the NUL. Returns 0, or -1 with a
 * sentence. */
int init_client_make(char *public_line, struct new_folder *folder, const char *name, struct error *error);

#endif
