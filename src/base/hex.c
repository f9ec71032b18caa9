/* Bytes in hexadecimal, as Tor writes fingerprints. libsodium has the other ways. */
#include "base/hex.h"

void hex_encode_upper(char *text, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < size; i++) {
        *text++ = digits[bytes[i] >> 4];
        *text++ = digits[bytes[i] & 15];
    }
    *text = '\0';
}
