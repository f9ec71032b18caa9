/* A temporary folder for a test's files. */
#ifndef OBPUB_TESTS_HELPER_FOLDER_H
#define OBPUB_TESTS_HELPER_FOLDER_H

#include <stddef.h>
#include <sys/types.h>

#define FOLDER_PATH_SIZE 64 /* bytes of a folder's path, with the NUL */

/* Makes an empty folder in TMPDIR, or in /tmp, with a space in its name, as anybody's may have. Stores its
 * path in FOLDER_PATH_SIZE bytes. Returns 0, or -1 when it can't. */
int folder_make(char *path);

/* Makes an empty folder and makes it the current one. For use as a cmocka setup function: *state becomes the
 * folder's path. Fails the test when it can't. */
int folder_setup(void **state);

/* Removes the folder with all that is in it. */
int folder_teardown(void **state);

/* Writes a file of the current folder, mode 0600. */
void folder_write(const char *name, const void *bytes, size_t length);
void folder_write_text(const char *name, const char *text);

#endif
