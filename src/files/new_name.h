/* Names of new files and folders, which are first made beside their place under another one. */
#ifndef OBPUB_FILES_NEW_NAME_H
#define OBPUB_FILES_NEW_NAME_H

#include <stdbool.h>

/* True when there is anything at a path, a link that leads nowhere too. */
bool new_name_is_taken(const char *path);

/* A name beside path that is nothing else's: ".NAME.XXXXXX", for mkostemp() or mkdtemp(). Release with
 * free(). */
char *new_name_make_temporary(const char *path);

/* Gives what is at temporary its name, which nothing may have yet. Returns 0, or -1 with errno. */
int new_name_take(const char *temporary, const char *path);

/* Has the names in the folder that path lies in written to the disk, as far as the file system does that. */
void new_name_sync(const char *path);

#endif
