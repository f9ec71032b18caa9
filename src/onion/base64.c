/* Base64, strict and fast: decoding it is a good part of the time that a descriptor takes. */
#include "base64.h"

#include <string.h>

#include "base/big_endian.h"
#include "onion/document.h"

#define BAD 0x80

static const char characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of a character, or BAD. */
static const uint8_t values[256] = {
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0x00 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0x10 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, 62,  BAD, BAD, BAD, 63,  /* 0x20 */
    52,  53,  54,  55,  56,  57,  58,  59,  60,  61,  BAD, BAD, BAD, BAD, BAD, BAD, /* 0x30 */
    BAD, 0,   1,   2,   3,   4,   5,   6,   7,   8,   9,   10,  11,  12,  13,  14,  /* 0x40 */
    15,  16,  17,  18,  19,  20,  21,  22,  23,  24,  25,  BAD, BAD, BAD, BAD, BAD, /* 0x50 */
    BAD, 26,  27,  28,  29,  30,  31,  32,  33,  34,  35,  36,  37,  38,  39,  40,  /* 0x60 */
    41,  42,  43,  44,  45,  46,  47,  48,  49,  50,  51,  BAD, BAD, BAD, BAD, BAD, /* 0x70 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0x80 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0x90 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0xa0 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0xb0 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0xc0 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0xd0 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0xe0 */
    BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, /* 0xf0 */
};

/* All pairs of characters, by the twelve bits that they stand for: half the steps of one character after the
 * other. */
#define PAIRS(first)                                                                                         \
    FOUR_PAIRS(first, 'A', 'B', 'C', 'D'), FOUR_PAIRS(first, 'E', 'F', 'G', 'H'),                            \
        FOUR_PAIRS(first, 'I', 'J', 'K', 'L'), FOUR_PAIRS(first, 'M', 'N', 'O', 'P'),                        \
        FOUR_PAIRS(first, 'Q', 'R', 'S', 'T'), FOUR_PAIRS(first, 'U', 'V', 'W', 'X'),                        \
        FOUR_PAIRS(first, 'Y', 'Z', 'a', 'b'), FOUR_PAIRS(first, 'c', 'd', 'e', 'f'),                        \
        FOUR_PAIRS(first, 'g', 'h', 'i', 'j'), FOUR_PAIRS(first, 'k', 'l', 'm', 'n'),                        \
        FOUR_PAIRS(first, 'o', 'p', 'q', 'r'), FOUR_PAIRS(first, 's', 't', 'u', 'v'),                        \
        FOUR_PAIRS(first, 'w', 'x', 'y', 'z'), FOUR_PAIRS(first, '0', '1', '2', '3'),                        \
        FOUR_PAIRS(first, '4', '5', '6', '7'), FOUR_PAIRS(first, '8', '9', '+', '/')
#define FOUR_PAIRS(first, a, b, c, d)                                                                        \
    {first, a}, {first, b}, {first, c},                                                                      \
    {                                                                                                        \
        first, d                                                                                             \
    }
static const char pairs[64 * 64][2] = {
    PAIRS('A'), PAIRS('B'), PAIRS('C'), PAIRS('D'), PAIRS('E'), PAIRS('F'), PAIRS('G'), PAIRS('H'),
    PAIRS('I'), PAIRS('J'), PAIRS('K'), PAIRS('L'), PAIRS('M'), PAIRS('N'), PAIRS('O'), PAIRS('P'),
    PAIRS('Q'), PAIRS('R'), PAIRS('S'), PAIRS('T'), PAIRS('U'), PAIRS('V'), PAIRS('W'), PAIRS('X'),
    PAIRS('Y'), PAIRS('Z'), PAIRS('a'), PAIRS('b'), PAIRS('c'), PAIRS('d'), PAIRS('e'), PAIRS('f'),
    PAIRS('g'), PAIRS('h'), PAIRS('i'), PAIRS('j'), PAIRS('k'), PAIRS('l'), PAIRS('m'), PAIRS('n'),
    PAIRS('o'), PAIRS('p'), PAIRS('q'), PAIRS('r'), PAIRS('s'), PAIRS('t'), PAIRS('u'), PAIRS('v'),
    PAIRS('w'), PAIRS('x'), PAIRS('y'), PAIRS('z'), PAIRS('0'), PAIRS('1'), PAIRS('2'), PAIRS('3'),
    PAIRS('4'), PAIRS('5'), PAIRS('6'), PAIRS('7'), PAIRS('8'), PAIRS('9'), PAIRS('+'), PAIRS('/'),
};

/* Encodes six bytes; eight can be read. */
static void encode_six(char text[8], const uint8_t bytes[8])
{
    uint64_t bits = big_endian_read_uint64(bytes);
    memcpy(text, pairs[bits >> 52], 2);
    memcpy(text + 2, pairs[bits >> 40 & 0xfff], 2);
    memcpy(text + 4, pairs[bits >> 28 & 0xfff], 2);
    memcpy(text + 6, pairs[bits >> 16 & 0xfff], 2);
}

void base64_encode(char *text, const uint8_t *bytes, size_t size)
{
    for (; size >= sizeof(uint64_t); size -= 6, bytes += 6, text += 8)
        encode_six(text, bytes);
    for (; size >= 3; size -= 3, bytes += 3) {
        uint32_t group = (uint32_t)bytes[0] << 16 | (uint32_t)bytes[1] << 8 | bytes[2];
        *text++ = characters[group >> 18];
        *text++ = characters[group >> 12 & 63];
        *text++ = characters[group >> 6 & 63];
        *text++ = characters[group & 63];
    }
    if (size == 0)
        return;
    uint32_t group = (uint32_t)bytes[0] << 16 | (size == 2 ? (uint32_t)bytes[1] << 8 : 0);
    *text++ = characters[group >> 18];
    *text++ = characters[group >> 12 & 63];
    if (size == 2)
        *text = characters[group >> 6 & 63];
}

/* A decoding under way: what has been read of a group of four characters. */
struct decoding {
    uint8_t *bytes;
    size_t room; /* bytes */
    uint32_t group;
    unsigned int group_length;   /* characters */
    unsigned int padding_length; /* characters */
};

static void write_group(struct decoding *decoding, uint32_t group, size_t size)
{
    for (size_t i = 0; i < size; i++)
        decoding->bytes[i] = (uint8_t)(group >> (16 - 8 * i));
    decoding->bytes += size;
    decoding->room -= size;
}

/* Decodes whole groups for as long as nothing but base64 comes; returns where that ends. */
static const uint8_t *decode_groups(struct decoding *decoding, const uint8_t *next, const uint8_t *end)
{
    while (end - next >= 4 && decoding->room >= 3) {
        uint32_t first = values[next[0]], second = values[next[1]];
        uint32_t third = values[next[2]], fourth = values[next[3]];
        if ((first | second | third | fourth) & BAD)
            break;
        write_group(decoding, first << 18 | second << 12 | third << 6 | fourth, 3);
        next += 4;
    }
    return next;
}

/* Takes one character that is not a newline. */
static int decode_character(struct decoding *decoding, uint8_t character)
{
    if (character == '=') {
        decoding->padding_length++;
        return decoding->group_length >= 2 && decoding->group_length + decoding->padding_length <= 4 ? 0 : -1;
    }
    if (values[character] == BAD || decoding->padding_length > 0)
        return -1;
    decoding->group = decoding->group << 6 | values[character];
    if (++decoding->group_length < 4)
        return 0;
    if (decoding->room < 3)
        return -1;
    write_group(decoding, decoding->group, 3);
    decoding->group = 0;
    decoding->group_length = 0;
    return 0;
}

/* Ends with a group of less than four characters, whose spare bits have to be zero. */
static int decode_rest(struct decoding *decoding)
{
    if (decoding->group_length == 0)
        return 0;
    if (decoding->group_length == 1 ||
        (decoding->padding_length > 0 && decoding->group_length + decoding->padding_length != 4))
        return -1;
    size_t size = decoding->group_length - 1;
    uint32_t group = decoding->group << (6 * (4 - decoding->group_length));
    if ((group & (size == 1 ? 0xffffU : 0xffU)) != 0 || decoding->room < size)
        return -1;
    write_group(decoding, group, size);
    return 0;
}

ptrdiff_t text_decode_base64(struct text text, uint8_t *bytes, size_t size)
{
    struct decoding decoding = {.bytes = bytes, .room = size};
    const uint8_t *next = (const uint8_t *)text.start, *end = next + text.length;
    while (next < end) {
        if (decoding.group_length == 0)
            next = decode_groups(&decoding, next, end);
        if (next == end)
            break;
        uint8_t character = *next++;
        if (character != '\n' && decode_character(&decoding, character) != 0)
            return -1;
    }
    if (decode_rest(&decoding) != 0)
        return -1;
    return decoding.bytes - bytes;
}

int text_decode_base64_exact(struct text text, uint8_t *bytes, size_t size)
{
    ptrdiff_t decoded = text_decode_base64(text, bytes, size);
    return decoded >= 0 && (size_t)decoded == size ? 0 : -1;
}
