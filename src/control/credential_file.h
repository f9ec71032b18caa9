/* Reads the files that open a control port: tor's cookie, and the operator's password file. */
#ifndef OBPUB_CONTROL_CREDENTIAL_FILE_H
#define OBPUB_CONTROL_CREDENTIAL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "control/name_files.h"

#define CREDENTIAL_COOKIE_SIZE 32 /* control-spec 3.21: all cookies are 32 bytes long */

/* What may keep a file from being used. */
enum credential_result {
    CREDENTIAL_OK,
    CREDENTIAL_PERMISSION, /* we may not open it */
    CREDENTIAL_UNUSABLE,   /* it is not there, or not what it should be */
};

/* Reads a cookie into cookie (CREDENTIAL_COOKIE_SIZE bytes, the caller's, to be wiped by it). The file has to
 * be a regular one of exactly that size. */
enum credential_result credential_read_cookie(const char *path, uint8_t *cookie, struct error *error);

/* Reads the first line of a password file, without its line end, into *password (secret memory with a NUL
 * behind it; release with secret_free()). The file has to be a regular one that only its owner and group can
 * read, and its line 1 to 1023 bytes long. */
enum credential_result credential_read_password(const char *path, char **password, struct error *error);

/* Who reads the files for one that has no business opening any: like the two functions above, with a context.
 */
struct credential_reader {
    enum credential_result (*read_cookie)(const char *path, uint8_t *cookie, void *context,
                                          struct error *error);
    enum credential_result (*read_password)(const char *path, char **password, void *context,
                                            struct error *error);
    void *context;
    struct name_reader names; /* has a context of its own */
};

/* Writes the name of the group that a file belongs to, or its number, or "" when it can't be told: the group
 * somebody has to join who may not open it. */
void credential_find_group(const char *path, char *name, size_t size);

#endif
