/* Bytes in hexadecimal, as Tor writes fingerprints. libsodium has the other ways. */
#ifndef OBPUB_BASE_HEX_H
#define OBPUB_BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Characters of size bytes, with a NUL. */
#define HEX_TEXT_SIZE(size) (2 * (size_t)(size) + 1)

/* Writes size bytes as upper-case digits into HEX_TEXT_SIZE(size) characters. */
void hex_encode_upper(char *text, const uint8_t *bytes, size_t size);

#endif
