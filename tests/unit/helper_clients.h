/* Authorised clients made for tests. */
#ifndef OBPUB_TESTS_HELPER_CLIENTS_H
#define OBPUB_TESTS_HELPER_CLIENTS_H

#include <stddef.h>

#include "onion/authorized_clients.h"

/* The key pair of a client of this number. */
void client_make_keys(uint8_t secret_key[X25519_SECRET_KEY_SIZE], uint8_t public_key[X25519_PUBLIC_KEY_SIZE],
                      size_t number);

/* A set of count clients, the first of them number first. */
struct authorized_clients *clients_make(size_t first, size_t count);

#endif
