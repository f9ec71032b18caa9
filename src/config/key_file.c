/* Key files: opening them with care, and what lies beside them. */
#include "config/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/credential.h"
#include "onion/onion_address.h"

/* The names of tor's files in a HiddenServiceDir. */
static const char tor_secret_name[] = "hs_ed25519_secret_key";
static const char tor_public_name[] = "hs_ed25519_public_key";
static const char tor_hostname_name[] = "hostname";
static const char tor_v2_secret_name[] = "private_key";

/* Joins a folder and a name; release with free(). */
static char *join_path(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    bool has_slash = length > 0 && folder[length - 1] == '/';
    size_t size = length + strlen(name) + 2;
    char *path = memory_allocate(size, 1);
    snprintf(path, size, "%s%s%s", folder, has_slash ? "" : "/", name);
    return path;
}

/* Never blocks, whatever the path turns out to be. */
static int open_for_reading(const char *path)
{
    return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

/* Says why a key file could not be opened. */
static int explain_open_failure(int error_number, struct error *error)
{
    if (error_number == ENOENT || error_number == ENOTDIR)
        return error_set(error,
                         "there is no such file: check the path (relative ones start at the config file's "
                         "folder)");
    if (error_number == EACCES)
        return error_set(
            error,
            "this user (uid %u) may not open it: run obpub as the key's owner, or give the file to "
            "this user with chown",
            (unsigned)geteuid());
    return error_set(error, "it can't be opened (%s)", strerror(error_number));
}

/* The permission bits that a key file may not have. systemd hands out credentials of root's that this user
 * can read through an access list; what stat() then shows as the group's right to read is that list's. */
static mode_t forbidden_mode(const struct stat *status, bool is_credential)
{
    return is_credential && status->st_uid == 0 && status->st_gid == 0 ? 037 : 077;
}

/* Checks that an open file is a plain one that only root or this user can read or change. */
static int check_file(int descriptor, bool is_credential, struct error *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0)
        return error_set(error, "it can't be looked at (%s)", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(error, "is not a plain file: name the key file or its HiddenServiceDir here");
    if (status.st_uid != 0 && status.st_uid != geteuid())
        return error_set(
            error,
            "belongs to another user (uid %u), who can read the key: chown it to the user that runs "
            "obpub (uid %u)",
            (unsigned)status.st_uid, (unsigned)geteuid());
    if ((status.st_mode & forbidden_mode(&status, is_credential)) != 0)
        return error_set(
            error,
            "can be read or changed by others (mode %04o): chmod 600 it, and if they may have read "
            "it, move to a new key",
            (unsigned)(status.st_mode & 07777));
    return 0;
}

/* Reads at most size bytes of an open file by hand, as stdio would leave copies behind. Returns how many, or
 * -1 with errno. */
static ssize_t read_bytes(int descriptor, uint8_t *bytes, size_t size)
{
    size_t length = 0;
    while (length < size) {
        ssize_t got = read(descriptor, bytes + length, size - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        length += (size_t)got;
    }
    return (ssize_t)length;
}

/* Reads a small file that need not be there. Returns its length, or -1. */
static ssize_t read_companion(const char *folder, const char *name, uint8_t *bytes, size_t size)
{
    char *path = join_path(folder, name);
    int descriptor = open_for_reading(path);
    free(path);
    if (descriptor < 0)
        return -1;
    struct stat status;
    ssize_t length = -1;
    if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
        length = read_bytes(descriptor, bytes, size);
    close(descriptor);
    return length;
}

/* Checks a key that was found as tor's hs_ed25519_secret_key against what tor has put beside it: files copied
 * from two services would otherwise publish an address nobody meant. */
static int check_companions(const char *folder, const uint8_t public_key[ED25519_PUBLIC_KEY_SIZE],
                            struct error *error)
{
    uint8_t bytes[128];
    ssize_t length = read_companion(folder, tor_public_name, bytes, sizeof(bytes));
    uint8_t companion[ED25519_PUBLIC_KEY_SIZE];
    if (length >= 0 && (key_decode_tor_public(companion, bytes, (size_t)length) != 0 ||
                        memcmp(companion, public_key, sizeof(companion)) != 0))
        return error_set(
            error,
            "does not go with the %s beside it: they are of different services or damaged; put the "
            "right two there, or remove the public one",
            tor_public_name);

    char hostname[sizeof(bytes) + 1] = {0};
    length = read_companion(folder, tor_hostname_name, (uint8_t *)hostname, sizeof(bytes));
    if (length < 0)
        return 0;
    hostname[strcspn(hostname, " \t\r\n")] = '\0';
    if (onion_address_decode(companion, hostname, NULL) != 0 ||
        memcmp(companion, public_key, sizeof(companion)) != 0)
        return error_set(
            error,
            "does not go with the address in the file \"%s\" beside it: put the right key there, or "
            "remove that file",
            tor_hostname_name);
    return 0;
}

/* Reads and decodes an open file that has turned out to be a bundle, whose first bytes have been read. */
static struct bundle *load_bundle(int descriptor, const uint8_t *first, size_t first_length,
                                  struct error *error)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0 || status.st_size > BUNDLE_SIZE_MAX) {
        error_set(error, "is too long to be a bundle: copy it again");
        return NULL;
    }
    /* A byte more than it seems to have, so that one that grows meanwhile is noticed. */
    size_t size = (status.st_size > (off_t)first_length ? (size_t)status.st_size : first_length) + 1;
    uint8_t *bytes = secret_allocate(size);
    memcpy(bytes, first, first_length);
    ssize_t length = read_bytes(descriptor, bytes + first_length, size - first_length);
    struct bundle *bundle = NULL;
    if (length < 0)
        error_set(error, "it can't be read (%s)", strerror(errno));
    else
        bundle = bundle_decode(bytes, first_length + (size_t)length, error);
    secret_free(bytes);
    return bundle;
}

/* Reads and decodes an open key file. */
static int load_descriptor(int descriptor, struct ed25519_secret_key *secret_key,
                           uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_source *source,
                           struct error *error)
{
    uint8_t *bytes = secret_allocate(KEY_FILE_SIZE_MAX + 1);
    ssize_t length = read_bytes(descriptor, bytes, KEY_FILE_SIZE_MAX + 1);
    int result;
    if (length < 0) {
        result = error_set(error, "it can't be read (%s)", strerror(errno));
    } else if (bundle_is_encoded(bytes, (size_t)length)) {
        source->format = KEY_FORMAT_BUNDLE;
        source->bundle = load_bundle(descriptor, bytes, (size_t)length, error);
        result = source->bundle != NULL ? 0 : -1;
        if (result == 0)
            memcpy(public_key, source->bundle->identity_key, ED25519_PUBLIC_KEY_SIZE);
    } else {
        result = key_decode(secret_key, public_key, &source->format, bytes, (size_t)length, error);
    }
    secret_free(bytes);
    return result;
}

/* Says why a folder has no key. */
static int explain_folder(const char *folder, struct error *error)
{
    char *v2_path = join_path(folder, tor_v2_secret_name);
    bool is_v2 = access(v2_path, F_OK) == 0;
    free(v2_path);
    if (is_v2)
        return error_set(error,
                         "is the HiddenServiceDir of a v2 onion service: v2 is gone, a v3 service is needed");
    return error_set(
        error,
        "is a folder without a %s: name the key file, or a HiddenServiceDir in which tor has made "
        "its keys",
        tor_secret_name);
}

/* Finds the file that holds the key: path itself, or tor's key file when path is a folder. Returns an
 * allocated path, or NULL with a sentence. */
static char *find_file(const char *path, bool *is_folder, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        explain_open_failure(errno, error);
        return NULL;
    }
    *is_folder = S_ISDIR(status.st_mode);
    if (!*is_folder)
        return memory_copy_text(path, strlen(path));
    char *file = join_path(path, tor_secret_name);
    if (stat(file, &status) != 0) {
        if (errno == ENOENT)
            explain_folder(path, error);
        else
            explain_open_failure(errno, error);
        free(file);
        return NULL;
    }
    return file;
}

/* The part of a path before its last slash; release with free(). */
static char *copy_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return memory_copy_text(".", 1);
    return slash == path ? memory_copy_text("/", 1) : memory_copy_text(path, (size_t)(slash - path));
}

static bool is_tor_file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash != NULL ? slash + 1 : path, tor_secret_name) == 0;
}

/* Opens the file and loads the key from it. */
static int load_file(const char *file, struct ed25519_secret_key *secret_key,
                     uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_source *source,
                     struct error *error)
{
    int descriptor = open_for_reading(file);
    if (descriptor < 0)
        return explain_open_failure(errno, error);
    int result = check_file(descriptor, credential_has_path(file), error);
    if (result == 0)
        result = load_descriptor(descriptor, secret_key, public_key, source, error);
    close(descriptor);
    if (result != 0 || !is_tor_file_name(file))
        return result;
    char *folder = copy_folder(file);
    result = check_companions(folder, public_key, error);
    free(folder);
    return result;
}

int key_file_load(const char *path, struct ed25519_secret_key *secret_key,
                  uint8_t public_key[ED25519_PUBLIC_KEY_SIZE], struct key_file_source *source,
                  struct error *error)
{
    *source = (struct key_file_source){0};
    bool is_folder = false;
    char *file = find_file(path, &is_folder, error);
    if (file == NULL)
        return -1;
    secret_wipe(secret_key, sizeof(*secret_key));
    if (load_file(file, secret_key, public_key, source, error) != 0) {
        secret_wipe(secret_key, sizeof(*secret_key));
        bundle_free(source->bundle);
        source->bundle = NULL;
        if (is_folder)
            error_add_context(error, "its %s", tor_secret_name);
        free(file);
        return -1;
    }
    source->path = file;
    return 0;
}
