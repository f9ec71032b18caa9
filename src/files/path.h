/* Paths of files taken apart and put together as text, and looked for. */
#ifndef OBPUB_FILES_PATH_H
#define OBPUB_FILES_PATH_H

#include <stdbool.h>

/* The path of the file called name in a folder; release with free(). */
char *path_join(const char *folder, const char *name);

/* The folder that a path lies in: "." when it names none, "/" for what lies there; release with free(). */
char *path_copy_folder(const char *path);

/* The part of a path behind its last slash. */
const char *path_file_name(const char *path);

/* Whether there is anything at path that this process can get at, with its capabilities. */
bool path_exists(const char *path);

#endif
