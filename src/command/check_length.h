/* How long a frontend's descriptors get, by the config alone, and whether visitors whose tor counts what it
 * fetches get them. */
#ifndef OBPUB_COMMAND_CHECK_LENGTH_H
#define OBPUB_COMMAND_CHECK_LENGTH_H

#include "config/config.h"

/* How many bytes its descriptors are long, with as many introduction points as they may have. */
size_t check_length_find(const struct config_frontend *frontend);

/* Says that on standard output, in a line; nothing where the config sets no maximum, and tors as they are by
 * default have too few points for any trouble. */
void check_length_print(const struct config_frontend *frontend);

#endif
