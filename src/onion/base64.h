/* Base64 as Tor's documents have it (RFC 4648 section 4), fast rather than constant-time: nothing secret is
 * written in it. */
#ifndef OBPUB_ONION_BASE64_H
#define OBPUB_ONION_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* Characters that size bytes take without padding, and with it. */
#define BASE64_LENGTH(size) ((4 * (size) + 2) / 3)
#define BASE64_PADDED_LENGTH(size) (((size) + 2) / 3 * 4)

/* Writes size bytes as BASE64_LENGTH(size) characters without padding and without a NUL. */
void base64_encode(char *text, const uint8_t *bytes, size_t size);

#endif
