/* Addresses and ports as directory documents write them. */
#include "directory_address.h"

#define IPV6_GROUPS (IPV6_SIZE / 2)
#define GROUP_DIGITS_MAX 4

int directory_parse_ipv4(struct text text, uint8_t address[IPV4_SIZE])
{
    for (size_t i = 0; i < IPV4_SIZE; i++) {
        struct text part;
        uint64_t number;
        bool has_more = text_take_until(&text, '.', &part);
        if (has_more != (i < IPV4_SIZE - 1) || text_parse_uint64(part, UINT8_MAX, &number) != 0)
            return -1;
        address[i] = (uint8_t)number;
    }
    return 0;
}

int directory_parse_port(struct text text, uint16_t *port)
{
    uint64_t number;
    if (text_parse_uint64(text, UINT16_MAX, &number) != 0)
        return -1;
    *port = (uint16_t)number;
    return 0;
}

/* Parses a group of one to four hexadecimal digits into two bytes. */
static int parse_group(struct text text, uint8_t group[2])
{
    static const char digits[] = "0123456789abcdefABCDEF";
    unsigned int value = 0;
    if (text.length == 0 || text.length > GROUP_DIGITS_MAX)
        return -1;
    for (size_t i = 0; i < text.length; i++) {
        const char *digit = memchr(digits, text.start[i], sizeof(digits) - 1);
        if (digit == NULL)
            return -1;
        unsigned int place = (unsigned int)(digit - digits);
        value = value << 4 | (place < 16 ? place : place - 6);
    }
    group[0] = (uint8_t)(value >> 8);
    group[1] = (uint8_t)value;
    return 0;
}

/* Parses groups with colons between them, as many as there are; none is fine. Returns how many, or -1. */
static int parse_groups(struct text text, uint8_t groups[IPV6_SIZE])
{
    int count = 0;
    bool has_more = text.length > 0;
    while (has_more) {
        struct text part;
        has_more = text_take_until(&text, ':', &part);
        if (count == IPV6_GROUPS || parse_group(part, groups + 2 * count) != 0)
            return -1;
        count++;
    }
    return count;
}

/* Where the "::" of an address is, or NULL. */
static const char *find_gap(struct text text)
{
    for (size_t i = 0; i + 1 < text.length; i++) {
        if (text.start[i] == ':' && text.start[i + 1] == ':')
            return text.start + i;
    }
    return NULL;
}

static int parse_ipv6(struct text text, uint8_t address[IPV6_SIZE])
{
    uint8_t tail[IPV6_SIZE];
    const char *gap = find_gap(text);
    memset(address, 0, IPV6_SIZE);
    if (gap == NULL)
        return parse_groups(text, address) == IPV6_GROUPS ? 0 : -1;
    size_t head_length = (size_t)(gap - text.start);
    int before = parse_groups((struct text){text.start, head_length}, address);
    int after = parse_groups((struct text){gap + 2, text.length - head_length - 2}, tail);
    if (before < 0 || after < 0 || before + after >= IPV6_GROUPS)
        return -1;
    memcpy(address + IPV6_SIZE - 2 * after, tail, (size_t)(2 * after));
    return 0;
}

int directory_parse_ipv6_port(struct text text, uint8_t address[IPV6_SIZE], uint16_t *port)
{
    struct text inside;
    if (!text_begins_with(text, "["))
        return -1;
    text = (struct text){text.start + 1, text.length - 1};
    if (!text_take_until(&text, ']', &inside) || !text_begins_with(text, ":") ||
        directory_parse_port((struct text){text.start + 1, text.length - 1}, port) != 0)
        return -1;
    return parse_ipv6(inside, address);
}
