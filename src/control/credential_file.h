/* Reads the files that open a control port: tor's cookie, and the operator's password file. */
#ifndef OBPUB_CONTROL_CREDENTIAL_FILE_H
#define OBPUB_CONTROL_CREDENTIAL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "base/error.h"
#include "control/cookie_proof.h"
#include "control/secret_proof.h"

#define CREDENTIAL_COOKIE_SIZE COOKIE_SIZE

/* What may keep a file from being used. */
enum credential_result {
    CREDENTIAL_OK,
    CREDENTIAL_PERMISSION, /* we may not open it */
    CREDENTIAL_UNUSABLE,   /* it is not there, or not what it should be */
    CREDENTIAL_REFUSED,    /* a file that a peer named is not used for it; who asked is told no more */
};

/* What is known of a cookie file that was opened. */
struct cookie_origin {
    uid_t owner;
    dev_t device; /* with the inode: which file it is, whatever its path */
    ino_t inode;
};

/* Reads a cookie into cookie (CREDENTIAL_COOKIE_SIZE bytes, the caller's, to be wiped by it). The file has to
 * be a regular one of exactly that size. origin may be NULL, and is written once the file has been opened. */
enum credential_result credential_read_cookie(const char *path, uint8_t *cookie, struct cookie_origin *origin,
                                              struct error *error);

/* Reads the first line of a password file, without its line end, into *password (secret memory with a NUL
 * behind it; release with secret_free()). The file has to be a regular one that only its owner and group can
 * read, and its line 1 to 1023 bytes long. */
enum credential_result credential_read_password(const char *path, char **password, struct error *error);

/* Proves with the cookie in a file that it is known (COOKIE_SIZE bytes), to a tor that has proved it first.
 * origin may be NULL; it is written with CREDENTIAL_OK, and also when the tor has not proved it. */
enum credential_result credential_prove(const char *path, const struct cookie_challenge *challenge,
                                        uint8_t proof[SHA256_SIZE], struct cookie_origin *origin,
                                        struct error *error);

/* Reads the secret that publisher and agent share, and makes its key (secret_proof.h), to be wiped by the
 * caller. It is the first line of a file as credential_read_password() takes it, and has at least
 * SHARED_SECRET_MIN bytes. */
enum credential_result credential_read_secret(const char *path, uint8_t key[SECRET_KEY_SIZE],
                                              struct error *error);

/* Proves with the secret in a file that it is known, to an agent that has proved it first. */
enum credential_result credential_prove_secret(const char *path, const struct cookie_challenge *challenge,
                                               uint8_t proof[SHA256_SIZE], struct error *error);

/* Writes the name of the group that a file belongs to, or its number, or "" when it can't be told: the group
 * somebody has to join who may not open it. */
void credential_find_group(const char *path, char *name, size_t size);

#endif
