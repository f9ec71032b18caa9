/* Base32 as Tor writes addresses and client keys (RFC 4648 section 6, in lower case, without padding), in a
 * time that does not depend on what is written. */
#ifndef OBPUB_BASE_BASE32_H
#define OBPUB_BASE_BASE32_H

#include <stddef.h>
#include <stdint.h>

/* Characters that size bytes take. */
#define BASE32_LENGTH(size) ((8 * (size_t)(size) + 4) / 5)

/* Writes size bytes as BASE32_LENGTH(size) characters, without a NUL. */
void base32_encode(char *text, const uint8_t *bytes, size_t size);

/* Decodes BASE32_LENGTH(size) characters of either case to size bytes. Returns 0, or -1 when one of them is
 * not of base32, or the last one has bits that belong to no byte: nobody writes those, so it was mistyped. */
int base32_decode(uint8_t *bytes, size_t size, const char *text);

#endif
