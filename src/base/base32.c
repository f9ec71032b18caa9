/* Base32 as Tor writes addresses and client keys, in a time that does not depend on what is written. */
#include "base/base32.h"

/* All bits set when first <= value <= last, else none. */
static unsigned is_between(unsigned value, unsigned first, unsigned last)
{
    /* Where one of the differences is below zero its highest bit is set. */
    const unsigned is_outside = ((value - first) | (last - value)) >> (8 * sizeof(unsigned) - 1);
    return is_outside - 1;
}

/* The character of five bits. */
static char encode_value(unsigned value)
{
    const unsigned is_letter = is_between(value, 0, 25);
    return (char)(((value + 'a') & is_letter) | ((value - 26 + '2') & ~is_letter));
}

/* The five bits of a character; of one that is not of base32, ones that are more than five. */
static unsigned decode_character(unsigned character)
{
    const unsigned is_lower = is_between(character, 'a', 'z'), is_upper = is_between(character, 'A', 'Z');
    const unsigned is_digit = is_between(character, '2', '7');
    return ((character - 'a') & is_lower) | ((character - 'A') & is_upper) |
           ((character - '2' + 26) & is_digit) | (32 & ~(is_lower | is_upper | is_digit));
}

void base32_encode(char *text, const uint8_t *bytes, size_t size)
{
    unsigned bits = 0, bit_count = 0;
    for (size_t i = 0, taken = 0; i < BASE32_LENGTH(size); i++) {
        if (bit_count < 5) {
            bits = (bits << 8 | (taken < size ? bytes[taken] : 0)) & 0xffff;
            bit_count += 8;
            taken++;
        }
        bit_count -= 5;
        text[i] = encode_value(bits >> bit_count & 31);
    }
}

int base32_decode(uint8_t *bytes, size_t size, const char *text)
{
    unsigned bits = 0, bit_count = 0, bad = 0;
    for (size_t i = 0, written = 0; i < BASE32_LENGTH(size); i++) {
        const unsigned value = decode_character((unsigned char)text[i]);
        bad |= value & 32;
        bits = (bits << 5 | (value & 31)) & 0xffff;
        bit_count += 5;
        if (bit_count >= 8) {
            bit_count -= 8;
            bytes[written++] = (uint8_t)(bits >> bit_count);
        }
    }
    bad |= bits & ((1U << bit_count) - 1);
    return bad == 0 ? 0 : -1;
}
