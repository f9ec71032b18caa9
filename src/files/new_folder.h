/* Makes a new folder with files in it so that there is the whole of it or nothing. */
#ifndef OBPUB_FILES_NEW_FOLDER_H
#define OBPUB_FILES_NEW_FOLDER_H

#include <stddef.h>

#include "base/error.h"

/* A folder that is being made: until it is finished it has a hidden name beside the one that it is to have.
 */
struct new_folder {
    char *path;      /* where it is to be */
    char *temporary; /* where it is */
    char **made;     /* what is in it, each as its whole path, folders before what is in them */
    size_t made_count, made_room;
};

/* Begins one at path, where nothing may be yet. It and all that is made in it can be read by their owner
 * alone. Returns 0 with a folder that is to be finished or abandoned; or -1 with nothing to release, and a
 * sentence that begins where the path would end. */
int new_folder_begin(struct new_folder *folder, const char *path, struct error *error);

/* Makes a folder, or a file of length bytes, in it, on the disk, too; name is a path in the folder. Return 0,
 * or -1 with a whole sentence. */
int new_folder_add_folder(struct new_folder *folder, const char *name, struct error *error);
int new_folder_add_file(struct new_folder *folder, const char *name, const void *bytes, size_t length,
                        struct error *error);

/* Gives it its name. Returns 0, with nothing left to release; or -1 with a
 * sentence as of new_folder_begin(), and a folder that is to be abandoned. */
int new_folder_finish(struct new_folder *folder, struct error *error);

/* Removes all that was made. */
void new_folder_abandon(struct new_folder *folder);

#endif
