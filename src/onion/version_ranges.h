/* Sets of versions of a protocol, as relays and services write them: "1-2,4" (dir-spec, "proto"). */
#ifndef OBPUB_ONION_VERSION_RANGES_H
#define OBPUB_ONION_VERSION_RANGES_H

#include <stdint.h>

#include "base/text.h"

#define VERSION_RANGES_MAX 63 /* the highest version */

/* Room for the ranges of any set of versions, with a NUL. */
#define VERSION_RANGES_SIZE 192

/* Reads one or more ranges into a set: bit n for version n. Returns 0, or -1 when they are malformed. */
int version_ranges_parse(uint64_t *versions, struct text ranges);

/* Writes a set as tor writes it: ranges in ascending order. */
void version_ranges_format(char text[VERSION_RANGES_SIZE], uint64_t versions);

#endif
