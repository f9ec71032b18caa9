/* How many files this process may have open: each control connection is one. */
#ifndef OBPUB_ENGINE_OPEN_FILES_H
#define OBPUB_ENGINE_OPEN_FILES_H

#include <stddef.h>

#include "config/config.h"

/* Lets the process have as many open as it may allow itself (its soft limit becomes the hard one). Returns
 * how many that are. */
size_t open_files_raise(void);

/* Returns 0, or -1 with a sentence when a config's control ports are more than fit into that many open files,
 * so that some connections could not be made. */
int open_files_check(const struct config *config, size_t maximum, struct error *error);

#endif
