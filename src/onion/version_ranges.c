/* Sets of versions of a protocol, as relays and services write them: "1-2,4" (dir-spec, "proto"). */
#include "version_ranges.h"

#include <stdbool.h>
#include <stdio.h>

/* Reads "3" or "1-2" into the set. */
static int parse_range(uint64_t *versions, struct text range)
{
    struct text low;
    uint64_t first, last;
    bool is_single = !text_take_until(&range, '-', &low);
    if (text_parse_uint64(low, VERSION_RANGES_MAX, &first) != 0 ||
        text_parse_uint64(is_single ? low : range, VERSION_RANGES_MAX, &last) != 0 || last < first)
        return -1;
    *versions |= UINT64_MAX << first & UINT64_MAX >> (VERSION_RANGES_MAX - last);
    return 0;
}

int version_ranges_parse(uint64_t *versions, struct text ranges)
{
    bool has_more = true;
    *versions = 0;
    while (has_more) {
        struct text range;
        has_more = text_take_until(&ranges, ',', &range);
        if (parse_range(versions, range) != 0)
            return -1;
    }
    return 0;
}

static bool has_version(uint64_t versions, unsigned int version)
{
    return version <= VERSION_RANGES_MAX && (versions >> version & 1) != 0;
}

void version_ranges_format(char text[VERSION_RANGES_SIZE], uint64_t versions)
{
    size_t length = 0;
    text[0] = '\0';
    for (unsigned int first = 0; first <= VERSION_RANGES_MAX; first++) {
        if (!has_version(versions, first))
            continue;
        unsigned int last = first;
        while (has_version(versions, last + 1))
            last++;
        int written =
            snprintf(text + length, VERSION_RANGES_SIZE - length, "%s%u", length > 0 ? "," : "", first);
        length += (size_t)written;
        if (last > first)
            length += (size_t)snprintf(text + length, VERSION_RANGES_SIZE - length, "-%u", last);
        first = last;
    }
}
