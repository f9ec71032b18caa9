/* Base32 as Tor's addresses and key files have it (RFC 4648 section 6, without padding), in either case. */
#ifndef OBPUB_ONION_BASE32_H
#define OBPUB_ONION_BASE32_H

#include <stddef.h>

/* Decodes length characters into bytes, of which there has to be room for length * 5 / 8; bits that make no
 * whole byte at the end are dropped. Returns 0, or -1 when one is not a character of base32. */
int base32_decode(void *bytes, const char *text, size_t length);

#endif
