/* Which descriptors visitors get whose tor has the add-on vanguards, as Debian 12 has it. */
#ifndef OBPUB_REPORT_VANGUARDS_H
#define OBPUB_REPORT_VANGUARDS_H

#include <stdbool.h>
#include <stddef.h>

/* True when a descriptor of so many bytes is short enough for the add-on, unless it is told otherwise. */
bool vanguards_lets_through(size_t length);

#endif
