/* What one config says otherwise than another, for whoever has had the file read again. */
#ifndef OBPUB_CONFIG_CONFIG_DIFFERENCE_H
#define OBPUB_CONFIG_CONFIG_DIFFERENCE_H

#include "config/config.h"

/* So many differences are named; of the others, how many there are is said. */
#define CONFIG_DIFFERENCES_MAX 20
/* Longer than so many. */
#define CONFIG_DIFFERENCE_TEXT_SIZE 6144

/* Writes what has changed from one config to the next: frontends and backends that are new or gone, and by
 * the file's keys what is said otherwise of those that stay, and of the whole. What the files hold that it
 * names is not looked at, but for the keys of frontends and their authorised clients. Returns the number of
 * differences. */
size_t config_difference_describe(char text[CONFIG_DIFFERENCE_TEXT_SIZE], const struct config *from,
                                  const struct config *to);

#endif
