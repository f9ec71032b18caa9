/* The form in which a torrc holds the password of a control port (HashedControlPassword). */
#ifndef OBPUB_CRYPTO_HASHED_PASSWORD_H
#define OBPUB_CRYPTO_HASHED_PASSWORD_H

#include <stddef.h>
#include <stdint.h>

#define HASHED_PASSWORD_SALT_SIZE 8
/* "16:", salt, one byte and a SHA-1 digest in hex, and a NUL. */
#define HASHED_PASSWORD_SIZE (3 + 2 * (HASHED_PASSWORD_SALT_SIZE + 1 + 20) + 1)

/* Hashes a password of length bytes with a salt that has never been used before, as tor --hash-password does
 * (RFC 2440, section 3.6.1.3, with 65536 bytes). */
void hashed_password_make(char text[HASHED_PASSWORD_SIZE], const char *password, size_t length,
                          const uint8_t salt[HASHED_PASSWORD_SALT_SIZE]);

#endif
