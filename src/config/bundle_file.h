/* Bundles as files: written so that there is the whole of one or nothing. */
#ifndef OBPUB_CONFIG_BUNDLE_FILE_H
#define OBPUB_CONFIG_BUNDLE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Writes length bytes to the file at path, which only this user can read. What is there already is replaced
 * with is_forced alone. A crash at any moment leaves what was there, or all of the new file; on the disk,
 * too, once this returns. *is_open_to_others says that the file system gave the file other permissions (a USB
 * stick, say). Returns 0, or -1 with a sentence that begins where the path would end. */
int bundle_file_write(const char *path, const uint8_t *bytes, size_t length, bool is_forced,
                      bool *is_open_to_others, struct error *error);

/* True when there is something at path. */
bool bundle_file_exists(const char *path);

#endif
