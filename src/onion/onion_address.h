/* v3 onion addresses (rend-spec-v3 [ONIONADDRESS]). */
#ifndef OBPUB_ONION_ONION_ADDRESS_H
#define OBPUB_ONION_ONION_ADDRESS_H

#include "base/error.h"
#include "crypto/ed25519.h"

#define ONION_ADDRESS_LENGTH 56 /* characters, without ".onion" */
#define ONION_ADDRESS_SIZE (ONION_ADDRESS_LENGTH + 1)

/* Decodes an address, with or without ".onion", in any case, NUL-terminated, to its identity key. The
 * checksum, the version and the key itself (a point of the prime-order group) are checked. Returns 0, or -1
 * with a sentence that says which of them is wrong; a v2 address gets a sentence of its own. */
int onion_address_decode(uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const char *address,
                         struct error *error);

/* The same without the check of the key, which takes a hundred times as long as the rest: for an address that
 * has been checked before. */
int onion_address_decode_unchecked(uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE], const char *address,
                                   struct error *error);

/* Encodes an identity key as 56 lower-case characters and a NUL, without ".onion". */
void onion_address_encode(char address[ONION_ADDRESS_SIZE],
                          const uint8_t identity_key[ED25519_PUBLIC_KEY_SIZE]);

#endif
