/* Reads, writes and merges what flow-control lines say. */
#include "flow_control.h"

#include <stdio.h>
#include <string.h>

#define VERSION_MAX 63

/* Takes the part of rest before the first separator, or all of it. */
static struct text take_part(struct text *rest, char separator)
{
    struct text part = *rest;
    const char *found = memchr(rest->start, separator, rest->length);
    if (found == NULL) {
        *rest = (struct text){rest->start + rest->length, 0};
        return part;
    }
    part.length = (size_t)(found - rest->start);
    rest->start += part.length + 1;
    rest->length -= part.length + 1;
    return part;
}

/* Reads "3" or "1-2" into the set. */
static int parse_range(uint64_t *versions, struct text range)
{
    uint64_t first, last;
    bool is_single = memchr(range.start, '-', range.length) == NULL;
    struct text first_text = take_part(&range, '-');
    if (text_parse_uint64(first_text, VERSION_MAX, &first) != 0)
        return -1;
    last = first;
    if (!is_single && (text_parse_uint64(range, VERSION_MAX, &last) != 0 || last < first))
        return -1;
    for (uint64_t version = first; version <= last; version++)
        *versions |= UINT64_C(1) << version;
    return 0;
}

static int parse_ranges(uint64_t *versions, struct text ranges)
{
    *versions = 0;
    if (ranges.length == 0 || ranges.start[ranges.length - 1] == ',')
        return -1;
    while (ranges.length > 0) {
        if (parse_range(versions, take_part(&ranges, ',')) != 0)
            return -1;
    }
    return 0;
}

int flow_control_parse(struct flow_control *flow_control, struct text versions, struct text sendme_inc,
                       struct error *error)
{
    uint64_t increment;
    if (parse_ranges(&flow_control->versions, versions) != 0)
        return error_set(error, "the versions of \"flow-control\" are no ranges of numbers from 0 to %d",
                         VERSION_MAX);
    if (text_parse_uint64(sendme_inc, UINT8_MAX, &increment) != 0 || increment == 0)
        return error_set(error, "the sendme increment of \"flow-control\" is no number from 1 to %d",
                         UINT8_MAX);
    flow_control->sendme_inc = (uint8_t)increment;
    flow_control->is_present = true;
    return 0;
}

static bool has_version(uint64_t versions, unsigned int version)
{
    return version <= VERSION_MAX && (versions >> version & 1) != 0;
}

void flow_control_format_versions(char text[FLOW_CONTROL_VERSIONS_SIZE], uint64_t versions)
{
    size_t length = 0;
    text[0] = '\0';
    for (unsigned int first = 0; first <= VERSION_MAX; first++) {
        if (!has_version(versions, first))
            continue;
        unsigned int last = first;
        while (has_version(versions, last + 1))
            last++;
        int written = snprintf(text + length, FLOW_CONTROL_VERSIONS_SIZE - length, "%s%u",
                               length > 0 ? "," : "", first);
        length += (size_t)written;
        if (last > first)
            length += (size_t)snprintf(text + length, FLOW_CONTROL_VERSIONS_SIZE - length, "-%u", last);
        first = last;
    }
}

void flow_control_intersect(struct flow_control *common, const struct flow_control *other)
{
    if (common->is_present && other->is_present && common->sendme_inc == other->sendme_inc)
        common->versions &= other->versions;
    else
        common->versions = 0;
    if (common->versions == 0)
        *common = (struct flow_control){.is_present = false};
}
