/* Reads the files that open a control port: tor's cookie, and the operator's password file. */
#include "control/credential_file.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "files/plain_file.h"

/* No other user may read or write what only the operator's has. */
static const struct plain_file_policy no_others = {
    .forbidden_mode = S_IRWXO,
    .forbidden_mode_of_roots = S_IRWXO,
};

/* Bytes of a password; far more than anybody types, far less than a command may have. */
#define PASSWORD_MAX SHARED_SECRET_MAX

void credential_find_group(const char *path, char *name, size_t size)
{
    struct stat status;
    struct group group;
    struct group *found = NULL;
    char strings[4096];
    name[0] = '\0';
    if (stat(path, &status) != 0)
        return;
    snprintf(name, size, "gid %u", (unsigned)status.st_gid); /* a confined process can't look names up */
    if (getgrgid_r(status.st_gid, &group, strings, sizeof(strings), &found) == 0 && found != NULL)
        snprintf(name, size, "%s", found->gr_name);
}

static enum credential_result explain_permission(const char *path, const char *what, struct error *error)
{
    char group[64];
    credential_find_group(path, group, sizeof(group));
    error_set(error,
              "the %s %s may not be read by this user: add the user to the group that may (%s%s), and see "
              "that its folder may be entered",
              what, path,
              group[0] != '\0' ? "it belongs to " : "on Debian: ", group[0] != '\0' ? group : "debian-tor");
    return CREDENTIAL_PERMISSION;
}

/* Opens a file. A peer may have named anything. what is "cookie file" or the like. */
static enum credential_result open_file(struct plain_file *file, const char *path, const char *what,
                                        const struct plain_file_policy *policy, struct error *error)
{
    switch (plain_file_open(file, path, policy)) {
    case PLAIN_FILE_GOOD:
        return CREDENTIAL_OK;
    case PLAIN_FILE_FORBIDDEN:
        return explain_permission(path, what, error);
    case PLAIN_FILE_FOLDER:
    case PLAIN_FILE_NOT_PLAIN:
        error_set(error, "the %s %s is not a regular file", what, path);
        return CREDENTIAL_UNUSABLE;
    case PLAIN_FILE_EXPOSED:
        error_set(error, "the %s %s is open to every user of this machine: run chmod o-rwx %s", what, path,
                  path);
        return CREDENTIAL_UNUSABLE;
    default:
        error_set(error, "the %s %s can't be opened: %s", what, path, strerror(file->error_number));
        return CREDENTIAL_UNUSABLE;
    }
}

enum credential_result credential_read_cookie(const char *path, uint8_t *cookie, struct cookie_origin *origin,
                                              struct error *error)
{
    struct plain_file file;
    enum credential_result result = open_file(&file, path, "cookie file", NULL, error);
    if (result != CREDENTIAL_OK)
        return result;
    uint8_t bytes[CREDENTIAL_COOKIE_SIZE + 1]; /* one more, to see a file that is too long */
    ssize_t length = plain_file_read(&file, bytes, sizeof(bytes));
    plain_file_close(&file);
    if (origin != NULL)
        *origin = (struct cookie_origin){file.status.st_uid, file.status.st_dev, file.status.st_ino};
    if (length == CREDENTIAL_COOKIE_SIZE) {
        memcpy(cookie, bytes, CREDENTIAL_COOKIE_SIZE);
    } else {
        error_set(error, "the cookie file %s is not tor's: it has to be readable and exactly %d bytes long",
                  path, CREDENTIAL_COOKIE_SIZE);
        result = CREDENTIAL_UNUSABLE;
    }
    secret_wipe(bytes, sizeof(bytes));
    return result;
}

enum credential_result credential_prove(const char *path, const struct cookie_challenge *challenge,
                                        uint8_t proof[SHA256_SIZE], struct cookie_origin *origin,
                                        struct error *error)
{
    uint8_t cookie[CREDENTIAL_COOKIE_SIZE];
    enum credential_result result = credential_read_cookie(path, cookie, origin, error);
    if (result != CREDENTIAL_OK)
        return result;
    if (cookie_prove(proof, cookie, challenge) != 0) {
        error_set(error,
                  "this peer doesn't know the cookie in %s: the file is another tor's or one left over, or "
                  "the peer is not tor",
                  path);
        result = CREDENTIAL_UNUSABLE;
    }
    secret_wipe(cookie, sizeof(cookie));
    return result;
}

/* Cuts the first line out of what a password file holds, and checks it. Returns 0 or -1. */
static int cut_password(char *text, size_t length, const char *path, struct error *error)
{
    char *newline = memchr(text, '\n', length);
    size_t line_length = newline != NULL ? (size_t)(newline - text) : length;
    if (line_length > 0 && text[line_length - 1] == '\r')
        line_length--;
    if (line_length == 0)
        return error_set(error, "the password file %s has nothing in its first line", path);
    if (line_length > PASSWORD_MAX)
        return error_set(error, "the first line of the password file %s is longer than %d bytes", path,
                         PASSWORD_MAX);
    if (memchr(text, '\0', line_length) != NULL)
        return error_set(error, "the first line of the password file %s has a NUL byte in it", path);
    secret_wipe(text + line_length, length - line_length);
    return 0;
}

enum credential_result credential_read_password(const char *path, char **password, struct error *error)
{
    struct plain_file file;
    *password = NULL;
    enum credential_result result = open_file(&file, path, "password file", &no_others, error);
    if (result != CREDENTIAL_OK)
        return result;
    size_t size = PASSWORD_MAX + 3; /* the longest line with its CR LF, and a NUL behind what was read */
    char *text = secret_allocate(size);
    ssize_t length = plain_file_read(&file, text, size - 1);
    if (length < 0)
        error_set(error, "the password file %s can't be read: %s", path, strerror(errno));
    plain_file_close(&file);
    if (length < 0 || cut_password(text, (size_t)length, path, error) != 0) {
        secret_free(text);
        return CREDENTIAL_UNUSABLE;
    }
    *password = text;
    return CREDENTIAL_OK;
}

enum credential_result credential_read_secret(const char *path, uint8_t key[SECRET_KEY_SIZE],
                                              struct error *error)
{
    char *secret;
    enum credential_result result = credential_read_password(path, &secret, error);
    if (result != CREDENTIAL_OK)
        return result;
    size_t length = strlen(secret);
    if (length >= SHARED_SECRET_MIN) {
        secret_derive_key(key, secret, length);
    } else {
        error_set(error,
                  "the secret in %s has %zu bytes, and needs at least %d, since it can be guessed at without "
                  "asking anybody: make it with \"openssl rand -hex 32\"",
                  path, length, SHARED_SECRET_MIN);
        result = CREDENTIAL_UNUSABLE;
    }
    secret_free(secret);
    return result;
}

enum credential_result credential_prove_secret(const char *path, const struct cookie_challenge *challenge,
                                               uint8_t proof[SHA256_SIZE], struct error *error)
{
    uint8_t key[SECRET_KEY_SIZE];
    enum credential_result result = credential_read_secret(path, key, error);
    if (result != CREDENTIAL_OK)
        return result;
    if (secret_prove(proof, key, challenge) != 0) {
        error_set(error,
                  "this agent doesn't know the secret in %s: its own file (--password-file) has another one, "
                  "or it is another agent",
                  path);
        result = CREDENTIAL_UNUSABLE;
    }
    secret_wipe(key, sizeof(key));
    return result;
}
