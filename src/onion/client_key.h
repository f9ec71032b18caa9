/* Client keys as lines of text, as tor keeps them in files (tor(1), CLIENT AUTHORIZATION): the public half in
 * the service's folder authorized_clients, the private half with the client.
 *
 * As for tor, there may be blanks around each part of a line, and base32 is in either case. That a private
 * line names the onion address is tor's form; without it, it is good wherever the address is known.
 */
#ifndef OBPUB_ONION_CLIENT_KEY_H
#define OBPUB_ONION_CLIENT_KEY_H

#include "base/base32.h"
#include "base/text.h"
#include "onion/authorized_clients.h"
#include "onion/onion_address.h"

/* "descriptor:x25519:KEY" and "ADDRESS:descriptor:x25519:KEY", with a NUL. */
#define CLIENT_KEY_PUBLIC_LINE_SIZE (sizeof("descriptor:x25519:") + BASE32_LENGTH(X25519_PUBLIC_KEY_SIZE))
#define CLIENT_KEY_PRIVATE_LINE_SIZE (ONION_ADDRESS_LENGTH + 1 + CLIENT_KEY_PUBLIC_LINE_SIZE)

/* What a private line says. To be kept in secret memory, or wiped. */
struct client_private_key {
    uint8_t secret_key[X25519_SECRET_KEY_SIZE];
    bool has_identity_key;
    uint8_t
        identity_key[ED25519_PUBLIC_KEY_SIZE]; /* of the service that it is for, where the line names it */
};

/* Reads a client's public line, and checks the key (authorized_clients_check_key()). Returns 0, or -1 with a
 * sentence, in which no key is quoted. */
int client_key_parse_public(uint8_t public_key[X25519_PUBLIC_KEY_SIZE], struct text line,
                            struct error *error);

/* Reads a client's private line. Returns 0; or -1 with a sentence as above, and key wiped. */
int client_key_parse_private(struct client_private_key *key, struct text line, struct error *error);

/* Checks that a private line that names a service names the one at an address (with ".onion" or without). One
 * that names none is for any. Returns 0, or -1 with a sentence as above. */
int client_key_check_service(const struct client_private_key *key, const char *address, struct error *error);

/* Write them as tor does, without a newline. */
void client_key_format_public(char line[CLIENT_KEY_PUBLIC_LINE_SIZE],
                              const uint8_t public_key[X25519_PUBLIC_KEY_SIZE]);
void client_key_format_private(char line[CLIENT_KEY_PRIVATE_LINE_SIZE],
                               const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE],
                               const uint8_t secret_key[X25519_SECRET_KEY_SIZE]);

#endif
