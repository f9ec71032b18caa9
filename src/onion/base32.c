/* Base32 as Tor's addresses and key files have it (RFC 4648 section 6, without padding), in either case. */
#include "onion/base32.h"

#include <stdint.h>

/* The value of a base32 character in either case, or -1. */
static int base32_value(char character)
{
    if (character >= 'a' && character <= 'z')
        return character - 'a';
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= '2' && character <= '7')
        return character - '2' + 26;
    return -1;
}

int base32_decode(void *bytes, const char *text, size_t length)
{
    uint8_t *output = bytes;
    uint32_t bits = 0;
    unsigned int bit_count = 0;
    for (size_t i = 0; i < length; i++) {
        int value = base32_value(text[i]);
        if (value < 0)
            return -1;
        bits = (bits << 5 | (uint32_t)value) & 0xffff;
        bit_count += 5;
        if (bit_count >= 8) {
            bit_count -= 8;
            *output++ = (uint8_t)(bits >> bit_count);
        }
    }
    return 0;
}
