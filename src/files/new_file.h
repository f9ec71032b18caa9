/* Writes a new file so that there is the whole of it or nothing. */
#ifndef OBPUB_FILES_NEW_FILE_H
#define OBPUB_FILES_NEW_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Of what is to be written. Zeroed it is this user's, and replaces nothing. */
struct new_file {
    const uint8_t *bytes;
    size_t length;
    bool is_forced;         /* what is there already is replaced */
    bool is_folders_owners; /* root gives it to who owns the folder that it lies in, who is to read it */
};

/* Writes the file at path, which only its owner can read. What is there already is replaced with is_forced
 * alone. A crash at any moment leaves what was there, or all of the new file; on the disk, too, once this
 * returns. Until then it has a hidden name in the same folder. *is_open_to_others says that the file system
 * gave the file other permissions (a USB stick, say). Returns 0, or -1 with a sentence that begins where the
 * path would end. */
int new_file_write(const char *path, const struct new_file *file, bool *is_open_to_others,
                   struct error *error);

/* Removes a file, on the disk, too. Returns 0, or -1 with errno. */
int new_file_remove(const char *path);

#endif
