/* The file with the key of a client of a restricted onion service, looked at when the config is. */
#include "config/client_key_file.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "files/plain_file.h"
#include "onion/client_key.h"

/* Opens it. Returns 0 or -1. */
static int open_file(struct plain_file *file, const char *path, struct error *error)
{
    static const struct plain_file_policy policy = {
        .forbidden_mode = S_IRWXO,
        .forbidden_mode_of_roots = S_IRWXO,
    };
    switch (plain_file_open(file, path, &policy)) {
    case PLAIN_FILE_GOOD:
        return 0;
    case PLAIN_FILE_MISSING:
        return error_set(error, "there is no such file: check the path");
    case PLAIN_FILE_EXPOSED:
        return error_set(error, "it is open to every user of this machine: run chmod o-rwx %s", path);
    case PLAIN_FILE_FORBIDDEN:
    case PLAIN_FILE_FAILED:
        return error_set(error, "it can't be opened: %s", strerror(file->error_number));
    default:
        return error_set(error, "it is not a regular file");
    }
}

int client_key_file_check(const char *path, const char *address, struct error *error)
{
    struct plain_file file;
    uint8_t key[X25519_SECRET_KEY_SIZE];
    if (open_file(&file, path, error) != 0)
        return -1;
    int result = -1;
    char *text = secret_allocate(CLIENT_KEY_FILE_MAX + 1); /* one more, to see a file that is too long */
    ssize_t length = plain_file_read(&file, text, CLIENT_KEY_FILE_MAX + 1);
    if (length < 0)
        error_set(error, "it can't be read: %s", strerror(errno));
    else if (length > CLIENT_KEY_FILE_MAX)
        error_set(error, "it is longer than %d bytes, which no client's key is", CLIENT_KEY_FILE_MAX);
    else
        result = client_key_parse_file(key, (struct text){text, (size_t)length}, address, error);
    plain_file_close(&file);
    secret_free(text);
    secret_wipe(key, sizeof(key));
    return result;
}
